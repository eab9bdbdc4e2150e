// What the builder says of cells that can't be built.

#include <gmock/gmock.h>

#include "build_fixtures.hpp"

namespace carousel {
namespace {

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
  EXPECT_EQ(
      says("y = x @ x"),
      "x is [2], x is [2]; @ takes a matrix: dot(a, b), outer(a, b) and a * b are the products of "
      "vectors");
  EXPECT_EQ(says("y = max(x, arange(3))"), "x is [2], arange(3) is [3]");
  EXPECT_EQ(says("y = where(x > 0, x, arange(3))"), "x > 0 is [2], x is [2], arange(3) is [3]");
  EXPECT_EQ(says("y = concat(x, eye(2))"), "x is [2], eye(2) is [2, 2]");
  EXPECT_EQ(says("y = dot(x, arange(1))"), "x is [2], arange(1) is [1]");
  EXPECT_EQ(says("y = outer(x, eye(2))"), "x is [2], eye(2) is [2, 2]");
  EXPECT_EQ(says("y = reshape(x, [3])"), "x is [2], it can't become [3]");
  EXPECT_EQ(says("y = transpose(x)"), "x is [2], expected a matrix");
  EXPECT_EQ(says("y = expm(outer(x, x)) @ x"),
            "outer(x, x) differs from step to step, expected an expression of parameters");
  EXPECT_EQ(says("param A : [2, 3]\ny = inverse(A) @ x"), "A is [2, 3], expected a square matrix");
}

TEST(BuildMessages, ProductsSayWhatToWrite) {
  const auto of = [](const std::string& product) {
    return says(
        "param V : [3, 4]\nparam p : [3]\nparam q : [4]\nstate S : [2, 4, 4]\nS = S[t-1]\n"
        "y = " +
        product);
  };
  EXPECT_EQ(of("V @ p"), "V is [3, 4], p is [3]: write transpose(V) @ p");
  EXPECT_EQ(of("q @ V"), "q is [4], V is [3, 4]: write q @ transpose(V)");
  EXPECT_EQ(
      of("p @ q"),
      "p is [3], q is [4]; @ takes a matrix: dot(a, b), outer(a, b) and a * b are the products "
      "of vectors");
  EXPECT_EQ(of("S @ V"),
            "S is [2, 4, 4], V is [3, 4]; @ takes [.., n, m] and [.., m, k], or vectors [.., m], "
            "with the same axes before them");
  EXPECT_EQ(of("V @ V"), "V is [3, 4], V is [3, 4]: write transpose(V) @ V");
  EXPECT_EQ(of("V * p"), "V is [3, 4], p is [3]; * is elementwise, the matrix product is @");
}

TEST(BuildMessages, OldValuesByTheNamesOfOtherLanguages) {
  for (const char* name : {"h_prev", "prev_h", "h_tm1", "hprev", "h_last", "last_h", "h_old"}) {
    EXPECT_EQ(says(fmt::format("y = x + {}[0]\nh = h[t-1]", name)),
              fmt::format("there is no value '{}'; did you mean h[t-1]?", name));
  }
  for (const char* name : {"h0", "h_0"}) {
    EXPECT_EQ(
        says(fmt::format("y = x + {}[0]\nh = h[t-1]", name)),
        fmt::format("there is no value '{}'; did you mean h[t-1]? Before the first step it is "
                    "initial h = ..",
                    name));
  }
  EXPECT_EQ(says("y = x + state_"), "there is no value 'state_'");
  EXPECT_EQ(says("state M : [2, 2]\ny = M[t-1] @ x"), "state M needs an equation, M = ..");
}

TEST(BuildMessages, NoiseLossesAndGradients) {
  EXPECT_EQ(says("noise n : [2] normal(1)\ny = x + n"),
            "normal takes nothing: write normal alone, and scale it in the equations");
  EXPECT_EQ(says("noise n : [2] bernoulli\ny = x + n"), "bernoulli takes a probability");
  EXPECT_EQ(says("noise n : [2] bernoulli(2)\ny = x + n"),
            "got 2, expected a probability, from 0 to 1");
  EXPECT_EQ(says("noise n : [2] dropout(1)\ny = x + n"),
            "got 1, expected a probability, from 0 to below 1");
  EXPECT_EQ(says("noise n : [2] gauss\ny = x + n"),
            "no distribution 'gauss': write normal, uniform, bernoulli(p) or dropout(p)");
  EXPECT_EQ(says("noise n : [2, 2] normal\ny = x"), "noise is a vector: [size]");
  EXPECT_EQ(says("noise n : [2] normal each round\ny = x"),
            "expected 'step' or 'sequence', found 'round'");
  EXPECT_EQ(says("schedule s from 1 to 2\ny = x * s"),
            "expected 'over', as in schedule s from 1 to 5 over 1000, found the end of the line");
  EXPECT_EQ(says("schedule s from 1 to 2 over 0\ny = x * s"),
            "got 0, expected a number of updates, 1 or more");
  EXPECT_EQ(says("loss l = x\ny = x"), "x is [2], expected one number: sum(..) or mean(..) of it");
  EXPECT_EQ(says("loss l weight x = sum(x)\ny = x"), "x is not known when the cell is built");
  EXPECT_EQ(says("loss kl = sum(x)\ny = x + kl"),
            "kl is a loss and no value: give its expression a name of its own");
  EXPECT_EQ(says("param W : [2, 2]\n  init zeros\ny = W @ x"),
            "'init' goes with the line above: a statement goes on in the next line inside brackets "
            "and behind an operator alone");
  EXPECT_EQ(
      says("y = softmax(x, keep = 1)"),
      "softmax has no argument 'keep': the only one with a name is axis = k; to compare, write "
      "'=='");
  EXPECT_EQ(says("y = grad(x, x)"), "x is [2], expected one number: sum(..) or mean(..) of it");
  EXPECT_EQ(says("y = grad(sum(x), 2 * x)"),
            "expected the name of a value that the first one is made of");
  EXPECT_EQ(says("param w : [2]\ny = grad(sum(w * x), w)"),
            "w is the same for all sequences: give it a name as a value of the step first, such as "
            "w = w + 0 * x[0], and read w");
}

TEST(BuildMessages, Axes) {
  EXPECT_EQ(says("y = sum(x, axis = 1)"),
            "there is no axis 1: expected -1 to 0, the last is 0 or -1");
  EXPECT_EQ(says("y = sum(x, axis = x)"), "x is not known when the cell is built");
  EXPECT_EQ(says("y = topk(x, 3)"), "3 of 2 elements");
  EXPECT_EQ(says("y = stack(x, arange(3))"), "x is [2], arange(3) is [3]");
  EXPECT_EQ(says("y = concat(x, eye(2), axis = 0)"), "x is [2], eye(2) is [2, 2]");
  EXPECT_EQ(says("y = solve(eye(3), x)"), "eye(3) is [3, 3], x is [2]");
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
  EXPECT_EQ(says("repeat k in 1..2 {\n os = os + x\n}\ny = os"),
            "os is set only in this repeat, and below this place: to carry it from round to round, "
            "give it a value above, os = 0");
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
  EXPECT_EQ(says("y = x ^ 17"),
            "a ^ n takes a whole number from -16 to 16, got 17: write pow(x, 17)");
  EXPECT_EQ(says("y = x ^ 0.5"),
            "a ^ n takes a whole number from -16 to 16, got 0.5: write sqrt(x)");
  EXPECT_EQ(says("param W : [0, input]\ny = W @ x"), "got 0, expected a size from 1 to 1048576");
  EXPECT_EQ(says("y = x[0.5]"), "got 0.5, expected a whole number");
  EXPECT_EQ(says("y = x[1:3]"), "elements 1 to 2 of an axis of 2, counted from 0");
  EXPECT_EQ(says("y = x[2]"), "elements 2 to 2 of an axis of 2, counted from 0");
  EXPECT_EQ(says("y = x[0, 1]"), "x is [2], it can't take 2 indices");
  EXPECT_EQ(says("y = x / (hidden - 3)"), "no error");
  EXPECT_EQ(says("y = x * (1 / (hidden - 3))"), "a division by 0: hidden - 3 is 0");
  EXPECT_EQ(says("y = x", {0, 3}), "input is 0, expected 1 to 65536");
  EXPECT_THAT(
      [] {
        program_of("cell t\nhyper rank = 2\ny = x * rank\noutput y\n", {2, 3, {{"rnak", 1.0}}});
      },
      testing::ThrowsMessage<InputError>("cell t has no hyper 'rnak'; did you mean 'rank'?"));
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
  EXPECT_EQ(says("y = tanh(x, x)"), "tanh takes 1 argument, got 2");
  EXPECT_EQ(says("y = concat()"), "concat takes 1 or more arguments, got 0");
}

TEST(BuildMessages, Limits) {
  EXPECT_EQ(says("s = x\nrepeat i in 1..200 {\n repeat j in 1..200 {\n  s = s\n }\n}\ny = s"),
            "the cell has more than 10000 rounds of repeat");
  EXPECT_EQ(says("s = x\nrepeat i in 1..1000000000 {\n s = -s\n}\ny = s"),
            "the cell has more than 10000 values: repeat or use less");
  EXPECT_EQ(says("y = repeat_elements(repeat_elements(x, 1048576), 1048576)"),
            "repeat_elements(x, 1048576) is [2097152], expected rank 1 to 4, at most 1048576 "
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

TEST(BuildMessages, HypersThatAreWords) {
  EXPECT_EQ(
      says("hyper phi = tan\ny = phi(x)"),
      "'tan' is no value for a hyper; did you mean 'tanh'?: a hyper is a number, a function of "
      "one value, such as tanh, or a rule for first values, such as glorot");
  EXPECT_EQ(says("hyper phi = dot\ny = phi(x)"),
            "'dot' is no value for a hyper: a hyper is a number, a function of one value, such as "
            "tanh, or a rule for first values, such as glorot");
  EXPECT_EQ(says("hyper phi = tanh\ny = phi * x"), "phi stands for tanh here: write phi(..)");
  EXPECT_EQ(says("hyper s = glorot\ny = s * x"), "s stands for glorot here: write init s");
  EXPECT_EQ(says("hyper phi = tanh\ny = phi(x, x)"), "phi takes one value, got 2");
  EXPECT_EQ(says("hyper phi = softmax\ny = phi(x, axis = 0)"),
            "phi has no argument 'axis': its arguments have no names; to compare, write '=='");
  EXPECT_EQ(says("hyper phi = tanh\ny = phi(axis = x)"),
            "phi has no argument 'axis': its arguments have no names; to compare, write '=='");
  EXPECT_EQ(says("hyper s = glorot\ny = s(x)"), "s is a rule for first values: init s");
  EXPECT_EQ(says("hyper phi = tanh\nparam W : [2, 2] init phi\ny = W @ x"),
            "phi stands for the function tanh, expected a rule for first values");
  EXPECT_EQ(says("hyper start = glorot\nparam W : [2, 2] init strat\ny = W @ x"),
            "no initialiser 'strat'; did you mean 'start'?");
  EXPECT_EQ(says("hyper n = 2\nparam W : [2, 2] init n\ny = n * W @ x"), "no initialiser 'n'");
}

}  // namespace
}  // namespace carousel
