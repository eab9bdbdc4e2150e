// Values of the constructs of the cell language, against numbers worked out here.

#include <cmath>

#include "build_fixtures.hpp"

namespace carousel {
namespace {

double logistic(double v) { return 1.0 / (1.0 + std::exp(-v)); }

// y = expression of x = (0.5, -2).
void expect_each(const std::string& expression, double (*expected)(double)) {
  SCOPED_TRACE(expression);
  expect_near(y_of("y = " + expression), {expected(0.5), expected(-2.0)}, 1e-9);
}

TEST(BuildValues, ElementwiseFunctions) {
  expect_each("exp(x)", [](double v) { return std::exp(v); });
  expect_each("log(abs(x))", [](double v) { return std::log(std::abs(v)); });
  expect_each("sqrt(abs(x))", [](double v) { return std::sqrt(std::abs(v)); });
  expect_each("sin(x)", [](double v) { return std::sin(v); });
  expect_each("cos(x)", [](double v) { return std::cos(v); });
  expect_each("tanh(x)", [](double v) { return std::tanh(v); });
  expect_each("sigmoid(x)", logistic);
  expect_each("relu(x)", [](double v) { return std::max(v, 0.0); });
  expect_each("softplus(x)", [](double v) { return std::log1p(std::exp(v)); });
  expect_each("logsigmoid(x)", [](double v) { return std::log(logistic(v)); });
  expect_each("sign(x)", [](double v) { return v > 0 ? 1.0 : -1.0; });
  expect_each("hard_sigmoid(x)", [](double v) { return v / 6 + 0.5; });
  expect_each("hard_sigmoid(4 * x)", [](double v) { return v > 0 ? 2.0 / 6 + 0.5 : 0.0; });
  expect_each("hard_tanh(x)", [](double v) { return v > 0 ? v : -1.0; });
  expect_each("hard_tanh(4 * x)", [](double v) { return v > 0 ? 1.0 : -1.0; });
  expect_each("elu(x)", [](double v) { return v > 0 ? v : std::exp(v) - 1; });
  expect_each("silu(x)", [](double v) { return v * logistic(v); });
  expect_each("gelu(x)", [](double v) { return v * 0.5 * (1 + std::erf(v / std::sqrt(2.0))); });
  expect_each("softsign(x)", [](double v) { return v / (1 + std::abs(v)); });
  expect_each("floor(x)", [](double v) { return std::floor(v); });
  expect_each("erf(x)", [](double v) { return std::erf(v); });
  expect_each("heaviside(x)", [](double v) { return v > 0 ? 1.0 : 0.0; });
  expect_each("leaky_relu(x, 0.1)", [](double v) { return v > 0 ? v : 0.1 * v; });
  expect_each("modrelu(x, -1)",
              [](double v) { return (v > 0 ? 1 : -1) * std::max(0.0, std::abs(v) - 1); });
  expect_each("max(x, 0.25)", [](double v) { return std::max(v, 0.25); });
  expect_each("min(x, 0.25)", [](double v) { return std::min(v, 0.25); });
  expect_each("mod(x, 0.3)", [](double v) { return v - 0.3 * std::floor(v / 0.3); });
  expect_each("clipped_sqrt(x)", [](double v) { return std::sqrt(std::max(v, 0.0)); });
  expect_each("-x", [](double v) { return -v; });
}

TEST(BuildValues, Operators) {
  expect_each("1 + x * 2 - x / 4", [](double v) { return 1 + v * 2 - v / 4; });
  expect_each("x ^ 3", [](double v) { return v * v * v; });
  expect_each("x ^ 6", [](double v) { return std::pow(v, 6); });
  expect_each("x ^ -2", [](double v) { return 1 / (v * v); });
  expect_each("x ^ 1", [](double v) { return v; });
  expect_each("x ^ 0", [](double) { return 1.0; });
  const auto compare = [](const std::string& op) { return y_of("y = x " + op + " floor(x)"); };
  EXPECT_EQ(compare("<"), (Numbers{0, 0}));
  EXPECT_EQ(compare("<="), (Numbers{0, 1}));
  EXPECT_EQ(compare(">"), (Numbers{1, 0}));
  EXPECT_EQ(compare(">="), (Numbers{1, 1}));
  EXPECT_EQ(compare("=="), (Numbers{0, 1}));
  EXPECT_EQ(compare("!="), (Numbers{1, 0}));
}

TEST(BuildValues, NumbersKnownWhenTheCellIsBuiltAreFolded) {
  const StepProgram program = program_of(
      cell_text("n = 2 ^ 3 / 4 - 1\nm = max(floor(hidden / 2), min(0, n)) + sqrt(4) + mod(7, 4)\n"
                "y = x * (m + (hidden > 2) + where(n == 1, 10, undefined_name))"));
  EXPECT_EQ(program.nodes.size(), 3u);  // x, a constant, the product
  EXPECT_EQ(OneStep(program, {{"x", {1, 2}}}).output(), (Numbers{17, 34}));
}

TEST(BuildValues, MatrixProducts) {
  const std::map<std::string, Numbers> given{{"A", {1, 2, 3, 4, 5, 6}}, {"v", {1, -1}}};
  const std::string params = "param A : [3, 2]\nparam v : [2]\n";
  expect_near(y_of(params + "y = A @ x", given), {-3.5, -6.5, -9.5});
  expect_near(y_of(params + "y = x + sum(A @ v)", given), {-2.5, -5});
  expect_near(y_of(params + "y = (A @ transpose(A)) @ (A @ x)", given),
              {5 * -3.5 + 11 * -6.5 + 17 * -9.5, 11 * -3.5 + 25 * -6.5 + 39 * -9.5,
               17 * -3.5 + 39 * -6.5 + 61 * -9.5});
  // M = x x^T = [0.25 -1; -1 4]
  const std::string m = params + "M = outer(x, x)\n";
  expect_near(y_of(m + "y = M @ x", given), {2.125, -8.5});
  expect_near(y_of(m + "y = M @ v", given), {1.25, -5});
  expect_near(y_of(m + "y = reshape(M @ M, [4])", given), {1.0625, -4.25, -4.25, 17});
  expect_near(y_of(m + "y = reshape(A @ M, [6])", given), {-1.75, 7, -3.25, 13, -4.75, 19});
  expect_near(y_of(m + "y = reshape(M @ transpose(A), [6])", given),
              {-1.75, -3.25, -4.75, 7, 13, 19});
}

TEST(BuildValues, BroadcastingFollowsTheShapesOfOneSequence) {
  const std::map<std::string, Numbers> given{{"A", {1, 2, 3, 4, 5, 6}}, {"v", {3}}};
  const std::string params = "param A : [3, 2]\nparam v : [1]\n";
  expect_near(y_of(params + "y = reshape(A * x, [6])", given), {0.5, -4, 1.5, -8, 2.5, -12});
  expect_near(y_of(params + "y = reshape(x + A, [6])", given), {1.5, 0, 3.5, 2, 5.5, 4});
  expect_near(y_of(params + "y = v * x", given), {1.5, -6});
  expect_near(y_of(params + "y = sum(where(x > 0, A, -A))", given), {-1, -1, -1});
}

TEST(BuildValues, Reductions) {
  const std::map<std::string, Numbers> given{{"A", {1, 2, 3, 5, 4, 6}}};
  const std::string a = "param A : [3, 2]\n";
  expect_near(y_of("y = sum(x)"), {-1.5});
  expect_near(y_of("y = mean(x)"), {-0.75});
  expect_near(y_of("y = max(x)"), {0.5});
  expect_near(y_of(a + "y = sum(A * x)", given), {-3.5, -8.5, -10});
  expect_near(y_of(a + "y = max(A * x)", given), {0.5, 1.5, 2});
  expect_near(y_of("y = softmax(x)"), {logistic(2.5), logistic(-2.5)});
  expect_near(y_of("y = cumsum(x)"), {0.5, -1.5});
  expect_near(y_of("y = logsumexp(x)"), {std::log(std::exp(0.5) + std::exp(-2.0))});
  expect_near(y_of("y = logsumexp(outer(x, x) * 1000)"), {250, 4000});
  const double deviation = std::sqrt(1.25 * 1.25 + 1e-5);
  expect_near(y_of("y = layer_norm(x)"), {1.25 / deviation, -1.25 / deviation});
  const double root = std::sqrt((0.25 + 4) / 2 + 1e-5);
  expect_near(y_of("y = rms_norm(x)"), {0.5 / root, -2 / root});
  expect_near(y_of("y = dot(x, x) + size(x)"), {6.25});
}

TEST(BuildValues, Rearrangements) {
  const std::map<std::string, Numbers> given{{"A", {1, 2, 3, 4, 5, 6}}, {"v", {7}}};
  const std::string a = "param A : [2, 3]\nparam v : [1]\nM = A * x[0]\n";
  const auto flat = [&](const std::string& what, int n) {
    return y_of(a + fmt::format("y = reshape(2 * ({}) + 0 * x[0], [{}])", what, n), given);
  };
  expect_near(y_of(a + "y = concat(x, v, 1, x[1])", given), {0.5, -2, 7, 1, -2});
  expect_near(y_of("y = x[1:2]"), {-2});
  expect_near(y_of("y = x[:1]"), {0.5});
  expect_near(y_of("y = x[0]"), {0.5});
  expect_near(flat("M[1]", 3), {4, 5, 6});
  expect_near(flat("M[1, 2]", 1), {6});
  expect_near(flat("M[:, 1:]", 4), {2, 3, 5, 6});
  expect_near(flat("M[:, 1]", 2), {2, 5});
  expect_near(flat("transpose(M)", 6), {1, 4, 2, 5, 3, 6});
  expect_near(flat("concat(M, M[:, 0:1])", 8), {1, 2, 3, 1, 4, 5, 6, 4});
  expect_near(flat("roll(M, 1)", 6), {3, 1, 2, 6, 4, 5});
  expect_near(flat("roll(M, -1)", 6), {2, 3, 1, 5, 6, 4});
  expect_near(flat("roll(M, 3)", 6), {1, 2, 3, 4, 5, 6});
  expect_near(y_of("y = repeat_elements(x, 3)"), {0.5, 0.5, 0.5, -2, -2, -2});
  expect_near(y_of("y = tile(x, 2)"), {0.5, -2, 0.5, -2});
  expect_near(y_of("y = reshape(outer(x, concat(x, 1)), [6])"), {0.25, -1, 0.5, -1, 4, -2});
  expect_near(y_of("y = reshape(diag(x), [4])"), {0.5, 0, 0, -2});
}

TEST(BuildValues, Matrices) {
  const std::map<std::string, Numbers> given{
      {"R", {1, 2, 3, 4, 5, 6, 7, 8}}, {"A", {1, 2, 3, 4, 5, 6, 7, 8, 9}}, {"N", {0, 2, 0, 0}}};
  const std::string p = "param R : [2, 2, 2]\nparam A : [3, 3]\nparam N : [2, 2]\n";
  const auto flat = [&](const std::string& what, int n) {
    return y_of(p + fmt::format("y = reshape({}, [{}]) + 0 * x[0]", what, n), given);
  };
  expect_near(flat("block_diagonal(R)", 16), {1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 5, 6, 0, 0, 7, 8});
  expect_near(flat("block_diagonal(R * x[0])", 16),
              {0.5, 1, 0, 0, 1.5, 2, 0, 0, 0, 0, 2.5, 3, 0, 0, 3.5, 4});
  expect_near(flat("eye(2)", 4), {1, 0, 0, 1});
  expect_near(flat("arange(4)", 4), {0, 1, 2, 3});
  expect_near(flat("zeros([2, 2]) + ones([2])", 4), {1, 1, 1, 1});
  expect_near(flat("tril(A)", 9), {1, 0, 0, 4, 5, 0, 7, 8, 9});
  expect_near(flat("tril(A, -1)", 9), {0, 0, 0, 4, 0, 0, 7, 8, 0});
  expect_near(flat("triu(A)", 9), {1, 2, 3, 0, 5, 6, 0, 0, 9});
  expect_near(flat("triu(A, 1)", 9), {0, 2, 3, 0, 0, 6, 0, 0, 0});
  expect_near(flat("expm(N)", 4), {1, 2, 0, 1});
  expect_near(flat("inverse(N + eye(2))", 4), {1, -2, 0, 1});
}

TEST(BuildValues, Gradients) {
  const auto gradient = [](const std::string& lines) {
    return OneStep(program_of(cell_text(lines)), {{"x", {0.5, -2}}}).gradient("x");
  };
  expect_near(gradient("y = x * x"), {1, -4});
  expect_near(gradient("y = x * stop_gradient(x)"), {0.5, -2});
  expect_near(gradient("y = straight_through(heaviside(x), 3 * x)"), {3, 3});
  expect_near(y_of("y = straight_through(heaviside(x), 3 * x)"), {1, 0});
}

TEST(BuildValues, StatesAndDelays) {
  const StepProgram program = program_of(
      "cell t\nparam h0 : [hidden]\ninitial h = 2 * h0\ninitial c = 4\n"
      "c = c[t-1] + 1\nh = h[t-1] + 10 * h[t-3] + sum(x[t-2]) + c\noutput h\n");
  ASSERT_EQ(program.states.size(), 6u);
  OneStep step(program, {{"h[t-1]", {1, 2, 3}},
                         {"h[t-2]", {4, 5, 6}},
                         {"h[t-3]", {7, 8, 9}},
                         {"x[t-1]", {1, 2}},
                         {"x[t-2]", {3, 4}},
                         {"x", {5, 6}}});
  expect_near(step.output(), {1 + 70 + 7 + 1, 2 + 80 + 7 + 1, 3 + 90 + 7 + 1});
  expect_near(step.next("h"), step.output());
  expect_near(step.next("h[t-1]"), {1, 2, 3});
  expect_near(step.next("h[t-2]"), {4, 5, 6});
  expect_near(step.next("x"), {5, 6});
  expect_near(step.next("x[t-1]"), {1, 2});
  Tape<double> tape;
  const std::vector<Var> h0{tape.leaf(Tensor<double>::from({3}, {1, 2, 3}))};
  const auto start = initial_states(program, tape, h0, 1);
  for (std::size_t i = 0; i < start.size(); ++i) {
    const auto value = tape.value(start[i]);
    const std::string& name = program.states[i].name;
    const Numbers got(value.values().begin(), value.values().end());
    const std::map<char, Numbers> expected{{'h', {2, 4, 6}}, {'c', {4, 4, 4}}, {'x', {0, 0}}};
    EXPECT_EQ(got, expected.at(name[0])) << name;
  }
}

TEST(BuildValues, StatesOfOtherShapes) {
  const std::string text =
      "hyper n = 2\nstate M : [n, input]\nstate k : [1]\nM = M[t-1] + outer(ones([n]), x)\n"
      "k = k[t-1] + 1\ny = M @ x + k";
  OneStep step(program_of(cell_text(text)),
               {{"x", {1, 2}}, {"M[t-1]", {1, 2, 3, 4}}, {"k[t-1]", {5}}});
  expect_near(step.next("M"), {2, 4, 4, 6});
  expect_near(step.output(), {16, 22});
}

TEST(BuildValues, FurtherInputs) {
  const StepProgram program =
      program_of(cell_text("input dt : [1] default 0.5\ninput m : [2]\ny = x * dt + m"));
  ASSERT_EQ(program.inputs.size(), 3u);
  EXPECT_EQ(program.nodes[std::size_t(program.inputs[1])].otherwise, 0.5);
  EXPECT_FALSE(program.nodes[std::size_t(program.inputs[2])].otherwise);
  expect_near(OneStep(program, {{"x", {1, 2}}, {"dt", {3}}, {"m", {4, 5}}}).output(), {7, 11});
}

TEST(BuildValues, Parameters) {
  const StepProgram program = program_of(cell_text(
      "param M, N : [hidden, input]\nparam R : [hidden, hidden] init identity(0.5) fixed\n"
      "param v, w : [input]\nparam b[1..2] : [input] init uniform(-1, hidden)\n"
      "param f : [input] init chrono(9)\nparam i : [input] init minus(f)\n"
      "y = x + v + b[2] + i + sum(R @ (M @ x))"));
  std::map<std::string, std::string> got;
  for (const auto& p : program.parameters) {
    got[p.name] = fmt::format("{} {} {}", p.shape.to_string(), p.init.to_string(), p.trained);
  }
  const auto text = [](const Initialiser& init) { return init.to_string(); };
  EXPECT_EQ(got, (std::map<std::string, std::string>{
                     {"M", "[3, 2] " + text(Initialiser::glorot()) + " true"},
                     {"R", "[3, 3] " + text(Initialiser::identity(0.5)) + " false"},
                     {"v", "[2] " + text(Initialiser::zeros()) + " true"},
                     {"b.2", "[2] " + text(Initialiser::uniform(-1, 3)) + " true"},
                     {"f", "[2] " + text(Initialiser::chrono(9)) + " true"},
                     {"i", "[2] " + text(Initialiser::minus("f")) + " true"}}));
}

TEST(BuildValues, Definitions) {
  expect_near(y_of("param a : [2]\ndef twice(v) = 2 * v + a\ndef f(v, w) = twice(v) - w\n"
                   "y = f(x, 1)",
                   {{"a", {10, 20}}}),
              {10, 15});
}

TEST(BuildValues, RepeatCarriesNamesFromRoundToRound) {
  const std::string text =
      "cell t\nhyper depth = 3\nparam U[1..depth] : [hidden, hidden]\nparam W : [hidden, input]\n"
      "s = h[t-1]\nrepeat k in 1..depth {\n  u = U[k] @ s\n"
      "  s = k * u + where(k == 1, W @ x, 0)\n}\n"
      "h = s + u.2\noutput h\n";
  std::map<std::string, Numbers> given{{"U.1", {2}},  {"U.2", {3}},  {"U.3", {5}},
                                       {"W", {1, 1}}, {"x", {1, 2}}, {"h[t-1]", {1}}};
  // s: 1, 1 * 2 + 3 = 5, 2 * 15 = 30, 3 * 150 = 450; u.2 = 15
  OneStep step(program_of(text, {2, 1}), given);
  expect_near(step.output(), {465});
  expect_near(step.value("s.0"), {1});
  expect_near(step.value("s.1"), {5});
  expect_near(step.value("s"), {450});
  expect_near(step.value("u.3"), {150});
  OneStep two(program_of(text, {2, 1, {{"depth", 2.0}}}), given);
  expect_near(two.output(), {45});
}

TEST(BuildValues, NestedRepeatsAndStatesInBraces) {
  // h is a state and is carried itself.
  const std::string text =
      "cell t\nh = h[t-1]\nrepeat i in 0..1 {\n  a = h + 1\n  repeat j in 1..2 {\n"
      "    a = a * 2\n    h = h + a * j\n  }\n}\nh2 = a.1 + a.0\noutput h\n";
  OneStep step(program_of(text, {2, 1}), {{"h[t-1]", {1}}});
  // round 0: a = 2, 4 -> h = 5, 8 -> h = 21; round 1: a = 22, 44 -> h = 65, 88 -> h = 241
  expect_near(step.output(), {241});
  expect_near(step.next("h"), {241});
  expect_near(step.value("h2"), {96});
  // Without a round the value in front stays.
  OneStep none(program_of("cell t\nhyper n = 0\nh = x + h[t-1]\nrepeat i in 1..n {\n h = h * 2\n}\n"
                          "output h\n",
                          {1, 1}),
               {{"h[t-1]", {1}}, {"x", {4}}});
  expect_near(none.output(), {5});
  expect_near(none.value("h"), {5});
}

}  // namespace
}  // namespace carousel
