#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "data/log_mel.hpp"
#include "data/recordings.hpp"
#include "speech_files.hpp"
#include "task/classification.hpp"
#include "task/task.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SpokenDigits : public testing::Test {
 protected:
  SpokenDigits() { write_spoken_digits(folder_ / "mine"); }

  std::unique_ptr<ClassificationProblem> problem(
      const std::vector<std::pair<std::string, std::string>>& set = {}) const {
    const Task& task = find_task("spoken_digits");
    TaskOptions options(task.options);
    options.set("data", (folder_ / "mine").string());
    for (const auto& [name, text] : set) options.set(name, text);
    return std::unique_ptr<ClassificationProblem>(
        dynamic_cast<ClassificationProblem*>(task.set_up(options, {}).release()));
  }
  std::string error(const std::vector<std::pair<std::string, std::string>>& set = {}) const {
    return error_of<InputError>([&] { problem(set); });
  }
  std::vector<Recording> recordings() const { return read_recordings(folder_ / "mine"); }

  TemporaryFolder folder_;
};

TEST_F(SpokenDigits, HoldTheSplitOfTheTable) {
  const auto takes = problem();
  EXPECT_EQ(takes->name(), "mine");
  EXPECT_EQ(takes->size(Split::train), 32);
  EXPECT_EQ(takes->size(Split::valid), 12);
  EXPECT_EQ(takes->size(Split::test), 12);
  EXPECT_EQ(takes->form().classes, 10);
  EXPECT_EQ(takes->form().width, 40);
  EXPECT_EQ(takes->form().sight, Sight::whole);
  EXPECT_EQ(takes->label(Split::valid, 6), 2);
  // Recording 39 of the list, which is the seventh of validation.
  const Index samples = std::ssize(recordings()[38].samples);
  EXPECT_EQ(takes->length(Split::valid, 6), 1 + (samples - 200) / 80);
  const auto coarse = problem({{"window", "40"}, {"hop", "15"}, {"mels", "8"}, {"pool", "max"}});
  EXPECT_EQ(coarse->length(Split::valid, 6), 1 + (samples - 320) / 120);
  EXPECT_EQ(coarse->form().width, 8);
  EXPECT_EQ(coarse->form().pool, SequenceForm::Pool::max);
}

// Of each element the mean over all training frames is 0 and the mean square 1; the other splits
// are moved and scaled as these.
TEST_F(SpokenDigits, AreStandardisedByTheTrainingSplit) {
  const auto takes = problem();
  std::vector<double> count(40), sum(40), squares(40);
  for (ExampleId id = 0; id < 32; ++id) {
    const std::vector<float> x = takes->example(Split::train, id).x;
    for (std::size_t k = 0; k < x.size(); ++k) {
      count[k % 40] += 1.0;
      sum[k % 40] += x[k];
      squares[k % 40] += x[k] * x[k];
    }
  }
  for (std::size_t mel = 0; mel < 40; ++mel) {
    EXPECT_NEAR(sum[mel] / count[mel], 0.0, 1e-5);
    EXPECT_NEAR(squares[mel] / count[mel], 1.0, 1e-5);
  }
  const LogMel log_mel({});
  const auto raw_train = log_mel(recordings()[0].samples), raw = log_mel(recordings()[44].samples);
  const auto train = takes->example(Split::train, 0).x, test = takes->example(Split::test, 0).x;
  for (std::size_t mel = 0; mel < 40; ++mel) {  // one line for both splits
    const float scale = (train[mel + 40] - train[mel]) / (raw_train[mel + 40] - raw_train[mel]);
    EXPECT_NEAR(test[mel], train[mel] + scale * (raw[mel] - raw_train[mel]), 2e-3);
  }
}

TEST_F(SpokenDigits, ASpeakerLeftOutIsTheTestSplit) {
  const auto without = problem({{"speaker", "bob"}});
  EXPECT_EQ(without->name(), "mine_without_bob");
  EXPECT_THAT(without->description(), HasSubstr("all that bob said is the test split"));
  std::array<Index, 3> expected = {};
  std::vector<Index> of_bob;
  for (const Recording& r : recordings()) {
    if (r.speaker == "bob") of_bob.push_back(r.digit);
    else ++expected[r.split];
  }
  ASSERT_EQ(of_bob.size(), 28U);
  EXPECT_EQ(without->size(Split::train), expected[0]);
  EXPECT_EQ(without->size(Split::valid), expected[1]);
  ASSERT_EQ(without->size(Split::test), 28);
  for (ExampleId id = 0; id < 28; ++id) {
    EXPECT_EQ(without->label(Split::test, id), of_bob[static_cast<std::size_t>(id)]);
  }
  EXPECT_EQ(without->digest(), problem()->digest()) << "the data are the same";
  EXPECT_THAT(
      error({{"speaker", "bub"}}),
      AllOf(HasSubstr("speaker is 'bub'"), HasSubstr("did you mean 'bob'"), HasSubstr("ann, bob")));
}

