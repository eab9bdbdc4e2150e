// The numbers of the pictures: the same in the page's JSON and in the CSV files.

#include "report/plots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "report/sample.hpp"
#include "tensor/error.hpp"
#include "text_difference.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

Plots plots_of(const StudyResults& results) { return plots_of(results, summarise(results)); }

std::string csv_of(const Plots& plots, const std::string& name) {
  for (const PlotFile& file : plots_csv(plots)) {
    if (file.name == name) return file.text;
  }
  return "no such file";
}

StudyResults curves_of_three_seeds() {
  StudyResults results = study_on({"tunes"});
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    TrialRecord trial = finished_trial("lstm", seed, 8.0);
    const double s = static_cast<double>(seed);
    trial.curve = {curve_point(1, s, 9.0 + s), curve_point(2, 2.5 * s, 8.0 + s)};
    results.trials.push_back(trial);
  }
  results.trials[2].status = "diverged";
  results.trials[2].seed = 18446744073709551615U;
  results.trials[2].curve[1].valid[0] = kInfinite;
  return results;
}

StudyResults a_search() {
  StudyResults results = study_on({"tunes"});
  const double rates[] = {0.002, 0.00000625, 0.01, 0.0005};
  for (int draw = 1; draw <= 4; ++draw) {
    TrialRecord trial = finished_trial("gru", 1, 7.5 + draw);  // validation: 8 + draw
    trial.draw = draw;
    trial.learning_rate = rates[draw - 1];
    trial.drawn = fmt::format("train.learning_rate={} train.optimiser={}", rates[draw - 1],
                              draw % 2 == 0 ? "adam" : "sgd");
    trial.selected = draw == 1;
    results.trials.push_back(trial);
  }
  results.trials[2].status = "diverged";
  results.trials[3].status = "waiting";
  return results;
}

StudyExhibit a_roll() {
  StudyExhibit roll;
  roll.dataset = "tunes";
  roll.cell = "gru";
  roll.exhibit.kind = "roll";
  roll.exhibit.title = "the first, \"short\"";
  roll.exhibit.numbers["lowest"] = 40;
  // Pitches 40 .. 47. A chance below 0.02 makes no key worth showing.
  roll.exhibit.arrays["notes"] = Tensor<float>::from({2, 8}, {0, 0, 0, 1, 0, 0, 0, 0,  //
                                                              0, 0, 0, 1, 1, 0, 0, 0});
  roll.exhibit.arrays["expected"] = Tensor<float>::from(
      {2, 8}, {0.019f, 0, 0.0004f, 0.75f, 0, 0, 0, 0, 0, 0, 0, 1.0f, 0, 0.0206f, 0, 0.01f});
  return roll;
}

TEST(Plots, CurvesAreTheSameInJsonAndCsv) {
  const Plots plots = plots_of(curves_of_three_seeds());
  EXPECT_EQ(
      plots_json(plots),
      R"({"datasets":[{"dataset":"tunes","metric":{"title":"NLL","axis":"NLL, nats per step",)"
      R"("higher":false,"decimals":3},"train":true,"series":[{"label":"lstm","seeds":2,"points":)"
      R"([[1,10,1.5E0,1.05E1,1E1,1.1E1,9.5E0,2],[2,20,3.75E0,9.5E0,9E0,1E1,8.5E0,2]],)"
      R"("diverged":[{"seed":"18446744073709551615","points":[[1,10,3E0,1.2E1]]}],)"
      R"("sweeps":[],"tuning":[]}]}],"rolls":[],"lines":[],"maps":[]})");
  EXPECT_EQ(csv_of(plots, "curves_band.csv"),
            "dataset,cell,metric,epoch,updates,seconds,seeds,valid_mean,valid_low,valid_high,"
            "train_mean\n"
            "tunes,lstm,nll,1,10,1.500000,2,10.500000,10.000000,11.000000,9.500000\n"
            "tunes,lstm,nll,2,20,3.750000,2,9.500000,9.000000,10.000000,8.500000\n");
  EXPECT_EQ(csv_of(plots, "curves_diverged.csv"),
            "dataset,cell,metric,seed,epoch,updates,seconds,valid\n"
            "tunes,lstm,nll,18446744073709551615,1,10,3.000000,12.000000\n");
}

