// What is said of wrong files: each message shows the place and the way out.

#include "cell/language/message.hpp"

namespace carousel {
namespace {

TEST(Messages, OfHead) {
  expect_messages({
      {"",
       R"(a.cell:1:1: a file begins with: cell NAME "title"; found the end of the file
  
  ^)"},
      {"# nothing\n",
       R"(a.cell:2:1: a file begins with: cell NAME "title"; found the end of the file
  
  ^)"},
      {"param W : [hidden]\n",
       R"(a.cell:1:1: a file begins with: cell NAME "title"; found the keyword 'param'
  param W : [hidden]
  ^~~~~)"},
      {"cell\nh = x\n",
       R"(a.cell:1:5: expected the name of the cell, found the end of the line
  cell
      ^)"},
      {"cell a.b\nh = x\n",
       R"(a.cell:1:6: the name of a cell has no '.'
  cell a.b
       ^~~)"},
      {"cell a extends a\nh = x\n",
       R"(a.cell:1:16: a cell can't extend itself
  cell a extends a
                 ^)"},
      {"cell a \"title\nh = x\n",
       R"(a.cell:1:8: the string is not closed: a " is missing in this line
  cell a "title
         ^~~~~~)"},
      {"cell a title\nh = x\n",
       R"(a.cell:1:8: expected a string, "..", found 'title'
  cell a title
         ^~~~~)"},
      {"cell a\nref Elman 1990\n",
       R"(a.cell:2:5: expected a string, "..", found 'Elman'
  ref Elman 1990
      ^~~~~)"},
      {"cell a\nref \"a\"\nref \"b\"\n",
       R"(a.cell:3:1: a second 'ref': one is enough
  ref "b"
  ^~~)"},
      {"cell a\ngroup fancy\n",
       R"(a.cell:2:7: no group 'fancy': the groups are simple, lstm, gru, linear, matrix, memory, orthogonal, continuous, timing, nested
  group fancy
        ^~~~~)"},
      {"cell a\nh = x\nref \"late\"\noutput h\n",
       R"(a.cell:3:1: 'ref' belongs to the head of the file, before everything else
  ref "late"
  ^~~)"},
      {"cell a\nref \"\"\n",
       R"(a.cell:2:5: the string is empty
  ref ""
      ^~)"},
  });
}

TEST(Messages, OfOutput) {
  expect_messages({
      {"cell a\nc = x\nh = tanh(c)\n",
       R"(a.cell:1:6: the cell has no output: add a line such as output h
  cell a
       ^)"},
      {"cell a\nh = x\noutput h\noutput x\n",
       R"(a.cell:4:8: a second output, the first is in line 3: join values with concat(a, b)
  output x
         ^)"},
      {"cell a\nh = x\noutput h, x\n",
       R"(a.cell:3:9: a cell has one output: join values with concat(a, b)
  output h, x
          ^)"},
      {"cell a\nh = x\noutput tanh(h)\n",
       R"(a.cell:3:12: output takes a name alone: set a name to this value first
  output tanh(h)
             ^)"},
      {"cell a\nh = x\noutput\n",
       R"(a.cell:3:7: expected the name of a value, found the end of the line
  output
        ^)"},
      {"cell a\nh = x\nreturn h\n",
       R"(a.cell:3:1: 'return' is no word of the language: write output NAME
  return h
  ^~~~~~)"},
  });
}

TEST(Messages, OfNames) {
  expect_messages({
      {"cell a\nh = x\nh = tanh(x)\noutput h\n",
       R"(a.cell:3:1: 'h' is set twice, first in line 2: a name is set once, choose another
  h = tanh(x)
  ^)"},
      {"cell a\nparam W : [hidden, input]\nW = x\noutput W\n",
       R"(a.cell:3:1: 'W' is set twice, first in line 2: a name is set once, choose another
  W = x
  ^)"},
      {"cell a\nx = 1\n",
       R"(a.cell:2:1: 'x' is the input of the step: choose another name
  x = 1
  ^)"},
      {"cell a\nt = 1\n",
       R"(a.cell:2:1: 't' is the time step: choose another name
  t = 1
  ^)"},
      {"cell a\ninput = 3\n",
       R"(a.cell:2:1: 'input' is the size of x: choose another name
  input = 3
  ^~~~~)"},
      {"cell a\nhyper hidden = 3\n",
       R"(a.cell:2:7: 'hidden' is the size of a state: choose another name
  hyper hidden = 3
        ^~~~~~)"},
      {"cell a\nhyper init = 3\n",
       R"(a.cell:2:7: 'init' is a keyword: choose another name
  hyper init = 3
        ^~~~)"},
      {"cell a\nfast.c = x\n",
       R"(a.cell:2:1: 'fast.c' has a '.' and can only be read: choose another name
  fast.c = x
  ^~~~~~)"},
      {"cell a\ndef f(a, a) = a\n",
       R"(a.cell:2:10: two arguments have the name 'a'
  def f(a, a) = a
           ^)"},
      {"cell a\nh, c = x, x\n",
       R"(a.cell:2:2: a line sets one name
  h, c = x, x
   ^)"},
      {"cell a\nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn = x\n",
       R"(a.cell:2:1: a name has at most 64 characters, this one has 65
  nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...
  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~)"},
      {"cell a\nstate M : [2]\nstate M : [3]\n",
       R"(a.cell:3:7: the state 'M' has a shape already, in line 2
  state M : [3]
        ^)"},
      {"cell a\ninitial h = 0\ninitial h = 1\n",
       R"(a.cell:3:9: the state 'h' has an initial value already, in line 2
  initial h = 1
          ^)"},
      {"cell a\n_h = x\n",
       R"(a.cell:2:1: '_' has no meaning here: a name begins with a letter
  _h = x
  ^)"},
      {"cell a\nparm W : [hidden]\n",
       R"(a.cell:2:1: no statement begins with 'parm'; did you mean 'param'?
  parm W : [hidden]
  ^~~~)"},
  });
}

TEST(Messages, OfStatements) {
  expect_messages({
      {"cell a\nW : [hidden]\n",
       R"(a.cell:2:1: what is 'W'? write param W : [..] for a parameter, state W : [..] for a state
  W : [hidden]
  ^)"},
      {"cell a\nparam W\n",
       R"(a.cell:2:8: expected ':' and a shape, such as : [hidden, input], found the end of the line
  param W
         ^)"},
      {"cell a\nparam W [hidden, input]\n",
       R"(a.cell:2:9: a ':' stands before a shape, as in param W : [hidden]; a family of parameters has bounds, [1..n]
  param W [hidden, input]
          ^)"},
      {"cell a\nparam W : hidden\n",
       R"(a.cell:2:11: expected a shape, such as [hidden, input], found 'hidden'
  param W : hidden
            ^~~~~~)"},
      {"cell a\nparam W : []\n",
       R"(a.cell:2:11: a shape has a size: a single number is [1]
  param W : []
            ^)"},
      {"cell a\nparam W : [1, 2, 3, 4, 5]\n",
       R"(a.cell:2:11: shapes have rank 4 at most
  param W : [1, 2, 3, 4, 5]
            ^~~~~~~~~~~~~~~)"},
      {"cell a\nparam W : [hidden] = 0\n",
       R"(a.cell:2:20: a parameter has no '=': its first value is init INITIALISER, such as init zeros or init constant(1)
  param W : [hidden] = 0
                     ^)"},
      {"cell a\nparam W : [hidden] init zeroes\n",
       R"(a.cell:2:25: no initialiser 'zeroes'; did you mean 'zeros'?
  param W : [hidden] init zeroes
                          ^~~~~~)"},
      {"cell a\nparam W : [hidden] init xavier_uniform\n",
       R"(a.cell:2:25: no initialiser 'xavier_uniform': write init glorot
  param W : [hidden] init xavier_uniform
                          ^~~~~~~~~~~~~~)"},
      {"cell a\nparam W : [hidden] init 0.5\n",
       R"(a.cell:2:25: write init constant(0.5)
  param W : [hidden] init 0.5
                          ^~~)"},
      {"cell a\nparam W : [hidden] zeros\n",
       R"(a.cell:2:20: write init zeros
  param W : [hidden] zeros
                     ^~~~~)"},
      {"cell a\nhyper rank\n",
       R"(a.cell:2:11: expected '=', found the end of the line
  hyper rank
            ^)"},
      {"cell a\nhyper rank = hidden\n",
       R"(a.cell:2:14: 'hidden' is no value for a hyper: a hyper is a number, a function of one value, such as tanh, or a rule for first values, such as glorot
  hyper rank = hidden
               ^~~~~~)"},
      {"cell a\ninput dt : [1, 2]\n",
       R"(a.cell:2:16: an input is a vector: [size]
  input dt : [1, 2]
                 ^)"},
      {"cell a\nuse lstm\n",
       R"(a.cell:2:9: expected 'as', as in use lstm as inner, found the end of the line
  use lstm
          ^)"},
      {"cell a\nuse lstm as f (3)\n",
       R"(a.cell:2:16: expected a size or a hyper, such as hidden = 64, found '3'
  use lstm as f (3)
                 ^)"},
      {"cell a\nuse lstm as f (hidden = 1, hidden = 2)\n",
       R"(a.cell:2:28: 'hidden' is given twice
  use lstm as f (hidden = 1, hidden = 2)
                             ^~~~~~)"},
      {"cell a\nrepeat k in 1..3 {\ns = x\n",
       R"(a.cell:2:18: this '{' is not closed: '}' is missing
  repeat k in 1..3 {
                   ^)"},
      {"cell a\nrepeat k in 3 {\n}\n",
       R"(a.cell:2:15: expected '..', as in 1..depth, found '{'
  repeat k in 3 {
                ^)"},
      {"cell a\nrepeat k in 1..3 {\n}\n",
       R"(a.cell:2:18: nothing stands in these braces
  repeat k in 1..3 {
                   ^)"},
      {"cell a\nrepeat k in 1..3 {\n  param W : [1]\n}\n",
       R"(a.cell:3:3: 'param' stands outside of repeat
    param W : [1]
    ^~~~~)"},
      {"cell a\nrepeat k = 1..3 {\n}\n",
       R"(a.cell:2:10: expected 'in', as in repeat k in 1..n { .. }, found '='
  repeat k = 1..3 {
           ^)"},
      {"cell a\nrepeat k in 1..3 {\n  k = x\n}\n",
       R"(a.cell:3:3: 'k' counts the rounds of repeat: choose another name
    k = x
    ^)"},
      {"cell a\nrepeat k in 1..3 {\n  u = x\n}\nu = x\noutput u\n",
       R"(a.cell:5:1: 'u' is set twice, first in line 3: a name is set once, choose another
  u = x
  ^)"},
      {"cell a\nh = x\n}\n",
       R"(a.cell:3:1: this '}' closes nothing
  }
  ^)"},
      {"cell a\nfor k in 1..3 {\n}\n",
       R"(a.cell:2:1: 'for' is no word of the language: write repeat k in 1..n { .. }
  for k in 1..3 {
  ^~~)"},
      {"cell a\ntanh(x)\n",
       R"(a.cell:2:1: a line sets a name: NAME = expression
  tanh(x)
  ^~~~)"},
      {"cell a\nh == x\n",
       R"(a.cell:2:3: '==' compares; to set a name, write '='
  h == x
    ^~)"},
      {"cell a\nh += x\n",
       R"(a.cell:2:3: '+=' has no meaning here: a name is set once: write NAME = expression, with a new name
  h += x
    ^~)"},
      {"cell a\nh[t-1] = x\n",
       R"(a.cell:2:2: the left side is of this step: write h = ..
  h[t-1] = x
   ^)"},
      {"cell a\nh[0] = x\n",
       R"(a.cell:2:2: a value is set as a whole: write h = ..; before the first step it is initial h = ..
  h[0] = x
   ^)"},
      {"cell a\nh = x; c = x\n",
       R"(a.cell:2:6: ';' has no meaning here: one statement a line
  h = x; c = x
       ^)"},
      {"cell a\nh = x\n  + 1\n",
       R"(a.cell:3:3: a line can't begin with '+': put it at the end of the line before, or use brackets
    + 1
    ^)"},
  });
}

TEST(Messages, OfNamesInRepeats) {
  expect_messages({
      {"cell a\nparam W : [1]\nrepeat k in 1..2 {\n  W = x\n}\n",
       R"(a.cell:4:3: 'W' is set twice, first in line 2: a name is set once, choose another
    W = x
    ^)"},
      {"cell a\ns = x\nrepeat k in 1..2 {\n  s = x\n  s = x\n}\n",
       R"(a.cell:5:3: 's' is set twice, first in line 4: a name is set once, choose another
    s = x
    ^)"},
      {"cell a\nk = x\nrepeat k in 1..2 {\n  s = x\n}\n",
       R"(a.cell:3:8: 'k' is set twice, first in line 2: a name is set once, choose another
  repeat k in 1..2 {
         ^)"},
  });
}

TEST(Messages, ShowPartOfALongLine) {
  std::string line = "h = ";
  for (int i = 0; i < 60; ++i) line += "x + ";
  const std::string message =
      message_of("cell a\n" + line + "y y" + std::string(300, ' ') + "+ x\n");
  EXPECT_EQ(message.substr(0, 14), "a.cell:2:247: ");
  const std::size_t shown = message.find('\n') + 1, carets = message.find('\n', shown) + 1;
  EXPECT_LT(message.size() - carets, 200u);
  EXPECT_EQ(message.substr(shown, 5), "  ...");
  EXPECT_EQ(message[shown + (message.find('^') - carets)], 'y');
}

TEST(Messages, HaveNoPlaceOutsideOfTheirLine) {
  const auto source = std::make_shared<const SourceText>(SourceText{"a.cell", "ab\ncd"});
  EXPECT_EQ(show_place({source, 2, 2, 100}, "m"), "a.cell:2:2: m\n  cd\n   ^");
  EXPECT_EQ(show_place({source, 9, 70, 1}, "m"), "a.cell:9:70: m\n  \n  ^");
  EXPECT_EQ(show_place({nullptr, 1, 1, 1}, "m"), "m");
}

}  // namespace
}  // namespace carousel
