#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "series_file.hpp"
#include "task/sequence_problem.hpp"
#include "task/task.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

using Columns = std::vector<std::pair<std::string, std::vector<double>>>;
using Texts = std::map<std::string, std::string>;

template <class F>
std::vector<double> made(int steps, F&& value) {
  std::vector<double> values;
  for (int t = 0; t < steps; ++t) values.push_back(value(static_cast<double>(t)));
  return values;
}

std::vector<double> noise(int steps, const std::string& stream) {
  Random random(7, stream);
  return made(steps, [&](double) { return random.normal(); });
}

// Of the first 70 of 100 values.
struct Moments {
  double mean = 0.0, deviation = 0.0;
  explicit Moments(const std::vector<double>& values) {
    const std::size_t train = values.size() * 70 / 100;
    for (std::size_t t = 0; t < train; ++t) mean += values[t] / double(train);
    for (std::size_t t = 0; t < train; ++t) deviation += std::pow(values[t] - mean, 2);
    deviation = std::sqrt(deviation / double(train));
  }
};

class Forecasting : public testing::Test {
 protected:
  using Owned = std::unique_ptr<SequenceProblem>;

  Owned problem(const Columns& columns, Texts options) const {
    write_columns(folder_ / "mine.csv", columns);
    options["data"] = (folder_ / "mine.csv").string();
    return set_up(options);
  }
  Owned set_up(const Texts& options) const {
    const Task& task = find_task("forecasting");
    TaskOptions all(task.options);
    for (const auto& [name, text] : options) all.set(name, text);
    return Owned(
        dynamic_cast<SequenceProblem*>(task.set_up(all, {folder_.path().string()}).release()));
  }
  std::string error(const Columns& columns, const Texts& options) const {
    return error_of<InputError>([&] { problem(columns, options); });
  }

  TemporaryFolder folder_;
  std::vector<double> ramp_ = made(100, [](double t) { return t; });
  Moments of_ramp_{ramp_};
};

// Steps of a ramp that standardised values stand for.
std::vector<double> steps_of(const std::vector<float>& values, const Moments& ramp) {
  std::vector<double> steps;
  for (const float v : values) {
    steps.push_back(std::round(1000.0 * (double(v) * ramp.deviation + ramp.mean)) / 1000.0);
  }
  return steps;
}

// 70 steps of training, 15 of validation, 15 of test.
TEST_F(Forecasting, NoTargetLiesOutsideOfItsSplit) {
  const auto all = problem({{"a", ramp_}}, {{"context", "4"}, {"horizon", "3"}});
  EXPECT_EQ(all->size(Split::train), 64);
  EXPECT_EQ(all->size(Split::valid), 13);
  EXPECT_EQ(all->size(Split::test), 13);
  const auto expect = [&](Split split, ExampleId id, double first) {
    const SequenceExample example = all->example(split, id);
    EXPECT_THAT(steps_of(example.x, of_ramp_),
                ElementsAre(first - 4, first - 3, first - 2, first - 1));
    EXPECT_THAT(steps_of(example.targets, of_ramp_), ElementsAre(first, first + 1, first + 2));
  };
  expect(Split::train, 0, 4);
  expect(Split::train, 63, 67);
  expect(Split::valid, 0, 70);  // reads the end of train
  expect(Split::valid, 12, 82);
  expect(Split::test, 0, 85);
  expect(Split::test, 12, 97);
  EXPECT_EQ(all->terms(Split::train, 0), 3);
  EXPECT_EQ(all->length(Split::train, 0), 4);
  EXPECT_EQ(all->name(), "mine_4_3");
}

// 77, 16 and 17 steps.
TEST_F(Forecasting, SaysHowManyWindowsEachPartHas) {
  const auto all =
      problem({{"a", made(110, [](double t) { return t; })}}, {{"context", "4"}, {"horizon", "3"}});
  EXPECT_THAT(all->description(), AllOf(HasSubstr("77 steps train, 16 valid, 17 test of a."),
                                        HasSubstr("71 windows train, 14 valid, 15 test.")));
  const auto shown = all->exhibits([](Split, Ids) {
    return std::vector<std::vector<double>>{{0.0, 0.0, 0.0}};
  });
  EXPECT_EQ(shown.at(0).title, "a, test window 8 of 15");
}