TEST(Plots, TrialsAreInOrderOfValuesAndDivergedOnesHaveNoHeight) {
  const Plots plots = plots_of(a_search());
  EXPECT_TRUE(holds(plots_json(plots),
                    R"("sweeps":[{"key":"train.learning_rate","points":[)"
                    R"([6.25E-6,1E1,2,"done",false],[5E-4,null,4,"waiting",false],)"
                    R"([2E-3,9E0,1,"done",true],[1E-2,null,3,"diverged",false]]},)"
                    R"({"key":"train.optimiser","points":[["adam",1E1,2,"done",false],)"));
  EXPECT_EQ(csv_of(plots, "sweeps.csv"),
            "dataset,cell,metric,key,value,draw,valid,status,chosen\n"
            "tunes,gru,nll,train.learning_rate,6.25e-06,2,10.000000,done,0\n"
            "tunes,gru,nll,train.learning_rate,0.0005,4,,waiting,0\n"
            "tunes,gru,nll,train.learning_rate,0.002,1,9.000000,done,1\n"
            "tunes,gru,nll,train.learning_rate,0.01,3,,diverged,0\n"
            "tunes,gru,nll,train.optimiser,adam,2,10.000000,done,0\n"
            "tunes,gru,nll,train.optimiser,adam,4,,waiting,0\n"
            "tunes,gru,nll,train.optimiser,sgd,1,9.000000,done,1\n"
            "tunes,gru,nll,train.optimiser,sgd,3,,diverged,0\n");
}

TEST(Plots, TheTuningCurveIsThatComputedByHand) {
  // Three draws ended: 9, 10, diverged. One of them: finite with 2/3, then 9.5 on average. Two:
  // finite always; best 9 in the pairs (9, 10), (9, x), and 10 in (10, x). Three: 9.
  const Plots plots = plots_of(a_search());
  EXPECT_EQ(csv_of(plots, "tuning_curve.csv"),
            "dataset,cell,metric,draws,expected_valid,probability_finite\n"
            "tunes,gru,nll,1,9.500000,0.666667\n"
            "tunes,gru,nll,2,9.333333,1.000000\n"
            "tunes,gru,nll,3,9.000000,1.000000\n");
  EXPECT_TRUE(holds(plots_json(plots), R"("tuning":[[1,9.5E0,6.66667E-1],[2,)"));
}

