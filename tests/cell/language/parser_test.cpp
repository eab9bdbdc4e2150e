// The tree that the parser makes.

#include "cell/language/parser.hpp"

#include <gtest/gtest.h>

#include "cell/language/printed.hpp"

namespace carousel {
namespace {

CellSyntax parsed(const std::string& lines) { return parse_cell("cell a\n" + lines, "a.cell"); }

// The tree of an expression that stands in a cell.
std::string tree(const std::string& expression) {
  const CellSyntax cell =
      parsed("use lstm as inner\ndef f(a) = a\nh = " + expression + "\noutput h\n");
  return printed(cell.statements.at(2).value);
}

std::string statements(const std::string& lines) { return printed(parsed(lines + "\noutput h")); }

TEST(Parser, OperatorsHaveTheirStrength) {
  EXPECT_EQ(tree("W @ x + U @ h[t-1] + b"), "(+ (+ (@ W x) (@ U (delay h 1))) b)");
  EXPECT_EQ(tree("r * W @ x"), "(* r (@ W x))");
  EXPECT_EQ(tree("A @ B @ x"), "(@ (@ A B) x)");
  EXPECT_EQ(tree("a - b - c"), "(- (- a b) c)");
  EXPECT_EQ(tree("a / b * c"), "(* (/ a b) c)");
  EXPECT_EQ(tree("a + b * c < d"), "(< (+ a (* b c)) d)");
  EXPECT_EQ(tree("-a ^ 2"), "(- (^ a 2))");
  EXPECT_EQ(tree("-A @ x"), "(@ (- A) x)");
  EXPECT_EQ(tree("a - -b"), "(- a (- b))");
  EXPECT_EQ(tree("a ^ -1"), "(^ a (- 1))");
  EXPECT_EQ(tree("v[0] ^ n"), "(^ (at v 0) n)");
  EXPECT_EQ(tree("(a + b) * c"), "(* (+ a b) c)");
  EXPECT_EQ(tree("(a == b) != c"), "(!= (== a b) c)");
  EXPECT_EQ(tree("a @ (b >= c)"), "(@ a (>= b c))");
}

TEST(Parser, NumbersHaveTheirUsualForms) {
  EXPECT_EQ(tree("1.5e-3 + .5 + 2. + 1E2"), "(+ (+ (+ 0.0015 0.5) 2) 100)");
  EXPECT_EQ(tree("1.-z"), "(- 1 z)");
}

TEST(Parser, TimeIsReadFromNames) {
  EXPECT_EQ(tree("x[t - 2 * k]"), "(delay x (* 2 k))");
  EXPECT_EQ(tree("x[t-(k-1)]"), "(delay x (- k 1))");
  EXPECT_EQ(tree("inner.c[t-1]"), "(delay inner.c 1)");
  EXPECT_EQ(tree("M[t-1][0:2, :]"), "(at (delay M 1) (: 0 2) (: _ _))");
}

TEST(Parser, SubscriptsAndCalls) {
  EXPECT_EQ(tree("v[a:]"), "(at v (: a _))");
  EXPECT_EQ(tree("v[:size(v) - 1]"), "(at v (: _ (- (size v) 1)))");
  EXPECT_EQ(tree("M[1, :, 2:3]"), "(at M 1 (: _ _) (: 2 3))");
  EXPECT_EQ(tree("U[k][0]"), "(at (at U k) 0)");
  EXPECT_EQ(tree("f(f(x))"), "(f (f x))");
  EXPECT_EQ(tree("inner(concat(x, h[t-1]), h = s)"), "(inner (concat x (delay h 1)) h=s)");
  EXPECT_EQ(tree("reshape(v, [2, hidden / 2])"), "(reshape v (list 2 (/ hidden 2)))");
  EXPECT_EQ(tree("u.1 + inner.c"), "(+ u.1 inner.c)");
}

TEST(Parser, StatementsGoOnInBracketsAndBehindOperators) {
  EXPECT_EQ(tree("a +\n\n  # why\n  b @\n c"), "(+ a (@ b c))");
  EXPECT_EQ(tree("f(\n a\n + b\n)"), "(f (+ a b))");
  EXPECT_EQ(tree("\n  a"), "a");
  EXPECT_EQ(statements("param A,\n  B : [2,\n 3]\nh = x"),
            "parameter A : [2 3]\nparameter B : [2 3]\nassign h = x\noutput h\n");
}

TEST(Parser, Declarations) {
  EXPECT_EQ(statements("hyper rank = 8"), "hyper rank = 8\noutput h\n");
  EXPECT_EQ(statements("hyper low = -0.5"), "hyper low = -0.5\noutput h\n");
  EXPECT_EQ(statements("input dt : [1] default 1\ninput m : [input]"),
            "input dt : [1] = 1\ninput m : [input]\noutput h\n");
  EXPECT_EQ(statements("param W : [2 * hidden, input]  init uniform(-1, 1)  fixed"),
            "parameter W : [(* 2 hidden) input] init (uniform (- 1) 1) fixed\noutput h\n");
  EXPECT_EQ(statements("param b : [hidden] fixed init ones"),
            "parameter b : [hidden] init ones fixed\noutput h\n");
  EXPECT_EQ(statements("param U[1..depth] : [hidden, hidden]"),
            "parameter U in [1 depth] : [hidden hidden]\noutput h\n");
  EXPECT_EQ(statements("state M : [4, hidden]\ninitial h = h0"),
            "state M : [4 hidden]\ninitial h = h0\noutput h\n");
  EXPECT_EQ(statements("def swish(x, slope) = x * sigmoid(slope * x)"),
            "function swish x slope = (* x (sigmoid (* slope x)))\noutput h\n");
  EXPECT_EQ(statements("use lstm as fast (hidden = 2 * n, input = input + hidden)"),
            "use fast of lstm hidden=(* 2 n) input=(+ input hidden)\noutput h\n");
}

TEST(Parser, RepeatsCarryNames) {
  EXPECT_EQ(
      statements("s = h[t-1]\nrepeat k in 1..depth {\n  u = s\n  repeat j in k..3 { s = u }\n}\n"
                 "repeat k in 1..2 {\n  s = -s\n}"),
      "assign s = (delay h 1)\n"
      "repeat k in [1 depth] { assign u = s; repeat j in [k 3] { assign s = u; }; }\n"
      "repeat k in [1 2] { assign s = (- s); }\noutput h\n");
}

TEST(Parser, TheHead) {
  const CellSyntax cell = parse_cell(
      "\n# a comment\ncell small extends big \"A title\"\nref \"one, \"\n    \"two\" \"!\"\n"
      "group orthogonal\n\nconventions \"σ is the gate\"\n",
      "small.cell");
  EXPECT_EQ(cell.name, "small");
  EXPECT_EQ(cell.base, "big");
  EXPECT_EQ(cell.title, "A title");
  EXPECT_EQ(cell.reference, "one, two!");
  EXPECT_EQ(cell.group, "orthogonal");
  EXPECT_EQ(cell.conventions, "σ is the gate");
  EXPECT_EQ(cell.name_place.line, 3);
  EXPECT_EQ(cell.base_place.column, 20);
  EXPECT_EQ(cell.source->file, "small.cell");
}

TEST(Parser, LineEndsOfAllSystems) {
  const std::string text = "cell a \"b\"\nh = x +\n\t1\noutput h";
  std::string windows;
  for (char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
  const std::string tree = "assign h = (+ x 1)\noutput h\n";
  EXPECT_EQ(printed(parse_cell(text, "a")), tree);
  EXPECT_EQ(printed(parse_cell(windows, "a")), tree);
  EXPECT_EQ(printed(parse_cell("\xef\xbb\xbf" + text + "\n", "a")), tree);
}

TEST(Parser, PlacesCoverWhatTheyName) {
  const CellSyntax cell = parsed("param W, U : [hidden]\nh = W @ (x + 1) + tanh(U)\noutput h\n");
  const auto text_at = [&](const SourcePlace& place) {
    std::string_view text = place.source->text;
    for (int line = 1; line < place.line; ++line) text.remove_prefix(text.find('\n') + 1);
    return std::string(text.substr(static_cast<std::size_t>(place.column - 1),
                                   static_cast<std::size_t>(place.length)));
  };
  EXPECT_EQ(text_at(cell.statements[1].name_place), "U");
  EXPECT_EQ(text_at(cell.statements[1].place), "param W, U : [hidden]");
  EXPECT_EQ(text_at(cell.statements[2].place), "h = W @ (x + 1) + tanh(U)");
  const Expression& sum = cell.statements[2].value;
  EXPECT_EQ(text_at(sum.place), "W @ (x + 1) + tanh(U)");
  EXPECT_EQ(text_at(sum.parts[0].place), "W @ (x + 1)");
  EXPECT_EQ(text_at(sum.parts[0].parts[1].place), "x + 1");
  EXPECT_EQ(text_at(sum.parts[1].place), "tanh(U)");
  EXPECT_EQ(sum.height, 4);
}

}  // namespace
}  // namespace carousel