TEST_F(Forecasting, AStrideLeavesTrainingWindowsOut) {
  const auto some = problem({{"a", ramp_}}, {{"context", "4"}, {"horizon", "3"}, {"stride", "5"}});
  EXPECT_EQ(some->size(Split::train), 13);  // 4, 9, .. 64
  EXPECT_EQ(some->size(Split::valid), 13);
  EXPECT_THAT(steps_of(some->example(Split::train, 12).targets, of_ramp_), ElementsAre(64, 65, 66));
}

TEST_F(Forecasting, TargetsAreThoseNamedAndAllColumnsAreRead) {
  const Columns columns = {{"a", ramp_},
                           {"b", made(100, [](double t) { return 100.0 - t * t; })},
                           {"c", noise(100, "c")}};
  const Texts windows = {{"context", "2"}, {"horizon", "2"}};
  Texts options = windows;
  options["columns"] = "b, a";
  const auto both = problem(columns, options);
  EXPECT_EQ(both->form().width, 2);
  EXPECT_EQ(both->form().values, 4);
  const SequenceExample of_both = both->example(Split::test, 3);
  options["target"] = "a";
  const auto one = problem(columns, options);
  EXPECT_EQ(one->form().values, 2);
  EXPECT_EQ(one->name(), "mine_a_2_2");
  const SequenceExample of_one = one->example(Split::test, 3);
  EXPECT_EQ(of_one.x, of_both.x);
  EXPECT_THAT(steps_of(of_one.targets, of_ramp_), ElementsAre(88, 89));
  EXPECT_THAT(of_both.targets,
              ElementsAre(testing::_, of_one.targets[0], testing::_, of_one.targets[1]));
  options["target"] = "c";
  EXPECT_THAT(error(columns, options),
              AllOf(HasSubstr("no 'c' among the columns"), HasSubstr("there are: b, a")));
  options["target"] = "a,";
  EXPECT_THAT(error(columns, options), HasSubstr("expected names with commas between them"));
  options["target"] = "a,b,a";
  EXPECT_THAT(error(columns, options), HasSubstr("'a' stands there again"));
}

TEST_F(Forecasting, StandardisedByTheTrainingStepsAlone) {
  std::vector<double> other = ramp_;
  for (std::size_t t = 70; t < 100; ++t) other[t] = 1000.0;
  const Texts options = {{"context", "4"}, {"horizon", "3"}};
  const auto a = problem({{"a", ramp_}}, options);
  const auto b = problem({{"a", other}}, options);
  EXPECT_EQ(a->example(Split::train, 63).targets, b->example(Split::train, 63).targets);
  EXPECT_FLOAT_EQ(b->example(Split::test, 5).targets[1],
                  static_cast<float>((1000.0 - 34.5) / std::sqrt((70.0 * 70.0 - 1.0) / 12.0)));
  EXPECT_NE(a->digest(), b->digest());
  EXPECT_EQ(a->digest(), problem({{"a", ramp_}}, options)->digest());
  EXPECT_NE(a->digest(), problem({{"other", ramp_}}, options)->digest());
  std::vector<double> last = ramp_;
  last[99] = 0.0;
  const auto two = [&](const std::vector<double>& second) {
    return problem({{"a", ramp_}, {"b", second}}, options)->digest();
  };
  EXPECT_NE(two(ramp_), two(last)) << "the last step of the last series counts";
}

