// Ops that a program adds to the table.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tape/tape.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

template <class T>
void cube(const KernelCall<T>& call) {
  for (Index i = 0; i < call.out.numel(); ++i) {
    const T x = call.in[0]->data()[i];
    call.out.data()[i] = x * x * x;
  }
}

Op cube_op(std::string_view name) {
  return {name,
          "x^3",
          1,
          [](const ShapeCall& call) { return *call.in[0]; },
          cube<float>,
          cube<double>,
          [](const DerivativeCall& d) { return d.grad * (3.0 * d.in[0] * d.in[0]); },
          {{{Shape{4}}}}};
}

TEST(RegisterOp, IsFoundRunsAndIsDifferentiated) {
  const Op& tanh_before = find_op("tanh");
  const std::size_t size = op_table().size();
  const Op& op = register_op(cube_op("cube"));
  EXPECT_EQ(&op, &find_op("cube"));
  EXPECT_EQ(&tanh_before, &find_op("tanh"));
  EXPECT_EQ(op_table().size(), size + 1);
  EXPECT_EQ(&op_table().back(), &op);

  Tape<double> tape;
  const Var x = tape.leaf(Tensor<double>::from({2}, {2, -1}));
  const Var loss = sum(carousel::apply(op, std::array{x}));
  EXPECT_EQ(tape.value(loss).item(), 7.0);
  const Var slope = sum(tape.recorded_gradients(loss, std::array{x})[0]);
  EXPECT_EQ(tape.value(slope).item(), 12.0 + 3.0);
  const auto second = tape.gradients(slope, std::array{x})[0];
  EXPECT_EQ(second.data()[0], 12.0);
  EXPECT_EQ(second.data()[1], -6.0);
}

TEST(RegisterOp, RefusesWhatIsTakenOrIncomplete) {
  const std::size_t size = op_table().size();
  const auto message = [](Op op) {
    return error_of<InputError>([&] { register_op(std::move(op)); });
  };
  EXPECT_THAT(message(cube_op("sigmoid")), HasSubstr("'sigmoid': the table has an op"));
  EXPECT_THAT(message(cube_op("")), HasSubstr("expected a name"));
  EXPECT_THAT(message(cube_op("2x")), HasSubstr("'2x': expected a name"));
  EXPECT_THAT(message(cube_op("a-b")), HasSubstr("'a-b': expected a name"));
  const auto without = [](auto part) {
    Op op = cube_op("partial");
    op.*part = {};
    return op;
  };
  EXPECT_THAT(message(without(&Op::doc)), HasSubstr("'partial' has no doc"));
  EXPECT_THAT(message(without(&Op::shape)), HasSubstr("no shape rule"));
  EXPECT_THAT(message(without(&Op::kernel_float)), HasSubstr("no kernel for float"));
  EXPECT_THAT(message(without(&Op::kernel_double)), HasSubstr("no kernel for double"));
  EXPECT_EQ(op_table().size(), size);
}

}  // namespace
}  // namespace carousel
