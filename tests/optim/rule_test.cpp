// Each update rule against the rule written out again, an element at a time and in double.

#include <gtest/gtest.h>

#include <algorithm>

#include "fixtures.hpp"

namespace carousel {
namespace {

// One element's memory: sgd uses v, rmsprop s and v, adam m and s.
struct Element {
  double p = 0, v = 0, s = 0, m = 0;
};

void sgd_step(Element& e, double g, const OptimiserOptions& o, int) {
  e.v = o.momentum * e.v + g;
  if (o.nesterov) {
    e.p = e.p - o.learning_rate * g - o.learning_rate * o.momentum * e.v;
  } else {
    e.p = e.p - o.learning_rate * e.v;
  }
}

void rmsprop_step(Element& e, double g, const OptimiserOptions& o, int) {
  e.s = o.decay * e.s + (1 - o.decay) * g * g;
  const double root = std::sqrt(e.s);
  e.v = o.momentum * e.v - o.learning_rate * g / (root > o.floor ? root : o.floor);
  e.p = e.p + e.v;
}

// Algorithm 1 of Kingma and Ba with both corrections spelled out.
void adam_step(Element& e, double g, const OptimiserOptions& o, int t) {
  e.m = o.beta1 * e.m + (1 - o.beta1) * g;
  e.s = o.beta2 * e.s + (1 - o.beta2) * g * g;
  double power1 = 1, power2 = 1;
  for (int i = 0; i < t; ++i) {
    power1 *= o.beta1;
    power2 *= o.beta2;
  }
  const double mean = e.m / (1 - power1), square = e.s / (1 - power2);
  e.p = e.p - o.learning_rate * mean / (std::sqrt(square) + o.epsilon);
}

// Loshchilov and Hutter's algorithm 2: the decay is taken from the value as it was.
void adamw_step(Element& e, double g, const OptimiserOptions& o, int t) {
  const double decayed = o.learning_rate * o.weight_decay * e.p;
  adam_step(e, g, o, t);
  e.p -= decayed;
}

// The decay as a part of the gradient, in front of any rule.
template <void (*step)(Element&, double, const OptimiserOptions&, int)>
void with_decay(Element& e, double g, const OptimiserOptions& o, int t) {
  step(e, g + o.weight_decay * e.p, o, t);
}

using Step = void (*)(Element&, double, const OptimiserOptions&, int);

// Runs the optimiser beside the plain rule and compares after every update.
template <class T>
void check(const OptimiserOptions& options, Step step, int updates, double tolerance) {
  auto parameters = two_parameters<T>();
  Optimiser<T> optimiser(options, parameters);
  std::vector<Element> elements;
  for (const double p : flatten(parameters.values())) elements.push_back({p});
  for (int t = 1; t <= updates; ++t) {
    const auto gradients = gradients_at<T>(t);
    optimiser.update(parameters, gradients);
    const auto g = flatten(gradients);
    const auto p = flatten(parameters.values());
    for (std::size_t i = 0; i < elements.size(); ++i) {
      step(elements[i], g[i], options, t);
      ASSERT_NEAR(p[i], elements[i].p, tolerance * std::max(1.0, std::abs(elements[i].p)))
          << "update " << t << ", element " << i;
    }
  }
  EXPECT_EQ(optimiser.updates(), updates);
}

template <class T>
class UpdateRule : public testing::Test {
 protected:
  static void compare(const OptimiserOptions& options, Step step) {
    const double tolerance = 64.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
    check<T>(options, step, 1, tolerance);
    check<T>(options, step, 20, tolerance);
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(UpdateRule, Types);

OptimiserOptions options_of(const std::string& rule, double rate) {
  OptimiserOptions options;
  options.rule = rule;
  options.learning_rate = rate;
  return options;
}

TYPED_TEST(UpdateRule, PlainSgd) {
  OptimiserOptions options = options_of("sgd", 0.01);
  options.momentum = 0.0;
  TestFixture::compare(options, sgd_step);
}

TYPED_TEST(UpdateRule, SgdWithMomentum) {
  OptimiserOptions options = options_of("sgd", 0.01);
  options.momentum = 0.8;
  TestFixture::compare(options, sgd_step);
}

TYPED_TEST(UpdateRule, SgdWithNesterovMomentum) {
  OptimiserOptions options = options_of("sgd", 0.01);
  options.nesterov = true;
  TestFixture::compare(options, sgd_step);
}

TYPED_TEST(UpdateRule, RmspropWithAndWithoutItsFloor) {
  OptimiserOptions options = options_of("rmsprop", 0.01);
  TestFixture::compare(options, rmsprop_step);  // the floor holds for the gradient 0.001
  options.floor = 1e-12;
  TestFixture::compare(options, rmsprop_step);
  options.floor = 3.0;
  TestFixture::compare(options, rmsprop_step);
}

TYPED_TEST(UpdateRule, RmspropWithoutMomentum) {
  OptimiserOptions options = options_of("rmsprop", 0.01);
  options.momentum = 0.0;
  options.decay = 0.5;
  TestFixture::compare(options, rmsprop_step);
}

TYPED_TEST(UpdateRule, Adam) {
  TestFixture::compare(options_of("adam", 0.01), adam_step);
  OptimiserOptions options = options_of("adam", 0.1);
  options.beta1 = 0.5;
  options.beta2 = 0.75;
  options.epsilon = 0.1;
  TestFixture::compare(options, adam_step);
}

TYPED_TEST(UpdateRule, AdamwDecaysByItself) {
  TestFixture::compare(options_of("adamw", 0.01), adam_step);
  OptimiserOptions options = options_of("adamw", 0.1);
  options.weight_decay = 0.3;
  TestFixture::compare(options, adamw_step);
}

TYPED_TEST(UpdateRule, OthersDecayInTheGradient) {
  OptimiserOptions options = options_of("adam", 0.1);
  options.weight_decay = 0.3;
  TestFixture::compare(options, with_decay<adam_step>);
  options.rule = "rmsprop";
  TestFixture::compare(options, with_decay<rmsprop_step>);
  options.rule = "sgd";
  options.learning_rate = 0.01;
  TestFixture::compare(options, with_decay<sgd_step>);
}

// Numbers a reader can do in the head.
TEST(RuleByHand, FirstUpdates) {
  const auto first_update = [](const OptimiserOptions& options, double g) {
    ParameterSet<double> set({{"p", {}, Initialiser::zeros()}}, 1);
    Optimiser<double>(options, set).update(set, {Tensor<double>::full({}, g)});
    return set.value(0).item();
  };
  OptimiserOptions sgd = options_of("sgd", 0.5);
  EXPECT_DOUBLE_EQ(first_update(sgd, 4.0), -2.0);
  sgd.nesterov = true;
  EXPECT_DOUBLE_EQ(first_update(sgd, 4.0), -3.8);  // 0.5 (4 + 0.9 * 4)
  OptimiserOptions rmsprop = options_of("rmsprop", 0.5);
  rmsprop.decay = 0.75;
  EXPECT_DOUBLE_EQ(first_update(rmsprop, 4.0), -1.0);   // sqrt(0.25 * 16) = 2
  EXPECT_DOUBLE_EQ(first_update(rmsprop, 0.01), -0.5);  // the floor 0.01 divides, not 0.005
  // The correction makes Adam's first step the rate, whatever the gradient.
  EXPECT_NEAR(first_update(options_of("adam", 0.5), 4.0), -0.5, 1e-8);
  EXPECT_NEAR(first_update(options_of("adam", 0.5), -1e-3), 0.5, 1e-5);
}

TEST(Optimiser, LeavesWhatIsNotTrained) {
  for (const char* rule : {"sgd", "rmsprop", "adam", "adamw"}) {
    ParameterSpec fixed{"fixed", {2}, Initialiser::ones()};
    fixed.trained = false;
    ParameterSet<double> set({fixed, {"free", {2}, Initialiser::ones()}}, 1);
    OptimiserOptions options;
    options.rule = rule;
    Optimiser<double> optimiser(options, set);
    const auto g = Tensor<double>::from({2}, {0.5, -2.0});
    for (int i = 0; i < 3; ++i) optimiser.update(set, {g, g});
    for (const double v : set.value(0).values()) EXPECT_EQ(v, 1.0) << rule;
    for (const double v : set.value(1).values()) EXPECT_NE(v, 1.0) << rule;
  }
}

}  // namespace
}  // namespace carousel
