#include "study/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "study/study_options.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

StudyOptions study(const std::string& more = "") {
  return parse_study(
      "task: [{name: adding, lag: 30}, copy_memory]\ncells: [{name: lstm, hidden: 4}, "
      "{name: rhn, hidden: 5}]\n" +
          more,
      "study.yaml", {});
}
std::string refusal(const std::string& more) {
  return error_of<InputError>([&] { study(more); });
}

TEST(Settings, AreATextThatReadsBack) {
  const Settings settings = {{"train.batch", "8"}, {"hyper.leak", "0.5"}};
  EXPECT_EQ(to_text(settings), "train.batch=8 hyper.leak=0.5");
  EXPECT_EQ(settings_of(to_text(settings)), settings);
  EXPECT_TRUE(settings_of("").empty());
  EXPECT_THAT(error_of<InputError>([] { settings_of("a=1 b"); }), HasSubstr("key=value"));
}

TEST(Settings, SetAnyKeyOfModelTrainCellsAndTasks) {
  StudyOptions o = study();
  for (const auto& [key, value] : Settings{{"train.batch", "8"},
                                           {"train.optimiser", "sgd"},
                                           {"train.nesterov", "true"},
                                           {"model.zoneout.c", "0.25"},
                                           {"parameters", "5000"},
                                           {"hidden", "7"},
                                           {"hyper.depth", "3"},
                                           {"hyper.phi", "relu"},
                                           {"task.lag", "50"}}) {
    set_key(o, key, value);
  }
  EXPECT_EQ(o.train.batch, 8);
  EXPECT_EQ(o.train.optimiser.rule, "sgd");
  EXPECT_TRUE(o.train.optimiser.nesterov);
  EXPECT_EQ(o.model.zoneout.at("c"), 0.25);
  EXPECT_EQ(o.parameters, 5000);
  for (const StudyCell& cell : o.cells) {
    EXPECT_EQ(cell.hidden, 7);
    EXPECT_EQ(cell.hyper.at("depth"), HyperValue(3.0));
    EXPECT_EQ(cell.hyper.at("phi"), HyperValue("relu"));
  }
  for (const StudyTask& task : o.tasks) EXPECT_EQ(task.options.integer("lag"), 50);
  EXPECT_EQ(with_settings(o, {{"train.batch", "9"}}).train.batch, 9);
}

TEST(Settings, WhatAKeyDoesNotTakeIsRefused) {
  StudyOptions o = study();
  const auto error = [&](const char* key, const char* value) {
    return error_of<InputError>([&] { set_key(o, key, value); });
  };
  EXPECT_THAT(error("train.bach", "8"), HasSubstr("did you mean 'train.batch'?"));
  EXPECT_THAT(error("train.batch", "0"), HasSubstr("train.batch is '0', expected a whole number"));
  EXPECT_THAT(error("train.batch", "8.5"), HasSubstr("a whole number"));
  EXPECT_THAT(error("train.optimiser", "adma"), HasSubstr("did you mean 'adam'?"));
  EXPECT_THAT(error("train.nesterov", "8"), HasSubstr("true or false"));
  EXPECT_THAT(error("hidden", "0"), HasSubstr("hidden is '0'"));
  EXPECT_THAT(error("task.length", "30"), HasSubstr("there is no option 'length'"));
  EXPECT_THAT(error("name", "x"), HasSubstr("there is no key 'name'"));
  EXPECT_THAT(error("search.draws", "3"), HasSubstr("there is no key 'search.draws'"));
}

