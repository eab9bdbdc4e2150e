// What an inspection of a run finds, and the files that it writes.

#include "inspect/inspected_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "catalogue.hpp"
#include "csv.hpp"
#include "event_records.hpp"
#include "inspect/inspection_exhibits.hpp"
#include "inspect/inspection_files.hpp"
#include "inspect/inspection_log.hpp"
#include "inspect/step_jacobians.hpp"
#include "io/archive.hpp"
#include "study/run_folder.hpp"
#include "study/study.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

class InspectedRun : public testing::Test {
 protected:
  InspectedRun() {
    TaskOptions adding(find_task("adding").options);
    for (const auto& [name, value] :
         {std::pair("lag", "12"), {"examples", "40"}, {"valid", "10"}, {"test", "10"}}) {
      adding.set(name, value);
    }
    StudyOptions options;
    options.tasks = {{"adding", adding}};
    options.cells = {{"lstm", 4}, {"rnn_tanh", 5}};
    options.seeds = {1, 2};
    options.train.epochs = 5;
    options.train.keep_every = 2;
    const std::atomic<bool> stop{false};
    results_ = start_study(options, registry_, {run(), {}, 2, "", false}, stop, {});
  }
  std::filesystem::path run() const { return folder_ / "run"; }
  ModelOfRun trial(const std::string& id) const { return {.run = run(), .trial = id}; }
  ModelOfRun cell(const std::string& name) const {
    return {.run = run(), .trial = "", .cell = name};
  }
  std::vector<InspectedModel> inspect(const ModelOfRun& wanted,
                                      const InspectOptions& options = {}) {
    return inspect_run(registry_, wanted, options, [](const std::string&) {});
  }

  TemporaryFolder folder_;
  CellRegistry registry_ = catalogue();
  StudyResults results_;
};

TEST_F(InspectedRun, HasTheBestModelOfEachCellAtEachMoment) {
  const auto models = inspect(cell(""));
  std::vector<std::string> moments;
  for (const InspectedModel& model : models) {
    moments.push_back(fmt::format("{} {}", model.trial.cell, model.epoch));
    EXPECT_EQ(model.found.dynamics.size(), 1U);
  }
  std::vector<std::string> expected;
  for (const std::string cell : {"lstm", "rnn_tanh"}) {
    const TrialRecord* best = nullptr;
    for (const TrialRecord& trial : results_.trials) {
      if (trial.cell == cell && (!best || trial.chosen_by() < best->chosen_by())) best = &trial;
    }
    for (const int epoch : std::set<int>{0, 2, 4, best->best_epoch}) {
      expected.push_back(fmt::format("{} {}", cell, epoch));
    }
    for (const InspectedModel& model : models) {
      if (model.trial.cell == cell) {
        EXPECT_EQ(model.trial.seed, best->seed);
      }
    }
  }
  EXPECT_EQ(moments, expected);
}

// Of matrices, which are the model's own: those of the start are drawn from the seed.
TEST_F(InspectedRun, BeginsWithTheValuesBeforeTraining) {
  const OpenModel open = open_model(registry_, {.run = run(), .trial = "lstm-h4-s2"});
  const ParameterSet<float> drawn(open.model().model().parameters(), 2);
  const auto models = inspect(trial("lstm-h4-s2"));
  ASSERT_EQ(models.front().epoch, 0);
  ASSERT_FALSE(models.front().found.matrices.empty());
  for (const MatrixFigures& matrix : models.front().found.matrices) {
    std::size_t at = 0;
    while (drawn.spec(at).name != matrix.name) ++at;
    const Tensor<double> value = in_double(std::vector<Tensor<float>>{drawn.value(at)}).front();
    EXPECT_EQ(matrix.largest, singular_values(value).front()) << matrix.name;
    EXPECT_EQ(matrix.smallest, singular_values(value).back()) << matrix.name;
    EXPECT_EQ(matrix.shape, value.shape());
    const bool square = value.shape()[0] == value.shape()[1];
    EXPECT_EQ(square, std::isfinite(matrix.spectral_radius));
    if (square) {
      EXPECT_EQ(matrix.spectral_radius, absolute_eigenvalues(value).front());
    }
  }
  EXPECT_NE(models.back().found.matrices[0].largest, models.front().found.matrices[0].largest);
}