// t and t^2, season 2. The errors of the seasonal naive forecast over the 14 training steps are 2,
// and 4 t - 4 for t = 2 .. 13, whose mean is 26.
TEST_F(Forecasting, FiguresAreThoseByHand) {
  const std::vector<double> a = made(20, [](double t) { return t; });
  const std::vector<double> b = made(20, [](double t) { return t * t; });
  const auto both =
      problem({{"a", a}, {"b", b}}, {{"context", "3"}, {"horizon", "2"}, {"season", "2"}});
  const Figures figures = figures_of(*both, [&](Split split, ExampleId id) {
    const std::vector<float> targets = both->example(split, id).targets;
    std::vector<double> outputs(targets.begin(), targets.end());
    for (std::size_t k = 0; k < outputs.size(); ++k) outputs[k] += k % 2 == 0 ? 1.0 : -2.0;
    return outputs;
  });
  const double mase = (Moments(a).deviation / 2.0 + 2.0 * Moments(b).deviation / 26.0) / 2.0;
  for (const Split split : all_splits) {
    EXPECT_NEAR(figure_of(figures, "mse", split), 2.5, 1e-6);
    EXPECT_NEAR(figure_of(figures, "mae", split), 1.5, 1e-6);
    EXPECT_NEAR(figure_of(figures, "mase", split), mase, 1e-6);
  }
  EXPECT_EQ(both->metrics()[0].name, "mse");
  EXPECT_EQ(both->loss_metric(), 0U);
}

TEST_F(Forecasting, NaiveBaselinesAreThoseByHand) {
  const auto last_and_season = [&](const Texts& options) {
    const auto all = problem({{"a", ramp_}}, options)->baselines();
    EXPECT_EQ(all[0].name, "last value");
    EXPECT_EQ(all[1].name, "value " + options.at("season") + " steps before");
    const double variance = of_ramp_.deviation * of_ramp_.deviation;
    return std::pair(variance * figure_of(all[0].figures, "mse", Split::test),
                     variance * figure_of(all[1].figures, "mse", Split::test));
  };
  const auto [last, long_season] =
      last_and_season({{"context", "5"}, {"horizon", "3"}, {"season", "4"}});
  EXPECT_NEAR(last, (1.0 + 4.0 + 9.0) / 3.0, 1e-4);
  EXPECT_NEAR(long_season, 16.0, 1e-4);
  const auto [same, short_season] =
      last_and_season({{"context", "1"}, {"horizon", "3"}, {"season", "2"}});
  EXPECT_NEAR(same, last, 1e-4);
  EXPECT_NEAR(short_season, (4.0 + 4.0 + 16.0) / 3.0, 1e-4) << "the last season is repeated";
}

// A season of 69 of 70 training steps: but for the last window, whose step 69 has step 0 before it,
// the last value stands in, which is 1 off.
TEST_F(Forecasting, BeforeTheFirstSeasonTheLastValueStandsIn) {
  const auto all =
      problem({{"a", ramp_}}, {{"context", "4"}, {"horizon", "1"}, {"season", "69"}})->baselines();
  const double variance = of_ramp_.deviation * of_ramp_.deviation;
  EXPECT_NEAR(variance * figure_of(all[1].figures, "mse", Split::train),
              (65.0 + 69.0 * 69.0) / 66.0, 1e-3);
  const auto two =
      problem({{"a", ramp_}}, {{"context", "4"}, {"horizon", "2"}, {"season", "69"}})->baselines();
  EXPECT_NEAR(variance * figure_of(two[1].figures, "mse", Split::train),
              (65.0 * 1.0 + 64.0 * 4.0 + 69.0 * 69.0) / 130.0, 1e-3);
}

const Baseline& autoregression(const std::vector<Baseline>& all) { return all.back(); }

TEST_F(Forecasting, AnExactAutoregressionIsFitted) {
  // y[t] = 2 cos(w) y[t-1] - y[t-2] about 5, and a series that follows two steps behind.
  const auto wave = [](double t) { return 5.0 + 2.0 * std::sin(0.7 * t); };
  const Columns columns = {{"y", made(200, wave)},
                           {"z", made(200, [&](double t) { return 3.0 * wave(t - 2.0); })}};
  const auto all = problem(columns, {{"context", "5"}, {"horizon", "4"}})->baselines();
  ASSERT_EQ(all.size(), 2U) << "a season of 1 is the last value";
  EXPECT_EQ(autoregression(all).name, "linear autoregression");
  for (const Split split : all_splits) {
    EXPECT_LT(figure_of(autoregression(all).figures, "mse", split), 1e-10);
    EXPECT_GT(figure_of(all[0].figures, "mse", split), 0.1);
  }
}

