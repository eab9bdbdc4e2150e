// Cells against plain scalar loops written from the papers' equations. (lstm, gru_reset_after and
// rnn_tanh are also compared with PyTorch, in layer/.)

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "catalogue.hpp"
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
  // W_g x + b_g
  double gate(const std::string& g, int i, const Vector& x) const {
    return dot("W_" + g, i, x) + at("b_" + g, i);
  }
  // W_g x + U_g h + b_g
  double gate(const std::string& g, int i, const Vector& x, const Vector& h) const {
    return gate(g, i, x) + dot("U_" + g, i, h);
  }

 private:
  std::vector<Tensor<double>> tensors_;
  std::map<std::string, Vector> by_name_;
};

Vector frame(int t, int width = input) {
  Vector x;
  for (int i = 0; i < width; ++i) x.push_back(std::sin(1.0 + 3.0 * t + i));
  return x;
}

Vector outputs_of(const Cell& cell, const Weights& weights, const StepProgram& program,
                  int width = input) {
  Tape<double> tape;
  Vector all;
  for (int t = 0; t < steps; ++t) {
    const Vector x = frame(t, width);
    all.insert(all.end(), x.begin(), x.end());
  }
  const Var x = tape.constant(Tensor<double>::from({steps, 1, width}, all));
  const std::vector<Var> parameters = leaves(tape, weights.tensors());
  const auto result = scan_on_tape(program, tape, parameters, {&x, 1},
                                   initial_states(program, tape, parameters, 1));
  EXPECT_EQ(program.name, cell.name);
  const auto out = tape.value(result.outputs);
  return {out.values().begin(), out.values().end()};
}

void expect_equal(const Vector& got, const Vector& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-14) << i;
}

// One step of a plain loop, which keeps its states itself: weights and x to the output.
using Step = std::function<Vector(const Weights&, const Vector&)>;

void expect_steps(const Cell& cell, const Step& step, int width = input) {
  const StepProgram program = cell.build({width, hidden});
  const Weights w(program);
  Vector expected;
  for (int t = 0; t < steps; ++t) {
    const Vector out = step(w, frame(t, width));
    expected.insert(expected.end(), out.begin(), out.end());
  }
  expect_equal(outputs_of(cell, w, program, width), expected);
}

