// Walks the op table: no op can be forgotten.

#include <gtest/gtest.h>

#include "op/table_cases.hpp"
#include "tape/gradient_check.hpp"

namespace carousel {
namespace {

class OpGradient : public testing::TestWithParam<Case> {};

TEST_P(OpGradient, FirstMatchesDifferences) {
  const Case c = GetParam();
  if (c.op->name == "stop_gradient") GTEST_SKIP() << "differs from differences on purpose";
  const GradientError error = check_op(*c.op, c.example, 1);
  EXPECT_LE(error.worst, 1e-6) << error.where;
}

TEST_P(OpGradient, SecondMatchesDifferences) {
  const Case c = GetParam();
  if (c.op->name == "stop_gradient") GTEST_SKIP() << "differs from differences on purpose";
  const GradientError error = check_op(*c.op, c.example, 2);
  EXPECT_LE(error.worst, 1e-6) << error.where;
}

INSTANTIATE_TEST_SUITE_P(Table, OpGradient, testing::ValuesIn(all_cases()), name_of);

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