TEST_F(InspectedRun, ProbesWhatWasAskedFor) {
  const auto models = inspect(cell("lstm"), {.examples = 2, .probes = {"g", "grad:c"}});
  std::vector<std::string> names;
  for (const Activation& one : models.front().found.values) names.push_back(one.name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("i", "f", "o", "g", "h", "c"));
  ASSERT_EQ(models.front().found.gradients.size(), 1U);
  EXPECT_EQ(models.front().found.gradients[0].state, "c");
  EXPECT_THAT(error_of<InputError>([&] { inspect(cell(""), {.probes = {"grad:z"}}); }),
              testing::AllOf(HasSubstr("grad:z"), HasSubstr("it has h")));
  EXPECT_THAT(error_of<InputError>([&] { inspect(cell("gru")); }), HasSubstr("no trained model"));
}

TEST_F(InspectedRun, TakesAsManyExamplesAndStepsAsAsked) {
  const auto few = inspect(trial("lstm-h4-s1"), {.examples = 1, .jacobian_steps = 3});
  const auto more = inspect(trial("lstm-h4-s1"), {.examples = 3, .jacobian_steps = 3});
  EXPECT_EQ(few[0].found.dynamics[0].jacobians.size(), 3U);
  EXPECT_EQ(few[0].found.dynamics[0].jacobians.back().step, 3);
  EXPECT_EQ(few[0].found.dynamics[0].size, 8);
  EXPECT_EQ(few[0].found.dynamics[0].exponents.size(), 8U);
  EXPECT_NE(few[0].found.gradients[0].norms[0], more[0].found.gradients[0].norms[0]);
}

// The memory of a state that a step multiplies by m is m a step: half of it after ln 0.5 / ln m.
TEST_F(InspectedRun, HalfLivesFollowFromWhatAStepKeeps) {
  const auto models = inspect(trial("lstm-h4-s1"));
  int of_c = 0;
  for (const Memory& m : models.back().found.dynamics[0].memory) {
    if (m.state == "h") {
      EXPECT_EQ(m.keeps, 0.0);
      EXPECT_EQ(m.half_life, 0.0);
      continue;
    }
    ++of_c;
    EXPECT_EQ(m.unit, of_c);
    EXPECT_GT(m.keeps, 0.2);
    EXPECT_LT(m.keeps, 1.0);
    EXPECT_NEAR(std::pow(m.keeps, m.half_life), 0.5, 1e-12);
  }
  EXPECT_EQ(of_c, 4);
}

TEST_F(InspectedRun, WritesEveryNumberAsCsvAndAsArrays) {
  const auto models = inspect(cell(""), {.examples = 2, .jacobian_steps = 4});
  write_inspection(run(), models);
  const auto archives = read_archives(run() / "inspect/inspection.h5");
  EXPECT_EQ(archives.size(), models.size() + 2);  // and the pictures of two trials
  const InspectedModel& model = models.back();
  const Archive& archive = archives.at(fmt::format("{} epoch {:06}", model.id, model.epoch));
  const auto& norms = model.found.gradients[0].norms;
  const Tensor<double>& array = archive.tensor<double>("gradients/layers/0/forward/h");
  EXPECT_THAT(std::vector<double>(array.values().begin(), array.values().end()), norms);
  const auto rows = read_csv(file_text(run() / "inspect/gradients.csv"));
  std::vector<double> read;
  for (const auto& row : rows) {
    if (row.at("trial") == model.id && row.at("epoch") == std::to_string(model.epoch)) {
      EXPECT_EQ(row.at("lag"), std::to_string(read.size() + 1));
      EXPECT_EQ(row.at("cell"), "rnn_tanh");
      EXPECT_EQ(row.at("dataset"), "adding_12");
      EXPECT_EQ(row.at("state"), "h");
      read.push_back(std::stod(row.at("norm")));
    }
  }
  EXPECT_EQ(read, norms);
  for (const auto& [file, count] :
       std::map<std::string, std::size_t>{{"values.csv", 0},
                                          {"matrices.csv", 0},
                                          {"jacobians.csv", 4 * models.size()},
                                          {"exponents.csv", 0},
                                          {"memory.csv", 0}}) {
    const auto all = read_csv(file_text(run() / "inspect" / file));
    EXPECT_FALSE(all.empty()) << file;
    if (count > 0) {
      EXPECT_EQ(all.size(), count) << file;
    }
  }
}

