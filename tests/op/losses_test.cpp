// The losses of rows against loops over one element at a time, for rows of any length.

#include "op/losses.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "tape/tape.hpp"
#include "tensor/initialiser.hpp"

namespace carousel {
namespace {

template <class T>
class RowLosses : public testing::Test {
 protected:
  // Rows that fill no vector, many to a block of the kernels, one, and less than one.
  static std::vector<Shape> shapes() { return {{3, 2, 7}, {40, 96}, {5, 1}, {2, 2048}, {3, 5000}}; }
  static Tensor<T> drawn(const Shape& shape, const char* stream) {
    return initialise<T>(Initialiser::normal(2.0), shape, Random(4, std::string_view(stream)));
  }
  static Shape rows_of(const Shape& shape) {
    Shape rows;
    for (int axis = 0; axis + 1 < shape.rank(); ++axis) rows.push_back(shape[axis]);
    return rows;
  }
  static Tensor<T> labels_of(const Shape& shape) {
    Tensor<T> labels = Tensor<T>::zeros(rows_of(shape));
    for (Index r = 0; r < labels.numel(); ++r) {
      labels.data()[r] = static_cast<T>((7 * r + 3) % shape.back());
    }
    return labels;
  }
  static void expect_near(T got, double expected, double scale) {
    const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
    EXPECT_NEAR(static_cast<double>(got), expected, 20 * epsilon * scale);
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RowLosses, Types);

TYPED_TEST(RowLosses, CrossEntropyAndItsSlope) {
  using T = TypeParam;
  for (const Shape& shape : this->shapes()) {
    const Index n = shape.back();
    const Tensor<T> x = this->drawn(shape, "x"), labels = this->labels_of(shape);
    const Tensor<T> g = this->drawn(labels.shape(), "g");
    Tape<T> tape;
    const Var logits = tape.leaf(x);
    const Var nll = cross_entropy(logits, tape.constant(labels));
    ASSERT_EQ(nll.shape(), labels.shape());
    const Tensor<T> slope = tape.gradients(sum(nll * tape.constant(g)), std::array{logits})[0];
    for (Index r = 0; r < labels.numel(); ++r) {
      const T* const row = x.data() + r * n;
      const auto label = static_cast<Index>(labels.data()[r]);
      double total = 0.0;
      for (Index i = 0; i < n; ++i) total += std::exp(static_cast<double>(row[i]));
      const double given = static_cast<double>(row[label]);
      this->expect_near(tape.value(nll).data()[r], std::log(total) - given, 10.0);
      const double scale = static_cast<double>(g.data()[r]);
      for (Index i = 0; i < n; ++i) {
        const double share = std::exp(static_cast<double>(row[i])) / total;
        this->expect_near(slope.data()[r * n + i], scale * (share - (i == label ? 1.0 : 0.0)),
                          10.0 * std::abs(scale));
      }
    }
  }
}

TYPED_TEST(RowLosses, BinaryCrossEntropyAndItsSlope) {
  using T = TypeParam;
  for (const Shape& shape : this->shapes()) {
    const Index n = shape.back();
    const Tensor<T> x = this->drawn(shape, "x"), y = this->drawn(shape, "y");
    const Tensor<T> g = this->drawn(this->rows_of(shape), "g");
    Tape<T> tape;
    const std::array in{tape.leaf(x), tape.leaf(y)};
    const Var nll = binary_cross_entropy(in[0], in[1]);
    ASSERT_EQ(nll.shape(), g.shape());
    const auto slopes = tape.gradients(sum(nll * tape.constant(g)), in);
    for (Index r = 0; r < g.numel(); ++r) {
      double expected = 0.0, magnitude = 0.0;
      for (Index i = r * n; i < (r + 1) * n; ++i) {
        const double logit = static_cast<double>(x.data()[i]);
        const double target = static_cast<double>(y.data()[i]);
        const double scale = static_cast<double>(g.data()[r]);
        const double term = std::log1p(std::exp(logit)) - target * logit;
        expected += term;
        magnitude += std::abs(term) + std::abs(target * logit);
        this->expect_near(slopes[0].data()[i], scale * (1.0 / (1.0 + std::exp(-logit)) - target),
                          10.0 * std::abs(scale));
        this->expect_near(slopes[1].data()[i], -scale * logit, std::abs(scale * logit));
      }
      this->expect_near(tape.value(nll).data()[r], expected, magnitude);
    }
  }
}

// Where a kernel for the whole row would overflow.
TYPED_TEST(RowLosses, StayFiniteFarOut) {
  using T = TypeParam;
  Tape<T> tape;
  const Var x = tape.leaf(Tensor<T>::from({2, 2}, {1000, -1000, -1000, 1000}));
  const Var labels = tape.constant(Tensor<T>::from({2}, {0, 0}));
  const Var nll = cross_entropy(x, labels);
  EXPECT_EQ(tape.value(nll).data()[0], T(0));
  EXPECT_EQ(tape.value(nll).data()[1], T(2000));
  const Tensor<T> slope = tape.gradients(sum(nll), std::array{x})[0];
  for (const Index i : {0, 1}) EXPECT_EQ(slope.data()[i], T(0));
  EXPECT_EQ(slope.data()[2], T(-1));
  EXPECT_EQ(slope.data()[3], T(1));
}

}  // namespace
}  // namespace carousel
