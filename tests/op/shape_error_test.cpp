// What an op rejects, and that the message tells what was got and what was expected.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "op/functions.hpp"
#include "op/losses.hpp"
#include "tape/tape.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ShapeError : public testing::Test {
 protected:
  Tape<double> tape;

  Var zeros(const Shape& shape) { return tape.leaf(Tensor<double>::zeros(shape)); }
  Var values(const std::vector<double>& v) {
    return tape.leaf(Tensor<double>::from({static_cast<Index>(v.size())}, v));
  }

  template <class F>
  static std::string message_of(F f) {
    try {
      f();
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  }
};

TEST_F(ShapeError, UnknownOpsGetASuggestion) {
  EXPECT_THAT(message_of([] { find_op("sigmod"); }),
              AllOf(HasSubstr("no op 'sigmod'"), HasSubstr("did you mean 'sigmoid'?")));
  EXPECT_THAT(message_of([] { find_op("convolution"); }),
              AllOf(HasSubstr("convolution"), testing::Not(HasSubstr("did you mean"))));
}

TEST_F(ShapeError, EveryOpIsFoundByItsName) {
  for (const Op& op : op_table()) EXPECT_EQ(&find_op(op.name), &op) << op.name;
}

TEST_F(ShapeError, WrongNumberOfInputs) {
  const Var x = zeros({2});
  EXPECT_THAT(message_of([&] { carousel::apply(find_op("mul"), std::array{x}); }),
              AllOf(HasSubstr("mul"), HasSubstr("got 1"), HasSubstr("expected 2")));
  EXPECT_THAT(message_of([&] {
                carousel::apply(find_op("exp"), std::array{x, x});
              }),
              AllOf(HasSubstr("exp"), HasSubstr("got 2"), HasSubstr("expected 1")));
  EXPECT_THAT(message_of([&] { carousel::apply(find_op("concat"), std::span<const Var>{}); }),
              AllOf(HasSubstr("concat"), HasSubstr("no inputs")));
}

TEST_F(ShapeError, EmptyVars) {
  const Var x = zeros({2});
  EXPECT_THAT(message_of([&] { x + Var{}; }), AllOf(HasSubstr("add"), HasSubstr("empty var")));
  EXPECT_THAT(message_of([&] { exp(Var{}); }), AllOf(HasSubstr("exp"), HasSubstr("empty var")));
  EXPECT_THAT(message_of([] { Var{}.shape(); }), HasSubstr("empty"));
  EXPECT_THAT(message_of([] { mean(Var{}); }), HasSubstr("empty"));
}

TEST_F(ShapeError, EmptyVarsBesideANumber) {
  EXPECT_THAT(message_of([] { Var{} * 2.0; }), HasSubstr("empty"));
  EXPECT_THAT(message_of([] { 1.0 - Var{}; }), HasSubstr("empty"));
}

TEST_F(ShapeError, VarsOfTwoTapes) {
  Tape<double> other;
  const Var x = zeros({2});
  const Var y = other.leaf(Tensor<double>::zeros({2}));
  EXPECT_THAT(message_of([&] { x* y; }), AllOf(HasSubstr("mul"), HasSubstr("different tapes")));
}

TEST_F(ShapeError, ElementwiseShapesThatDoNotBroadcast) {
  const Var a = zeros({2, 3}), b = zeros({4, 3});
  EXPECT_THAT(message_of([&] { a + b; }), AllOf(HasSubstr("[2, 3]"), HasSubstr("[4, 3]")));
  EXPECT_THAT(message_of([&] { where(zeros({5}), a, a); }),
              AllOf(HasSubstr("[5]"), HasSubstr("[2, 3]")));
}

TEST_F(ShapeError, MatmulInnerSizes) {
  const Var a = zeros({2, 3}), b = zeros({4, 5});
  EXPECT_THAT(message_of([&] { matmul(a, b); }),
              AllOf(HasSubstr("matmul"), HasSubstr("[2, 3]"), HasSubstr("[4, 5]"),
                    HasSubstr("inner sizes differ")));
  EXPECT_THAT(message_of([&] { matmul(a, b, true, false); }), HasSubstr("[2, 3] transposed"));
  EXPECT_THAT(message_of([&] { linear(a, b); }), HasSubstr("[4, 5] transposed"));
  // With both sides transposed these fit, though the same sizes plainly do not.
  EXPECT_EQ(matmul(zeros({3, 2}), zeros({5, 3}), true, true).shape(), (Shape{2, 5}));
  EXPECT_THROW(matmul(zeros({3, 2}), zeros({5, 3})), InputError);
}

