#include "tape/parameters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

ParameterSpec weight(const std::string& name, const Shape& shape = {4, 3}) {
  return {name, shape, Initialiser::normal(1.0), true};
}

bool equal(const Tensor<double>& a, const Tensor<double>& b) {
  return a.shape() == b.shape() && std::ranges::equal(a.values(), b.values());
}

TEST(ParameterSet, ANameGetsTheSameNumbersWhateverElseThereIs) {
  ParameterSet<double> alone({weight("W")}, 3);
  ParameterSet<double> among({weight("A"), weight("B", {7}), weight("W"), weight("Z")}, 3);
  EXPECT_TRUE(equal(alone.value("W"), among.value("W")));
  EXPECT_FALSE(equal(among.value("A"), among.value("W")));
}

TEST(ParameterSet, SeedAndNameDecide) {
  ParameterSet<double> a({weight("W"), weight("V")}, 3);
  ParameterSet<double> b({weight("W")}, 4);
  EXPECT_FALSE(equal(a.value("W"), b.value("W")));
  EXPECT_FALSE(equal(a.value("W"), a.value("V")));
}

TEST(ParameterSet, FloatAndDoubleAgreeButForRounding) {
  const ParameterSet<double> exact({weight("W")}, 3);
  const ParameterSet<float> single({weight("W")}, 3);
  for (Index i = 0; i < 12; ++i) {
    EXPECT_EQ(single.value(0).data()[i], static_cast<float>(exact.value(0).data()[i]));
  }
}

TEST(ParameterSet, KeepsOrderShapesAndInitialisers) {
  const ParameterSet<float> set({{"b", {3}, Initialiser::constant(2.0)}, weight("W", {1, 2})}, 1);
  ASSERT_EQ(set.size(), 2u);
  EXPECT_EQ(set.spec(0).name, "b");
  EXPECT_FALSE(set.spec(0).recurrent_weight);
  EXPECT_TRUE(set.specs()[1].recurrent_weight);
  EXPECT_THAT(set.value(0).values(), ElementsAre(2, 2, 2));
  EXPECT_EQ(set.values()[1].shape(), (Shape{1, 2}));
}

TEST(ParameterSet, MinusIsTheNegativeOfTheOneBesideIt) {
  const auto bias = [](const std::string& name, Initialiser init, const Shape& shape = {5}) {
    return ParameterSpec{name, shape, std::move(init)};
  };
  const auto negative = Initialiser::minus("b_f");
  ParameterSet<double> set({bias("layers/0/forward/b_i", negative),
                            bias("layers/0/forward/b_f", Initialiser::chrono(50)),
                            bias("layers/1/forward/b_f", Initialiser::chrono(50)),
                            bias("layers/1/forward/b_i", negative)},
                           7);
  for (Index i = 0; i < 5; ++i) {
    EXPECT_EQ(set.value(0).data()[i], -set.value(1).data()[i]);
    EXPECT_EQ(set.value(3).data()[i], -set.value(2).data()[i]);
    EXPECT_NE(set.value(0).data()[i], set.value(3).data()[i]);
  }
  const auto fails = [&](ParameterSpec first, ParameterSpec second, const std::string& message) {
    EXPECT_THAT(
        [&] {
          ParameterSet<double>({first, second}, 7);
        },
        testing::ThrowsMessage<InputError>(HasSubstr(message)));
  };
  fails(bias("a/b_i", negative), bias("b/b_f", Initialiser::zeros()), "names no parameter");
  fails(bias("a/b_i", Initialiser::minus("b_g")), bias("a/b_f", Initialiser::zeros()),
        "did you mean 'b_f'?");
  fails(bias("a/b_i", negative), bias("a/b_f", Initialiser::zeros(), {4}), "of shape [4]");
  fails(bias("a/b_i", negative), bias("a/b_f", Initialiser::minus("b_i")), "minus(b_i)");
}