// One step from one step, by the formula of simple regression, with the ridge that is the best on
// validation. Of so few steps it is not the smallest.
TEST_F(Forecasting, TheRidgeIsChosenOnValidation) {
  const std::vector<double> y = noise(60, "ridge");
  const Moments moments(y);
  const auto at = [&](int t) {
    return double(float((y[std::size_t(t)] - moments.mean) / moments.deviation));
  };
  double mean_x = 0.0, mean_y = 0.0, xx = 0.0, xy = 0.0;
  constexpr int train = 42, valid = 51, windows = train - 1;
  for (int t = 1; t < train; ++t) {
    mean_x += at(t - 1) / windows;
    mean_y += at(t) / windows;
  }
  for (int t = 1; t < train; ++t) {
    xx += std::pow(at(t - 1) - mean_x, 2);
    xy += (at(t - 1) - mean_x) * (at(t) - mean_y);
  }
  const auto error = [&](double ridge, int begin, int end) {
    const double slope = xy / (xx + ridge * windows);
    double sum = 0.0;
    for (int t = begin; t < end; ++t) {
      sum += std::pow(at(t) - mean_y - slope * (at(t - 1) - mean_x), 2) / (end - begin);
    }
    return sum;
  };
  int best = -8;
  for (int exponent = -8; exponent <= 2; ++exponent) {
    if (error(std::pow(10.0, exponent), train, valid) < error(std::pow(10.0, best), train, valid)) {
      best = exponent;
    }
  }
  EXPECT_GT(best, -8);
  const auto all = problem({{"y", y}}, {{"context", "1"}, {"horizon", "1"}})->baselines();
  const Figures& figures = autoregression(all).figures;
  EXPECT_NEAR(figure_of(figures, "mse", Split::valid), error(std::pow(10.0, best), train, valid),
              1e-10);
  EXPECT_NEAR(figure_of(figures, "mse", Split::test), error(std::pow(10.0, best), valid, 60),
              1e-10);
}

// A slope of its own before and behind step 85 of 100, so that the best ridge of validation is none
// of training or test.
TEST_F(Forecasting, TheRidgeIsNotChosenOnTheTestSplit) {
  int between = 0;
  for (int seed = 0; seed < 4; ++seed) {
    const std::vector<double> e = noise(100, fmt::format("changing {}", seed));
    std::vector<double> y(100, 0.0);
    for (std::size_t t = 1; t < 100; ++t) {
      const double slope = t < 70 ? 0.9 : t >= 85 || seed == 3 ? -0.9 : 0.2 + 0.2 * seed;
      y[t] = slope * y[t - 1] + e[t];
    }
    const Moments moments(y);
    const auto at = [&](int t) {
      return double(float((y[std::size_t(t)] - moments.mean) / moments.deviation));
    };
    double mean_x = 0.0, mean_y = 0.0, xx = 0.0, xy = 0.0;
    for (int t = 1; t < 70; ++t) mean_x += at(t - 1) / 69.0, mean_y += at(t) / 69.0;
    for (int t = 1; t < 70; ++t) {
      xx += std::pow(at(t - 1) - mean_x, 2);
      xy += (at(t - 1) - mean_x) * (at(t) - mean_y);
    }
    const auto error = [&](int exponent, int begin, int end) {
      const double slope = xy / (xx + 69.0 * std::pow(10.0, exponent));
      double sum = 0.0;
      for (int t = begin; t < end; ++t) {
        sum += std::pow(at(t) - mean_y - slope * (at(t - 1) - mean_x), 2) / (end - begin);
      }
      return sum;
    };
    const auto best_on = [&](int begin, int end) {
      int best = -8;
      for (int exponent = -8; exponent <= 2; ++exponent) {
        if (error(exponent, begin, end) < error(best, begin, end)) best = exponent;
      }
      return best;
    };
    const int best = best_on(70, 85);
    between += best != 0 && best > -8 && best != best_on(85, 100);
    const auto all = problem({{"y", y}}, {{"context", "1"}, {"horizon", "1"}})->baselines();
    EXPECT_NEAR(figure_of(autoregression(all).figures, "mse", Split::test), error(best, 85, 100),
                1e-9);
    EXPECT_NEAR(figure_of(autoregression(all).figures, "mse", Split::train), error(best, 1, 70),
                1e-9);
  }
  EXPECT_GT(between, 0);
}

