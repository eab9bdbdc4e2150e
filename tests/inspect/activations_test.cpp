#include "inspect/activations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "task/generated_problem.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

struct Net {
  explicit Net(const std::string& cell, const ModelOptions& options = {})
      : net(catalogue().find(cell), generated_problem("adding", {{"lag", "30"}}), 3, options),
        heard{*net.model, ParameterSet<double>(net.parameters(), 4).values()} {}
  ModelUnderTest net;
  HeardModel heard;
};

TEST(Activations, OfGatesAreTheirValuesAtEachStep) {
  const Net of("lstm");
  const std::vector<ExampleId> ids = {3, 0, 5};
  const auto all = activations(of.heard, ids, {"f", "c"});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0].is_gate);
  EXPECT_FALSE(all[1].is_gate);
  const TrainedModel model(of.heard.model, of.heard.values);
  const auto& problem = dynamic_cast<const GeneratedProblem&>(*of.net.problem);
  for (const Activation& one : all) {
    std::vector<std::vector<double>> values(3);
    for (const ExampleId id : ids) {
      const SequenceExample example = problem.example(Split::valid, id);
      const Index steps = std::ssize(example.x) / 2;
      const auto x = Tensor<float>::from({steps, 1, 2}, example.x);
      const Tensor<double> probed = model.probe(x, one.name)[0];
      for (Index t = 0; t < steps; ++t) {
        for (Index u = 0; u < 3; ++u) values[std::size_t(u)].push_back(probed.data()[t * 3 + u]);
      }
      if (id != 3) continue;
      ASSERT_EQ(one.first.shape(), (Shape{steps, 3}));
      for (Index i = 0; i < steps * 3; ++i) EXPECT_EQ(one.first.data()[i], float(probed.data()[i]));
    }
    for (std::size_t u = 0; u < 3; ++u) {
      const std::vector<double>& v = values[u];
      const double n = double(v.size());
      const double mean = std::accumulate(v.begin(), v.end(), 0.0) / n;
      double squares = 0.0;
      for (const double value : v) squares += (value - mean) * (value - mean);
      EXPECT_NEAR(one.units[u].mean, mean, 1e-12);
      EXPECT_NEAR(one.units[u].deviation, std::sqrt(squares / n), 1e-12);
      EXPECT_EQ(one.units[u].least, *std::ranges::min_element(v));
      EXPECT_EQ(one.units[u].greatest, *std::ranges::max_element(v));
      EXPECT_EQ(one.units[u].low,
                double(std::ranges::count_if(v, [](double x) { return x < 0.1; })) / n);
      EXPECT_EQ(one.units[u].high,
                double(std::ranges::count_if(v, [](double x) { return x > 0.9; })) / n);
    }
  }
}

TEST(Activations, CountClosedAndOpenGates) {
  Net of("lstm");
  const auto& specs = of.net.parameters();
  for (std::size_t k = 0; k < specs.size(); ++k) {
    Tensor<double>& value = of.heard.values[k];
    if (specs[k].name.ends_with("/b_f"))
      std::ranges::copy(std::vector<double>{-9, 0, 9}, value.data());
    else if (specs[k].name.ends_with("_f")) std::ranges::fill(value.values(), 0.0);
  }
  const ExampleId id = 0;
  const Activation f = activations(of.heard, {&id, 1}, {"f"})[0];
  EXPECT_EQ(f.units[0].low, 1.0);
  EXPECT_EQ(f.units[0].high, 0.0);
  EXPECT_EQ(f.units[1].low + f.units[1].high, 0.0);
  EXPECT_EQ(f.units[2].low, 0.0);
  EXPECT_EQ(f.units[2].high, 1.0);
  for (const UnitValues& unit : f.units) EXPECT_TRUE(unit.is_dead());
}

TEST(Activations, OfEachLayer) {
  ModelOptions options;
  options.depth = 2;
  const Net of("gru_reset_before", options);
  const ExampleId id = 0;
  const auto all = activations(of.heard, {&id, 1}, {"z", "h"});
  std::vector<std::string> names;
  for (const Activation& one : all) names.push_back(one.place + " " + one.name);
  EXPECT_THAT(names, testing::ElementsAre("layers/0/forward z", "layers/0/forward h",
                                          "layers/1/forward z", "layers/1/forward h"));
  EXPECT_NE(all[0].units[0].mean, all[2].units[0].mean);
}

TEST(Activations, OfAnUnknownValueAreRefused) {
  const Net of("lstm");
  const ExampleId id = 0;
  EXPECT_THAT(error_of<InputError>([&] {
                activations(of.heard, {&id, 1}, {"zz"});
              }),
              testing::HasSubstr("zz"));
}

TEST(UnitValues, AreDeadWhereTheyNeverMove) {
  EXPECT_TRUE((UnitValues{.least = 0.5, .greatest = 0.5009}.is_dead()));
  EXPECT_FALSE((UnitValues{.least = 0.5, .greatest = 0.502}.is_dead()));
}

}  // namespace
}  // namespace carousel
