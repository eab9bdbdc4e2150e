// What a program prints as is the same program.

#include <algorithm>
#include <set>
#include <sstream>

#include "cell/ablation/ablation.hpp"
#include "cell/language/build_fixtures.hpp"
#include "cells/catalogue.hpp"

namespace carousel {
namespace {

std::string plain(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

// The output and the new states of one step, by name; all that is read is drawn by name.
std::map<std::string, Numbers> step_of(const StepProgram& program) {
  Tape<double> tape;
  const auto draw = [&](int id) {
    const ProgramNode& node = program.nodes[std::size_t(id)];
    Shape shape = node.shape;
    if (shape[0] == batch_dim) shape[0] = 2;
    return tape.constant(
        initialise<double>(Initialiser::normal(0.8), shape, Random(7, plain(node.name))));
  };
  std::vector<Var> parameters, inputs, states;
  for (const auto& p : program.parameters) parameters.push_back(draw(p.node));
  for (const int node : program.inputs) inputs.push_back(draw(node));
  for (const auto& s : program.states) states.push_back(draw(s.previous));
  const std::vector<Var> nodes = run_nodes(program, parameters, inputs, states);
  std::map<std::string, Numbers> all;
  const auto add = [&](const std::string& name, Var value) {
    const auto tensor = tape.value(value);
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

void expect_round_trip(const StepProgram& program, const CellSizes& sizes) {
  const std::string text = to_text(program);
  SCOPED_TRACE(text);
  StepProgram again;
  try {
    again = program_of(text, sizes);
  } catch (const LanguageError& error) {
    FAIL() << error.what();
  }
  EXPECT_EQ(lines_of(to_text(again)), lines_of(text));
  EXPECT_EQ(again.parameter_count(), program.parameter_count());
  const auto expected = step_of(program), got = step_of(again);
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, numbers] : expected) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(got.contains(name));
    expect_near(got.at(name), numbers, 1e-13);
  }
}

TEST(RoundTrip, CellsOfTheCatalogueAndTheirChanges) {
  CellRegistry registry;
  register_catalogue(registry);
  for (const Cell& cell : registry.cells()) {
    const StepProgram program = cell.build({4, 3});
    expect_round_trip(program, {4, 3});
    for (const Ablation& change : single_changes(program)) {
      SCOPED_TRACE(change.name);
      expect_round_trip(apply_ablation(program, change), {4, 3});
    }
  }
}

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
       {"exp",      "sin",           "cos",         "tanh",     "sigmoid",      "relu",
        "softplus", "logsigmoid",    "abs",         "sign",     "hard_sigmoid", "hard_tanh",
        "elu",      "silu",          "gelu",        "softsign", "floor",        "heaviside",
        "sum",      "mean",          "max",         "softmax",  "cumsum",       "layer_norm",
        "rms_norm", "stop_gradient", "clipped_sqrt"}) {
    expect_lines(fmt::format("y = {}(b * h[t-1] + W @ x)", f));
    expect_lines(fmt::format("s = b * h[t-1]\ny = {}(s) * s", f));
    expect_lines(fmt::format("M = {}(outer(h[t-1], b))\ny = sum(b * M) * b", f));
  }
  for (const char* y :
       {"sqrt(exp(b))", "log(1 + exp(b))", "leaky_relu(h[t-1], 0.1)", "modrelu(h[t-1], b)",
        "max(b, h[t-1])", "min(b, 1)", "mod(h[t-1], 0.3)", "where(b < h[t-1], b, 2)",
        "where(h[t-1], 0, b)", "straight_through(heaviside(h[t-1]), h[t-1])", "dot(b, h[t-1]) * b",
        "size(b) * b", "expm(U) @ b", "inverse(U) @ h[t-1]", "expm(U - transpose(U)) @ h[t-1]"}) {
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

TEST(RoundTrip, StatesOfRankTwoAndThree) {
  expect_lines("state M : [hidden, hidden]\nM = 0.9 * M[t-1] + outer(b, h[t-1])\ny = M @ b");
  expect_lines("state M : [3, 2]\nM = M[t-1] * x + W\ny = M[t-1] @ x + sum(M)");
  expect_lines("state M : [3, 3]\nM = U @ M[t-1] @ transpose(U)\ny = transpose(M) @ h[t-1]");
  expect_lines("state M : [3, 3]\nM = softmax(M[t-1] + U)\ny = max(M) - sum(M) * mean(M[t-1])");
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
