// A cell with everything in it: its gradients against differences, and its scan against the tape.

#include "build_fixtures.hpp"
#include "cell/cell.hpp"
#include "program/scan.hpp"
#include "tape/gradient_check.hpp"

namespace carousel {
namespace {

const char* const inner =
    "cell inner\nparam V : [hidden, input]\nparam w : [hidden]\n"
    "q = sigmoid(V @ x + w * s[t-1])\ns = q * s[t-1] + (1 - q) * tanh(V @ x)\noutput s\n";

const char* const everything =
    "cell everything\n"
    "hyper depth = 2\nhyper heads = 2\n"
    "param W, G : [hidden, input]\n"
    "param R : [heads, hidden / heads, hidden / heads] init normal(0.5)\n"
    "param U[1..depth] : [hidden, hidden] init orthogonal\n"
    "param a, h0 : [hidden] init normal(1)\n"
    "param F : [hidden, hidden] init identity(0.5) fixed\n"
    "state M : [input, hidden]\n"
    "initial h = tanh(h0)\n"
    "def gate(v, b) = sigmoid(layer_norm(v) + b)\n"
    "S = expm(tril(F, -1) - transpose(tril(F, -1)))\n"
    "use inner as n (hidden = hidden)\n"
    "s = S @ h[t-1] + block_diagonal(R) @ h[t-2]\n"
    "repeat k in 1..depth {\n"
    "  u = gate(U[k] @ s + where(k == 1, W @ x, 0), a)\n"
    "  s = (1 - u) * s + u * tanh(roll(s, k))\n"
    "}\n"
    "M = 0.5 * M[t-1] + outer(x, softmax(G @ x[t-1] + s))\n"
    "e = n(concat(x, s[0:2], u.1[1]), s = 0.5 * h[t-1])\n"
    "h = s + transpose(M) @ x + rms_norm(e) * max(x) + where(s > 0, cumsum(a), mean(s)) ^ 2\n"
    "output h\n";

StepProgram whole_program() {
  CellRegistry registry;
  registry.add_text(everything, "everything.cell");
  registry.add_text(inner, "inner.cell");
  return registry.find("everything").build({3, 4});
}

std::vector<Tensor<double>> drawn(const StepProgram& program, Index steps, Index batch) {
  std::vector<Tensor<double>> tensors;
  const auto draw = [&](const Shape& shape) {
    const Random random(5, std::string_view("tensor " + std::to_string(tensors.size())));
    tensors.push_back(initialise<double>(Initialiser::normal(0.5), shape, random));
  };
  for (const auto& p : program.parameters) draw(p.shape);
  draw({steps, batch, 3});
  return tensors;
}

TEST(BuildEverything, GradientsAreRight) {
  const StepProgram program = whole_program();
  const ScalarFunction loss = [&](Tape<double>& tape, const std::vector<Var>& leaves) {
    const std::span<const Var> parameters(leaves.data(), leaves.size() - 1);
    const auto start = initial_states(program, tape, parameters, 2);
    const auto result = scan_on_tape(program, tape, parameters, {&leaves.back(), 1}, start);
    return sum(sin(result.outputs));
  };
  const GradientError error = check_gradients(loss, drawn(program, 3, 2));
  EXPECT_LT(error.worst, 1e-6) << error.where;
}

TEST(BuildEverything, TheScanGivesWhatTheTapeGives) {
  const StepProgram program = whole_program();
  const Scan scan(program);
  const auto tensors = drawn(program, 5, 3);
  std::vector<std::vector<double>> found;
  for (const bool compiled : {true, false}) {
    Tape<double> tape;
    const std::vector<Var> leaves = carousel::leaves(tape, tensors);
    const std::span<const Var> parameters(leaves.data(), leaves.size() - 1);
    const auto start = initial_states(program, tape, parameters, 3);
    const ScanResult result =
        compiled ? scan.run(tape, parameters, {&leaves.back(), 1}, start)
                 : scan_on_tape(program, tape, parameters, {&leaves.back(), 1}, start);
    std::vector<double> numbers;
    const auto take = [&](const Tensor<double>& t) {
      numbers.insert(numbers.end(), t.values().begin(), t.values().end());
    };
    take(tape.value(result.outputs));
    for (const auto& gradient : tape.gradients(sum(sin(result.outputs)), leaves)) take(gradient);
    found.push_back(numbers);
  }
  expect_near(found[0], found[1], 1e-10);
}

}  // namespace
}  // namespace carousel