TEST_F(ShapeError, MatmulRanksAndLeadingSizes) {
  EXPECT_THAT(message_of([&] {
                matmul(zeros({3}), zeros({3, 2}));
              }),
              AllOf(HasSubstr("[3]"), HasSubstr("expected matrices")));
  EXPECT_THROW(matmul(zeros({2, 3}), zeros({3})), InputError);
  EXPECT_THAT(message_of([&] {
                matmul(zeros({4, 2, 3}), zeros({5, 3, 2}));
              }),
              AllOf(HasSubstr("[4, 2, 3]"), HasSubstr("[5, 3, 2]"), HasSubstr("leading sizes")));
  EXPECT_THROW(matmul(zeros({4, 1, 2, 3}), zeros({4, 3, 2})), InputError);
}

TEST_F(ShapeError, SumToAndBroadcastTo) {
  const Var x = zeros({2, 3});
  for (const Shape& bad : {Shape{2}, Shape{3, 3}, Shape{1, 2, 3}, Shape{2, 0}}) {
    EXPECT_THAT(message_of([&] { sum_to(x, bad); }),
                AllOf(HasSubstr("sum_to"), HasSubstr(bad.to_string()), HasSubstr("[2, 3]")));
  }
  for (const Shape& bad : {Shape{3}, Shape{2, 4}, Shape{3, 2}, Shape{1, 3}}) {
    EXPECT_THAT(message_of([&] { broadcast_to(x, bad); }),
                AllOf(HasSubstr("broadcast_to"), HasSubstr(bad.to_string()), HasSubstr("[2, 3]")));
  }
  // Sums only down, never up.
  EXPECT_THROW(sum_to(zeros({1, 3}), {2, 3}), InputError);
}

TEST_F(ShapeError, Reshape) {
  EXPECT_THAT(message_of([&] {
                reshape(zeros({2, 3}), {4, 2});
              }),
              AllOf(HasSubstr("reshape"), HasSubstr("[4, 2]"), HasSubstr("[2, 3]")));
  EXPECT_THROW(reshape(zeros({2, 3}), {-2, -3}), InputError);
}

TEST_F(ShapeError, Transpose) {
  EXPECT_THAT(message_of([&] { transpose(zeros({3})); }),
              AllOf(HasSubstr("transpose"), HasSubstr("[3]"), HasSubstr("matrix")));
  EXPECT_THROW(transpose(zeros({})), InputError);
}

TEST_F(ShapeError, SliceRangeAndAxis) {
  const Var x = zeros({2, 5});
  EXPECT_THAT(message_of([&] { slice(x, 1, 3, 3); }),
              AllOf(HasSubstr("slice"), HasSubstr("[3, 6)"), HasSubstr("[0, 5)")));
  EXPECT_THROW(slice(x, 1, -1, 2), InputError);
  EXPECT_THROW(slice(x, 1, 2, -1), InputError);
  EXPECT_THAT(message_of([&] { slice(x, 2, 0, 1); }),
              AllOf(HasSubstr("slice"), HasSubstr("axis 2"), HasSubstr("[-2, 2)")));
  EXPECT_EQ(slice(x, 1, 5, 0).shape(), (Shape{2, 0}));
}

TEST_F(ShapeError, PadRangeAndAxis) {
  const Var x = zeros({2, 3});
  EXPECT_THAT(message_of([&] { pad(x, -1, 2, 4); }),
              AllOf(HasSubstr("pad"), HasSubstr("[2, 5)"), HasSubstr("[0, 4)")));
  EXPECT_THROW(pad(x, -1, -1, 6), InputError);
  EXPECT_THROW(pad(x, 5, 0, 6), InputError);
}

