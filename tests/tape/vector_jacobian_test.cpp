#include "tape/vector_jacobian.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::Each;
using testing::ElementsAreArray;
using testing::HasSubstr;

class VectorJacobian : public testing::Test {
 protected:
  Tape<double> tape_;
  Var a_ = tape_.leaf(Tensor<double>::from({2}, {0.5, -1.0}));
  Var b_ = tape_.leaf(Tensor<double>::from({2}, {2.0, 0.25}));
  Var product_ = a_ * b_, wave_ = tanh(a_);
  Tensor<double> of_product_ = Tensor<double>::from({2}, {3.0, -7.0});
  Tensor<double> of_wave_ = Tensor<double>::from({2}, {0.125, 11.0});
};

TEST_F(VectorJacobian, IsTheGradientOfTheSumOfProducts) {
  const Var loss =
      sum(product_ * tape_.constant(of_product_)) + sum(wave_ * tape_.constant(of_wave_));
  const auto expected = tape_.gradients(loss, std::array{a_, b_});
  const auto got = vector_jacobian_product<double>(tape_, std::array{product_, wave_},
                                                   {of_product_, of_wave_}, std::array{a_, b_});
  ASSERT_EQ(got.size(), 2);
  for (std::size_t k = 0; k < 2; ++k)
    EXPECT_THAT(got[k].values(), ElementsAreArray(expected[k].values())) << k;
}

TEST_F(VectorJacobian, AnEmptyCotangentIsZero) {
  const auto got = vector_jacobian_product<double>(tape_, std::array{product_, wave_},
                                                   {of_product_, {}}, std::array{a_, b_});
  EXPECT_THAT(got[0].values(), testing::ElementsAre(6.0, -1.75));
  EXPECT_THAT(got[1].values(), testing::ElementsAre(1.5, 7.0));
}

TEST_F(VectorJacobian, OfNothingIsZero) {
  const auto got = vector_jacobian_product<double>(tape_, {}, {}, std::array{a_});
  EXPECT_EQ(got.at(0).shape(), Shape{2});
  EXPECT_THAT(got.at(0).values(), Each(0.0));
}

TEST_F(VectorJacobian, WhatDoesNotFitIsRefused) {
  const auto refusal = [&](std::vector<Tensor<double>> cotangents) {
    return error_of<InputError>([&] {
      vector_jacobian_product<double>(tape_, std::array{product_}, std::move(cotangents),
                                      std::array{a_});
    });
  };
  EXPECT_THAT(refusal({Tensor<double>::zeros({3})}),
              HasSubstr("a cotangent has shape [3], expected that of its value, [2]"));
  EXPECT_THAT(refusal({}), HasSubstr("got 0 cotangents of 1 values"));
}

}  // namespace
}  // namespace carousel
