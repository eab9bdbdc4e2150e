#include "optim/saved_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

template <class T>
class SavedState : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "model.h5";
};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(SavedState, Precisions);

TYPED_TEST(SavedState, GoesOnWithTheSameBits) {
  using T = TypeParam;
  for (const std::string& rule : rule_names()) {
    const OptimiserOptions options{.rule = rule, .learning_rate = 0.02};
    auto one = two_parameters<T>();
    Optimiser<T> first(options, one);
    for (int t = 1; t <= 3; ++t) update_in(valley<T>(t), first, one);
    save_parameters(this->file_, one, &first);
    auto other = two_parameters<T>();
    Optimiser<T> second(options, other);
    load_parameters(this->file_, other, &second);
    EXPECT_EQ(flatten(other.values()), flatten(one.values()));
    EXPECT_EQ(second.updates(), 3);
    EXPECT_EQ(second.numbers(), first.numbers());
    update_in(valley<T>(4), first, one);
    update_in(valley<T>(4), second, other);
    EXPECT_EQ(flatten(other.values()), flatten(one.values())) << rule;
  }
}

TYPED_TEST(SavedState, OfOtherParametersIsRefusedAndNothingChanges) {
  using T = TypeParam;
  auto one = two_parameters<T>();
  const Optimiser<T> sgd({.rule = "sgd"}, one);
  save_parameters(this->file_, one, &sgd);
  ParameterSet<T> other({{"a", {3}, Initialiser::ones()}, {"b", {2, 1}, Initialiser::ones()}}, 1);
  const auto error = [&](auto&&... arguments) {
    return error_of<InputError>([&] { load_parameters(this->file_, arguments...); });
  };
  EXPECT_THAT(error(other), AllOf(HasSubstr("model.h5"), HasSubstr("parameters/b has shape")));
  EXPECT_EQ(flatten(other.values()), std::vector<double>(5, 1.0));
  auto same = two_parameters<T>();
  same.value(0) = Tensor<T>::zeros({3});
  Optimiser<T> adam({.rule = "adam"}, same);
  EXPECT_THAT(error(same, &adam), HasSubstr("optimiser/mean"));
  EXPECT_EQ(same.value(0).values()[0], T(0)) << "nothing was taken";
  EXPECT_EQ(adam.updates(), 0);
}

TYPED_TEST(SavedState, ThatIsNoneIsRefused) {
  using T = TypeParam;
  auto one = two_parameters<T>();
  EXPECT_THAT(error_of<InputError>([&] { load_parameters(this->file_, one); }),
              HasSubstr("model.h5"));
  write_archives(this->file_, {{"trial", {}}});
  EXPECT_THAT(error_of<InputError>([&] { load_parameters(this->file_, one); }),
              HasSubstr("holds no parameters"));
}

}  // namespace
}  // namespace carousel
