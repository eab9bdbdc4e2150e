#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "fixtures.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string error_of(const OptimiserOptions& options) {
  const auto parameters = two_parameters<float>();
  try {
    Optimiser<float> optimiser(options, parameters);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(OptimiserOptions, UnknownRulesGetASuggestion) {
  OptimiserOptions options;
  options.rule = "adma";
  EXPECT_THAT(error_of(options),
              AllOf(HasSubstr("'adma'"), HasSubstr("did you mean 'adam'?"),
                    HasSubstr("adam, adamw, hessian_free, lbfgs, rmsprop, sgd")));
  options.rule = "lion_with_wings";
  EXPECT_THAT(
      error_of(options),
      AllOf(HasSubstr("lion"), HasSubstr("adam, adamw, hessian_free, lbfgs, rmsprop, sgd")));
}

TEST(OptimiserOptions, RatesAndFloorsArePositive) {
  const std::pair<const char*, double OptimiserOptions::*> fields[] = {
      {"learning_rate", &OptimiserOptions::learning_rate},
      {"floor", &OptimiserOptions::floor},
      {"epsilon", &OptimiserOptions::epsilon}};
  for (const auto& [name, field] : fields) {
    for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()}) {
      OptimiserOptions options;
      options.*field = bad;
      EXPECT_THAT(error_of(options), AllOf(HasSubstr(name), HasSubstr("positive"))) << bad;
    }
  }
}

TEST(OptimiserOptions, FractionsAreBelowOne) {
  const std::pair<const char*, double OptimiserOptions::*> fields[] = {
      {"momentum", &OptimiserOptions::momentum},
      {"decay", &OptimiserOptions::decay},
      {"beta1", &OptimiserOptions::beta1},
      {"beta2", &OptimiserOptions::beta2}};
  for (const auto& [name, field] : fields) {
    for (const double bad : {1.0, -0.1, 2.0, std::numeric_limits<double>::quiet_NaN()}) {
      OptimiserOptions options;
      options.*field = bad;
      EXPECT_THAT(error_of(options), AllOf(HasSubstr(name), HasSubstr("[0, 1)"))) << bad;
    }
    OptimiserOptions options;
    options.*field = 0.0;
    EXPECT_EQ(error_of(options), "no InputError") << name;
  }
}

class Slots : public testing::TestWithParam<const char*> {
 protected:
  static OptimiserOptions options() {
    OptimiserOptions options;
    options.rule = GetParam();
    options.learning_rate = 0.02;
    return options;
  }
};

TEST_P(Slots, HaveNamesAndTheShapesOfTheParameters) {
  const auto parameters = two_parameters<double>();
  const Optimiser<double> optimiser(options(), parameters);
  ASSERT_EQ(optimiser.slots().size(), std::string(GetParam()) == "sgd" ? 1u : 2u);
  EXPECT_EQ(optimiser.updates(), 0);
  for (const auto& slot : optimiser.slots()) {
    EXPECT_FALSE(slot.name.empty());
    ASSERT_EQ(slot.values.size(), 2u);
    EXPECT_EQ(slot.values[0].shape(), (Shape{3}));
    EXPECT_EQ(slot.values[1].shape(), (Shape{1, 2}));
    for (const double v : flatten(slot.values)) EXPECT_EQ(v, 0.0);
  }
}

// As a checkpoint does: slots and the count alone must carry the whole state.
TEST_P(Slots, CarryAnOptimiserOverWithTheSameBits) {
  auto straight = two_parameters<float>();
  Optimiser<float> one(options(), straight);
  for (int t = 1; t <= 5; ++t) one.update(straight, gradients_at<float>(t));

  auto resumed = two_parameters<float>();
  resumed.restore(straight.snapshot());
  Optimiser<float> two(options(), resumed);
  two.set_updates(one.updates());
  for (std::size_t s = 0; s < one.slots().size(); ++s) {
    ASSERT_EQ(two.slots()[s].name, one.slots()[s].name);
    for (std::size_t k = 0; k < 2; ++k) {
      two.slots()[s].values[k] = one.slots()[s].values[k].clone();
    }
  }
  for (int t = 6; t <= 10; ++t) {
    one.update(straight, gradients_at<float>(t));
    two.update(resumed, gradients_at<float>(t));
  }
  EXPECT_EQ(two.updates(), 10);
  EXPECT_EQ(flatten(resumed.values()), flatten(straight.values()));
}

// Without the slots the path differs, so the test above tells something.
TEST_P(Slots, AFreshOptimiserTakesAnotherPath) {
  auto straight = two_parameters<float>();
  Optimiser<float> one(options(), straight);
  for (int t = 1; t <= 5; ++t) one.update(straight, gradients_at<float>(t));
  auto resumed = two_parameters<float>();
  resumed.restore(straight.snapshot());
  Optimiser<float> fresh(options(), resumed);
  one.update(straight, gradients_at<float>(6));
  fresh.update(resumed, gradients_at<float>(6));
  EXPECT_NE(flatten(resumed.values()), flatten(straight.values()));
}

INSTANTIATE_TEST_SUITE_P(Rules, Slots, testing::Values("sgd", "rmsprop", "adam", "adamw"),
                         [](const testing::TestParamInfo<const char*>& test) {
                           return std::string(test.param);
                         });

TEST(Optimiser, RefusesWhatDoesNotFit) {
  auto parameters = two_parameters<double>();
  Optimiser<double> optimiser({}, parameters);
  const auto error = [&](const std::vector<Tensor<double>>& gradients) {
    try {
      optimiser.update(parameters, gradients);
    } catch (const InputError& caught) {
      return std::string(caught.what());
    }
    return std::string("no InputError");
  };
  const auto right = gradients_at<double>(1);
  EXPECT_THAT(error({}), HasSubstr("2 parameters and 0 gradients"));
  EXPECT_THAT(error({right[0]}), HasSubstr("2 parameters and 1 gradients"));
  EXPECT_THAT(error({right[1], right[0]}), HasSubstr("the gradient of a is"));
  EXPECT_EQ(optimiser.updates(), 0);
}

TEST(Optimiser, UpdatesInPlaceAndLeavesTheGradients) {
  auto parameters = two_parameters<double>();
  double* const memory = parameters.value(0).data();
  const auto gradients = gradients_at<double>(1);
  const auto before = flatten(gradients);
  Optimiser<double>({}, parameters).update(parameters, gradients);
  EXPECT_EQ(parameters.value(0).data(), memory);
  EXPECT_EQ(flatten(gradients), before);
}

}  // namespace
}  // namespace carousel
