// Gauss-Newton products of the losses, against Jacobians written out.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "layer/losses.hpp"
#include "tape/tape.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

constexpr Index steps = 3, rows = 2, classes = 4, units = 5;

Tensor<double> numbers(const Shape& shape, double phase) {
  Tensor<double> t = Tensor<double>::uninitialised(shape);
  for (Index i = 0; i < t.numel(); ++i) t.data()[i] = std::sin(phase + 1.7 * double(i));
  return t;
}

// A layer of tanh units, and a loss on what a second one makes of them.
class CurvatureOfLosses : public testing::Test {
 protected:
  Var outputs() { return matmul(tanh(matmul(x_, wrt_[0])), wrt_[1]); }

  Tape<double> tape_;
  Var x_ = tape_.constant(numbers({steps * rows, 3}, 0.3));
  std::vector<Var> wrt_ = {tape_.leaf(numbers({3, units}, 1.1)),
                           tape_.leaf(numbers({units, classes}, 2.2))};
  std::vector<Tensor<double>> vector_ = {numbers({3, units}, 0.7), numbers({units, classes}, 1.9)};

  // J^T H J v, where H is block diagonal: curvature(step, j, k) of outputs j and k at that row.
  template <class F>
  std::vector<Tensor<double>> written_out(Var out, F&& curvature) {
    std::vector<std::vector<Tensor<double>>> jacobian;  // by output, then parameter
    for (Index i = 0; i < out.shape().numel(); ++i) {
      Tensor<double> one = Tensor<double>::zeros(out.shape());
      one.data()[i] = 1.0;
      jacobian.push_back(tape_.gradients(sum(out * tape_.constant(one)), wrt_));
    }
    std::vector<double> moves;
    for (const auto& row : jacobian) moves.push_back(product(row, vector_));
    std::vector<Tensor<double>> result = {Tensor<double>::zeros({3, units}),
                                          Tensor<double>::zeros({units, classes})};
    for (Index row = 0; row < steps * rows; ++row) {
      for (Index j = 0; j < classes; ++j) {
        double curved = 0.0;
        for (Index k = 0; k < classes; ++k) {
          curved += curvature(row, j, k) * moves[std::size_t(row * classes + k)];
        }
        const auto& of_output = jacobian[std::size_t(row * classes + j)];
        for (std::size_t p = 0; p < result.size(); ++p) {
          for (Index i = 0; i < result[p].numel(); ++i) {
            result[p].data()[i] += curved * of_output[p].data()[i];
          }
        }
      }
    }
    return result;
  }
  static double product(const std::vector<Tensor<double>>& a,
                        const std::vector<Tensor<double>>& b) {
    double sum = 0.0;
    for (std::size_t p = 0; p < a.size(); ++p) {
      for (Index i = 0; i < a[p].numel(); ++i) sum += a[p].data()[i] * b[p].data()[i];
    }
    return sum;
  }
  void expect_product(Var loss, const std::vector<Tensor<double>>& expected) {
    const std::size_t size = tape_.size();
    for (int twice = 0; twice < 2; ++twice) {  // a tape serves several products
      const auto got = tape_.gauss_newton_product(loss, wrt_, vector_);
      EXPECT_EQ(tape_.size(), size);
      for (std::size_t p = 0; p < got.size(); ++p) {
        for (Index i = 0; i < got[p].numel(); ++i) {
          EXPECT_NEAR(got[p].data()[i], expected[p].data()[i], 1e-12) << p << " " << i;
        }
      }
      EXPECT_GE(product(got, vector_), 0.0);
    }
  }
};

TEST_F(CurvatureOfLosses, OfASoftmaxIsThatOfItsProbabilities) {
  const Var logits = reshape(outputs(), {steps, rows, classes});
  const auto labels = Tensor<double>::from({steps, rows}, {0, 3, 2, 1, 1, 0});
  const auto mask = Tensor<double>::from({steps, rows}, {1, 1, 1, 0, 1, 1});
  const Var loss = sum(softmax_nll(logits, tape_.constant(labels), tape_.constant(mask)));
  const Tensor<double> z = tape_.value(logits);
  expect_product(loss, written_out(logits, [&](Index row, Index j, Index k) {
                   const double* const of_row = z.data() + row * classes;
                   double all = 0.0;
                   for (Index c = 0; c < classes; ++c) all += std::exp(of_row[c]);
                   const double pj = std::exp(of_row[j]) / all, pk = std::exp(of_row[k]) / all;
                   return mask.data()[row] * ((j == k ? pj : 0.0) - pj * pk);
                 }));
}

TEST_F(CurvatureOfLosses, OfBernoulliOutputsIsTheirVariance) {
  const Var logits = reshape(outputs(), {steps, rows, classes});
  const Var targets = tape_.constant(Tensor<double>::full({steps, rows, classes}, 1.0));
  const Tensor<double> z = tape_.value(logits);
  expect_product(sum(bernoulli_nll(logits, targets)) * 0.5,
                 written_out(logits, [&](Index row, Index j, Index k) {
                   const double p = 1.0 / (1.0 + std::exp(-z.data()[row * classes + j]));
                   return j == k ? 0.5 * p * (1.0 - p) : 0.0;
                 }));
}

// Of two predictions the products add up.
TEST_F(CurvatureOfLosses, OfSquaredErrorsIsTwo) {
  const Var out = reshape(outputs(), {steps, rows, classes});
  const Var target = tape_.constant(numbers({steps, rows, classes}, 5.0));
  const Var twice = reshape(outputs(), {steps, rows, classes}) * 3.0;
  const Var loss = sum(squared_error(out, target)) + sum(squared_error(twice, target));
  expect_product(loss, written_out(out, [](Index, Index j, Index k) {
                   return j == k ? 2.0 + 2.0 * 9.0 : 0.0;
                 }));
}

// Where the outputs are linear in what is asked for, it is the matrix of second derivatives.
TEST_F(CurvatureOfLosses, OfLinearOutputsIsExact) {
  const Var loss =
      sum(softmax_nll(reshape(outputs(), {steps, rows, classes}),
                      tape_.constant(Tensor<double>::from({steps, rows}, {0, 3, 2, 1, 1, 0}))));
  const std::array last{wrt_[1]};
  const auto got = tape_.gauss_newton_product(loss, last, {vector_[1]})[0];
  const auto expected = tape_.hessian_product(loss, last, {vector_[1]})[0];
  for (Index i = 0; i < got.numel(); ++i) {
    EXPECT_NEAR(got.data()[i], expected.data()[i], 1e-12);
    EXPECT_NE(expected.data()[i], 0.0);
  }
}

TEST_F(CurvatureOfLosses, OfALossWithoutAPredictionIsRefused) {
  const Var loss = sum(tanh(wrt_[0]));
  EXPECT_THAT(error_of<InputError>(
                  [&] { tape_.gauss_newton_product(loss, std::array{wrt_[0]}, {vector_[0]}); }),
              HasSubstr("depends on no prediction"));
}

}  // namespace
}  // namespace carousel