TEST_F(Forecasting, TheAutoregressionReadsAllOf20000WindowsAlone) {
  const auto name = [&](int steps) {
    const std::vector<double> wave = made(steps, [](double t) { return std::sin(t); });
    const auto all = problem({{"a", wave}}, {{"context", "1"}, {"horizon", "1"}})->baselines();
    return autoregression(all).name;
  };
  EXPECT_EQ(name(28573), "linear autoregression");  // 20001 steps to train with
  EXPECT_EQ(name(28575), "linear autoregression, one of 2 windows");
}

TEST_F(Forecasting, TheAutoregressionIsBoundedAndSaysSo) {
  Columns columns;
  for (int k = 0; k < 30; ++k) {
    columns.emplace_back(fmt::format("s{}", k), noise(100, fmt::format("s{}", k)));
  }
  const auto wide =
      problem(columns, {{"context", "40"}, {"horizon", "1"}, {"target", "s3"}})->baselines();
  EXPECT_EQ(autoregression(wide).name, "linear autoregression, last 33 steps");
  // In the windows 0, 2, 4, .. the value stays, in the others its sign changes; later it stays.
  const auto sign = [](double t) { return t >= 20998.0 || std::fmod(t, 4.0) < 2.0 ? 1.0 : -1.0; };
  const auto many =
      problem({{"a", made(30000, sign)}}, {{"context", "1"}, {"horizon", "1"}})->baselines();
  EXPECT_EQ(autoregression(many).name, "linear autoregression, one of 2 windows");
  const Figures& figures = autoregression(many).figures;
  EXPECT_NEAR(figure_of(figures, "mse", Split::train), 4.0 * 10498.0 / 20999.0, 1e-4);
  EXPECT_NEAR(figure_of(figures, "mse", Split::test), 0.0, 1e-10);
}

TEST_F(Forecasting, WhatDoesNotFitIsOneMessage) {
  const Columns ramp = {{"a", ramp_}};
  EXPECT_THAT(error(ramp, {}),  // context 96, horizon 24
              AllOf(HasSubstr("70 steps to train with and 15 in the shorter"),
                    HasSubstr("expected horizon at most 15, and context + horizon at most 70")));
  EXPECT_EQ(error(ramp, {{"context", "67"}, {"horizon", "3"}}), "nothing was thrown");
  EXPECT_EQ(error(ramp, {{"context", "4"}, {"horizon", "15"}}), "nothing was thrown");
  // 77, 16 and 17 steps.
  EXPECT_THAT(
      error({{"a", made(110, [](double t) { return t; })}}, {{"context", "4"}, {"horizon", "17"}}),
      HasSubstr("77 steps to train with and 16 in the shorter"));
  EXPECT_THAT(error(ramp, {{"context", "4"}, {"horizon", "16"}}), HasSubstr("at most 15"));
  EXPECT_THAT(error(ramp, {{"context", "68"}, {"horizon", "3"}}), HasSubstr("at most 70"));
  EXPECT_EQ(problem(ramp, {{"context", "67"}, {"horizon", "3"}})->size(Split::train), 1);
  const Texts fits = {{"context", "4"}, {"horizon", "3"}, {"season", "12"}};
  EXPECT_THAT(error(ramp, {{"context", "4"}, {"horizon", "3"}, {"season", "70"}}),
              HasSubstr("season is 70, expected less than the 70 steps"));
  EXPECT_THAT(
      error({{"a", ramp_}, {"flat", made(100, [](double t) { return t < 70 ? 0.1 : t; })}}, fits),
      AllOf(HasSubstr("of 'flat' have the deviation"), HasSubstr("leave it out")));
  EXPECT_THAT(error({{"a", made(100, [](double t) { return std::fmod(t, 12); })}}, fits),
              HasSubstr("'a' is the same in every season of 12 steps"));
  std::vector<double> spike = ramp_;
  spike[90] = 1e9;
  EXPECT_THAT(error({{"a", spike}}, fits), HasSubstr("line 92, column 'a': got 1000000000"));
  EXPECT_THAT(error({{"a", made(100, [](double t) { return 1e200 * t; })}}, fits),
              HasSubstr("have the deviation inf"));
  std::vector<Columns::value_type> wide(1001, {"", noise(40, "wide")});
  for (std::size_t k = 0; k < wide.size(); ++k) wide[k].first = fmt::format("s{}", k);
  EXPECT_THAT(error(wide, {{"context", "2"}, {"horizon", "2"}, {"target", "s1"}}),
              HasSubstr("got 1001 series to read, expected at most 1000"));
  wide.resize(1000);
  EXPECT_EQ(error(wide, {{"context", "2"}, {"horizon", "2"}, {"target", "s1"}}),
            "nothing was thrown");
  wide.resize(900);
  EXPECT_THAT(error(wide, {{"context", "2"}, {"horizon", "5"}}),
              HasSubstr("makes 4500 values in a forecast, expected at most 4096"));
  wide.resize(512);
  for (Columns::value_type& column : wide) column.second = noise(60, column.first);
  EXPECT_EQ(error(wide, {{"context", "2"}, {"horizon", "8"}}), "nothing was thrown");
}