TEST_F(SpokenDigits, AreKnownByWhatTheTableSaysOfThem) {
  const std::string before = problem()->digest();
  const auto table = folder_ / "mine" / "split.tsv";
  std::string text = file_text(table);
  text.replace(text.find("\t0\tann"), 6, "\t1\tann");
  std::ofstream(table) << text;
  EXPECT_NE(problem()->digest(), before);
}

TEST_F(SpokenDigits, DataThatCannotBeLearntFromAreRefused) {
  SpeechFolder folder(folder_ / "few");
  folder.add("train", "a.wav", "ann", glide(400, 500, 900, 1));
  folder.add("valid", "b.wav", "bob", glide(400, 500, 900, 2));
  folder.write_list();
  const std::string few = folder.path.string();
  EXPECT_THAT(error({{"data", few}}), HasSubstr("the split test holds no recording"));
  EXPECT_THAT(error({{"data", few}, {"speaker", "bob"}}),
              HasSubstr("the split valid holds no recording when bob is left out"));
  folder.add("test", "c.wav", "eve", glide(199, 500, 900, 3));
  folder.write_list();
  EXPECT_THAT(error({{"data", few}}),
              HasSubstr("c.wav: got 199 samples, expected at least the 200"));
  SpeechFolder still(folder_ / "still");
  still.add("train", "a.wav", "ann", std::vector<short>(400, 0));
  still.add("valid", "b.wav", "ann", glide(400, 500, 900, 1));
  still.add("test", "c.wav", "ann", glide(400, 500, 900, 2));
  still.write_list();
  EXPECT_THAT(error({{"data", still.path.string()}}), HasSubstr("filter 0 of 40 hears the same"));
}

// Digits 0 and 1 have the same mean over time; their parts tell them apart.
TEST_F(SpokenDigits, BaselinesReadTheMeansOfParts) {
  const auto baselines = problem()->baselines();
  ASSERT_EQ(baselines.size(), 3U);
  EXPECT_EQ(baselines[0].name, "most frequent class");
  EXPECT_EQ(baselines[1].name, "nearest mean");
  EXPECT_EQ(baselines[2].name, "linear classifier");
  for (const std::size_t k : {1U, 2U}) {
    EXPECT_EQ(figure_of(baselines[k].figures, "accuracy", Split::test), 1.0) << k;
  }
}

// The figures of a digit with one recording, by hand: its own mean is 0 away, all others further.
TEST_F(SpokenDigits, TheNearestMeanIsThatOfASoftmaxOfDistances) {
  SpeechFolder folder(folder_ / "two");
  folder.add("train", "a.wav", "ann", glide(200, 300, 300, 1), 0);
  folder.add("train", "b.wav", "ann", glide(200, 3000, 3000, 2), 1);
  folder.add("valid", "c.wav", "ann", glide(200, 300, 300, 3), 0);
  folder.add("test", "d.wav", "ann", glide(200, 3000, 3000, 4), 1);
  folder.write_list();
  const auto two = problem({{"data", folder.path.string()}});
  // Two frames, standardised: 1 and -1 in each of 40 elements. The mean of digits that nobody
  // said is 0, at a distance of sqrt(40), and the other one's is twice as far.
  const double nll =
      std::log(1.0 + 8.0 * std::exp(-std::sqrt(40.0)) + std::exp(-2 * std::sqrt(40.0)));
  EXPECT_NEAR(figure_of(two->baselines()[1].figures, "nll", Split::train), nll, 1e-6);
}

// So many samples that go from one tone to the other at the borders of `parts` equal parts. No part
// holds its tone well, so that a mean over several of them tells nothing of how they begin.
std::vector<short> switching(int count, double first, double second, int parts,
                             std::uint64_t seed) {
  std::vector<short> samples;
  Random random(seed, "tones");
  for (int part = 0; part < parts; ++part) {
    const double tone = (part % 2 == 0 ? first : second) * (0.75 + 0.5 * random.uniform());
    const std::vector<short> own =
        glide(count / parts, tone, tone, seed + static_cast<std::uint64_t>(part));
    samples.insert(samples.end(), own.begin(), own.end());
  }
  return samples;
}