TEST(ParameterSet, CountsElements) {
  EXPECT_EQ(
      ParameterSet<float>({weight("W", {4, 3}), weight("b", {5}), weight("s", {})}, 1).count(), 18);
  EXPECT_EQ(ParameterSet<float>().count(), 0);
  ParameterSpec fixed = weight("F", {7});
  fixed.trained = false;
  EXPECT_EQ(ParameterSet<float>({weight("W", {4, 3}), fixed}, 1).count(), 12);
}

TEST(ParameterSet, UnknownNamesGetASuggestion) {
  ParameterSet<float> set({weight("layers/0/W_z"), weight("layers/0/b_z")}, 1);
  try {
    set.value("layers/0/W_x");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("'layers/0/W_x'"), HasSubstr("did you mean 'layers/0/W_z'?")));
  }
  EXPECT_EQ(&set.value("layers/0/b_z"), &set.value(1));
}

TEST(ParameterSet, ASnapshotIsDeepAndComesBack) {
  ParameterSet<double> set({weight("W"), weight("b", {3})}, 5);
  const auto before = set.snapshot();
  double* const memory = set.value(0).data();
  for (std::size_t k = 0; k < set.size(); ++k) {
    for (double& v : set.value(k).values()) v = -9.0;
  }
  EXPECT_NE(before[0].data()[0], -9.0);
  const auto after = set.snapshot();
  set.restore(before);
  EXPECT_TRUE(equal(set.value("W"), before[0]));
  EXPECT_TRUE(equal(set.value("b"), before[1]));
  EXPECT_EQ(set.value(0).data(), memory) << "restored in place";
  set.value(0).data()[0] = 77.0;
  EXPECT_NE(before[0].data()[0], 77.0) << "the snapshot is not shared";
  set.restore(after);
  EXPECT_EQ(set.value("b").data()[2], -9.0);
}

TEST(ParameterSet, ValuesGoOntoATapeInOrder) {
  const ParameterSet<double> set({weight("W", {2, 2}), weight("b", {2})}, 5);
  Tape<double> tape;
  const std::vector<Var> vars = leaves(tape, set.values());
  ASSERT_EQ(vars.size(), 2u);
  EXPECT_EQ(tape.value(vars[0]).data(), set.value(0).data());
  EXPECT_EQ(vars[1].shape(), (Shape{2}));
  const auto g = tape.gradients(sum(vars[1] * vars[1]), vars);
  EXPECT_EQ(g[1].data()[0], 2.0 * set.value(1).data()[0]);
  EXPECT_THAT(g[0].values(), ElementsAre(0, 0, 0, 0));
}

TEST(ParameterView, HasTheVarsOfAGroupByName) {
  const std::vector<ParameterSpec> specs = {{"layers/0/W", {1}, Initialiser::zeros()},
                                            {"layers/1/W", {2}, Initialiser::zeros()},
                                            {"out/W", {3}, Initialiser::zeros()},
                                            {"outer/W", {4}, Initialiser::zeros()}};
  Tape<double> tape;
  std::vector<Var> vars;
  for (const ParameterSpec& spec : specs)
    vars.push_back(tape.constant(Tensor<double>::zeros(spec.shape)));
  const ParameterView view(specs, vars);
  ASSERT_EQ(view.of("layers").size(), 2u);
  EXPECT_EQ(view.of("layers")[1].shape(), (Shape{2}));
  ASSERT_EQ(view.of("out").size(), 1u) << "outer begins with out, and is another group";
  EXPECT_EQ(view.of("out")[0].shape(), (Shape{3}));
  EXPECT_EQ(view.of("layers/1").size(), 1u);
  EXPECT_THROW(view.of("none"), BugError);
  EXPECT_THROW(view.of("out/W"), BugError) << "a parameter is no group";
  EXPECT_THROW(ParameterView(specs, std::span(vars).first(3)), BugError);
  const std::vector<ParameterSpec> torn = {specs[0], specs[2], specs[1]};
  EXPECT_THROW(ParameterView(torn, std::span(vars).first(3)).of("layers"), BugError);
}

}  // namespace
}  // namespace carousel