TEST_F(Forecasting, ETTh1HasItsOwnSplitAndSeason) {
  const auto file = folder_ / "time_series/ett/ETTh1.csv";
  write_columns(file, {{"OT", noise(14500, "OT")}});
  const auto etth1 = set_up({});
  EXPECT_EQ(etth1->size(Split::train), 8640 - 96 - 24 + 1);
  EXPECT_EQ(etth1->size(Split::valid), 2880 - 24 + 1);
  EXPECT_EQ(etth1->size(Split::test), 2880 - 24 + 1);
  EXPECT_EQ(etth1->name(), "etth1_96_24");
  EXPECT_THAT(etth1->description(), HasSubstr("a season of 24 steps"));
  write_columns(file, {{"OT", noise(14400, "OT")}});
  EXPECT_EQ(set_up({})->size(Split::test), 2880 - 24 + 1) << "as many as it needs";
  write_columns(file, {{"OT", noise(14399, "OT")}});
  EXPECT_THAT(error_of<InputError>([&] { set_up({}); }),
              HasSubstr("got 14399 steps, expected 14400 or more"));
}

TEST_F(Forecasting, ShowsATestWindowInTheUnitsOfTheFile) {
  const auto all = problem({{"a", ramp_}, {"b", made(100, [](double t) { return -3.0 * t; })}},
                           {{"context", "20"}, {"horizon", "2"}});
  const auto shown = all->exhibits([&](Split split, Ids ids) {
    EXPECT_EQ(split, Split::test);
    EXPECT_EQ(ids.size(), 1U);
    return std::vector<std::vector<double>>{{0.0, 0.0, 1.0, 1.0}};
  });
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0].title, "a, test window 8 of 14");
  EXPECT_EQ(shown[0].arrays.at("truth").values()[9], 93.0f);
  const Exhibit& b = shown[1];
  EXPECT_EQ(b.kind, "lines");
  EXPECT_EQ(b.title, "b, test window 8 of 14");
  EXPECT_EQ(b.texts.at("y_title"), "b");
  EXPECT_EQ(b.numbers.at("first"), -7.0);
  const auto truth = b.arrays.at("truth").values(), forecast = b.arrays.at("forecast").values();
  ASSERT_EQ(truth.size(), 10U);  // 8 steps before, 2 of the forecast, which begins at step 92
  EXPECT_EQ(truth[0], -3.0f * 84.0f);
  EXPECT_EQ(truth[9], -3.0f * 93.0f);
  EXPECT_TRUE(std::isnan(forecast[7]));
  EXPECT_NEAR(forecast[8], -3.0 * of_ramp_.mean, 1e-3);
  EXPECT_NEAR(forecast[9], 3.0 * (of_ramp_.deviation - of_ramp_.mean), 1e-3);
}

}  // namespace
}  // namespace carousel