// Of many draws the mean of what is uniform by its meaning, within four standard errors.
TEST(Draws, HaveTheirDistributions) {
  constexpr int count = 4000;
  const auto mean_of = [](const Distribution& d, auto&& transform) {
    double mean = 0.0;
    for (const std::string& value : drawn_values(d, 3, count)) {
      mean += transform(number_in(value).value()) / count;
    }
    return mean;
  };
  const double error = 4.0 / std::sqrt(12.0 * count);  // of a uniform number in [0, 1]
  const auto same = [](double v) { return v; };
  EXPECT_NEAR(mean_of({"a", "uniform", {"2", "6"}}, same), 4.0, 4.0 * error);
  const auto log = [](double v) { return std::log(v); };
  EXPECT_NEAR(mean_of({"a", "log_uniform", {"1e-4", "1e-2"}}, log), std::log(1e-3),
              std::log(100.0) * error);
  EXPECT_NEAR(mean_of({"a", "one_minus_log_uniform", {"0.01", "1"}},
                      [](double v) { return std::log(1.0 - v); }),
              std::log(0.1), std::log(100.0) * error);
  EXPECT_NEAR(mean_of({"a", "exponent", {"-12", "-6"}}, log), -9.0, 6.0 * error);
  std::map<double, int> dice;
  mean_of({"a", "integer", {"1", "6"}}, [&](double v) { return double(++dice[v]); });
  ASSERT_EQ(dice.size(), 6u);
  for (const auto& [value, times] : dice) {
    EXPECT_EQ(value, std::round(value));
    EXPECT_NEAR(times, count / 6.0, 4.0 * std::sqrt(count * 5.0 / 36.0)) << value;
  }
  // A whole number has the share of the half steps around it: of [0.5, 4.5] in logarithms.
  std::map<double, int> sizes;
  mean_of({"a", "log_integer", {"1", "4"}}, [&](double v) { return double(++sizes[v]); });
  ASSERT_EQ(sizes.size(), 4u);
  const double share = std::log(1.5 / 0.5) / std::log(4.5 / 0.5);
  EXPECT_NEAR(sizes.at(1.0), count * share, 4.0 * std::sqrt(count * share * (1.0 - share)));
  std::map<std::string, int> names;
  for (const std::string& v : drawn_values({"a", "choice", {"x", "y"}}, 3, count)) ++names[v];
  EXPECT_NEAR(names["x"], count / 2.0, 2.0 * std::sqrt(count));
  EXPECT_EQ(names["x"] + names["y"], count);
}

// A function of seed, key and place.
TEST(Draws, DoNotDependOnEachOther) {
  const Distribution d{"train.batch", "uniform", {"0", "1"}};
  const auto ten = drawn_values(d, 1, 10), three = drawn_values(d, 1, 3);
  EXPECT_TRUE(std::equal(three.begin(), three.end(), ten.begin()));
  EXPECT_NE(drawn_values(d, 2, 3), three);
  EXPECT_NE(drawn_values({"train.shard", "uniform", {"0", "1"}}, 1, 3), three);
}

TEST(Grid, HasEveryCombinationAndPoints) {
  const StudyOptions o = study("grid: {train.batch: [8, 16], model.depth: [1, 2]}\n");
  std::vector<std::string> texts;
  for (const Settings& point : points_of(o)) texts.push_back(to_text(point));
  EXPECT_THAT(texts, ElementsAre("train.batch=8 model.depth=1", "train.batch=8 model.depth=2",
                                 "train.batch=16 model.depth=1", "train.batch=16 model.depth=2"));
  EXPECT_EQ(points_of(study()), std::vector<Settings>(1)) << "one, without settings";
  texts.clear();
  for (const Settings& point : points_of(study("grid: {train.batch: [8, 16]}\n"
                                               "points: [{hidden: 3}, {hidden: 4}]\n"))) {
    texts.push_back(to_text(point));
  }
  EXPECT_THAT(texts, ElementsAre("hidden=3 train.batch=8", "hidden=3 train.batch=16",
                                 "hidden=4 train.batch=8", "hidden=4 train.batch=16"));
}

// Figures of different tasks are not compared.
TEST(Grid, OverAnOptionOfTasksMakesTasks) {
  const StudyOptions o = study("grid: {task.lag: [30, 60], train.batch: [8, 9]}\n");
  std::vector<std::string> tasks;
  for (const StudyTask& task : o.tasks) {
    tasks.push_back(fmt::format("{} {}", task.name, task.options.integer("lag")));
  }
  EXPECT_THAT(tasks, ElementsAre("adding 30", "adding 60", "copy_memory 30", "copy_memory 60"));
  EXPECT_EQ(points_of(o).size(), 2u);
}

TEST(Search, ItsShortFormDrawsTheRate) {
  const StudyOptions o = study("search: {draws: 2, exponent_min: -9, exponent_max: -7}\n");
  const auto draws = draws_of(o);
  ASSERT_EQ(draws.size(), 2u);
  EXPECT_THAT(draws[0], ElementsAre(Pair("train.learning_rate", testing::_)));
  const StudyOptions space = study(
      "search: {draws: 2, space: {train.batch: {choice: [8, 9]}, hidden: {integer: [3, 9]}}}\n");
  EXPECT_THAT(draws_of(space)[1], ElementsAre(Pair("train.batch", testing::AnyOf("8", "9")),
                                              Pair("hidden", testing::_)));
}

