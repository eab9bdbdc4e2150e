#include "program/rewrite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "catalogue.hpp"

namespace carousel {
namespace {

int node_of(const StepProgram& program, const std::string& name) {
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (program.nodes[i].name == name) return static_cast<int>(i);
  }
  fail_bug("no node {}", name);
}

std::string equations(const StepProgram& program) {
  const std::string text = to_text(program);
  std::string lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    if (line.find(" = ") != std::string::npos) lines += line + "\n";
    at = end + 1;
  }
  return lines;
}

// The value of that name becomes a number.
StepProgram with_number(StepProgram program, const std::string& name, double value) {
  redirect(program, node_of(program, name), append_constant(program, value));
  return simplified(program);
}

TEST(Simplified, LeavesOutFactorsOfOneAndTermsOfZero) {
  const StepProgram gru = catalogue().find("gru_reset_before").build({2, 3});
  EXPECT_EQ(equations(with_number(gru, "r", 1.0)),
            "z = sigmoid(W_z @ x + U_z @ h[t-1] + b_z)\n"
            "c = tanh(W_c @ x + U_c @ h[t-1] + b_c)\n"
            "h = (1 - z) * h[t-1] + z * c\n");
  EXPECT_EQ(equations(with_number(gru, "r", 0.0)),
            "z = sigmoid(W_z @ x + U_z @ h[t-1] + b_z)\n"
            "c = tanh(W_c @ x + b_c)\n"
            "h = (1 - z) * h[t-1] + z * c\n");
  EXPECT_EQ(equations(with_number(gru, "z", 1.0)),
            "r = sigmoid(W_r @ x + U_r @ h[t-1] + b_r)\n"
            "c = tanh(W_c @ x + U_c @ (r * h[t-1]) + b_c)\n"
            "h = c\n");
  EXPECT_EQ(equations(with_number(gru, "z", 0.25)),
            "r = sigmoid(W_r @ x + U_r @ h[t-1] + b_r)\n"
            "c = tanh(W_c @ x + U_c @ (r * h[t-1]) + b_c)\n"
            "h = 0.75 * h[t-1] + 0.25 * c\n");
}

// What is no number may not become one: 0 / 0, and 0 times that.
TEST(Simplified, NotANumberStaysSo) {
  const auto output_of = [](double numerator, double denominator) {
    StepBuilder b("test");
    const Var x = b.input("x", 3);
    const Var n = b.let("n", tanh(x)), d = b.let("d", sigmoid(x)), q = b.let("q", n / d);
    b.let("y", b.let("factor", relu(x)) * q);
    b.set_output("y");
    StepProgram program = b.finish();
    for (const auto& [name, value] : {std::pair("n", numerator), std::pair("d", denominator)}) {
      redirect(program, node_of(program, name), append_constant(program, value));
    }
    redirect(program, node_of(program, "factor"), append_constant(program, 0.0));
    return equations(simplified(program));
  };
  EXPECT_EQ(output_of(0.0, 2.0), "y = zeros([3])\n");
  EXPECT_EQ(output_of(0.0, 0.0), "y = (0 / 0) * ones([3])\n");
  EXPECT_EQ(output_of(1.0, 0.0), "y = (0 / 0) * ones([3])\n");
}

TEST(Simplified, ZeroOverAnyValueIsZero) {
  StepBuilder b("test");
  const Var x = b.input("x", 3);
  b.let("y", b.let("n", tanh(x)) / b.let("d", sigmoid(x)));
  b.set_output("y");
  const StepProgram program = b.finish();
  EXPECT_EQ(equations(with_number(program, "n", 0.0)), "y = zeros([3])\n");
  EXPECT_EQ(equations(with_number(with_number(program, "n", 0.0), "y", 1.0)), "y = ones([3])\n");
}

TEST(Simplified, LeavesOutStatesAndParametersWithoutAReader) {
  const StepProgram program = with_number(catalogue().find("lstm").build({2, 3}), "f", 0.0);
  EXPECT_EQ(program.states.size(), 1u);  // c[t-1] was read by the product with f
  EXPECT_EQ(program.parameters.size(), 9u);
  const StepProgram constant = with_number(catalogue().find("lstm").build({2, 3}), "h", 2.0);
  EXPECT_EQ(equations(constant), "h = 2 * ones([3])\n");
  EXPECT_EQ(constant.inputs.size(), 1u);
  EXPECT_TRUE(constant.parameters.empty());
}

TEST(Simplified, SaysWhatDependsOnItself) {
  StepProgram program = catalogue().find("lstm").build({2, 3});
  program.nodes[std::size_t(node_of(program, "i"))].inputs[0] = node_of(program, "c");
  try {
    simplified(program);
    FAIL() << "a circle was accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("would depend on itself within a step"));
  }
}

// b_i starts as minus b_f, which goes.
TEST(Simplified, AParameterThatStartsAsMinusAnotherIsDrawnAlone) {
  const auto left_with = [](const Initialiser& init) {
    StepBuilder b("test");
    const Var x = b.input("x", 3);
    const Var a = b.let("a", tanh(x + b.parameter("b_f", {3}, init)));
    b.let("y", a * sigmoid(x + b.parameter("b_i", {3}, Initialiser::minus("b_f"))));
    b.set_output("y");
    return with_number(b.finish(), "a", 1.0).parameters.at(0).init;
  };
  EXPECT_EQ(left_with(Initialiser::constant(2.0)).to_string(), "constant(-2)");
  EXPECT_EQ(left_with(Initialiser::uniform(-1.0, 3.0)).to_string(), "uniform(-3, 1)");
  const Initialiser chrono = left_with(Initialiser::chrono(11.0));
  EXPECT_EQ(chrono.kind, Initialiser::Kind::uniform);
  EXPECT_EQ(chrono.low, -std::log(10.0));
  EXPECT_EQ(chrono.scale, 0.0);
}

TEST(Redirect, MovesTheNameAndKeepsThatOfTheOther) {
  StepProgram program = catalogue().find("lstm").build({2, 3});
  redirect(program, node_of(program, "i"), node_of(program, "g"));
  EXPECT_EQ(equations(simplified(program)),
            "f = sigmoid(W_f @ x + U_f @ h[t-1] + b_f)\n"
            "g = tanh(W_g @ x + U_g @ h[t-1] + b_g)\n"
            "o = sigmoid(W_o @ x + U_o @ h[t-1] + b_o)\n"
            "i = g\n"
            "c = f * c[t-1] + i * g\n"
            "h = o * tanh(c)\n");
}

}  // namespace
}  // namespace carousel