// Each figure under its own name.
TEST_F(InspectedRun, TablesKeepFiguresApart) {
  InspectedModel model{results_.trials[0], "t", 7, {}};
  model.found.values = {
      {"a/0/forward",
       "z",
       true,
       {{.mean = 0.1, .deviation = 0.2, .least = 0.3, .greatest = 0.4, .low = 0.5, .high = 0.6}},
       {}}};
  model.found.matrices = {{"a/U", {2, 3}, 9.0, 8.0, 7.0}};
  model.found.dynamics = {
      {"a/0/forward",
       2,
       {{3, 1.0, 2.0, 4.0, 5.0}},
       {0.25, -0.5},
       {{"h", 2, 0.75, 6.0}, {"h", 3, 1.0, std::numeric_limits<double>::infinity()}}}};
  std::map<std::string, std::string> texts;
  for (const InspectionFile& file : inspection_csv({model})) texts[file.name] = file.text;
  const auto row = [&](const std::string& name) { return read_csv(texts.at(name)).at(0); };
  EXPECT_EQ(row("values.csv").at("mean"), "0.1");
  EXPECT_EQ(row("values.csv").at("deviation"), "0.2");
  EXPECT_EQ(row("values.csv").at("least"), "0.3");
  EXPECT_EQ(row("values.csv").at("greatest"), "0.4");
  EXPECT_EQ(row("values.csv").at("below_0.1"), "0.5");
  EXPECT_EQ(row("values.csv").at("above_0.9"), "0.6");
  EXPECT_EQ(row("values.csv").at("dead"), "false");
  EXPECT_EQ(row("values.csv").at("epoch"), "7");
  EXPECT_EQ(row("matrices.csv").at("rows"), "2");
  EXPECT_EQ(row("matrices.csv").at("columns"), "3");
  EXPECT_EQ(row("matrices.csv").at("largest"), "9");
  EXPECT_EQ(row("matrices.csv").at("smallest"), "8");
  EXPECT_EQ(row("matrices.csv").at("spectral_radius"), "7");
  EXPECT_EQ(row("jacobians.csv").at("step"), "3");
  EXPECT_EQ(row("jacobians.csv").at("spectral_radius"), "1");
  EXPECT_EQ(row("jacobians.csv").at("largest"), "2");
  EXPECT_EQ(row("jacobians.csv").at("median"), "4");
  EXPECT_EQ(row("jacobians.csv").at("smallest"), "5");
  EXPECT_EQ(read_csv(texts.at("exponents.csv")).at(1).at("exponent"), "-0.5");
  EXPECT_EQ(row("memory.csv").at("keeps"), "0.75");
  EXPECT_EQ(row("memory.csv").at("half_life"), "6");
  EXPECT_EQ(read_csv(texts.at("memory.csv")).at(1).at("half_life"), "inf");
  const Archive archive = inspection_archive(model);
  EXPECT_EQ(archive.tensor<double>("values/a/0/forward/z/low").data()[0], 0.5);
  EXPECT_EQ(archive.tensor<double>("values/a/0/forward/z/greatest").data()[0], 0.4);
  EXPECT_EQ(archive.tensor<double>("matrices/a/U").data()[2], 7.0);
  EXPECT_EQ(archive.tensor<double>("jacobians/a/0/forward/median").data()[0], 4.0);
  EXPECT_EQ(archive.tensor<double>("memory/a/0/forward").data()[1], 1.0);
}

