// The speed of a cell does not depend on how it was written: as text, in C++, or as a variant.

#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "program/plan.hpp"

namespace carousel {
namespace {

// The whole plan but for names: what runs when, sizes of products, what is kept.
std::string schedule(const StepProgram& program) { return to_text(plan_scan(program)); }

StepProgram lstm_in_cpp(const CellSizes& sizes) {
  StepBuilder b("lstm");
  const Index n = sizes.hidden;
  const Var x = b.input("x", sizes.input), h = b.state("h", n), c = b.state("c", n);
  const auto gate = [&](const std::string& name) {
    const Var w = b.parameter("W_" + name, {n, sizes.input}, Initialiser::glorot());
    const Var u = b.parameter("U_" + name, {n, n}, Initialiser::orthogonal());
    const Var bias = b.parameter("b_" + name, {n}, Initialiser::zeros());
    const Var in = linear(x, w);  // a statement each: operands have no order in C++
    return in + linear(h, u) + bias;
  };
  const Var i = b.let("i", sigmoid(gate("i")));
  const Var f = b.let("f", sigmoid(gate("f")));
  const Var g = b.let("g", tanh(gate("g")));
  const Var o = b.let("o", sigmoid(gate("o")));
  const Var c_new = b.set_state("c", f * c + i * g);
  b.set_state("h", o * tanh(c_new));
  b.set_output("h");
  return b.finish();
}

StepProgram gru_in_cpp(const CellSizes& sizes) {
  StepBuilder b("gru_reset_before");
  const Index n = sizes.hidden;
  const Var x = b.input("x", sizes.input), h = b.state("h", n);
  const auto gate = [&](const std::string& name, Var read) {
    const Var w = b.parameter("W_" + name, {n, sizes.input}, Initialiser::glorot());
    const Var u = b.parameter("U_" + name, {n, n}, Initialiser::orthogonal());
    const Var bias = b.parameter("b_" + name, {n}, Initialiser::zeros());
    const Var in = linear(x, w);
    return in + linear(read, u) + bias;
  };
  const Var z = b.let("z", sigmoid(gate("z", h)));
  const Var r = b.let("r", sigmoid(gate("r", h)));
  const Var c = b.let("c", tanh(gate("c", r * h)));
  b.set_state("h", (1.0 - z) * h + z * c);
  b.set_output("h");
  return b.finish();
}

TEST(Schedule, IsTheSameForTextAndCpp) {
  for (const CellSizes& sizes : {CellSizes{88, 36}, CellSizes{128, 128}}) {
    EXPECT_EQ(schedule(catalogue().find("lstm").build(sizes)), schedule(lstm_in_cpp(sizes)));
    const Cell& gru = catalogue().find("gru_reset_before");
    EXPECT_EQ(schedule(gru.build(sizes)), schedule(gru_in_cpp(sizes)));
  }
}

TEST(Schedule, IsTheSameForAVariantAndTheWholeText) {
  CellRegistry registry;
  register_catalogue(registry);
  registry.add_text(
      "cell whole\nparam W_f, W_g, W_o : [hidden, input]\n"
      "param U_f, U_g, U_o : [hidden, hidden] init orthogonal\nparam b_f, b_g, b_o : [hidden]\n"
      "param p_f, p_o : [hidden]\nf = sigmoid(W_f @ x + U_f @ h[t-1] + p_f * c[t-1] + b_f)\n"
      "g = tanh(W_g @ x + U_g @ h[t-1] + b_g)\nc = f * c[t-1] + g\n"
      "o = sigmoid(W_o @ x + U_o @ h[t-1] + p_o * c + b_o)\nh = o * tanh(c)\noutput h\n",
      "whole.cell");
  registry.add_text("cell variant extends lstm_peephole\nc = f * c[t-1] + g\n", "variant.cell");
  const CellSizes sizes{88, 36};
  const StepProgram variant = registry.find("variant").build(sizes);
  EXPECT_EQ(schedule(variant), schedule(registry.find("whole").build(sizes)));
  EXPECT_NE(schedule(variant), schedule(registry.find("lstm_peephole").build(sizes)));
}

}  // namespace
}  // namespace carousel