// Two digits of the same tones in another order, which the means of `parts` parts tell apart, but
// those of fewer parts don't; 0: nothing does, in recordings of six to eight steps. The figures are
// of means and distances computed anew.
TEST_F(SpokenDigits, TheNearestMeanTakesTheNumberOfPartsThatValidationAsksFor) {
  for (const int needed : {0, 2, 4, 8, 16}) {
    SpeechFolder folder(folder_ / fmt::format("parts {}", needed));
    std::uint64_t seed = static_cast<std::uint64_t>(1000 * needed);
    int file = 0;
    for (const auto& [split, takes] : {std::pair{"train", 6}, {"valid", 9}, {"test", 4}}) {
      for (int take = 0; take < takes; ++take) {
        for (const int digit : {0, 1}) {
          const bool is_low = needed == 0 ? take % 2 == 0 : digit == 0;
          const double first = is_low ? 600.0 : 2400.0;
          const int steps = (needed == 0 ? 5 : 63) + take % 3;
          folder.add(
              split, fmt::format("{}.wav", file++), "ann",
              switching(200 + 80 * steps, first, 3000.0 - first, std::max(needed, 2), seed += 100),
              digit);
        }
      }
    }
    folder.write_list();
    const auto two = problem({{"data", folder.path.string()}, {"mels", "6"}});
    const auto means = [&](Split split, ExampleId id, Index parts) {
      const std::vector<float> x = two->example(split, id).x;
      const Index steps = std::ssize(x) / 6;
      std::vector<double> all;
      for (Index part = 0; part < parts; ++part) {
        const Index from = part * steps / parts;
        const Index to = std::max(from + 1, (part + 1) * steps / parts);
        for (Index mel = 0; mel < 6; ++mel) {
          double sum = 0.0;
          for (Index t = from; t < to; ++t) sum += double(x[static_cast<std::size_t>(t * 6 + mel)]);
          all.push_back(sum / static_cast<double>(to - from));
        }
      }
      return all;
    };
    const auto figures = [&](Index parts) {
      std::vector<std::vector<double>> of_digit(10, std::vector<double>(std::size_t(6 * parts)));
      for (ExampleId id = 0; id < 12; ++id) {
        const std::vector<double> x = means(Split::train, id, parts);
        for (std::size_t k = 0; k < x.size(); ++k) {
          of_digit[static_cast<std::size_t>(two->label(Split::train, id))][k] += x[k] / 6.0;
        }
      }
      return figures_of(*two, [&](Split split, ExampleId id) {
        const std::vector<double> x = means(split, id, parts);
        std::vector<double> outputs;
        for (const std::vector<double>& mean : of_digit) {
          double squares = 0.0;
          for (std::size_t k = 0; k < x.size(); ++k) squares += std::pow(x[k] - mean[k], 2);
          outputs.push_back(-std::sqrt(squares));
        }
        return outputs;
      });
    };
    Index best = 1;
    for (const Index parts : {2, 4, 8, 16}) {
      if (figure_of(figures(parts), "accuracy", Split::valid) >
          figure_of(figures(best), "accuracy", Split::valid)) {
        best = parts;
      }
    }
    if (needed > 0) {
      EXPECT_EQ(best, needed);
    }
    const Figures given = two->baselines()[1].figures;
    const Figures expected = figures(best);
    for (const Split split : all_splits) {
      EXPECT_NEAR(figure_of(given, "nll", split), figure_of(expected, "nll", split), 1e-4);
      EXPECT_EQ(figure_of(given, "accuracy", split), figure_of(expected, "accuracy", split));
    }
  }
}

// The real recordings, where they are on the machine.
TEST(FreeSpokenDigits, HaveTheirSizes) {
  const char* data = std::getenv("CAROUSEL_DATA");
  const std::string folder = data ? data : "data";
  if (!std::filesystem::exists(folder + "/speech_fsdd")) {
    GTEST_SKIP() << folder << "/speech_fsdd is not on this machine";
  }
  const Task& task = find_task("spoken_digits");
  TaskOptions options(task.options);
  const auto takes = task.set_up(options, {folder});
  EXPECT_EQ(takes->size(Split::train), 480);
  EXPECT_EQ(takes->size(Split::valid), 120);
  EXPECT_EQ(takes->size(Split::test), 300);
  options.set("speaker", "theo");
  const auto left_out = task.set_up(options, {folder});
  EXPECT_EQ(left_out->size(Split::train), 400);
  EXPECT_EQ(left_out->size(Split::valid), 100);
  EXPECT_EQ(left_out->size(Split::test), 150);
}

}  // namespace
}  // namespace carousel
