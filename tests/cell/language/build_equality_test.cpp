// Cells of text give the same programs as those written with the builder in C++.

#include <functional>

#include "build_fixtures.hpp"
#include "cells/catalogue.hpp"

namespace carousel {
namespace {

std::string describe(const ProgramNode& n) {
  const Attributes& a = n.attributes;
  return fmt::format("{} {} '{}' {} [{} {} {} {} {} {} {}]", int(n.kind), n.op ? n.op->name : "-",
                     n.name, n.shape.to_string(), a.shape.to_string(), a.value, a.axis, a.begin,
                     a.size, a.transpose_a, a.transpose_b);
}

// Pairs the nodes of two programs, from what is read backwards.
class Match {
 public:
  Match(const StepProgram& a, const StepProgram& b) : a_(a), b_(b), pair_(a.nodes.size(), -1) {}

  void nodes(int a, int b) {
    int& pair = pair_[std::size_t(a)];
    if (pair >= 0) {
      EXPECT_EQ(pair, b);
      return;
    }
    pair = b;
    const ProgramNode& na = a_.nodes[std::size_t(a)];
    const ProgramNode& nb = b_.nodes[std::size_t(b)];
    ASSERT_EQ(describe(na), describe(nb));
    ASSERT_EQ(na.inputs.size(), nb.inputs.size());
    for (std::size_t i = 0; i < na.inputs.size(); ++i) nodes(na.inputs[i], nb.inputs[i]);
  }
  std::size_t count() const {
    return std::size_t(std::count_if(pair_.begin(), pair_.end(), [](int p) { return p >= 0; }));
  }