TEST_F(ShapeError, ConcatParts) {
  const std::vector<Var> parts = {zeros({2, 3}), zeros({2, 1}), zeros({4, 3})};
  EXPECT_THAT(message_of([&] { concat(parts, 1); }),
              AllOf(HasSubstr("concat"), HasSubstr("part 2"), HasSubstr("[4, 3]"),
                    HasSubstr("apart from axis 1")));
  const std::vector<Var> ranks = {zeros({2, 3}), zeros({2})};
  EXPECT_THAT(message_of([&] { concat(ranks, -1); }), AllOf(HasSubstr("[2]"), HasSubstr("[2, 3]")));
  EXPECT_THROW(concat(ranks, 2), InputError);
}

TEST_F(ShapeError, GatherRowsIndex) {
  const Var table = zeros({3, 2});
  EXPECT_THAT(message_of([&] {
                gather_rows(table, values({0, 3}));
              }),
              AllOf(HasSubstr("gather_rows"), HasSubstr("index 3 at position 1"),
                    HasSubstr("whole number in [0, 3)")));
  EXPECT_THAT(message_of([&] { gather_rows(table, values({0.5})); }), HasSubstr("index 0.5"));
  EXPECT_THROW(gather_rows(table, values({-1})), InputError);
  EXPECT_THROW(gather_rows(table, values({std::nan("")})), InputError);
  EXPECT_THAT(message_of([&] { gather_rows(zeros({3}), values({0})); }),
              AllOf(HasSubstr("[3]"), HasSubstr("[rows, size]")));
}

TEST_F(ShapeError, ScatterRowsIndexAndShape) {
  EXPECT_THAT(message_of([&] {
                scatter_rows(zeros({3, 2}), values({0, 1}), 4);
              }),
              AllOf(HasSubstr("scatter_rows"), HasSubstr("[3, 2]"), HasSubstr("[2]")));
  EXPECT_THAT(message_of([&] {
                scatter_rows(zeros({2, 2}), values({0, 4}), 4);
              }),
              AllOf(HasSubstr("index 4 at position 1"), HasSubstr("[0, 4)")));
  EXPECT_THROW(scatter_rows(zeros({}), zeros({}), 4), InputError);
  EXPECT_THROW(scatter_rows(zeros({2, 2}), values({0, 1}), -4), InputError);
}

TEST_F(ShapeError, PickIndexAndShape) {
  EXPECT_THAT(message_of([&] {
                pick(zeros({3, 2}), values({0, 1}));
              }),
              AllOf(HasSubstr("pick"), HasSubstr("[3, 2]"), HasSubstr("[2]"),
                    HasSubstr("one index a row")));
  EXPECT_THAT(message_of([&] {
                pick(zeros({2, 3}), values({0, 3}));
              }),
              AllOf(HasSubstr("index 3 at position 1"), HasSubstr("[0, 3)")));
  EXPECT_THROW(pick(zeros({2, 3}), values({0, 1.5})), InputError);
  EXPECT_THROW(pick(zeros({}), zeros({})), InputError);
}

TEST_F(ShapeError, UnpickIndexAndShape) {
  EXPECT_THAT(message_of([&] {
                unpick(zeros({3}), values({0, 1}), 4);
              }),
              AllOf(HasSubstr("unpick"), HasSubstr("[3]"), HasSubstr("[2]")));
  EXPECT_THAT(message_of([&] {
                unpick(zeros({2}), values({0, 2}), 2);
              }),
              AllOf(HasSubstr("index 2 at position 1"), HasSubstr("[0, 2)")));
}

TEST_F(ShapeError, LogsumexpNeedsARow) {
  EXPECT_THAT(message_of([&] { logsumexp(zeros({})); }),
              AllOf(HasSubstr("logsumexp"), HasSubstr("[]")));
  EXPECT_THAT(message_of([&] { logsumexp(zeros({2, 0})); }), HasSubstr("[2, 0]"));
}

TEST_F(ShapeError, RowOpsNeedARow) {
  EXPECT_THAT(message_of([&] {
                row_max(zeros({2, 0}));
              }),
              AllOf(HasSubstr("row_max"), HasSubstr("[2, 0]"), HasSubstr("one element")));
  EXPECT_THAT(message_of([&] { first_max(zeros({})); }), HasSubstr("first_max: got shape []"));
  EXPECT_THAT(message_of([&] { cumsum(zeros({})); }), HasSubstr("cumsum: got shape []"));
  EXPECT_THAT(message_of([&] { arange(tape, -2); }), HasSubstr("arange: got -2"));
}

