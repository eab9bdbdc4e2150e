// Which set the task reads, and what its model shows and samples.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "catalogue.hpp"
#include "data/music.hpp"
#include "music_file.hpp"
#include "task/next_frame_model.hpp"
#include "task/task.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Only the folder that is given holds data.
class NextFrameSet : public testing::Test {
 protected:
  NextFrameSet() {
    if (const char* folder = std::getenv("CAROUSEL_DATA")) before_ = folder;
    unsetenv("CAROUSEL_DATA");
    std::filesystem::create_directories(folder_ / "music");
  }
  ~NextFrameSet() override {
    if (before_) setenv("CAROUSEL_DATA", before_->c_str(), 1);
  }
  std::unique_ptr<Problem> set_up(const std::map<std::string, std::string>& texts) {
    const Task& task = find_task("next_frame");
    TaskOptions options(task.options);
    for (const auto& [name, text] : texts) options.set(name, text);
    return task.set_up(
        options, {folder_.path().string(), [this](const std::string& text) { warned_ += text; }});
  }
  std::string error(const std::map<std::string, std::string>& texts) {
    return error_of<InputError>([&] { set_up(texts); });
  }

  TemporaryFolder folder_;
  std::filesystem::path nottingham_ = folder_ / "music/nottingham.h5";
  std::optional<std::string> before_;
  std::string warned_;
};

TEST_F(NextFrameSet, ThatIsMissingIsReplacedByTheFallbackWithAWord) {
  const std::map<std::string, std::string> texts = {{"data", "nottingham"}, {"fallback", "chords"}};
  const auto instead = set_up(texts);
  EXPECT_EQ(instead->name(), "chords");
  EXPECT_THAT(warned_, AllOf(HasSubstr("the data set 'nottingham' was not found; looked for:"),
                             HasSubstr("Going on with 'chords' instead.")));
  warned_.clear();
  wandering_notes().write(nottingham_);
  EXPECT_EQ(set_up(texts)->name(), "nottingham");
  EXPECT_EQ(warned_, "");
}

TEST_F(NextFrameSet, WithoutAFallbackItIsMissed) {
  const std::string missing = "the data set 'nottingham' was not found";
  EXPECT_THAT(error({{"data", "nottingham"}}),
              AllOf(HasSubstr(missing), HasSubstr("or use the generated set 'chords'")));
  EXPECT_THAT(error({{"data", "nottingham"}, {"fallback", "nottingham"}}), HasSubstr(missing));
  EXPECT_EQ(warned_, "");
  EXPECT_THAT(error({}), HasSubstr("data is empty, expected the name of a data set"));
}

TEST_F(NextFrameSet, ThatIsDamagedIsNeverReplaced) {
  std::ofstream(nottingham_) << "no music";
  EXPECT_THAT(error({{"data", "nottingham"}, {"fallback", "chords"}}),
              AllOf(HasSubstr("nottingham.h5"), HasSubstr("not a whole HDF5 file")));
  EXPECT_EQ(warned_, "");
}

TEST_F(NextFrameSet, TheFallbackIsASetOfFramesThatThereIs) {
  wandering_notes().write(nottingham_);
  EXPECT_THAT(error({{"data", "nottingham"}, {"fallback", "chord"}}),
              HasSubstr("no data set 'chord'; did you mean 'chords'?"));
  EXPECT_THAT(error({{"data", "nottingham"}, {"fallback", "tinyshakespeare"}}),
              HasSubstr("no data set 'tinyshakespeare'"));
}

TEST_F(NextFrameSet, MayBeAFileOfYourOwn) {
  wandering_notes().write(folder_ / "mine.h5");
  const auto mine = set_up({{"data", (folder_ / "mine.h5").string()}, {"width", "96"}});
  EXPECT_EQ(mine->name(), "mine");
  // Sequences of 3 to 14 steps, 102 in all, of which the first step is not scored.
  EXPECT_EQ(mine->description(),
            "mine (mine.h5): train 12 sequences (102 steps), valid 12 sequences (102 steps), test "
            "12 sequences (102 steps); 96 outputs a step. Steps 2 to T are scored.");
  EXPECT_EQ(mine->length(Split::test, 4), 7);
  EXPECT_EQ(mine->terms(Split::test, 4), 6);
  EXPECT_THAT(error({{"data", (folder_ / "none.h5").string()}, {"fallback", "chords"}}),
              HasSubstr("none.h5: there is no such file"));
}

constexpr Index width = 3;