 private:
  const StepProgram& a_;
  const StepProgram& b_;
  std::vector<int> pair_;
};

void expect_same(const StepProgram& text, const StepProgram& code) {
  EXPECT_EQ(text.name, code.name);
  EXPECT_EQ(text.nodes.size(), code.nodes.size());
  Match match(text, code);
  match.nodes(text.output, code.output);
  ASSERT_EQ(text.inputs.size(), code.inputs.size());
  match.nodes(text.inputs[0], code.inputs[0]);
  ASSERT_EQ(text.states.size(), code.states.size());
  for (std::size_t i = 0; i < text.states.size(); ++i) {
    EXPECT_EQ(text.states[i].name, code.states[i].name);
    EXPECT_EQ(text.states[i].initial, code.states[i].initial);
    match.nodes(text.states[i].previous, code.states[i].previous);
    match.nodes(text.states[i].next, code.states[i].next);
  }
  ASSERT_EQ(text.parameters.size(), code.parameters.size());
  // Those of text stand in the order in which they are read.
  std::map<std::string, std::string> from_text, from_code;
  for (const auto& p : text.parameters) from_text[p.name] = p.init.to_string();
  for (const auto& p : code.parameters) from_code[p.name] = p.init.to_string();
  EXPECT_EQ(from_text, from_code);
  EXPECT_EQ(match.count(), text.nodes.size());
}

// W_g, U_g, b_g of gates.
std::string gates(const std::string& names, const std::string& first_bias = "zeros") {
  std::string w, u, b, rest;
  for (const char name : names) {
    w += fmt::format("{}W_{}", w.empty() ? "" : ", ", name);
    u += fmt::format("{}U_{}", u.empty() ? "" : ", ", name);
    b += fmt::format("param b_{} : [hidden] init {}\n", name, name == 'f' ? first_bias : "zeros");
  }
  return "param " + w + " : [hidden, input]\nparam " + u + " : [hidden, hidden] init orthogonal\n" +
         b;
}

std::string gate(char name) { return fmt::format("W_{0} @ x + U_{0} @ h[t-1] + b_{0}", name); }

void expect_same(const std::string& text, Cell (*cell)()) {
  for (const CellSizes& sizes : {CellSizes{2, 3}, CellSizes{4, 4}}) {
    expect_same(program_of(text, sizes), cell().build(sizes));
  }
}

TEST(CellText, IsTheBuildersSimpleNetwork) {
  expect_same("cell rnn_tanh\n" + gates("h") + "h = tanh(" + gate('h') + ")\noutput h\n", rnn_tanh);
}

TEST(CellText, IsTheBuildersLstm) {
  expect_same("cell lstm\n" + gates("ifgo", "constant(1)") + "i = sigmoid(" + gate('i') +
                  ")\nf = sigmoid(" + gate('f') + ")\ng = tanh(" + gate('g') + ")\no = sigmoid(" +
                  gate('o') + ")\nc = f * c[t-1] + i * g\nh = o * tanh(c)\noutput h\n",
              lstm);
}

TEST(CellText, IsTheBuildersLstmWithPeepholes) {
  expect_same("cell lstm_peephole\n" + gates("ifgo", "ones") +
                  "param p_i, p_f, p_o : [hidden] init zeros\n"
                  "i = sigmoid(" +
                  gate('i') +
                  " + p_i * c[t-1])\n"
                  "f = sigmoid(" +
                  gate('f') +
                  " + p_f * c[t-1])\n"
                  "g = tanh(" +
                  gate('g') +
                  ")\n"
                  "c = f * c[t-1] + i * g\n"
                  "o = sigmoid(" +
                  gate('o') +
                  " + p_o * c)\n"
                  "h = o * tanh(c)\noutput h\n",
              lstm_peephole);
}

TEST(CellText, IsTheBuildersGruResetBefore) {
  expect_same("cell gru_reset_before\n" + gates("zrc") + "z = sigmoid(" + gate('z') +
                  ")\nr = sigmoid(" + gate('r') +
                  ")\nc = tanh(W_c @ x + U_c @ (r * h[t-1]) + b_c)\n"
                  "h = (1 - z) * h[t-1] + z * c\noutput h\n",
              gru_reset_before);
}

TEST(CellText, IsTheBuildersGruResetAfter) {
  expect_same("cell gru_reset_after\n" + gates("zrn") + "param d_n : [hidden]\nz = sigmoid(" +
                  gate('z') + ")\nr = sigmoid(" + gate('r') +
                  ")\nn = tanh(W_n @ x + b_n + r * (U_n @ h[t-1] + d_n))\n"
                  "h = (1 - z) * n + z * h[t-1]\noutput h\n",
              gru_reset_after);
}

TEST(CellText, IsTheBuildersMgu) {
  expect_same("cell mgu\n" + gates("fc") + "f = sigmoid(" + gate('f') +
                  ")\nc = tanh(W_c @ x + U_c @ (f * h[t-1]) + b_c)\n"
                  "h = (1 - f) * h[t-1] + f * c\noutput h\n",
              mgu);
}

TEST(CellText, IsTheBuildersMut1) {
  expect_same("cell mut1\nparam W_z : [hidden, input]\nparam b_z : [hidden]\n" + gates("rc") +
                  "z = sigmoid(W_z @ x + b_z)\nr = sigmoid(" + gate('r') +
                  ")\nc = tanh(U_c @ (r * h[t-1]) + tanh(W_c @ x) + b_c)\n"
                  "h = (1 - z) * h[t-1] + z * c\noutput h\n",
              mut1);
}

TEST(CellText, IsTheBuildersRan) {
  expect_same("cell ran\n" + gates("if") + "param W_c : [hidden, input]\ni = sigmoid(" + gate('i') +
                  ")\nf = sigmoid(" + gate('f') +
                  ")\nc = i * (W_c @ x) + f * c[t-1]\nh = tanh(c)\noutput h\n",
              ran);
}

TEST(CellText, IsTheBuildersIndrnn) {
  expect_same(
      "cell indrnn\nparam W_h : [hidden, input]\nparam b_h : [hidden]\n"
      "param u_h : [hidden] init uniform(1)\n"
      "h = relu(W_h @ x + b_h + u_h * h[t-1])\noutput h\n",
      indrnn);
}

TEST(CellText, IsTheBuildersSru) {
  expect_same(
      "cell sru\nparam W_f, W_r, W_c, W_x : [hidden, input]\nparam b_f, b_r, v_f, v_r : [hidden]\n"
      "f = sigmoid(W_f @ x + b_f + v_f * c[t-1])\n"
      "r = sigmoid(W_r @ x + b_r + v_r * c[t-1])\n"
      "c = f * c[t-1] + (1 - f) * (W_c @ x)\n"
      "h = r * c + (1 - r) * where(input == hidden, x, W_x @ x)\noutput h\n",
      sru);
}

TEST(CellText, IsTheBuildersMinGru) {
  expect_same(
      "cell min_gru\nparam W_z, W_c : [hidden, input]\nparam b_z, b_c : [hidden]\n"
      "z = sigmoid(W_z @ x + b_z)\nc = W_c @ x + b_c\n"
      "h = (1 - z) * h[t-1] + z * c\noutput h\n",
      min_gru);
}

}  // namespace
}  // namespace carousel
