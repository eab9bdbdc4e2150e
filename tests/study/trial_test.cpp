#include "study/trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "catalogue.hpp"
#include "task/next_frame_model.hpp"
#include "task/task.hpp"
#include "train/shards.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Two epochs of two updates on the adding problem.
class TrialTest : public testing::Test {
 protected:
  TrialTest() {
    const Task& task = find_task("adding");
    TaskOptions options(task.options);
    for (const char* size : {"examples", "valid", "test"}) options.set(size, "8");
    options.set("lag", "12");
    problem_ = task.set_up(options, {});
    cell_.conventions = "of this test";
  }
  TrialJob job(bool selected) const {
    TrialJob job{*problem_, cell_, {}, {}, {}, {{"study", "its digest"}}};
    job.train.epochs = 2;
    job.train.batch = job.train.shard = 4;
    job.train.checkpoint_seconds = 0.0;
    job.record.cell = cell_.name;
    job.record.hidden = 4;
    job.record.learning_rate = 0.01;
    job.record.selected = selected;
    return job;
  }
  static TrialHooks silent() {
    return {[](const TrialRecord&, const Progress&) {}, [](const Archive&) {}};
  }

  Cell cell_ = catalogue().find("rnn_tanh");
  std::unique_ptr<Problem> problem_;
  std::atomic<bool> stop_{false};
};

TEST_F(TrialTest, ItsArchiveSaysWhatTheCellIs) {
  const Archive archive = run_trial(job(true), nullptr, stop_, silent());
  EXPECT_EQ(archive.text("cell_conventions"), "of this test");
  EXPECT_THAT(archive.text("cell_text"), HasSubstr("h = tanh("));
  EXPECT_EQ(archive.text("study"), "its digest");
  EXPECT_EQ(load_record(archive).status, "done");
}

TEST_F(TrialTest, OnlyASelectedOneSeesTheTestSplit) {
  const auto test_error = [&](bool selected) {
    return load_record(run_trial(job(selected), nullptr, stop_, silent()))
        .figure("error", Split::test);
  };
  EXPECT_TRUE(std::isnan(test_error(false)));
  EXPECT_GT(test_error(true), 0.0);
}

TEST_F(TrialTest, SavesAtTheEndsOfEpochs) {
  std::vector<std::int64_t> updates;
  TrialHooks hooks = silent();
  hooks.checkpoint = [&](const Archive& state) { updates.push_back(state.counter("updates")); };
  run_trial(job(true), nullptr, stop_, hooks);
  EXPECT_THAT(updates, ElementsAre(2, 4));
}

// Only the test frames are beyond what a float's square holds.
TEST_F(TrialTest, SaysWhyATestFigureIsNone) {
  SequenceSet set;
  set.outputs = OutputKind::gaussian_mixture;
  for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) {
    split->width = 1;
    split->add({0.5f, -0.5f, 0.5f});
  }
  set.test.frames[1] = 1e25f;
  problem_ = next_frame_problem(std::move(set));
  const Archive archive = run_trial(job(true), nullptr, stop_, silent());
  EXPECT_EQ(load_record(archive).status, "diverged");
  EXPECT_THAT(archive.text("divergence"), HasSubstr("the test NLL of the best epoch is inf"));
}

TEST_F(TrialTest, SaysWhatMemoryItTakes) {
  for (const char* precision : {"float", "double"}) {
    TrialJob one = job(true);
    one.train.precision = precision;
    Recurrence recurrence(cell_, 4);
    const auto model = problem_->model(recurrence);
    const std::int64_t expected = precision == std::string("double")
                                      ? training_memory<double>(*model, recurrence, *problem_, 4, 4)
                                      : training_memory<float>(*model, recurrence, *problem_, 4, 4);
    EXPECT_EQ(load_record(run_trial(one, nullptr, stop_, silent())).memory, expected) << precision;
  }
}

TEST_F(TrialTest, ExhibitsReadBackAsTheyWere) {
  Archive archive;
  archive.texts["exhibit 0 kind"] = "roll";
  archive.texts["exhibit 0 title"] = "A roll";
  archive.texts["exhibit 0 unit"] = "keys";
  archive.numbers["exhibit 0 first"] = 21.0;
  archive.floats["exhibit 0/expected"] = Tensor<float>::from({2}, {1, 2});
  archive.texts["exhibit 1 kind"] = "text";
  archive.texts["exhibit 1 title"] = "Words";
  archive.texts["exhibit 1 written"] = "a b";
  archive.texts["exhibits"] = "another entry";
  const std::vector<Exhibit> read = load_exhibits(archive);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].kind, "roll");
  EXPECT_EQ(read[0].title, "A roll");
  EXPECT_THAT(read[0].texts, ElementsAre(testing::Pair("unit", "keys")));
  EXPECT_THAT(read[0].numbers, ElementsAre(testing::Pair("first", 21.0)));
  ASSERT_EQ(read[0].arrays.size(), 1u);
  EXPECT_EQ(read[0].arrays.at("expected").data()[1], 2.0f);
  EXPECT_EQ(read[1].kind, "text");
  EXPECT_EQ(read[1].title, "Words");
  EXPECT_THAT(read[1].texts, ElementsAre(testing::Pair("written", "a b")));
  EXPECT_TRUE(read[1].numbers.empty());
  EXPECT_TRUE(read[1].arrays.empty());
}

TEST_F(TrialTest, WithoutParametersItsCurveIsLeft) {
  Archive archive = run_trial(job(true), nullptr, stop_, silent());
  archive.doubles["parameters/w"] = Tensor<double>::zeros({3});
  const TrialRecord before = load_record(archive);
  drop_parameters(archive);
  EXPECT_TRUE(archive.floats.empty());
  EXPECT_EQ(archive.doubles.size(), 1u);
  EXPECT_EQ(load_record(archive).curve.size(), before.curve.size());
}

}  // namespace
}  // namespace carousel