TEST(Plots, ARollIsCutToTheKeysInUse) {
  StudyResults results = study_on({"tunes"});
  results.exhibits = {a_roll()};
  const Plots plots = plots_of(results);
  ASSERT_EQ(plots.rolls.size(), 1U);
  const PlotRoll& roll = plots.rolls[0];
  EXPECT_EQ(roll.lowest, 42) << "43 sounds; one key more below";
  EXPECT_EQ(roll.keys, 5) << "45 is expected with 0.0206; one key more above";
  EXPECT_THAT(roll.notes, ElementsAre(ElementsAre(43), ElementsAre(43, 44)));
  EXPECT_THAT(roll.expected,
              ElementsAre(ElementsAre(0, 750, 0, 0, 0), ElementsAre(0, 1000, 0, 21, 0)));
  EXPECT_TRUE(holds(plots_json(plots), R"("lowest":42,"keys":5,"notes":[[43],[43,44]],)"
                                       R"("expected":[[0,750,0,0,0],[0,1000,0,21,0]])"));
  const std::string csv = csv_of(plots, "piano_roll.csv");
  EXPECT_TRUE(holds(csv, "\ntunes,gru,\"the first, \"\"short\"\"\",1,43,1,0.750\n"));
  EXPECT_TRUE(holds(csv, "\",2,44,1,0.000\n"));
  EXPECT_TRUE(holds(csv, "\",2,45,0,0.021\n"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 5);
}

TEST(Plots, RollsOfOneSequenceShareTheirKeys) {
  StudyResults results = study_on({"tunes"});
  results.exhibits = {a_roll(), a_roll(), a_roll()};
  results.exhibits[1].cell = "lstm";
  results.exhibits[1].exhibit.arrays["expected"] = Tensor<float>::full({2, 8}, 0.5f);
  results.exhibits[2].exhibit.title = "another";
  const Plots plots = plots_of(results);
  EXPECT_EQ(plots.rolls[0].lowest, 40);
  EXPECT_EQ(plots.rolls[0].keys, 8);
  EXPECT_EQ(plots.rolls[2].lowest, 42);
}

TEST(Plots, ASilentRollKeepsAllKeys) {
  StudyResults results = study_on({"tunes"});
  results.exhibits = {a_roll()};
  results.exhibits[0].exhibit.arrays["notes"] = Tensor<float>::zeros({2, 8});
  results.exhibits[0].exhibit.arrays["expected"] = Tensor<float>::zeros({2, 8});
  EXPECT_EQ(plots_of(results).rolls[0].keys, 8);
}

TEST(Plots, RollsThatDoNotFitAreABug) {
  StudyResults results = study_on({"tunes"});
  results.exhibits = {a_roll()};
  results.exhibits[0].exhibit.arrays["expected"] = Tensor<float>::zeros({2, 7});
  EXPECT_THROW(plots_of(results), BugError);
  results.exhibits[0].exhibit.arrays.erase("expected");
  EXPECT_THROW(plots_of(results), BugError);
  results.exhibits = {a_roll()};
  results.exhibits[0].exhibit.arrays["notes"] = Tensor<float>();
  results.exhibits[0].exhibit.arrays["expected"] = Tensor<float>();
  EXPECT_THROW(plots_of(results), BugError);
  results.exhibits = {a_roll()};
  results.exhibits[0].exhibit.numbers.clear();
  EXPECT_THROW(plots_of(results), BugError);
}

StudyExhibit lines_of_cell(const std::string& cell, const std::vector<float>& forecast) {
  StudyExhibit one{"tunes", cell, {"lines", "window 3", {}, {{"first", -1.0}}}};
  one.exhibit.texts = {{"x_title", "steps"}, {"y_title", "load"}};
  one.exhibit.arrays["forecast"] = Tensor<float>::from({std::ssize(forecast)}, forecast);
  one.exhibit.arrays["truth"] = Tensor<float>::from({3}, {1.5f, 2.0f, 2.5f});
  return one;
}

TEST(Plots, LinesOfOnePictureAreThoseOfAllCells) {
  constexpr float none = std::numeric_limits<float>::quiet_NaN();
  StudyResults results = study_on({"tunes"});
  results.exhibits = {lines_of_cell("lstm", {none, none, 2.25f}), a_roll(),
                      lines_of_cell("gru", {none, 3.0f, 1e-7f})};
  results.exhibits[2].exhibit.arrays["upper"] = Tensor<float>::full({3}, 9.0f);
  results.exhibits.push_back(results.exhibits[0]);
  results.exhibits[3].exhibit.title = "window 4";
  const Plots plots = plots_of(results);
  ASSERT_EQ(plots.lines.size(), 2U);
  EXPECT_TRUE(holds(
      plots_json(plots),
      R"("lines":[{"dataset":"tunes","title":"window 3","x_title":"steps","y_title":"load",)"
      R"("first":-1,"log":false,"lines":[{"label":"truth","truth":true,"values":[1.5E0,2E0,2.5E0]},)"
      R"({"label":"lstm","truth":false,"values":[null,null,2.25E0]},)"
      R"({"label":"gru: forecast","truth":false,"values":[null,3E0,1.0000000116860974E-7]},)"
      R"({"label":"gru: upper","truth":false,"values":[9E0,9E0,9E0]}]},{"dataset":"tunes",)"
      R"("title":"window 4",)"));
  EXPECT_THAT(csv_of(plots, "lines.csv"),
              testing::StartsWith("dataset,picture,line,step,value\n"
                                  "tunes,window 3,truth,-1,1.5\ntunes,window 3,truth,0,2\n"
                                  "tunes,window 3,truth,1,2.5\ntunes,window 3,lstm,1,2.25\n"
                                  "tunes,window 3,gru: forecast,0,3\n"));
}

TEST(Plots, LinesThatDoNotFitAreABug) {
  const auto expect_bug = [](auto&& change) {
    StudyResults results = study_on({"tunes"});
    results.exhibits = {lines_of_cell("lstm", {1, 2, 3}), lines_of_cell("gru", {1, 2, 3})};
    EXPECT_EQ(plots_of(results).lines.size(), 1U);
    change(results.exhibits[1].exhibit);
    EXPECT_THROW(plots_of(results), BugError);
  };
  expect_bug([](Exhibit& lines) { lines.arrays["forecast"] = Tensor<float>::zeros({4}); });
  expect_bug([](Exhibit& lines) { lines.arrays["forecast"] = Tensor<float>::zeros({3, 1}); });
  expect_bug([](Exhibit& lines) { lines.arrays = {{"forecast", Tensor<float>::zeros({4})}}; });
  expect_bug([](Exhibit& lines) { lines.arrays.clear(); });
  expect_bug([](Exhibit& lines) {
    lines.numbers.clear();
    lines.title = "alone";
  });
  expect_bug([](Exhibit& lines) {
    lines.texts.erase("y_title");
    lines.title = "alone";
  });
}

StudyExhibit a_matrix() {
  StudyExhibit one{"tunes", "gru", {"matrix", "answers", {}, {}}};
  one.exhibit.arrays["values"] = Tensor<float>::from({2, 3}, {1, 0, 16777216, 4, 5, 6});
  one.exhibit.texts = {{"rows", "a\n"},
                       {"columns", "x\ny, z\nx"},
                       {"row_title", "class"},
                       {"column_title", "answer"}};
  return one;
}

TEST(Plots, AMatrixHasACountForEachPairOfNames) {
  StudyResults results = study_on({"tunes"});
  results.exhibits = {a_matrix(), lines_of_cell("lstm", {1, 2, 3})};
  const Plots plots = plots_of(results);
  ASSERT_EQ(plots.matrices.size(), 1U);
  EXPECT_EQ(plots.matrices[0].row_title, "class");
  EXPECT_EQ(plots.matrices[0].column_title, "answer");
  EXPECT_THAT(plots.matrices[0].rows, ElementsAre("a", ""));
  EXPECT_THAT(plots.matrices[0].counts,
              ElementsAre(ElementsAre(1, 0, 16777216), ElementsAre(4, 5, 6)));
  EXPECT_EQ(csv_of(plots, "matrix.csv"),
            "dataset,cell,picture,row,column,count\n"
            "tunes,gru,answers,a,x,1\ntunes,gru,answers,a,\"y, z\",0\n"
            "tunes,gru,answers,a,x,16777216\ntunes,gru,answers,,x,4\n"
            "tunes,gru,answers,,\"y, z\",5\ntunes,gru,answers,,x,6\n");
}

TEST(Plots, MatricesThatDoNotFitAreABug) {
  const auto expect_bug = [](auto&& change) {
    StudyResults results = study_on({"tunes"});
    results.exhibits = {a_matrix()};
    change(results.exhibits[0].exhibit);
    EXPECT_THROW(plots_of(results), BugError);
  };
  expect_bug([](Exhibit& matrix) { matrix.arrays.clear(); });
  expect_bug([](Exhibit& matrix) { matrix.arrays["values"] = Tensor<float>::zeros({3, 2}); });
  expect_bug([](Exhibit& matrix) { matrix.arrays["values"] = Tensor<float>::zeros({6}); });
  expect_bug([](Exhibit& matrix) { matrix.arrays["values"].values()[2] = -1.0f; });
  expect_bug([](Exhibit& matrix) {
    matrix.arrays["values"].values()[2] = std::numeric_limits<float>::quiet_NaN();
  });
  for (const char* name : {"rows", "columns", "row_title", "column_title"}) {
    expect_bug([&](Exhibit& matrix) { matrix.texts.erase(name); });
  }
  expect_bug([](Exhibit& matrix) { matrix.texts["rows"] = "a\nb\nc"; });
}

StudyExhibit a_map() {
  StudyExhibit one{"tunes", "gru", {"map", "words", {}, {}}};
  one.exhibit.arrays["places"] = Tensor<float>::from({3, 2}, {0, 1, 0.25f, 0.5f, 1, 0.125f});
  one.exhibit.texts = {{"labels", "a, b\n</script>\n"}};
  return one;
}

TEST(Plots, AMapHasAPlaceForEachName) {
  StudyResults results = study_on({"tunes"});
  results.exhibits = {a_matrix(), a_map()};
  const Plots plots = plots_of(results);
  ASSERT_EQ(plots.maps.size(), 1U);
  EXPECT_THAT(plots.maps[0].labels, ElementsAre("a, b", "</script>", ""));
  EXPECT_THAT(plots.maps[0].places,
              ElementsAre(ElementsAre(0, 1), ElementsAre(0.25, 0.5), ElementsAre(1, 0.125)));
  EXPECT_EQ(csv_of(plots, "map.csv"),
            "dataset,cell,picture,name,x,y\n"
            "tunes,gru,words,\"a, b\",0.000000,1.000000\n"
            "tunes,gru,words,</script>,0.250000,0.500000\n"
            "tunes,gru,words,,1.000000,0.125000\n");
  EXPECT_THAT(plots_json(plots),
              HasSubstr(R"("maps":[{"dataset":"tunes","cell":"gru","title":"words",)"
                        R"("places":[[0E0,1E0],[2.5E-1,5E-1],[1E0,1.25E-1]],)"
                        R"("labels":["a, b","</script>",""]}])"));
}

TEST(Plots, MapsThatDoNotFitAreABug) {
  const auto expect_bug = [](auto&& change) {
    StudyResults results = study_on({"tunes"});
    results.exhibits = {a_map()};
    change(results.exhibits[0].exhibit);
    EXPECT_THROW(plots_of(results), BugError);
  };
  expect_bug([](Exhibit& map) { map.arrays.clear(); });
  expect_bug([](Exhibit& map) { map.texts.clear(); });
  expect_bug([](Exhibit& map) { map.arrays["places"] = Tensor<float>::zeros({2, 3}); });
  expect_bug([](Exhibit& map) { map.texts["labels"] = "a\nb"; });
  for (const float bad : {-0.1f, 1.1f, std::numeric_limits<float>::quiet_NaN()}) {
    expect_bug([&](Exhibit& map) { map.arrays["places"].values()[3] = bad; });
  }
}

TEST(Plots, ATextIsAFieldOfCsvAsItIs) {
  StudyResults results = study_on({"tunes"});
  results.exhibits = {{"tunes", "gru", {"text", "a sample", {}, {}}}};
  Exhibit& exhibit = results.exhibits[0].exhibit;
  exhibit.texts = {{"prime", "To be"}, {"text", ", or \"not\"\n\\to\u2028be\x01"}};
  EXPECT_EQ(csv_of(plots_of(results), "text.csv"),
            "dataset,cell,picture,prime,text\n"
            "tunes,gru,a sample,To be,\", or \"\"not\"\"\n\\to\u2028be\x01\"\n");
  for (const char* name : {"prime", "text"}) {
    const std::string kept = exhibit.texts[name];
    exhibit.texts.erase(name);
    EXPECT_THROW(plots_of(results), BugError) << name;
    exhibit.texts[name] = kept;
  }
}

TEST(Plots, NumbersThatAreNotFiniteAreNullOrEmpty) {
  StudyResults results = a_search();
  nll_of(results.trials[0], Split::valid) = not_known;
  results.trials[0].curve = {curve_point(1, 1.0, 9.0)};
  results.trials[0].curve[0].train = kInfinite;
  results.exhibits = {a_roll()};
  results.exhibits[0].exhibit.arrays["expected"].values()[3] =
      std::numeric_limits<float>::quiet_NaN();
  const Plots plots = plots_of(results);
  const std::string json = plots_json(plots);
  EXPECT_FALSE(holds(json, "nan"));
  EXPECT_FALSE(holds(json, "NaN"));
  EXPECT_FALSE(holds(json, "nf"));
  EXPECT_TRUE(holds(json, "[1,10,1E0,9E0,9E0,9E0,null,1]"));
  EXPECT_TRUE(holds(json, R"([2E-3,null,1,"done",true])"));
  EXPECT_TRUE(holds(json, "[0,null,0,0,0]"));
  EXPECT_THAT(csv_of(plots, "curves_band.csv"), HasSubstr(",9.000000,9.000000,9.000000,\n"));
  EXPECT_THAT(csv_of(plots, "piano_roll.csv"), HasSubstr("\",1,43,1,\n"));
}

TEST(Plots, FilesOfWhatThereIsAlone) {
  EXPECT_THAT(plots_csv(plots_of(StudyResults())), IsEmpty());
  const auto files = plots_csv(plots_of(curves_of_three_seeds()));
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].name, "curves_band.csv");
  EXPECT_EQ(files[1].name, "curves_diverged.csv");
}