// Chung et al. 2014, section 3.2: z = 1 takes the candidate, reset before the matrix.
TEST(Equations, GruResetBefore) {
  const Cell cell = catalogue().find("gru_reset_before");
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
  const Cell cell = catalogue().find("lstm_peephole");
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

// Zhou et al. 2016: f is in both places of a GRU's gates, f = 1 takes the candidate.
TEST(Equations, Mgu) {
  Vector h(hidden, 0.0);
  expect_steps(catalogue().find("mgu"), [&](const Weights& w, const Vector& x) {
    Vector f, reset_h, next;
    for (int i = 0; i < hidden; ++i) {
      f.push_back(sigmoid_of(w.gate("f", i, x, h)));
      reset_h.push_back(f.back() * h[std::size_t(i)]);
    }
    for (int i = 0; i < hidden; ++i) {
      const double take = f[std::size_t(i)];
      next.push_back((1.0 - take) * h[std::size_t(i)] +
                     take * std::tanh(w.gate("c", i, x, reset_h)));
    }
    return h = next;
  });
}

// Collins et al. 2017: g = 1 keeps the state.
TEST(Equations, Ugrnn) {
  Vector h(hidden, 0.0);
  expect_steps(catalogue().find("ugrnn"), [&](const Weights& w, const Vector& x) {
    Vector next;
    for (int i = 0; i < hidden; ++i) {
      const double g = sigmoid_of(w.gate("g", i, x, h));
      next.push_back(g * h[std::size_t(i)] + (1.0 - g) * std::tanh(w.gate("c", i, x, h)));
    }
    return h = next;
  });
}

// Jozefowicz et al. 2015, MUT1, with a matrix under the inner tanh.
TEST(Equations, Mut1) {
  Vector h(hidden, 0.0);
  expect_steps(catalogue().find("mut1"), [&](const Weights& w, const Vector& x) {
    Vector reset_h, next;
    for (int i = 0; i < hidden; ++i) {
      reset_h.push_back(sigmoid_of(w.gate("r", i, x, h)) * h[std::size_t(i)]);
    }
    for (int i = 0; i < hidden; ++i) {
      const double z = sigmoid_of(w.gate("z", i, x));
      const double c =
          std::tanh(w.dot("U_c", i, reset_h) + std::tanh(w.dot("W_c", i, x)) + w.at("b_c", i));
      next.push_back(c * z + h[std::size_t(i)] * (1.0 - z));
    }
    return h = next;
  });
}

// Lee et al. 2017, with g = tanh: the gates read the output, the content reads x alone.
TEST(Equations, Ran) {
  Vector h(hidden, 0.0), c(hidden, 0.0);
  expect_steps(catalogue().find("ran"), [&](const Weights& w, const Vector& x) {
    Vector next;
    for (int i = 0; i < hidden; ++i) {
      double& content = c[std::size_t(i)];
      content = sigmoid_of(w.gate("i", i, x, h)) * w.dot("W_c", i, x) +
                sigmoid_of(w.gate("f", i, x, h)) * content;
      next.push_back(std::tanh(content));
    }
    return h = next;
  });
}

// Li et al. 2018, equation 2 with relu.
TEST(Equations, Indrnn) {
  Vector h(hidden, 0.0);
  int positive = 0;
  expect_steps(catalogue().find("indrnn"), [&](const Weights& w, const Vector& x) {
    for (int i = 0; i < hidden; ++i) {
      double& value = h[std::size_t(i)];
      value = std::max(0.0, w.gate("h", i, x) + w.at("u_h", i) * value);
      positive += value > 0.0 ? 1 : 0;
    }
    return h;
  });
  EXPECT_GT(positive, 3);  // both sides of relu are in the test
  EXPECT_LT(positive, hidden * steps);
}

// Lei et al. 2018, equations 1 to 4; `highway` gives what stands for x in the last one.
void expect_sru(int width,
                const std::function<double(const Weights&, int, const Vector&)>& highway) {
  Vector c(hidden, 0.0);
  expect_steps(
      catalogue().find("sru"),
      [&](const Weights& w, const Vector& x) {
        Vector out;
        for (int i = 0; i < hidden; ++i) {
          double& value = c[std::size_t(i)];
          const double f = sigmoid_of(w.gate("f", i, x) + w.at("v_f", i) * value);
          const double r = sigmoid_of(w.gate("r", i, x) + w.at("v_r", i) * value);
          value = f * value + (1.0 - f) * w.dot("W_c", i, x);
          out.push_back(r * value + (1.0 - r) * highway(w, i, x));
        }
        return out;
      },
      width);
}

TEST(Equations, SruOfEqualSizes) {
  expect_sru(hidden, [](const Weights&, int i, const Vector& x) { return x[std::size_t(i)]; });
}

TEST(Equations, SruWithAMatrixForX) {
  expect_sru(input, [](const Weights& w, int i, const Vector& x) { return w.dot("W_x", i, x); });
}

// Feng et al. 2024, the plain form: z = 1 takes the candidate, which is linear.
TEST(Equations, MinGru) {
  Vector h(hidden, 0.0);
  expect_steps(catalogue().find("min_gru"), [&](const Weights& w, const Vector& x) {
    for (int i = 0; i < hidden; ++i) {
      const double z = sigmoid_of(w.gate("z", i, x));
      h[std::size_t(i)] = (1.0 - z) * h[std::size_t(i)] + z * w.gate("c", i, x);
    }
    return h;
  });
}

// Bradbury et al. 2017, section 2.1, fo-pooling behind a masked convolution of width 2.
TEST(Equations, Qrnn) {
  Vector c(hidden, 0.0), last(input, 0.0);
  expect_steps(catalogue().find("qrnn"), [&](const Weights& w, const Vector& x) {
    const auto convolution = [&](const std::string& name, int i) {
      return w.gate(name, i, x) + w.dot("V_" + name, i, last);
    };
    Vector out;
    for (int i = 0; i < hidden; ++i) {
      const double f = sigmoid_of(convolution("f", i));
      double& value = c[std::size_t(i)];
      value = f * value + (1.0 - f) * std::tanh(convolution("z", i));
      out.push_back(sigmoid_of(convolution("o", i)) * value);
    }
    last = x;
    return out;
  });
}

}  // namespace
}  // namespace carousel