TEST_F(ShapeError, MatrixFunctionsNeedASquareMatrix) {
  for (const Shape& shape : {Shape{2, 3}, Shape{3}, Shape{1, 2, 2}}) {
    EXPECT_THAT(message_of([&] { expm(zeros(shape)); }),
                AllOf(HasSubstr("expm"), HasSubstr(shape.to_string()), HasSubstr("square")));
    if (shape.rank() > 2) continue;
    EXPECT_THAT(message_of([&] { inverse(zeros(shape)); }),
                AllOf(HasSubstr("inverse"), HasSubstr(shape.to_string()), HasSubstr("square")));
  }
}

TEST_F(ShapeError, SolveOfShapesThatDoNotFit) {
  const auto solving = [&](const Shape& a, const Shape& b) {
    return message_of([&] { solve(zeros(a), zeros(b)); });
  };
  EXPECT_THAT(solving({2, 2}, {3, 1}), HasSubstr("solve: got [2, 2] for [3, 1]"));
  EXPECT_THAT(solving({2, 2}, {2}), HasSubstr("[.., n, n] and [.., n, k]"));
  EXPECT_THAT(solving({3, 2, 2}, {2, 2, 1}), HasSubstr("[3, 2, 2]"));
  EXPECT_THAT(solving({2, 3}, {2, 1}), HasSubstr("square"));
}

TEST_F(ShapeError, IndicesAlongRows) {
  EXPECT_THAT(message_of([&] {
                take_along(zeros({2, 3}), zeros({3, 1}));
              }),
              AllOf(HasSubstr("take_along"), HasSubstr("[2, 3]"), HasSubstr("[3, 1]")));
  EXPECT_THAT(message_of([&] {
                put_along(zeros({2, 3}), zeros({2, 1}), 4);
              }),
              AllOf(HasSubstr("put_along"), HasSubstr("[2, 1]")));
  EXPECT_THAT(message_of([&] { order(zeros({})); }), HasSubstr("order"));
}

TEST_F(ShapeError, LossesNeedANumberARow) {
  EXPECT_THAT(message_of([&] {
                cross_entropy(zeros({3, 2}), values({0, 1}));
              }),
              AllOf(HasSubstr("cross_entropy"), HasSubstr("[3, 2]"), HasSubstr("[2]"),
                    HasSubstr("one number a row")));
  EXPECT_THAT(message_of([&] {
                cross_entropy(zeros({2, 2}), values({0, 2}));
              }),
              AllOf(HasSubstr("cross_entropy: got the index 2"), HasSubstr("[0, 2)")));
  EXPECT_THAT(message_of([&] {
                cross_entropy(zeros({2, 0}), values({0, 0}));
              }),
              HasSubstr("one element in a row"));
  EXPECT_THAT(message_of([&] {
                cross_entropy_slope(zeros({2, 2}), zeros({2}), zeros({3}), zeros({2}));
              }),
              AllOf(HasSubstr("cross_entropy_slope"), HasSubstr("[3]")));
  EXPECT_THAT(message_of([&] {
                binary_cross_entropy(zeros({2, 2}), zeros({2, 3}));
              }),
              AllOf(HasSubstr("binary_cross_entropy"), HasSubstr("[2, 2]"), HasSubstr("[2, 3]")));
  EXPECT_THAT(message_of([&] {
                binary_cross_entropy_slope(zeros({2, 2}), zeros({2, 2}), zeros({2, 1}));
              }),
              AllOf(HasSubstr("binary_cross_entropy_slope"), HasSubstr("[2, 1]")));
}

TEST_F(ShapeError, ResultsOfTooManyDimensions) {
  const Var index = zeros({1, 1, 1, 1, 1, 1, 1, 1});
  EXPECT_THROW(gather_rows(zeros({3, 2}), index), InputError);
}

TEST_F(ShapeError, AFailedOpLeavesTheTapeUsable) {
  const Var x = zeros({2, 3});
  const std::size_t size = tape.size();
  EXPECT_THROW(matmul(x, x), InputError);
  EXPECT_THROW(gather_rows(x, values({9})), InputError);
  EXPECT_EQ(tape.size(), size + 1);  // the index alone
  EXPECT_EQ(tape.gradients(sum(exp(x)), std::array{x})[0].data()[5], 1.0);
}

}  // namespace
}  // namespace carousel