TEST(Plots, NamesAreQuotedInCsv) {
  StudyResults results = curves_of_three_seeds();
  for (TrialRecord& trial : results.trials) trial.cell = "a,\"b\"\n";
  EXPECT_THAT(csv_of(plots_of(results), "curves_band.csv"),
              HasSubstr("\ntunes,\"a,\"\"b\"\"\n\",nll,1,10,"));
}

// A key that sounds is shown though nobody expected it, at the first step and at the last.
TEST(Plots, ARollShowsTheKeysThatSound) {
  StudyResults results = study_on({"tunes"});
  StudyExhibit roll = a_roll();
  roll.exhibit.arrays["notes"] = Tensor<float>::from({2, 8}, {1, 0, 0, 0, 0, 0, 0, 0,  //
                                                              0, 0, 0, 0, 0, 0, 0, 1});
  roll.exhibit.arrays["expected"] = Tensor<float>::from({2, 8}, std::vector<float>(16, 0.0f));
  results.exhibits = {roll};
  const PlotRoll shown = plots_of(results).rolls.at(0);
  EXPECT_EQ(shown.lowest, 40);
  EXPECT_EQ(shown.keys, 8);
  // And one that is expected at the first step alone, in the lowest key.
  roll.exhibit.arrays["notes"] = Tensor<float>::from({2, 8}, std::vector<float>(16, 0.0f));
  std::vector<float> expected(16, 0.0f);
  expected[2] = 0.5f;
  roll.exhibit.arrays["expected"] = Tensor<float>::from({2, 8}, expected);
  results.exhibits = {roll};
  const PlotRoll alone = plots_of(results).rolls.at(0);
  EXPECT_LE(alone.lowest, 42);
  EXPECT_GE(alone.lowest + alone.keys, 43);
  EXPECT_LT(alone.keys, 8);
}