TEST(Search, BadSpacesNameTheirPlace) {
  const auto space = [](const std::string& text) {
    return refusal("search:\n  draws: 2\n  space:\n    " + text + "\n");
  };
  EXPECT_THAT(space("train.batch: {choice: []}"),
              AllOf(HasSubstr("study.yaml:6:"), HasSubstr("search.space.train.batch")));
  EXPECT_THAT(space("train.learning_rate: {log_uniform: [0, 0.1]}"),
              AllOf(HasSubstr("study.yaml:6:"), HasSubstr("log_uniform begins at 0")));
  EXPECT_THAT(space("train.learning_rate: {uniform: [0.1, 0.01]}"), HasSubstr("lower end first"));
  EXPECT_THAT(space("train.batch: {log_integer: [1.5, 9]}"), HasSubstr("expected whole numbers"));
  EXPECT_THAT(space("train.batch: {uniform: [2, 9]}"), HasSubstr("expected a whole number"))
      << "though its ends are whole";
  EXPECT_THAT(space("train.bach: {integer: [2, 9]}"),
              AllOf(HasSubstr("study.yaml:6:"), HasSubstr("did you mean 'train.batch'?")));
  EXPECT_THAT(space("train.batch: {integr: [2, 9]}"), HasSubstr("did you mean 'integer'?"));
  EXPECT_THAT(space("train.batch: {integer: [0, 9]}"), HasSubstr("train.batch is '0'"));
  EXPECT_THAT(space("train.batch: {integer: [2]}"), HasSubstr("expected two: from and to"));
  EXPECT_THAT(space("train.batch: [2, 9]"), HasSubstr("such as {uniform: [0, 1]}"));
  EXPECT_THAT(space("task.lag: {integer: [20, 30]}"), HasSubstr("expected it in grid"));
  EXPECT_THAT(refusal("search: {space: {train.batch: {integer: [2, 9]}}}\n"),
              HasSubstr("need search.draws"));
}

TEST(Grid, BadKeysNameTheirPlace) {
  EXPECT_THAT(refusal("grid:\n  train.bach: [1, 2]\n"),
              AllOf(HasSubstr("study.yaml:4:"), HasSubstr("did you mean 'train.batch'?")));
  EXPECT_THAT(refusal("grid: {train.batch: []}\n"), HasSubstr("grid.train.batch has 0 entries"));
  EXPECT_THAT(refusal("grid: {train.batch: [8, 8]}\n"), HasSubstr("'8' stands there twice"));
  EXPECT_THAT(refusal("grid:\n  task.symbols: [2, 3]\n"),
              AllOf(HasSubstr("study.yaml:4:"), HasSubstr("there is no option 'symbols'")))
      << "an option of another task";
  EXPECT_THAT(refusal("grid: {train.batch: [8]}\nsearch: {draws: 2, space: {train.batch: {choice: "
                      "[8]}}}\n"),
              HasSubstr("leave one out"));
  EXPECT_THAT(refusal("points: [{train.batch: 8}, {hidden: 3}]\n"), HasSubstr("the same keys"));
}

TEST(Points, AreReadFromCsv) {
  const TemporaryFolder folder;
  std::ofstream(folder / "points.csv") << "train.batch,hidden\r\n8,3\r\n16,4\r\n";
  const StudyOptions o = parse_study("task: adding\ncells: [lstm]\n", "study.yaml",
                                     {points_override(folder / "points.csv")});
  EXPECT_THAT(o.points, ElementsAre(ElementsAre(Pair("train.batch", "8"), Pair("hidden", "3")),
                                    ElementsAre(Pair("train.batch", "16"), Pair("hidden", "4"))));
  std::ofstream(folder / "points.csv") << "train.batch,hidden\n8\n";
  EXPECT_THAT(error_of<InputError>([&] { points_override(folder / "points.csv"); }),
              HasSubstr("points.csv:2: got 1 values, expected 2"));
}

}  // namespace
}  // namespace carousel
