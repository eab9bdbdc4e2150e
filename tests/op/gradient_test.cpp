// Walks the op table: no op can be forgotten.

#include <gtest/gtest.h>

#include "tape/gradient_check.hpp"
#include "tensor/initialiser.hpp"

namespace carousel {
namespace {

struct Case {
  const Op* op;
  std::size_t example;
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const Op& op : op_table()) {
    for (std::size_t e = 0; e < op.examples.size(); ++e) cases.push_back({&op, e});
  }
  return cases;
}

std::vector<Tensor<double>> draw_inputs(const Case& c) {
  const Example& example = c.op->examples[c.example];
  Random random(5, Random::hash(c.op->name, c.example));
  std::vector<Tensor<double>> inputs;
  for (const Shape& shape : example.shapes) {
    auto input = Tensor<double>::uninitialised(shape);
    for (double& v : input.values()) {
      v = c.op->low + (c.op->high - c.op->low) * random.uniform();
      if (std::abs(v) < 0.05) v += 0.1;  // away from kinks at zero
    }
    inputs.push_back(input);
  }
  for (std::size_t k = 0; k < example.fixed.size(); ++k) {
    const std::size_t at = inputs.size() - example.fixed.size() + k;
    if (!example.fixed[k].empty()) {
      inputs[at] = Tensor<double>::from(example.shapes[at], example.fixed[k]);
    }
  }
  return inputs;
}

// A scalar of all outputs, curved so that second derivatives do not vanish.
ScalarFunction loss_of(const Case& c) {
  return [c](Tape<double>& tape, const std::vector<Var>& in) {
    const Example& example = c.op->examples[c.example];
    const Var out = apply(*c.op, in, example.attributes);
    const auto weight =
        initialise<double>(Initialiser::normal(1.0), out.shape(), Random(6, "weight"));
    return sum(out * tape.constant(weight) + 0.3 * out * out);
  };
}

int checked_inputs(const Case& c) {
  return std::min<int>(static_cast<int>(c.op->examples[c.example].shapes.size()),
                       c.op->differentiable_inputs);
}

class OpGradient : public testing::TestWithParam<Case> {};

TEST_P(OpGradient, FirstMatchesDifferences) {
  const Case c = GetParam();
  if (c.op->name == "stop_gradient") GTEST_SKIP() << "differs from differences on purpose";
  const GradientError error = check_gradients(loss_of(c), draw_inputs(c), checked_inputs(c));
  EXPECT_LE(error.worst, 1e-6) << error.where;
}

TEST_P(OpGradient, SecondMatchesDifferences) {
  const Case c = GetParam();
  if (c.op->name == "stop_gradient") GTEST_SKIP() << "differs from differences on purpose";
  const GradientError error = check_gradients(weighted_gradients(loss_of(c), checked_inputs(c)),
                                              draw_inputs(c), checked_inputs(c));
  EXPECT_LE(error.worst, 1e-6) << error.where;
}

INSTANTIATE_TEST_SUITE_P(Table, OpGradient, testing::ValuesIn(all_cases()),
                         [](const testing::TestParamInfo<Case>& test) {
                           return std::string(test.param.op->name) + "_" +
                                  std::to_string(test.param.example);
                         });

TEST(OpTable, EveryOpHasADocAndAnExample) {
  for (const Op& op : op_table()) {
    EXPECT_FALSE(op.doc.empty()) << op.name;
    if (op.arity != 0) {
      EXPECT_FALSE(op.examples.empty()) << op.name;
    }
  }
}

TEST(StopGradient, PassesTheValueAndNoGradient) {
  Tape<double> tape;
  const Var x = tape.leaf(Tensor<double>::from({3}, {1, 2, 3}));
  const Var y = sum(stop_gradient(x) * x);
  EXPECT_EQ(tape.value(y).item(), 14.0);
  const auto gradient = tape.gradients(y, std::vector{x})[0];
  EXPECT_EQ(std::vector<double>(gradient.values().begin(), gradient.values().end()),
            (std::vector<double>{1, 2, 3}));
}

}  // namespace
}  // namespace carousel
