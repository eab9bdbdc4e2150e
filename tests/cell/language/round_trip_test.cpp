// What a program prints as is the same program.

#include <algorithm>
#include <set>
#include <sstream>

#include "cell/ablation/ablation.hpp"
#include "cell/language/build_fixtures.hpp"
#include "cell/language/functions.hpp"
#include "program/reserved_words.hpp"
#include "program/scan_fixtures.hpp"

namespace carousel {
namespace {

std::string plain(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

using Values = std::map<std::string, Tensor<double>>;  // by name

// What a step reads.
Values draw(const StepProgram& program) {
  Values values;
  const auto parameters = random_parameters<double>(program);
  const auto states = random_states<double>(program, 2);
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    values[plain(program.parameters[k].name)] = parameters[k];
  }
  for (std::size_t k = 0; k < states.size(); ++k) {
    values[plain(program.states[k].name) + "[t-1]"] = states[k];
  }
  for (const int node : program.inputs) {
    const ProgramNode& n = program.nodes[std::size_t(node)];
    values[plain(n.name)] = normal<double>({2, n.shape.back()}, n.name);
  }
  return values;
}

// The output and the new states of one step, by name.
std::map<std::string, Numbers> step_of(const StepProgram& program, const Values& values) {
  Tape<double> tape;
  const auto value = [&](const std::string& name) { return tape.constant(values.at(plain(name))); };
  std::vector<Var> parameters, inputs, states;
  for (const auto& p : program.parameters) parameters.push_back(value(p.name));
  for (const int node : program.inputs) {
    inputs.push_back(value(program.nodes[std::size_t(node)].name));
  }
  for (const auto& s : program.states) states.push_back(value(s.name + "[t-1]"));
  const std::vector<Var> nodes = run_nodes(program, parameters, inputs, states);
  std::map<std::string, Numbers> all;
  const auto add = [&](const std::string& name, Var of) {
    const auto tensor = tape.value(of);
    all[plain(name)] = {tensor.values().begin(), tensor.values().end()};
  };
  add("output", nodes[std::size_t(program.output)]);
  const auto first = initial_states(program, tape, parameters, 2);
  for (std::size_t k = 0; k < first.size(); ++k) {
    add(program.states[k].name, nodes[std::size_t(program.states[k].next)]);
    add("initial " + program.states[k].name, first[k]);
  }
  return all;
}

// Without their order: a cell of text has its parameters in the order in which they are read.
std::multiset<std::string> lines_of(const std::string& text) {
  std::multiset<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.insert(line);
  return lines;
}

// A line for each equation of the text, and brackets that close.
void expect_latex(const StepProgram& program, const std::string& text) {
  const std::string latex = to_latex(program);
  SCOPED_TRACE(latex);
  const auto count = [](const std::string& of, const std::string& part) {
    int found = 0;
    for (std::size_t at = 0; (at = of.find(part, at)) != std::string::npos; ++at) ++found;
    return found;
  };
  EXPECT_EQ(count(latex, " &= "), count(text, " = ") - count(text, "axis = "));
  EXPECT_EQ(count(latex, "{"), count(latex, "}"));
  EXPECT_EQ(count(latex, "\\left"), count(latex, "\\right"));
  EXPECT_EQ(latex.find("nan"), std::string::npos);
}

void expect_round_trip(const StepProgram& program, const CellSizes& sizes) {
  const std::string text = to_text(program);
  SCOPED_TRACE(text);
  expect_latex(program, text);
  StepProgram again;
  try {
    again = program_of(text, sizes);
  } catch (const LanguageError& error) {
    FAIL() << error.what();
  }
  EXPECT_EQ(lines_of(to_text(again)), lines_of(text));
  EXPECT_EQ(again.parameter_count(), program.parameter_count());
  const Values values = draw(program);
  const auto expected = step_of(program, values), got = step_of(again, values);
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, numbers] : expected) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(got.contains(name));
    expect_near(got.at(name), numbers, 1e-13);
  }
}

class RoundTripOf : public testing::TestWithParam<Cell> {};