// Without a search no value was chosen among others.
TEST(Plots, APointOfAGridIsNotChosen) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("gru", 1, 8.0)};
  results.trials[0].setting = "model.depth=2";
  const Plots plots = plots_of(results);
  ASSERT_EQ(plots.datasets[0].series[0].sweeps.size(), 1U);
  EXPECT_FALSE(plots.datasets[0].series[0].sweeps[0].points[0].chosen);
  EXPECT_TRUE(plots.datasets[0].series[0].tuning.empty());
}

TEST(Plots, OneDrawMakesNoTuningCurve) {
  StudyResults results = study_on({"tunes"});
  results.trials = {finished_trial("gru", 1, 8.0)};
  results.trials[0].draw = 1;
  EXPECT_TRUE(plots_of(results).datasets[0].series[0].tuning.empty());
}

TEST(Plots, ValuesOfAKeyAreNumbersWhereAllAre) {
  StudyResults results = study_on({"tunes"});
  for (int k = 0; k < 2; ++k) {
    results.trials.push_back(finished_trial("gru", 1, 8.0));
    results.trials.back().draw = k + 1;
    results.trials.back().selected = k == 0;
    results.trials.back().drawn = k == 0 ? "hyper.kind=1.5" : "hyper.kind=wide";
  }
  EXPECT_TRUE(holds(plots_json(plots_of(results)), R"([["1.5",)"));
}

