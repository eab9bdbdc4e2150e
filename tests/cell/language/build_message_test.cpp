// What the builder says of cells that can't be built.

#include "build_fixtures.hpp"

namespace carousel {
namespace {

// The first line of the message about lines that set y, without the place.
std::string says(const std::string& lines, const CellSizes& sizes = {2, 3}) {
  const std::string error = error_of(cell_text(lines), sizes);
  const std::string first = error.substr(0, error.find('\n'));
  const std::size_t at = first.find(": ");
  return at == first.npos ? first : first.substr(at + 2);
}

TEST(BuildMessages, ShowTheShapesOfBothSidesAndThePlace) {
  EXPECT_EQ(error_of("cell gru\n"
                     "param U_c : [hidden, hidden]\n"
                     "r = x\n"
                     "h = tanh(U_c @ (r * x[t-1]))\n"
                     "output h\n",
                     {128, 64}),
            "t.cell:4:10: U_c is [64, 64], r * x[t-1] is [128]\n"
            "  h = tanh(U_c @ (r * x[t-1]))\n"
            "           ^~~~~~~~~~~~~~~~~~");
  EXPECT_EQ(says("y = x + arange(3)"), "x is [2], arange(3) is [3]");
  EXPECT_EQ(says("y = 2 @ x"), "2 is a number, x is [2]");
  EXPECT_EQ(says("y = x @ x"), "x is [2], x is [2]");
  EXPECT_EQ(says("y = max(x, arange(3))"), "x is [2], arange(3) is [3]");
  EXPECT_EQ(says("y = where(x > 0, x, arange(3))"), "x > 0 is [2], x is [2], arange(3) is [3]");
  EXPECT_EQ(says("y = concat(x, eye(2))"), "x is [2], eye(2) is [2, 2]");
  EXPECT_EQ(says("y = dot(x, arange(1))"), "x is [2], arange(1) is [1]");
  EXPECT_EQ(says("y = outer(x, eye(2))"), "eye(2) is [2, 2], expected a vector");
  EXPECT_EQ(says("y = reshape(x, [3])"), "x is [2], it can't become [3]");
  EXPECT_EQ(says("y = transpose(x)"), "x is [2], expected a matrix");
  EXPECT_EQ(says("y = expm(outer(x, x)) @ x"),
            "outer(x, x) differs from step to step, expected an expression of parameters");
  EXPECT_EQ(says("param A : [2, 3]\ny = inverse(A) @ x"), "A is [2, 3], expected a square matrix");
}

TEST(BuildMessages, NamesThatAreNotThere) {
  EXPECT_EQ(says("param W_z : [hidden, input]\ny = W_x @ x"),
            "there is no value 'W_x'; did you mean 'W_z'?");
  EXPECT_EQ(
      says("y = x + z\nz = x"),
      "z is read before it is computed: did you mean z[t-1]? Else its line must stand above this "
      "one");
  EXPECT_EQ(says("memory = x\ny = x + memroy[t-1]"),
            "no line sets 'memroy'; did you mean 'memory'?");
  EXPECT_EQ(says("param W : [2]\ny = x + W[t-1]"), "W is the same at each step");
  EXPECT_EQ(says("param U[1..2] : [2]\ny = x + U"), "U is a family of parameters: read it as U[1]");
  EXPECT_EQ(says("param U[1..2] : [2]\ny = x + U[3]"), "U[3]: U goes from 1 to 2");
  EXPECT_EQ(says("repeat k in 1..2 {\n u = x * k\n}\ny = u"),
            "u is a name of one round: outside it is u.1, u.2, ..");
  EXPECT_EQ(says("repeat k in 1..2 {\n u = x * k\n}\ny = u[t-1]"),
            "u has no value behind the braces that set it");
}

TEST(BuildMessages, States) {
  EXPECT_EQ(error_of("cell t\nm = m[t-1] + x[0]\ny = concat(m[t-1], x)\nh = x * y[0] + h[t-1][0]\n"
                     "output h\n"),
            "t.cell:4:1: h is [2], h[t-1] is [3]: if that is meant, add 'state h : [input]'; * is "
            "elementwise, the matrix product is @\n"
            "  h = x * y[0] + h[t-1][0]\n"
            "  ^");
  EXPECT_EQ(says("state y : [4]\ny = x + y[t-1][0]"), "y is [2], its line says state y : [4]");
  EXPECT_EQ(says("hyper k = 0\ny = x + y[t-k]"), "got 0 steps back, expected 1 to 256");
  EXPECT_EQ(
      says("y = x + h[t-1][0]\nh = 2"),
      "h is a number, h[t-1] is [3]: if that is meant, add 'state h : [1]'; * is elementwise, the "
      "matrix product is @");
  EXPECT_EQ(says("state y : [2]\ninitial y = x\ny = x + y[t-1]"),
            "x is a value of a step: before the first step there are parameters and numbers only");
  EXPECT_EQ(says("param a : [3]\nstate y : [2]\ninitial y = a\ny = x + y[t-1]"),
            "a is [3], y is [2]");
  EXPECT_EQ(says("y = outer(x, x)"), "the output y is [2, 2], expected a vector");
  EXPECT_EQ(says("y = 3"), "the output y is a number, expected a vector");
  EXPECT_EQ(says("param b : [2]\ny = b * 2"), "the output y is the same at each step");
}

TEST(BuildMessages, SizesAndNumbers) {
  EXPECT_EQ(says("param W : [hidden / 2, input]\ny = W @ x"), "3 / 2 is no whole number");
  EXPECT_EQ(says("param W : [hidden - 3, input]\ny = W @ x"),
            "hidden - 3 is 0, expected a size from 1 to 1048576");
  EXPECT_EQ(says("hyper a = 0.5\nparam W : [a, input]\ny = W @ x"),
            "a is 0.5, expected a whole number");
  EXPECT_EQ(says("param W : [x, input]\ny = W @ x"), "x is not known when the cell is built");
  EXPECT_EQ(says("y = x ^ 17"), "expected a power from -16 to 16");
  EXPECT_EQ(says("y = x ^ 0.5"), "0.5 is 0.5, expected a whole number");
  EXPECT_EQ(says("y = x[1:3]"), "elements 1 to 2 of an axis of 2, counted from 0");
  EXPECT_EQ(says("y = x[2]"), "elements 2 to 2 of an axis of 2, counted from 0");
  EXPECT_EQ(says("y = x[0, 1]"), "x is [2], it can't take 2 indices");
  EXPECT_EQ(says("y = x / (hidden - 3)"), "no error");
  EXPECT_EQ(says("y = x * (1 / (hidden - 3))"), "a division by 0: hidden - 3 is 0");
  EXPECT_EQ(says("y = x", {0, 3}), "input is 0, expected 1 to 65536");
  EXPECT_EQ(says("hyper rank = 2\ny = x * rank", {2, 3, {{"rnak", 1}}}),
            "t has no hyper 'rnak'; did you mean 'rank'?");
}

TEST(BuildMessages, Initialisers) {
  const auto of = [](const std::string& init) {
    return says("param b : [2] init " + init + "\ny = x * b");
  };
  EXPECT_EQ(of("orthogonal"), "orthogonal is for a matrix, b is [2]");
  EXPECT_EQ(of("uniform"), "uniform takes 1 or 2 numbers, got 0");
  EXPECT_EQ(of("constant(1, 2)"), "constant takes 1 numbers, got 2");
  EXPECT_EQ(of("minus(b)"), "the first value of b is made of itself");
  EXPECT_EQ(of("chrono(1)"), "chrono takes a number of steps above 2");
}

TEST(BuildMessages, Definitions) {
  EXPECT_EQ(says("def f(a) = a\ny = f(x, x)"), "f takes 1 arguments without names, got 2");
  EXPECT_EQ(says("y = tanh(x, x)"), "tanh takes 1 arguments, got 2");
  EXPECT_EQ(says("y = concat()"), "concat takes 1 or more arguments, got 0");
}

TEST(BuildMessages, Limits) {
  EXPECT_EQ(says("s = x\nrepeat i in 1..200 {\n repeat j in 1..200 {\n  s = s\n }\n}\ny = s"),
            "the cell has more than 10000 rounds of repeat");
  EXPECT_EQ(says("s = x\nrepeat i in 1..1000000000 {\n s = -s\n}\ny = s"),
            "the cell has more than 10000 values: repeat or use less");
  EXPECT_EQ(says("y = repeat_elements(repeat_elements(x, 1048576), 1048576)"),
            "repeat_elements(x, 1048576) is [2097152], expected rank 1 to 3, at most 1048576 "
            "elements along an axis and 4194304 in all for a value of a step");
  EXPECT_EQ(says("param W : [1048576, 1048576]\ny = W @ x"),
            "[1048576, 1048576] is 1099511627776 elements, expected at most 268435456");
  std::string doubling = "def f0(a) = a + a\n";
  for (int i = 1; i < 40; ++i)
    doubling += fmt::format("def f{}(a) = f{}(a) + f{}(a)\n", i, i - 1, i - 1);
  EXPECT_EQ(says(doubling + "y = x * f39(1)"),
            "the cell takes more than 1000000 expressions to build");
  EXPECT_EQ(says(doubling + "y = f39(x)"),
            "the cell has more than 10000 values: repeat or use less");
  std::string chain = "def f0(a) = a\n";
  for (int i = 1; i < 60; ++i) chain += fmt::format("def f{}(a) = f{}(a)\n", i, i - 1);
  EXPECT_EQ(says(chain + "y = f59(x)"), "definitions call each other more than 50 deep");
}

}  // namespace
}  // namespace carousel
