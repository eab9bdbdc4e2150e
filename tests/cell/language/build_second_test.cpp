// Values of products over axes, of functions along an axis, of noise, losses and gradients inside a
// step, against numbers worked out here.

#include <gmock/gmock.h>

#include <cmath>

#include "build_fixtures.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

// 1, 2, .. in a shape; x is (0.5, -2).
std::string counting(const std::string& shape, int n) {
  return fmt::format("reshape(arange({}) + 1, {})", n, shape);
}

// All elements of a value of any shape.
Numbers flat(const std::string& expression, int n, const std::string& lines = "") {
  SCOPED_TRACE(expression);
  return y_of(lines + fmt::format("y = reshape({}, [{}]) + 0 * x[0]", expression, n));
}

TEST(BuildValues, ProductsForEachPlaceOfTheAxesBefore) {
  const std::string A = counting("[2, 2, 3]", 12), B = counting("[2, 3, 1]", 6);
  EXPECT_EQ(flat(A + " @ " + B, 4), (Numbers{14, 32, 122, 167}));
  EXPECT_EQ(flat(A + " @ " + counting("[2, 3]", 6), 4), (Numbers{14, 32, 122, 167}));
  EXPECT_EQ(flat(A + " @ arange(3)", 4), (Numbers{8, 17, 26, 35}));
  EXPECT_EQ(flat(counting("[2, 2]", 4) + " @ " + A, 6), (Numbers{9, 12, 15, 61, 68, 75}));
  EXPECT_EQ(flat("(1 + arange(2)) @ " + A, 6), (Numbers{9, 12, 15, 27, 30, 33}));
  EXPECT_EQ(flat("(1 + arange(2)) @ " + counting("[2, 3]", 6), 3), (Numbers{9, 12, 15}));
  EXPECT_EQ(flat(counting("[1, 2, 2, 1]", 4) + " @ " + counting("[1, 2, 1, 1]", 2), 4),
            (Numbers{1, 2, 6, 8}));
  // One side, or both, of each sequence.
  EXPECT_EQ(flat("outer(x, x) @ " + counting("[2, 2]", 4), 4),
            (Numbers{0.25 - 3, 0.5 - 4, -1 + 12, -2 + 16}));
  EXPECT_EQ(flat("x @ outer(x, x)", 2), (Numbers{0.125 + 2, -0.5 - 8}));
  EXPECT_EQ(flat("stack(outer(x, x), eye(2)) @ stack(x, x)", 4),
            (Numbers{0.125 + 2, -0.5 - 8, 0.5, -2}));
  EXPECT_EQ(flat("stack(x, x) @ " + counting("[2, 2, 2]", 8), 4),
            (Numbers{0.5 - 6, 1 - 8, 2.5 - 14, 3 - 16}));
}

TEST(BuildValues, FunctionsAlongAnAxis) {
  const std::string M = counting("[2, 3]", 6);
  EXPECT_EQ(flat("sum(" + M + ", axis = 0)", 3), (Numbers{5, 7, 9}));
  EXPECT_EQ(flat("sum(" + M + ", axis = -1)", 2), (Numbers{6, 15}));
  EXPECT_EQ(flat("mean(" + M + ", axis = 0)", 3), (Numbers{2.5, 3.5, 4.5}));
  EXPECT_EQ(flat("max(" + M + ", axis = 0)", 3), (Numbers{4, 5, 6}));
  EXPECT_EQ(flat("min(" + M + ")", 2), (Numbers{1, 4}));
  expect_near(flat(M + " / sum(" + M + ", keep = 1)", 6),
              {1.0 / 6, 2.0 / 6, 3.0 / 6, 4.0 / 15, 5.0 / 15, 6.0 / 15});
  EXPECT_EQ(flat(M + " - max(" + M + ", axis = 0, keep = 1)", 6), (Numbers{-3, -3, -3, 0, 0, 0}));
  EXPECT_EQ(flat(M + " - mean(" + M + ", axis = 0, keep = 1)", 6),
            (Numbers{-1.5, -1.5, -1.5, 1.5, 1.5, 1.5}));
  EXPECT_EQ(flat("prod(" + M + ")", 2), (Numbers{6, 120}));
  EXPECT_EQ(flat("prod(" + M + ", axis = 0)", 3), (Numbers{4, 10, 18}));
  EXPECT_EQ(flat("cumprod(" + M + ")", 6), (Numbers{1, 2, 6, 4, 20, 120}));
  EXPECT_EQ(flat("cumsum(" + M + ", axis = 0)", 6), (Numbers{1, 2, 3, 5, 7, 9}));
  EXPECT_EQ(flat("sum(" + counting("[2, 2, 2]", 8) + ", axis = 1)", 4), (Numbers{4, 6, 12, 14}));
  const double a = 1 / (1 + std::exp(3.0));
  expect_near(flat("softmax(" + M + ", axis = 0)", 6), {a, a, a, 1 - a, 1 - a, 1 - a});
  expect_near(flat("norm(" + M + ", axis = 0)", 1 + 2),
              {std::sqrt(17.0), std::sqrt(29.0), std::sqrt(45.0)}, 1e-10);
  expect_near(flat("unit(x)", 2), {0.5 / std::sqrt(4.25), -2 / std::sqrt(4.25)}, 1e-10);
  expect_near(flat("norm(0 * x, 0.25)", 1), {0.5});
}