// One cell with a training curve is enough for it to be shown.
TEST(Plots, TrainingIsShownWhereAnyCellHasIt) {
  StudyResults results = study_on({"tunes"});
  for (const char* cell : {"gru", "lstm"}) {
    results.trials.push_back(finished_trial(cell, 1, 8.0));
    results.trials.back().curve = {curve_point(1, 1.0, 9.0)};
  }
  results.trials[1].curve[0].train = not_known;
  EXPECT_TRUE(holds(plots_json(plots_of(results)), R"("train":true)"));
  results.trials[0].curve[0].train = not_known;
  EXPECT_TRUE(holds(plots_json(plots_of(results)), R"("train":false)"));
}

TEST(Plots, ALogarithmicScaleIsAskedForByTheExhibit) {
  StudyExhibit one{"tunes",
                   "gru",
                   {"lines",
                    "norms",
                    {{"a", Tensor<float>::from({2}, {1.0f, 2.0f})}},
                    {{"first", 1.0}},
                    {{"x_title", "x"}, {"y_title", "y"}, {"y_scale", "log"}}}};
  EXPECT_TRUE(lines_of({one}).at(0).log_scale);
  one.exhibit.texts["y_scale"] = "linear";
  EXPECT_FALSE(lines_of({one}).at(0).log_scale);
  one.exhibit.texts.erase("y_scale");
  EXPECT_FALSE(lines_of({one}).at(0).log_scale);
  one.exhibit.arrays.clear();
  EXPECT_THROW(lines_of({one}), BugError);
}

// From two hundredths on an expectation is worth a row.
TEST(Plots, ARollShowsKeysFromTwoHundredthsOn) {
  StudyResults results = study_on({"tunes"});
  for (const auto& [probability, keys] : {std::pair(0.02f, 5), {0.0194f, 8}}) {
    StudyExhibit roll = a_roll();
    roll.exhibit.arrays["notes"] = Tensor<float>::from({1, 8}, std::vector<float>(8, 0.0f));
    std::vector<float> expected(8, 0.0f);
    expected[3] = probability;
    roll.exhibit.arrays["expected"] = Tensor<float>::from({1, 8}, expected);
    results.exhibits = {roll};
    // The key with two on either side, or all where none is worth it.
    EXPECT_LE(plots_of(results).rolls.at(0).keys, keys) << probability;
    EXPECT_EQ(plots_of(results).rolls.at(0).keys == 8, probability < 0.02f);
  }
}

}  // namespace
}  // namespace carousel
