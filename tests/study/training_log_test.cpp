// What a study writes for TensorBoard.

#include "study/training_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "catalogue.hpp"
#include "event_records.hpp"
#include "music_file.hpp"
#include "study/run_folder.hpp"
#include "study/study.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

class TensorBoard : public testing::Test {
 protected:
  TensorBoard() {
    fs::create_directories(folder_ / "sets/music");
    wandering_notes().write(folder_ / "sets/music/jsb_chorales.h5");
    TaskOptions on(find_task("next_frame").options);
    on.set("data", "jsb_chorales");
    options_.tasks = {{"next_frame", on}};
    options_.cells = {{"lstm", 5}};
    options_.train.epochs = 2;
    options_.train.patience = 0;
    options_.train.batch = 5;
    options_.log = "tensorboard";
  }

  StudyRun run() const { return {folder_ / "run", folder_.path() / "sets", 2, "", false}; }
  void start() {
    CellRegistry registry = catalogue();
    start_study(options_, registry, run(), stop_, {});
  }
  // The event files of the only trial, the first one first.
  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "run/trials")) {
      if (entry.path().filename().string().starts_with("events.")) all.push_back(entry.path());
    }
    std::ranges::sort(all);
    return all;
  }
  // Step and value of each point of a curve.
  std::vector<std::pair<int, float>> curve(const fs::path& file, const std::string& tag) const {
    std::vector<std::pair<int, float>> points;
    const std::regex point("step: ([0-9]+)[^]*tag: \"" + tag + "\"\\s+simple_value: ([-+.e0-9]+)");
    for (const std::string& event : events_of(file)) {
      const std::string text = decoded(event, folder_.path());
      std::smatch match;
      if (!std::regex_search(text, match, point)) continue;
      points.emplace_back(std::stoi(match[1]), std::stof(match[2]));
    }
    return points;
  }

  TemporaryFolder folder_;
  StudyOptions options_;
  std::atomic<bool> stop_{false};
};

TEST_F(TensorBoard, HasTheCurvesOfTheRecord) {
  start();
  ASSERT_EQ(files().size(), 1);
  const fs::path file = files()[0];
  const TrialRecord trial = RunFolder(folder_ / "run").results().trials.at(0);
  const auto train = curve(file, "train/nll"), valid = curve(file, "valid/nll");
  ASSERT_EQ(valid.size(), 2);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(valid[k].first, trial.curve[k].updates);
    EXPECT_FLOAT_EQ(valid[k].second, static_cast<float>(trial.curve[k].valid[0]));
    EXPECT_FLOAT_EQ(train[k].second, static_cast<float>(trial.curve[k].train));
  }
  const auto loss = curve(file, "update/loss");
  ASSERT_EQ(static_cast<std::int64_t>(loss.size()), trial.curve.back().updates);
  EXPECT_EQ(loss.front().first, 1);
  EXPECT_EQ(loss.back().first, trial.curve.back().updates);
  for (const auto& [step, norm] : curve(file, "update/gradient_norm")) EXPECT_GT(norm, 0.0F);
  for (const auto& [step, rate] : curve(file, "update/learning_rate")) {
    EXPECT_FLOAT_EQ(rate, static_cast<float>(trial.learning_rate));
  }
  const auto test = curve(file, "test/nll");
  ASSERT_EQ(test.size(), 1);
  EXPECT_FLOAT_EQ(test[0].second, static_cast<float>(trial.figure("nll", Split::test)));
  std::vector<std::string> texts;
  for (const std::string& event : events_of(file)) {
    texts.push_back(decoded(event, folder_.path()));
  }
  EXPECT_THAT(texts, Contains(HasSubstr("sigmoid(W_i @ x")));
  EXPECT_THAT(texts, Contains(HasSubstr("epochs: 2")));
  EXPECT_THAT(texts, Contains(HasSubstr("expected\"\n    image {")));
}

TEST_F(TensorBoard, AFileOfWhoGoesOnBeginsWhereTheTrialIs) {
  start();
  const auto before = curve(files()[0], "update/loss");
  CellRegistry registry = catalogue();
  resume_study(registry, run(), {"train.epochs=3"}, stop_, {});
  ASSERT_EQ(files().size(), 2);
  const auto after = curve(files()[1], "update/loss");
  ASSERT_FALSE(after.empty());
  EXPECT_EQ(after.front().first, before.back().first + 1);
  EXPECT_THAT(decoded(events_of(files()[1])[1], folder_.path()),
              HasSubstr("step: " + std::to_string(after.front().first) + "\nsession_log"));
}

TEST_F(TensorBoard, ChangesNoFigureAndIsNotThereUnasked) {
  start();
  const TrialRecord with = RunFolder(folder_ / "run").results().trials.at(0);
  fs::remove_all(folder_ / "run");
  options_.log = "none";
  start();
  EXPECT_TRUE(files().empty());
  const TrialRecord without = RunFolder(folder_ / "run").results().trials.at(0);
  EXPECT_EQ(with.figure("nll", Split::test), without.figure("nll", Split::test));
}

}  // namespace
}  // namespace carousel