TEST(BuildValues, PlacesAndOrder) {
  const std::string lines = "v = concat(x, 3, 0.5)\n";  // 0.5, -2, 3, 0.5
  EXPECT_EQ(flat("argmax(v)", 1, lines), (Numbers{2}));
  EXPECT_EQ(flat("hardmax(v)", 4, lines), (Numbers{0, 0, 1, 0}));
  EXPECT_EQ(flat("sort(v)", 4, lines), (Numbers{-2, 0.5, 0.5, 3}));
  EXPECT_EQ(flat("argsort(v)", 4, lines), (Numbers{1, 0, 3, 2}));
  EXPECT_EQ(flat("topk(v, 2)", 2, lines), (Numbers{3, 0.5}));
  EXPECT_EQ(flat("take(v, arange(2) + 1)", 2, lines), (Numbers{-2, 3}));
  EXPECT_EQ(flat("one_hot(argmax(v), 4)", 4, lines), (Numbers{0, 0, 1, 0}));
  EXPECT_EQ(flat("one_hot(arange(2), 3)", 6, lines), (Numbers{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(flat("sort(" + std::string("stack(x, -x)") + ", axis = 0)", 4),
            (Numbers{-0.5, -2, 0.5, 2}));
}

TEST(BuildValues, SmallFunctions) {
  expect_near(flat("pow(abs(x), 1.5)", 2), {std::pow(0.5, 1.5), std::pow(2.0, 1.5)}, 1e-10);
  expect_near(flat("asinh(x)", 2), {std::asinh(0.5), std::asinh(-2.0)}, 1e-10);
  expect_near(flat("atanh(x / 4)", 2), {std::atanh(0.125), std::atanh(-0.5)}, 1e-10);
  EXPECT_EQ(flat("round(x * 1.3)", 2), (Numbers{1, -3}));
  EXPECT_EQ(flat("safe_div(x - x, x - x)", 2), (Numbers{0, 0}));
  EXPECT_EQ(flat("safe_mul(x - x, log(x - x))", 2), (Numbers{0, 0}));
  EXPECT_EQ(flat("safe_mul(x, 2) + safe_div(x, 2)", 2), (Numbers{1.25, -5}));
  expect_near(flat("x * pi + e", 2), {0.5 * M_PI + M_E, -2 * M_PI + M_E});
  EXPECT_EQ(y_of("pi = 3\ny = x * pi"), (Numbers{1.5, -6}));
  expect_near(y_of("y = pow(2, 3) * x"), {4, -16});
}

TEST(BuildValues, MatricesOfAStep) {
  const std::string lines = "A = 3 * eye(2) + outer(x, x)\n";  // [3.25 -1; -1 7], det 21.75
  expect_near(flat("solve(A, x)", 2, lines), {(7 * 0.5 - 2) / 21.75, (0.5 - 6.5) / 21.75});
  expect_near(flat("inverse(A)", 4, lines), {7 / 21.75, 1 / 21.75, 1 / 21.75, 3.25 / 21.75});
  expect_near(flat("solve(2 * eye(2), x)", 2), {0.25, -1});
  expect_near(flat("solve(stack(A, eye(2)), stack(x, x))", 4, lines),
              {1.5 / 21.75, -6 / 21.75, 0.5, -2});
  EXPECT_EQ(flat("outer(stack(x, 2 * x), " + counting("[2, 1]", 2) + ")", 4),
            (Numbers{0.5, -2, 2, -8}));
  EXPECT_EQ(flat("dot(stack(x, x), " + counting("[2, 2]", 4) + ")", 2), (Numbers{-3.5, -6.5}));
  EXPECT_EQ(flat("diag(stack(x, x))", 8), (Numbers{0.5, 0, 0, -2, 0.5, 0, 0, -2}));
  EXPECT_EQ(flat("concat(eye(2), stack(x), axis = 0)", 6), (Numbers{1, 0, 0, 1, 0.5, -2}));
  EXPECT_EQ(flat("stack(x, x, axis = 1)", 4), (Numbers{0.5, 0.5, -2, -2}));
}

TEST(BuildValues, TheNumberOfTheStep) {
  const StepProgram program = program_of(cell_text("y = x * t"));
  EXPECT_EQ(OneStep(program, {{"x", {0.5, -2}}}).output(), (Numbers{0.5, -2}));
  EXPECT_EQ(OneStep(program, {{"x", {0.5, -2}}, {"t[t-1]", {4}}}).output(), (Numbers{2.5, -10}));
}

TEST(BuildValues, NoiseIsAnInputThatTheLayerGives) {
  const StepProgram program = program_of(
      cell_text("input dt : [1] default 1\nnoise z : [2] bernoulli(0.25) each sequence\n"
                "noise n, unused : [1] normal\ny = x * z + n * dt + where(training, 1, 0)"));
  ASSERT_EQ(program.inputs.size(), 5u);
  EXPECT_EQ(program.data_inputs(), 2u);
  const auto input = [&](std::size_t k) { return program.nodes[std::size_t(program.inputs[k])]; };
  EXPECT_EQ(input(2).name, "z");
  EXPECT_EQ(input(2).otherwise, 0.25);
  EXPECT_EQ(input(2).supply->often, Supply::Often::sequence);
  EXPECT_EQ(input(3).supply->kind, Supply::Kind::normal);
  EXPECT_EQ(input(4).supply->kind, Supply::Kind::training);
  EXPECT_EQ(OneStep(program, {{"x", {0.5, -2}}, {"z", {1, 0}}, {"n", {3}}, {"dt", {2}}}).output(),
            (Numbers{6.5, 6}));
}

TEST(BuildValues, LossesAreSumsOverTheSteps) {
  const StepProgram program =
      program_of(cell_text("hyper beta = 0.5\nloss kl weight beta = sum(x ^ 2)\ny = x"));
  ASSERT_EQ(program.states.size(), 1u);
  EXPECT_EQ(program.states[0].loss_weight, 0.5);
  OneStep step(program, {{"x", {0.5, -2}}, {"kl[t-1]", {1}}});
  EXPECT_EQ(step.next("kl"), (Numbers{5.25}));
}

TEST(BuildValues, FirstValuesByAnExpression) {
  const StepProgram program = program_of(cell_text(
      "hyper low = 0.25\nparam a : [4] init low + 0.5 * u\nparam Z : [2, 2] init 2 * eye(2)\n"
      "param b : [4] init log(1 + exp(z)) * 0 + a_ \ny = x * sum(a) + Z @ x + b[0]\n"
      "hyper a_ = 3"));
  const auto first = [&](std::size_t k) {
    const auto& p = program.parameters[k];
    const auto t = initialise<double>(p.init, p.shape, Random(3, p.name));
    return Numbers(t.values().begin(), t.values().end());
  };
  EXPECT_EQ(program.parameters[0].init.to_string(), "(0.25 + (0.5 * u))");
  const Numbers a = first(0);
  for (const double v : a) EXPECT_TRUE(v > 0.25 && v < 0.75) << v;
  EXPECT_NE(a[0], a[1]);
  EXPECT_EQ(a, first(0));
  EXPECT_EQ(first(1), (Numbers{2, 0, 0, 2}));
  EXPECT_EQ(first(2), (Numbers{3, 3, 3, 3}));
  const auto says = [](const std::string& init) {
    const std::string error = error_of(cell_text("param b : [2] init " + init + "\ny = x * b"));
    return error.substr(0, error.find('\n'));
  };
  EXPECT_EQ(
      says("2 * x"),
      "t.cell:2:24: x is not known before the first step: a first value is made of u (uniform "
      "in 0 to 1), z (normal), sizes and hypers");
  EXPECT_EQ(says("eye(3) * u"),
            "t.cell:2:20: eye(3) is [3, 3], u is [2]; * is elementwise, the "
            "matrix product is @");
  EXPECT_EQ(says("arange(3)"), "t.cell:2:20: arange(3) is [3], the parameter is [2]");
  EXPECT_EQ(says("sum(u) + grad(sum(u), u)"), "t.cell:2:29: grad stands in an equation alone");
  EXPECT_EQ(says("sum(sum(eye(5000)))"),
            "t.cell:2:20: sum(sum(eye(5000))) has a part of [5000, 5000], expected at most 4194304 "
            "elements");
  EXPECT_EQ(says("spectral(0.9)"), "t.cell:2:20: spectral is for a matrix, b is [2]");
  EXPECT_EQ(says("3"), "t.cell:2:20: write init constant(3)");
}

TEST(BuildValues, CollectKeepsTheValuesOfAllRounds) {
  EXPECT_EQ(y_of("s = x\nrepeat k in 1..3 {\n s = 2 * s\n collect all = s + k\n}\n"
                 "y = all[2] + sum(all, axis = 0)"),
            (Numbers{7 + 13, -13 - 22}));
  EXPECT_EQ(y_of("repeat i in 1..2 {\n repeat j in 1..3 {\n  collect row = i * j * x[0]\n }\n"
                 " collect rows = row\n}\ny = rows[1, 2] + 0 * x"),
            (Numbers{3, 3}));
  const std::string early = error_of(cell_text("repeat k in 1..2 {\n collect a = a + x\n}\ny = x"));
  EXPECT_THAT(early, HasSubstr("a is read before it is computed"));
  EXPECT_THAT(error_of(cell_text("collect a = x\ny = x")),
              HasSubstr("'collect' stands in a repeat"));
  EXPECT_THAT(error_of(cell_text("repeat k in 1..2 {\n collect a = arange(k)\n}\ny = x")),
              HasSubstr("arange(k) is [1] in the first round and [2] in another one"));
}

TEST(BuildValues, GradientsInsideAStep) {
  // d/dx sum(x^3) = 3 x^2, and again 6 x.
  EXPECT_EQ(y_of("y = grad(sum(x ^ 3), x)"), (Numbers{0.75, 12}));
  EXPECT_EQ(y_of("g = grad(sum(x ^ 3), x)\ny = grad(sum(g), x)"), (Numbers{3, -12}));
  // By a matrix of each sequence: 2 (M k - v) k'.
  EXPECT_EQ(flat("grad(sum((M @ x - 1) ^ 2), M)", 4, "M = outer(x, x) * 0\n"),
            (Numbers{-1, 4, -1, 4}));
  EXPECT_EQ(y_of("v = 2 * x\ny = grad(sum(x), v)"), (Numbers{0, 0}));
  OneStep step(program_of(cell_text("param b : [2]\nz = tanh(b * x)\ny = grad(sum(z * b), z) * x")),
               {{"x", {0.5, -2}}, {"b", {3, 4}}});
  EXPECT_EQ(step.output(), (Numbers{1.5, -8}));
  EXPECT_EQ(step.gradient("b"), (Numbers{0.5, -2}));  // it is differentiated again
}

TEST(BuildValues, TheLengthIsAnInputThatTheLayerGives) {
  const StepProgram program = program_of(cell_text("y = x * length / (1 + length)"));
  ASSERT_EQ(program.inputs.size(), 2u);
  EXPECT_EQ(program.nodes[std::size_t(program.inputs[1])].supply->kind, Supply::Kind::length);
  EXPECT_EQ(OneStep(program, {{"x", {0.5, -2}}, {"length", {3}}}).output(), (Numbers{0.375, -1.5}));
  EXPECT_EQ(y_of("length = x + 1\ny = length"), (Numbers{1.5, -1}));
}

TEST(BuildValues, AHyperCanBeAFunction) {
  const std::string cell =
      cell_text("hyper phi = tanh\nhyper gain = 2\ndef f(a) = gain * phi(a)\ny = f(x) + phi(x)");
  const auto y = [&](const HyperValues& hyper) {
    return OneStep(program_of(cell, {2, 3, hyper}), {{"x", {0.5, -2}}}).output();
  };
  expect_near(y({}), {3 * std::tanh(0.5), 3 * std::tanh(-2.0)});
  expect_near(y({{"phi", "relu"}, {"gain", 4.0}}), {2.5, 0});
  expect_near(y({{"phi", "softmax"}}), {3 / (1 + std::exp(-2.5)), 3 / (1 + std::exp(2.5))});
}

// The name of a function or of a rule is hidden by the hyper, as by a definition.
TEST(BuildValues, AHyperCanHaveTheNameOfAFunction) {
  expect_near(y_of("hyper tanh = relu\ny = tanh(x)"), {0.5, 0});
  expect_near(y_of("hyper relu = relu\ny = relu(x)"), {0.5, 0});
}

TEST(BuildValues, AHyperCanBeARuleForFirstValues) {
  const std::string cell = cell_text(
      "hyper start = orthogonal\nparam W : [2, 2] init start\nparam U : [2, 2] init start fixed\n"
      "y = U @ W @ x");
  const auto kinds = [&](const HyperValues& hyper) {
    std::vector<Initialiser::Kind> found;
    for (const auto& p : program_of(cell, {2, 3, hyper}).parameters) found.push_back(p.init.kind);
    return found;
  };
  using Kind = Initialiser::Kind;
  EXPECT_EQ(kinds({}), (std::vector{Kind::orthogonal, Kind::orthogonal}));
  EXPECT_EQ(kinds({{"start", "hippo"}}), (std::vector{Kind::hippo, Kind::hippo}));
}

TEST(BuildValues, ACellThatIsUsedTakesWords) {
  CellRegistry registry;
  registry.add_text("cell inner\nhyper phi = tanh\nhyper n = 1\nh = phi(x) * n\noutput h\n",
                    "inner.cell");
  registry.add_text(
      "cell outer\nhyper psi = sigmoid\nuse inner as f (phi = psi, input = 2, n = 3)\n"
      "use inner as g (phi = relu, input = 2)\ny = f(x) + g(x)\noutput y\n",
      "outer.cell");
  const auto y = [&](const HyperValues& hyper) {
    return OneStep(registry.find("outer").build({2, 2, hyper}), {{"x", {0.5, -2}}}).output();
  };
  expect_near(y({}), {0.5 + 3 / (1 + std::exp(-0.5)), 3 / (1 + std::exp(2.0))});
  expect_near(y({{"psi", "abs"}}), {2, 6});
}

TEST(BuildValues, AHyperOfAnotherKindIsRefused) {
  const auto error = [](const std::string& lines, const HyperValues& hyper) {
    return error_of<InputError>([&] { program_of(cell_text(lines), {2, 3, hyper}); });
  };
  EXPECT_EQ(error("hyper phi = tanh\ny = phi(x)", {{"phi", 3.0}}),
            "cell t: phi is 3, expected a function of one value, such as tanh");
  EXPECT_EQ(error("hyper phi = tanh\ny = phi(x)", {{"phi", "dot"}}),
            "cell t: phi is dot, expected a function of one value, such as tanh");
  EXPECT_EQ(error("hyper phi = tanh\ny = phi(x)", {{"phi", "glorot"}}),
            "cell t: phi is glorot, expected a function of one value, such as tanh");
  EXPECT_EQ(error("hyper s = glorot\nparam W : [2, 2] init s\ny = W @ x", {{"s", "normal"}}),
            "cell t: s is normal, expected a rule for first values that takes no number, such as "
            "glorot");
  EXPECT_EQ(error("hyper n = 2\ny = n * x", {{"n", "tanh"}}),
            "cell t: n is tanh, expected a number from -1e+30 to 1e+30");
}

}  // namespace
}  // namespace carousel