// Two training frames with a note each and one with two, and two test sequences; the outputs are
// the last bias alone, by which the first and the last element sound.
class NextFrameShown : public testing::Test {
 protected:
  NextFrameShown() {
    for (SequenceSplit* split : {&set_.train, &set_.valid, &set_.test}) split->width = width;
    set_.train.add({1, 0, 0, 0, 1, 0, 0, 1, 1});
    set_.valid.add({1, 0, 0, 0, 1, 0});
    set_.test.add({0, 1, 0, 1, 1, 0, 0, 0, 1});
    set_.test.add({1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0});
  }
  void make(const RollOptions& roll) {
    model_ = std::make_unique<NextFrameModel>(recurrence_, set_, roll);
    std::vector<Tensor<double>> values;
    for (const ParameterSpec& spec : model_->parameters()) {
      values.push_back(Tensor<double>::zeros(spec.shape));
    }
    if (values.back().numel() == width) {
      std::ranges::copy(std::vector<double>{1000.0, -1000.0, 1000.0}, values.back().data());
    }
    trained_ = std::make_unique<TrainedModel>(*model_, values);
  }
  std::string error(const SampleRequest& request) {
    return error_of<InputError>([&] { model_->sample(*trained_, request); });
  }
  static std::vector<float> list(const Tensor<float>& values) {
    return {values.values().begin(), values.values().end()};
  }

  SequenceSet set_;
  Recurrence recurrence_{catalogue().find("rnn_tanh"), 4};
  std::unique_ptr<NextFrameModel> model_;
  std::unique_ptr<TrainedModel> trained_;
};

TEST_F(NextFrameShown, ASampleGoesOnFromTheFirstTestSequence) {
  make({1, 100, 60});
  const Sample two = model_->sample(*trained_, {.steps = 2, .prime = 2});
  EXPECT_EQ(two.exhibit.kind, "roll");
  EXPECT_EQ(two.exhibit.numbers.at("lowest"), 60.0);
  EXPECT_EQ(two.exhibit.arrays.at("notes").shape(), (Shape{4, width}));
  EXPECT_EQ(list(two.exhibit.arrays.at("notes")),
            (std::vector<float>{0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1}));
  EXPECT_EQ(two.note,
            "2 steps after the first 2 of a test sequence: 2.00 notes a step, 1.33 in the training "
            "split");
  const Sample one = model_->sample(*trained_, {.steps = 1});
  EXPECT_EQ(list(one.exhibit.arrays.at("notes")), (std::vector<float>{1, 0, 1}));
  EXPECT_EQ(one.note, "1 steps after silence: 2.00 notes a step, 1.33 in the training split");
  EXPECT_EQ(model_->sample(*trained_, {.steps = 1, .prime = 3}).exhibit.arrays.at("notes").shape(),
            (Shape{4, width}))
      << "all of it";
}

TEST_F(NextFrameShown, ASampleTakesWhatMusicHas) {
  make({});
  for (const Index prime : {-1, 4}) {
    EXPECT_EQ(error({.steps = 1, .prime = prime}),
              fmt::format("got {} frames to start from, expected 0 to 3, the first test sequence",
                          prime));
  }
  EXPECT_THAT(error({.text = "c"}), HasSubstr("are of language models, not of music"));
  EXPECT_THAT(error({.rule = {.temperature = 0.5}}), HasSubstr("are of language models"));
  EXPECT_THAT(error({.steps = 0}), HasSubstr("0 steps"));
  set_.outputs = OutputKind::gaussian_mixture;
  make({});
  EXPECT_THAT(error({.steps = 1}), HasSubstr("has frames of real numbers"));
}

TEST_F(NextFrameShown, TheRollIsThatOfATestSequence) {
  make({2, 100, 21});
  const std::vector<Exhibit> shown = model_->exhibits(*trained_);
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].kind, "roll");
  EXPECT_EQ(shown[0].title, "test sequence 2");
  EXPECT_EQ(shown[0].numbers.at("lowest"), 21.0);
  EXPECT_EQ(shown[0].arrays.at("notes").shape(), (Shape{3, width})) << "what is scored";
  EXPECT_EQ(list(shown[0].arrays.at("notes")), (std::vector<float>{0, 0, 1, 0, 1, 0, 1, 0, 0}));
  EXPECT_EQ(list(shown[0].arrays.at("expected")), (std::vector<float>{1, 0, 1, 1, 0, 1, 1, 0, 1}))
      << "the probabilities";
  make({2, 2, 21});
  EXPECT_EQ(list(model_->exhibits(*trained_).at(0).arrays.at("notes")),
            (std::vector<float>{0, 0, 1, 0, 1, 0}));
  make({1, 1, 21});
  EXPECT_EQ(list(model_->exhibits(*trained_).at(0).arrays.at("notes")),
            (std::vector<float>{1, 1, 0}));
}

TEST_F(NextFrameShown, ARollIsOfMusicAndMayBeLeftOut) {
  make({0, 100, 21});
  EXPECT_TRUE(model_->exhibits(*trained_).empty());
  set_.outputs = OutputKind::gaussian_mixture;
  make({1, 100, 21});
  EXPECT_TRUE(model_->exhibits(*trained_).empty());
}

}  // namespace
}  // namespace carousel