TEST_P(RoundTripOf, TheCellAndItsChanges) {
  const CellSizes sizes = nearest_sizes(GetParam(), {4, 3});
  const StepProgram program = GetParam().build(sizes);
  expect_round_trip(program, sizes);
  for (const Ablation& change : single_changes(program)) {
    SCOPED_TRACE(change.name);
    expect_round_trip(apply_ablation(program, change), sizes);
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, RoundTripOf, testing::ValuesIn(catalogue().cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

// x is [2]; h, s and the state are [3].
void expect_lines(const std::string& lines) {
  SCOPED_TRACE(lines);
  expect_round_trip(program_of("cell t\nparam W : [hidden, input]\nparam U : [hidden, hidden]\n"
                               "param b : [hidden]\n" +
                               lines + "\nh = tanh(y + U @ h[t-1])\noutput h\n"),
                    {2, 3});
}

TEST(RoundTrip, Operators) {
  for (const char* y : {
           "W @ x - (b - h[t-1])",
           "(b - h[t-1]) - W @ x",
           "b / (h[t-1] / b)",
           "b / h[t-1] / b",
           "b * (h[t-1] * b)",
           "b + (h[t-1] + b)",
           "-b * h[t-1]",
           "-(b * h[t-1])",
           "b - (-h[t-1])",
           "b * (-2)",
           "(-2) ^ 2 * b",
           "-b ^ 2",
           "(-b) ^ 2",
           "(b + h[t-1]) ^ 3",
           "b ^ 4",
           "b ^ (-2)",
           "U @ (b * h[t-1])",
           "(U @ U) @ h[t-1]",
           "U @ (U @ h[t-1])",
           "(U + U) @ b",
           "transpose(U) @ h[t-1]",
           "U @ -b",
           "-U @ b",
           "b < h[t-1]",
           "b <= h[t-1]",
           "b > h[t-1]",
           "b >= h[t-1]",
           "b == h[t-1]",
           "b != h[t-1]",
           "(b < h[t-1]) * b + 1",
           "b * 0.1 + 1e-7 - 123456789.123456789 / 1e300",
           "h[t-1] - 3",
           "3 - h[t-1]",
           "b * 1e22",
       }) {
    expect_lines("y = " + std::string(y));
  }
}

TEST(RoundTrip, Functions) {
  for (const char* f :
       {"exp",          "sin",        "cos",      "tanh",          "sigmoid",      "relu",
        "erf",          "logsumexp",  "softplus", "logsigmoid",    "abs",          "sign",
        "hard_sigmoid", "hard_tanh",  "elu",      "silu",          "gelu",         "softsign",
        "floor",        "heaviside",  "sum",      "mean",          "max",          "softmax",
        "cumsum",       "layer_norm", "rms_norm", "stop_gradient", "clipped_sqrt", "asinh",
        "round",        "min",        "prod",     "norm",          "argmax",       "hardmax",
        "cumprod",      "unit",       "sort",     "argsort"}) {
    expect_lines(fmt::format("y = {}(b * h[t-1] + W @ x)", f));
    expect_lines(fmt::format("s = b * h[t-1]\ny = {}(s) * s", f));
    expect_lines(fmt::format("M = {}(outer(h[t-1], b))\ny = sum(b * M) * b", f));
  }
  for (const char* y :
       {"sqrt(exp(b))", "log(1 + exp(b))", "leaky_relu(h[t-1], 0.1)", "modrelu(h[t-1], b)",
        "max(b, h[t-1])", "min(b, 1)", "mod(h[t-1], 0.3)", "where(b < h[t-1], b, 2)",
        "where(h[t-1], 0, b)", "straight_through(heaviside(h[t-1]), h[t-1])", "dot(b, h[t-1]) * b",
        "size(b) * b", "expm(U) @ b", "inverse(U) @ h[t-1]", "expm(U - transpose(U)) @ h[t-1]",
        "expm_frechet(U, transpose(U)) @ h[t-1]"}) {
    expect_lines("y = " + std::string(y));
  }
}

TEST(RoundTrip, Parts) {
  for (const char* y : {"concat(x, h[t-1])[1:4]",
                        "concat(h[t-1][2:3], b[0:2])",
                        "h[t-1][1] * b",
                        "U[1] * b",
                        "U[0:3, 1:2] @ h[t-1][0:1]",
                        "U[:, 0:2] @ x",
                        "roll(h[t-1], 1)",
                        "roll(b, -1)",
                        "reshape(U, [9])[3:6]",
                        "repeat_elements(x, 2)[0:3]",
                        "tile(x, 2)[0:3]",
                        "repeat_elements(U, 2)[:, 3:6] @ b",
                        "diag(b) @ h[t-1]",
                        "eye(3) @ h[t-1]",
                        "arange(3) * h[t-1]",
                        "tril(U) @ h[t-1]",
                        "triu(U, 1) @ h[t-1]",
                        "ones([3]) * 2",
                        "zeros([3]) + ones([3])",
                        "block_diagonal(reshape(U, [3, 1, 3])) @ concat(b, b, h[t-1])",
                        "concat(U, transpose(U)) @ concat(b, h[t-1])",
                        "sum(outer(b, h[t-1]) * U)"}) {
    expect_lines("y = " + std::string(y));
  }
}

TEST(RoundTrip, AxesHeadsAndPlaces) {
  for (const char* y : {"pow(exp(b), h[t-1])",
                        "safe_div(b, h[t-1]) + safe_mul(h[t-1], b)",
                        "atanh(tanh(b) * 0.5)",
                        "topk(h[t-1], 2)[0] * b",
                        "take(b, argsort(h[t-1]))",
                        "one_hot(argmax(h[t-1]), 3)",
                        "one_hot(argsort(h[t-1]), 3) @ b",
                        "h[t-1] @ U",
                        "b @ U * x[0]",
                        "h[t-1] @ outer(b, h[t-1])",
                        "solve(U, h[t-1])",
                        "solve(eye(3) + outer(h[t-1], b), b)",
                        "solve(eye(3) + outer(h[t-1], b), outer(b, h[t-1])) @ b",
                        "inverse(eye(3) + outer(h[t-1], b)) @ b",
                        "sum(U * h[t-1], axis = 0)",
                        "max(U * h[t-1], axis = 0)",
                        "sum(softmax(U * h[t-1], axis = 0))",
                        "sum(stack(b, h[t-1]), axis = 0)",
                        "sum(concat(U, stack(h[t-1]), axis = 0), axis = 0)",
                        "sum(stack(U, outer(b, h[t-1])) @ stack(b, h[t-1]), axis = 0)",
                        "sum(stack(b, h[t-1]) @ stack(U, outer(b, h[t-1])), axis = 0)",
                        "sum(sum(stack(U, U) @ stack(U, outer(b, h[t-1])), axis = 0), axis = 1)",
                        "sum(stack(outer(b, h[t-1]), U) @ b, axis = 0)",
                        "b * t + where(training, h[t-1], b)"}) {
    expect_lines("y = " + std::string(y));
  }
}

TEST(RoundTrip, FirstValues) {
  for (const char* init :
       {"log(-0.5 * log(u))", "2 * z + hidden", "sparse(0.5)", "arange(3)[0:3] - 1"}) {
    expect_lines(fmt::format("param v : [hidden] init {}\ny = v * b", init));
  }
  for (const char* init : {"permutation", "spectral(0.9)", "hippo", "eye(3) - 0.1 * z"}) {
    expect_lines(fmt::format("param V : [hidden, hidden] init {}\ny = V @ b", init));
  }
}

// Its number is no state to be changed, and its old value is one less.
TEST(RoundTrip, ChangesOfACellThatReadsTheNumberOfTheStep) {
  const StepProgram program = program_of(
      "cell t\nparam W : [hidden, input]\nh = tanh(W @ x) / t + 0.5 * h[t-1]\nloss l = sum(h)\n"
      "output h\n",
      {2, 3});
  for (const Ablation& change : single_changes(program)) {
    SCOPED_TRACE(change.name);
    EXPECT_EQ(change.name.find("old_t"), std::string::npos);
    EXPECT_EQ(change.name.find("old_l"), std::string::npos);
    expect_round_trip(apply_ablation(program, change), {2, 3});
  }
  StepBuilder builder(program);
  const ProgramState& step = program.states[0].name == "t" ? program.states[0] : program.states[1];
  builder.let("late",
              broadcast_to(builder.at(step.previous), {batch_dim, 3}) * builder.at(program.output));
  builder.set_output("late");
  expect_round_trip(builder.finish(), {2, 3});
}

TEST(RoundTrip, ComplexValues) {
  expect_lines(
      "param z : [hidden] complex init normal(1)\nstate s : [hidden] complex\n"
      "s = exp(z) * s[t-1] + conj(z) / (z * z) * b\ny = re(s) - abs(s) + im(z)");
}

// A value, a parameter and a definition may have the name of a function.
TEST(RoundTrip, NamesOfFunctions) {
  expect_lines("norm = norm(b) * b\nloss = norm * h[t-1]\nnoise = loss + 1\ny = noise * norm");
  expect_lines("def unit(v) = 2 * v\nparam sort : [hidden] init ones\ny = unit(b) * sort");
}

TEST(RoundTrip, NoiseLossesAndGradients) {
  expect_lines("noise n : [hidden] normal\nnoise u : [1] uniform each sequence\ny = b * n + u");
  expect_lines("noise m : [3] bernoulli(0.9)\nnoise d : [3] dropout(0.25)\ny = b * m * d");
  expect_lines("y = b * (t == length) + training");
  expect_lines("hyper phi = relu\nhyper s = orthogonal\nparam V : [3, 3] init s\ny = phi(V @ b)");
  expect_lines("schedule s from 1 to 5.5 over 1000\ny = b * s");
  expect_lines("loss kl weight 0.1 = sum(h[t-1] ^ 2)\nloss l = mean(b * x[0])\ny = b");
  expect_lines("s = tanh(b * h[t-1])\ny = grad(sum(s * U @ s), s)");
  expect_lines("s = softmax(cumsum(b * h[t-1]))\nq = sort(s) * s\nr = q * b\ny = grad(prod(r), s)");
  expect_lines("s = b * h[t-1]\ny = grad(sum(take(s, argsort(s)) * b) + norm(s), s)");
}

TEST(RoundTrip, StatesOfRankTwoAndThree) {
  expect_lines("state M : [hidden, hidden]\nM = 0.9 * M[t-1] + outer(b, h[t-1])\ny = M @ b");
  expect_lines("state M : [3, 2]\nM = M[t-1] * x + W\ny = M[t-1] @ x + sum(M)");
  expect_lines("state M : [3, 3]\nM = U @ M[t-1] @ transpose(U)\ny = transpose(M) @ h[t-1]");
  expect_lines("state M : [3, 3]\nM = softmax(M[t-1] + U)\ny = max(M) - sum(M) * mean(M[t-1])");
  expect_lines("state R : [2, 1, 3, 2]\nR = R[t-1] * 0.5 + x\ny = R[0, 0] @ x");
  expect_lines("state S : [2, 3, 3]\nS = S[t-1] * U\ny = sum(sum(S[t-1]))[0:1] * b");
  expect_lines(
      "state M : [3, 3]\ninitial M = U * U\nM = M[t-1] - h[t-1]\ny = M[1] + M[0:1, :] @ b");
}

TEST(RoundTrip, DelaysInitialStatesInputsAndFixedParameters) {
  expect_lines("y = W @ x[t-1] + b * h[t-3] + U @ h[t-2]");
  expect_lines("y = W @ x[t-2] * 0.5");
  expect_lines("initial h = 0.25\ny = b");
  expect_lines("param h0 : [hidden] init normal(0.1)\ninitial h = tanh(h0) * 2\ny = b * h[t-2]");
  expect_lines("param v : [hidden] init uniform(0.3) fixed\ny = v * b");
  expect_lines("state q : [3]\nq = b * 2\ny = q[t-1] + q");
  expect_lines("input dt : [1] default 1\ny = b * exp(-dt)");
  expect_lines("input m : [input]\ny = W @ (x * m)");
  expect_lines("A = U - transpose(U)\ny = A @ b");
}

TEST(RoundTrip, FamiliesRoundsAndSharedParts) {
  expect_lines(
      "param V[1..2] : [hidden, hidden]\ns = h[t-1]\nrepeat k in 1..2 {\n"
      "  u = sigmoid(V[k] @ s)\n  s = s * u + W @ x\n}\ny = s");
  expect_lines("def twice(a) = a * a + a\ny = twice(U @ h[t-1] + b)");
}

}  // namespace
}  // namespace carousel
