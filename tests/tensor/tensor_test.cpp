#include "tensor/tensor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
class TensorOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(TensorOf, Types);

TYPED_TEST(TensorOf, FactoriesFillEveryElement) {
  using T = TypeParam;
  EXPECT_THAT(Tensor<T>::zeros({2, 2}).values(), ElementsAre(T(0), T(0), T(0), T(0)));
  EXPECT_THAT(Tensor<T>::full({3}, T(2.5)).values(), ElementsAre(T(2.5), T(2.5), T(2.5)));
  EXPECT_THAT(Tensor<T>::from({2, 1}, {T(1), T(-4)}).values(), ElementsAre(T(1), T(-4)));
  EXPECT_EQ(Tensor<T>::full({}, T(7)).item(), T(7));
}

TYPED_TEST(TensorOf, CopiesShareAndClonesDoNot) {
  using T = TypeParam;
  auto a = Tensor<T>::from({2}, {T(1), T(2)});
  EXPECT_TRUE(a.unique());
  Tensor<T> shared = a;
  Tensor<T> own = a.clone();
  EXPECT_FALSE(a.unique());
  EXPECT_TRUE(own.unique());
  a.data()[0] = T(9);
  EXPECT_THAT(shared.values(), ElementsAre(T(9), T(2)));
  EXPECT_THAT(own.values(), ElementsAre(T(1), T(2)));
  EXPECT_EQ(own.shape(), a.shape());
}

TYPED_TEST(TensorOf, TheLastUserIsUniqueAgain) {
  using T = TypeParam;
  auto a = Tensor<T>::zeros({4});
  {
    const std::vector<Tensor<T>> others(2, a);
    const Tensor<T>& c = others.back();
    EXPECT_FALSE(c.unique());
  }
  EXPECT_TRUE(a.unique());
  Tensor<T> moved = std::move(a);
  EXPECT_TRUE(moved.unique());
  moved = Tensor<T>::full({1}, T(3));
  EXPECT_EQ(moved.item(), T(3));
}

TYPED_TEST(TensorOf, ReshapedSharesTheMemory) {
  using T = TypeParam;
  auto a = Tensor<T>::from({2, 3}, {0, 1, 2, 3, 4, 5});
  Tensor<T> b = a.reshaped({3, 2});
  EXPECT_EQ(b.shape(), (Shape{3, 2}));
  EXPECT_EQ(a.shape(), (Shape{2, 3}));
  b.data()[5] = T(50);
  EXPECT_EQ(a.data()[5], T(50));
}

TYPED_TEST(TensorOf, ReshapedRejectsAnotherSize) {
  using T = TypeParam;
  const auto a = Tensor<T>::zeros({2, 3});
  EXPECT_THAT(error_of<InputError>([&] {
                a.reshaped({4, 2});
              }),
              AllOf(HasSubstr("[4, 2]"), HasSubstr("[2, 3]"), HasSubstr("6")));
  EXPECT_THROW(a.reshaped({-2, -3}), InputError);
}

TYPED_TEST(TensorOf, ItemWantsExactlyOneElement) {
  using T = TypeParam;
  EXPECT_EQ(Tensor<T>::full({1, 1, 1}, T(4)).item(), T(4));
  EXPECT_THAT(error_of<InputError>([] { Tensor<T>::zeros({2, 3}).item(); }), HasSubstr("[2, 3]"));
  EXPECT_THROW(Tensor<T>::zeros({0}).item(), InputError);
  EXPECT_THROW(Tensor<T>().item(), InputError);
}

TYPED_TEST(TensorOf, FromCountsTheValues) {
  using T = TypeParam;
  EXPECT_THAT(error_of<InputError>([] {
                Tensor<T>::from({2, 2}, {1, 2, 3});
              }),
              AllOf(HasSubstr("got 3"), HasSubstr("[2, 2]"), HasSubstr("expected 4")));
  EXPECT_THROW((Tensor<T>::from({2}, {1, 2, 3})), InputError);
}

TYPED_TEST(TensorOf, NegativeSizesAreRejected) {
  using T = TypeParam;
  EXPECT_THAT(error_of<InputError>([] { Tensor<T>::zeros({-2, 3}); }), HasSubstr("[-2, 3]"));
  // The product alone would pass.
  EXPECT_THROW((Tensor<T>::uninitialised({-2, -3})), InputError);
  EXPECT_THROW((Tensor<T>::full({batch_dim}, T(1))), InputError);
}

TYPED_TEST(TensorOf, EmptyTensorsWork) {
  using T = TypeParam;
  const auto a = Tensor<T>::zeros({2, 0});
  EXPECT_TRUE(a.defined());
  EXPECT_EQ(a.numel(), 0);
  EXPECT_EQ(a.values().size(), 0u);
  EXPECT_EQ(a.clone().shape(), (Shape{2, 0}));
  EXPECT_EQ(a.reshaped({0, 7}).shape(), (Shape{0, 7}));
}

TYPED_TEST(TensorOf, AnEmptyHandleHoldsNothing) {
  const Tensor<TypeParam> none;
  EXPECT_FALSE(none.defined());
  EXPECT_FALSE(none.unique());
  EXPECT_EQ(none.numel(), 0);
  EXPECT_FALSE(none.clone().defined());
}

TYPED_TEST(TensorOf, MemoryIsAlignedTo64Bytes) {
  for (Index n = 0; n < 40; ++n) {
    const auto a = Tensor<TypeParam>::zeros({n});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data()) % 64, 0u) << n;
  }
}

}  // namespace
}  // namespace carousel
