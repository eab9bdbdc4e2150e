// Cells against plain scalar loops written from the papers' equations. (lstm, gru_reset_after and
// rnn_tanh are also compared with PyTorch, in layer/.)

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "cells/catalogue.hpp"
#include "program/steps.hpp"
#include "tape/parameters.hpp"

namespace carousel {
namespace {

constexpr int input = 2;
constexpr int hidden = 3;
constexpr int steps = 4;

using Vector = std::vector<double>;

double sigmoid_of(double v) { return 1.0 / (1.0 + std::exp(-v)); }

// The parameters of a cell by name, as plain numbers.
class Weights {
 public:
  explicit Weights(const StepProgram& program) {
    for (const auto& p : program.parameters) {
      const auto value = initialise<double>(Initialiser::normal(0.7), p.shape,
                                            Random(11, std::string_view(p.name)));
      tensors_.push_back(value);
      by_name_[p.name] = Vector(value.values().begin(), value.values().end());
    }
  }
  const std::vector<Tensor<double>>& tensors() const { return tensors_; }
  double at(const std::string& name, int i) const { return by_name_.at(name)[std::size_t(i)]; }
  // (W v)_i
  double dot(const std::string& name, int i, const Vector& v) const {
    double sum = 0.0;
    for (std::size_t j = 0; j < v.size(); ++j) {
      sum += by_name_.at(name)[std::size_t(i) * v.size() + j] * v[j];
    }
    return sum;
  }
  // W_g x + U_g h + b_g
  double gate(const std::string& g, int i, const Vector& x, const Vector& h) const {
    return dot("W_" + g, i, x) + dot("U_" + g, i, h) + at("b_" + g, i);
  }

 private:
  std::vector<Tensor<double>> tensors_;
  std::map<std::string, Vector> by_name_;
};

Vector frame(int t) {
  Vector x;
  for (int i = 0; i < input; ++i) x.push_back(std::sin(1.0 + 3.0 * t + i));
  return x;
}

Vector outputs_of(const Cell& cell, const Weights& weights, const StepProgram& program) {
  Tape<double> tape;
  Vector all;
  for (int t = 0; t < steps; ++t) {
    const Vector x = frame(t);
    all.insert(all.end(), x.begin(), x.end());
  }
  const Var x = tape.constant(Tensor<double>::from({steps, 1, input}, all));
  const auto result = scan_on_tape(program, tape, leaves(tape, weights.tensors()), x,
                                   initial_states(program, tape, 1));
  EXPECT_EQ(program.name, cell.name);
  const auto out = tape.value(result.outputs);
  return {out.values().begin(), out.values().end()};
}

void expect_equal(const Vector& got, const Vector& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-14) << i;
}

// Chung et al. 2014, section 3.2: z = 1 takes the candidate, reset before the matrix.
TEST(Equations, GruResetBefore) {
  const Cell cell = gru_reset_before();
  const StepProgram program = cell.build({input, hidden});
  const Weights w(program);
  Vector h(hidden, 0.0), expected;
  for (int t = 0; t < steps; ++t) {
    const Vector x = frame(t);
    Vector reset_h(hidden), next(hidden);
    for (int i = 0; i < hidden; ++i) {
      reset_h[std::size_t(i)] = sigmoid_of(w.gate("r", i, x, h)) * h[std::size_t(i)];
    }
    for (int i = 0; i < hidden; ++i) {
      const double z = sigmoid_of(w.gate("z", i, x, h));
      const double c = std::tanh(w.gate("c", i, x, reset_h));
      next[std::size_t(i)] = (1.0 - z) * h[std::size_t(i)] + z * c;
    }
    h = next;
    expected.insert(expected.end(), h.begin(), h.end());
  }
  expect_equal(outputs_of(cell, w, program), expected);
}

// Graves 2013, equations 7 to 11 with diagonal peepholes: o looks at the new cell.
TEST(Equations, LstmPeephole) {
  const Cell cell = lstm_peephole();
  const StepProgram program = cell.build({input, hidden});
  const Weights w(program);
  Vector h(hidden, 0.0), c(hidden, 0.0), expected;
  for (int t = 0; t < steps; ++t) {
    const Vector x = frame(t);
    Vector next(hidden);
    for (int i = 0; i < hidden; ++i) {
      double& cell_value = c[std::size_t(i)];
      const double in = sigmoid_of(w.gate("i", i, x, h) + w.at("p_i", i) * cell_value);
      const double forget = sigmoid_of(w.gate("f", i, x, h) + w.at("p_f", i) * cell_value);
      cell_value = forget * cell_value + in * std::tanh(w.gate("g", i, x, h));
      const double out = sigmoid_of(w.gate("o", i, x, h) + w.at("p_o", i) * cell_value);
      next[std::size_t(i)] = out * std::tanh(cell_value);
    }
    h = next;
    expected.insert(expected.end(), h.begin(), h.end());
  }
  expect_equal(outputs_of(cell, w, program), expected);
}

}  // namespace
}  // namespace carousel
