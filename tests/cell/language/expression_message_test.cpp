// What is said of wrong files: each message shows the place and the way out.

#include "cell/language/message.hpp"

namespace carousel {
namespace {

TEST(Messages, OfTime) {
  expect_messages({
      {"cell a\nh = h[t]\n",
       R"(a.cell:2:7: h[t] is h of this step: write h
  h = h[t]
        ^)"},
      {"cell a\nh = h[t+1]\n",
       R"(a.cell:2:7: h[t+..] is in the future: a cell can read h[t-1], h[t-2], ..
  h = h[t+1]
        ^)"},
      {"cell a\nh = h[t-0]\n",
       R"(a.cell:2:9: zero steps back is this step: write the name alone
  h = h[t-0]
          ^)"},
      {"cell a\nh = h[t-1.5]\n",
       R"(a.cell:2:9: steps back are a whole number
  h = h[t-1.5]
          ^~~)"},
      {"cell a\nh = h[t-k+1]\n",
       R"(a.cell:2:10: put the number of steps in brackets: h[t - (a + b)]
  h = h[t-k+1]
           ^)"},
      {"cell a\nh = h(t-1)\n",
       R"(a.cell:2:5: no function 'h': an earlier step is written in square brackets, h[t-1]
  h = h(t-1)
      ^)"},
      {"cell a\nh = tanh(h)[t-1]\n",
       R"(a.cell:2:12: only a name can be read at an earlier step: give this value a name
  h = tanh(h)[t-1]
             ^)"},
      {"cell a\nh = h_{t-1}\n",
       R"(a.cell:2:7: a step is written in square brackets: h[t-1]
  h = h_{t-1}
        ^)"},
      {"cell a\nh = tanh(h')\n",
       R"(a.cell:2:11: ''' has no meaning here: write h[t-1] for h of the step before; strings stand in ".."
  h = tanh(h')
            ^)"},
      {"cell a\nh = h[t-1\noutput h\n",
       R"(a.cell:2:6: this '[' is not closed: ']' is missing
  h = h[t-1
       ^)"},
      {"cell a\nh = hₜ₋₁\n",
       R"(a.cell:2:6: 'ₜ' has no meaning here: write h for this step, h[t-1] for the one before
  h = hₜ₋₁
       ^)"},
      {"cell a\nh = h′\n",
       R"(a.cell:2:6: '′' has no meaning here: write h[t-1] for h of the step before
  h = h′
       ^)"},
      {"cell a\nparam U : [hidden, hidden]\nh = U h[t-1]\n",
       R"(a.cell:3:7: an operator is missing between 'U' and 'h': @ is the matrix product, * the elementwise one
  h = U h[t-1]
        ^)"},
  });
}

TEST(Messages, OfExpressions) {
  expect_messages({
      {"cell a\nparam U : [hidden, hidden]\nh = U(x)\noutput h\n",
       R"(a.cell:3:5: no function 'U': for a product write U @ (..) or U * (..)
  h = U(x)
      ^)"},
      {"cell a\nh = 2h\n",
       R"(a.cell:2:5: a sign is missing behind a number: write 2 * h?
  h = 2h
      ^~)"},
      {"cell a\nh = (x + 1\noutput h\n",
       R"(a.cell:2:5: this '(' is not closed: ')' is missing
  h = (x + 1
      ^)"},
      {"cell a\nh = x + 1)\n",
       R"(a.cell:2:10: expected the end of the line, found ')'
  h = x + 1)
           ^)"},
      {"cell a\nh = x + * 1\n",
       R"(a.cell:2:9: expected a value, found '*'
  h = x + * 1
          ^)"},
      {"cell a\nh = x +\noutput h\n",
       R"(a.cell:3:1: expected a value, found the keyword 'output'
  output h
  ^~~~~~)"},
      {"cell a\nh =\n",
       R"(a.cell:2:4: expected a value, found the end of the file
  h =
     ^)"},
      {"cell a\nh = (x, x)\n",
       R"(a.cell:2:7: brackets hold one value: to join values write concat(a, b)
  h = (x, x)
        ^)"},
      {"cell a\nh = [x, x]\n",
       R"(a.cell:2:5: a list stands only in a call, such as zeros([n, m]): to join values write concat(a, b)
  h = [x, x]
      ^)"},
      {"cell a\nh = v[-1]\n",
       R"(a.cell:2:7: elements count from 0: the last one is v[size(v) - 1]
  h = v[-1]
        ^~)"},
      {"cell a\nh = v[0:4:2]\n",
       R"(a.cell:2:10: a slice a:b has no step
  h = v[0:4:2]
           ^)"},
      {"cell a\nh = v[]\n",
       R"(a.cell:2:7: expected an element a, or a:b, found ']'
  h = v[]
        ^)"},
      {"cell a\nh = x ^ 2 ^ 3\n",
       R"(a.cell:2:11: powers don't chain: write (a ^ n) ^ m
  h = x ^ 2 ^ 3
            ^)"},
      {"cell a\nh = x ** 2\n",
       R"(a.cell:2:7: '**' has no meaning here: write a ^ n
  h = x ** 2
        ^~)"},
      {"cell a\nh = 0 < x < 1\n",
       R"(a.cell:2:11: comparisons don't chain: write (a < b) * (b < c)
  h = 0 < x < 1
            ^)"},
      {"cell a\nh = where(x = 1, x, 0)\noutput h\n",
       R"(a.cell:2:15: where has no argument 'x': its arguments have no names; to compare, write '=='
  h = where(x = 1, x, 0)
                ^)"},
      {"cell a\nh = x = 1\n",
       R"(a.cell:2:7: '=' sets the name at the beginning of a line; to compare, write '=='
  h = x = 1
        ^)"},
      {"cell a\nh = tanh\n",
       R"(a.cell:2:5: tanh is a function: write tanh(..)
  h = tanh
      ^~~~)"},
      {"cell a\nh = tanh x\n",
       R"(a.cell:2:5: tanh is a function: write tanh(..)
  h = tanh x
      ^~~~)"},
      {"cell a\nh = sigmiod(x)\noutput h\n",
       R"(a.cell:2:5: no function 'sigmiod'; did you mean 'sigmoid'?
  h = sigmiod(x)
      ^~~~~~~)"},
      {"cell a\nh = torch.tanh(x)\noutput h\n",
       R"(a.cell:2:5: no function 'torch.tanh': write tanh(..)
  h = torch.tanh(x)
      ^~~~~~~~~~)"},
      {"cell a\nh = torch.cat(x, x)\noutput h\n",
       R"(a.cell:2:5: no function 'torch.cat': write concat(a, b)
  h = torch.cat(x, x)
      ^~~~~~~~~)"},
      {"cell a\nh = softmax(x, dim = 0)\noutput h\n",
       R"(a.cell:2:22: softmax has no argument 'dim': the only one with a name is axis = k; to compare, write '=='
  h = softmax(x, dim = 0)
                       ^)"},
      {"cell a\nh = f(x)\ndef f(a) = a\noutput h\n",
       R"(a.cell:2:5: 'f' is called before it is defined, in line 3
  h = f(x)
      ^~~~)"},
      {"cell a\ndef f(a) = f(a)\nh = f(x)\noutput h\n",
       R"(a.cell:2:12: 'f' calls itself
  def f(a) = f(a)
             ^~~~)"},
      {"cell a\nh = x if x > 0 else 0\n",
       R"(a.cell:2:7: 'if' is no word of the language: write where(condition, a, b)
  h = x if x > 0 else 0
        ^~)"},
      {"cell a\nh = x and x\n",
       R"(a.cell:2:7: 'and' is no word of the language: write a * b, since conditions are 1 or 0
  h = x and x
        ^~~)"},
      {"cell a\nh = (x @ x).T\n",
       R"(a.cell:2:12: '.' has no meaning here: write transpose(A) for A.T, f(a) for a.f()
  h = (x @ x).T
             ^)"},
      {"cell a\nh = x && x\n",
       R"(a.cell:2:7: '&&' has no meaning here: write a * b, since conditions are 1 or 0
  h = x && x
        ^~)"},
      {"cell a\nh = x % 2\n",
       R"(a.cell:2:7: '%' has no meaning here: write mod(a, b)
  h = x % 2
        ^)"},
      {"cell a\nh = state\n",
       R"(a.cell:2:5: expected a value, found the keyword 'state'
  h = state
      ^~~~~)"},
      {"cell a\nh = 1e999\n",
       R"(a.cell:2:5: the number is beyond the range of double precision
  h = 1e999
      ^~~~~)"},
      {"cell a\nh = \"x\"\n",
       R"(a.cell:2:5: expected a value, found a string
  h = "x"
      ^~~)"},
      {"cell a\nh = x \\\n  + x\n",
       R"(a.cell:2:7: '\' has no meaning here: a statement goes on behind an operator or a comma at the end of a line, and in brackets
  h = x \
        ^)"},
      {"cell a\nh = tanh(x,)\n",
       R"(a.cell:2:12: expected a value, found ')'
  h = tanh(x,)
             ^)"},
      {"cell a\nh = lambda a: a\n",
       R"(a.cell:2:5: 'lambda' is no word of the language: write def NAME(a) = ..
  h = lambda a: a
      ^~~~~~)"},
      {"cell a\nh = r ⊙ x\n",
       R"(a.cell:2:7: '⊙' has no meaning here: write *
  h = r ⊙ x
        ^)"},
  });
}

TEST(Messages, OfCharacters) {
  expect_messages({
      {"cell a\nh = W·x\n",
       R"(a.cell:2:6: '·' has no meaning here: write @ for the matrix product, * for elementwise
  h = W·x
       ^)"},
      {"cell a\nh = σ(x)\n",
       R"(a.cell:2:5: 'σ' has no meaning here: write sigmoid(a), or sigma for a name
  h = σ(x)
      ^)"},
      {"cell a\nα = 1\n",
       R"(a.cell:2:1: 'α' has no meaning here: write alpha
  α = 1
  ^)"},
      {"cell “a”\n",
       R"(a.cell:1:6: '“' has no meaning here: write "
  cell “a”
       ^)"},
      {"cell a\nh\xc2\xa0= x\n",
       "a.cell:2:2: '\xc2\xa0' has no meaning here: this space is not an ordinary one: type it "
       "anew\n  h\xc2\xa0= x\n   ^"},
      {"cell a\nh = x ≤ 1\n",
       R"(a.cell:2:7: '≤' has no meaning here: write <=
  h = x ≤ 1
        ^)"},
      {"cell a\n数 = 1\n",
       R"(a.cell:2:1: '数' has no meaning here: names and signs are ASCII; other characters stand in strings and comments
  数 = 1
  ^)"},
      {"cell a\nh = x \xff\n",
       R"(a.cell:2:7: byte 0xff is not UTF-8: save the file as UTF-8
  h = x ?
        ^)"},
      {"cell a\n# caf\xe9\n",
       R"(a.cell:2:6: byte 0xe9 is not UTF-8: save the file as UTF-8
  # caf?
       ^)"},
      {std::string("cell a\nh = \x00x\n", 14),
       R"(a.cell:2:5: a control character (code 0) is in the text: remove it
  h = ?x
      ^)"},
      {"cell a \"\x01\"\n",
       R"(a.cell:1:9: a control character (code 1) is in the text: remove it
  cell a "?"
          ^)"},
      {"cell a\rh = x\r",
       R"(a.cell:1:7: a control character (code 13) is in the text: remove it
  cell a?h = x
        ^)"},
      {"cell a\r\n\th = \tx x\r\n",
       "a.cell:2:9: an operator is missing between 'x' and 'x': @ is the matrix product, * the "
       "elementwise one\n  \th = \tx x\n  \t    \t  ^"},
      {"\xef\xbb\xbf"
       "cell a\nh = x x",
       R"(a.cell:2:7: an operator is missing between 'x' and 'x': @ is the matrix product, * the elementwise one
  h = x x
        ^)"},
      {"cell a\nh = $x\n",
       R"(a.cell:2:5: '$' has no meaning here
  h = $x
      ^)"},
      {"cell a\nstate W : [2]\nparam W : [2]\n",
       R"(a.cell:2:7: 'W' can't be a state: it stands for something else, in line 3
  state W : [2]
        ^)"},
      {"cell a\nh = f (x +\n",
       R"(a.cell:2:11: expected a value, found the end of the file
  h = f (x +
            ^)"},
      {"cell a\nrepeat 3 {\n",
       R"(a.cell:2:8: expected the name of a counter, as in repeat k in 1..n { .. }, found '3'
  repeat 3 {
         ^)"},
      {"cell a\nhyper n = 3 n\n",
       R"(a.cell:2:13: an operator is missing between '3' and 'n': @ is the matrix product, * the elementwise one
  hyper n = 3 n
              ^)"},
      {"cell a\n, x\n",
       R"(a.cell:2:1: a line can't begin with ',': put it at the end of the line before, or use brackets
  , x
  ^)"},
      {"cell a\nh\n",
       R"(a.cell:2:1: a line sets a name: NAME = expression
  h
  ^)"},
      {"cell a\nh = x ! x\n",
       R"(a.cell:2:7: '!' has no meaning here: write 1 - a, since conditions are 1 or 0
  h = x ! x
        ^)"},
      {"cell a\nh = h[t - ]\n",
       R"(a.cell:2:11: expected a value, found ']'
  h = h[t - ]
            ^)"},
      {"cell a\nh = h[t*2]\n",
       R"(a.cell:2:8: expected '-', as in h[t-1], found '*'
  h = h[t*2]
         ^)"},
      {"cell a\nh = +x\n",
       R"(a.cell:2:5: expected a value, found '+'
  h = +x
      ^)"},
      {"cell a\nh = not x\n",
       R"(a.cell:2:5: 'not' is no word of the language: write 1 - a, since conditions are 1 or 0
  h = not x
      ^~~)"},
      {"cell a\nh = clamp(x, 0, 1)\noutput h\n",
       R"(a.cell:2:5: no function 'clamp': write min(max(a, low), high)
  h = clamp(x, 0, 1)
      ^~~~~)"},
  });
}

}  // namespace
}  // namespace carousel