TEST_F(InspectedRun, ShowsGradientsOfAllMomentsAndTheRestOfTheBest) {
  const auto models = inspect(trial("lstm-h4-s1"), {.examples = 2, .jacobian_steps = 4});
  std::map<std::string, int> kinds;
  const auto best = std::ranges::find_if(
      models, [](const InspectedModel& m) { return m.epoch == m.trial.best_epoch; });
  for (const Exhibit& exhibit : exhibits_of(models)) {
    ++kinds[exhibit.kind];
    if (exhibit.title.starts_with("Gradient")) {
      EXPECT_EQ(exhibit.arrays.size(), models.size());
      const GradientReach& all = models.front().found.gradients.back();
      EXPECT_EQ(all.state, "all");
      EXPECT_EQ(exhibit.arrays.at("at the start").numel(), std::ssize(all.norms));
      EXPECT_EQ(exhibit.arrays.at("at the start").data()[3], float(all.norms[3]));
      EXPECT_EQ(exhibit.arrays.at("best epoch").data()[3],
                float(best->found.gradients.back().norms[3]));
    }
    if (exhibit.kind == "heat" && exhibit.title.starts_with("Gate f")) {
      const auto f = std::ranges::find(best->found.values, "f", &Activation::name);
      const Tensor<float>& shown = exhibit.arrays.at("values");
      ASSERT_EQ(shown.shape(), (Shape{4, f->first.shape()[0]}));
      EXPECT_EQ(shown.data()[2 * shown.shape()[1] + 5], f->first.data()[5 * 4 + 2]);
    }
    if (exhibit.kind == "points") {
      const Tensor<float>& shown = exhibit.arrays.at("o, layers/0/forward");
      const auto o = std::ranges::find(best->found.values, "o", &Activation::name);
      EXPECT_EQ(shown.data()[2], float(o->units[1].high));
      EXPECT_EQ(shown.data()[3], float(o->units[1].low));
    }
  }
  EXPECT_EQ(kinds, (std::map<std::string, int>{{"lines", 3}, {"heat", 3}, {"points", 1}}));
}

TEST_F(InspectedRun, AddsItsExhibitsToTheResults) {
  StudyResults before = RunFolder(run()).results(), after = before;
  add_inspection(run(), after);
  EXPECT_EQ(after.exhibits.size(), before.exhibits.size());
  const auto models = inspect(trial("rnn_tanh-h5-s1"));
  write_inspection(run(), models);
  add_inspection(run(), after);
  const std::size_t count = exhibits_of(models).size();
  ASSERT_EQ(after.exhibits.size(), before.exhibits.size() + count);
  const StudyExhibit& first = after.exhibits[before.exhibits.size()];
  EXPECT_EQ(first.cell, "rnn_tanh");
  EXPECT_EQ(first.dataset, "adding_12");
  EXPECT_EQ(first.exhibit.texts.at("y_scale"), "log");
}

// The share of the units and steps at which gate i is saturated, before training and behind it.
TEST_F(InspectedRun, GoesToTensorBoardWhereTheRunDoes) {
  const auto models = inspect(cell("lstm"));
  log_inspection(run(), models);
  EXPECT_FALSE(std::filesystem::exists(run() / "inspect"));

  RunFolder folder(run());
  StudyOptions study = folder.options();
  study.log = "tensorboard";
  folder.write_study(study);
  log_inspection(run(), models);
  const std::filesystem::directory_iterator files(run() / "inspect" / models[0].id);
  std::string all;
  for (const std::string& event : events_of(files->path())) all += decoded(event, folder_.path());
  double high = 0.0;
  for (const Activation& value : models.back().found.values) {
    if (value.name != "i") continue;
    for (const UnitValues& unit : value.units) high += unit.high / double(value.units.size());
  }
  const std::int64_t updates =
      models.back().trial.curve.at(static_cast<std::size_t>(models.back().epoch - 1)).updates;
  const std::regex point(
      "step: " + std::to_string(updates) +
      "[^}]*tag: \"above 0.9/layers/0/forward/i\"\\s+simple_value: ([-+.e0-9]+)");
  std::smatch match;
  ASSERT_TRUE(std::regex_search(all, match, point)) << all;
  EXPECT_FLOAT_EQ(std::stof(match[1]), static_cast<float>(high));
}

}  // namespace
}  // namespace carousel
