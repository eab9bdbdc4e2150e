#include "train/shards.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "small_sequences.hpp"
#include "task/next_frame_model.hpp"
#include "temporary_folder.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

// A step takes most where a shard has the longest sequences.
TEST(TrainingMemory, IsThatOfTheLongestSequences) {
  const auto memory = [](const std::vector<Index>& lengths) {
    SequenceSet set;
    for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) split->width = 4;
    for (const Index length : lengths) {
      set.train.add(std::vector<float>(static_cast<std::size_t>(4 * length), 1.0f));
    }
    const ModelUnderTest m(catalogue().find("lstm"), next_frame_problem(set), 32);
    return training_memory<float>(*m.model, m.recurrence, *m.problem, 2, 1);
  };
  EXPECT_EQ(memory({5, 900, 5}), memory({900, 900, 900}));
  EXPECT_GT(memory({5, 900, 5}), 2 * memory({5, 5, 5}));
}

TEST(TrainingMemory, OfSegmentsIsLess) {
  SequenceSet set;
  for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) split->width = 4;
  set.train.add(std::vector<float>(4 * 900, 1.0f));
  const auto problem = next_frame_problem(set);
  const auto memory = [&](Index segments) {
    Recurrence recurrence(catalogue().find("lstm"), 32, {}, segments);
    const auto model = problem->model(recurrence);
    return training_memory<float>(*model, recurrence, *problem, 1, 1);
  };
  EXPECT_LT(memory(8), memory(1));
}

// Sequences of one length: a shard of two takes the same in any batch.
TEST(TrainingMemory, IsThatOfOneShardTimesTheShards) {
  SequenceSet set;
  for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) split->width = 4;
  for (int k = 0; k < 6; ++k) set.train.add(std::vector<float>(4 * 20, 1.0f));
  const auto memory = [&](int batch, int shard) {
    const ModelUnderTest m(catalogue().find("lstm"), next_frame_problem(set), 8);
    return training_memory<double>(*m.model, m.recurrence, *m.problem, batch, shard);
  };
  const std::int64_t of_two = memory(2, 2);
  EXPECT_GT(of_two, 0);
  EXPECT_EQ(memory(4, 2), 2 * of_two);
  EXPECT_EQ(memory(5, 2), 3 * of_two) << "the last shard has memory of its own";
  EXPECT_EQ(memory(6, 2), 3 * of_two);
  EXPECT_EQ(memory(5, 4), 2 * memory(3, 3)) << "shards of three and two";
  EXPECT_EQ(memory(100, 2), 3 * of_two) << "there are six sequences";
  EXPECT_EQ(memory(2, 100), of_two) << "a shard holds no more than a batch";
  EXPECT_GT(memory(4, 4), of_two);
  EXPECT_EQ(memory(3, 1), 3 * memory(1, 1));
}

// Losses w . a and w . b of two shards.
TEST(ShardedGradient, IsScaledAndLeavesOutWhatIsNotTrained) {
  std::vector<ParameterSpec> specs(2);
  specs[0].name = "w";
  specs[0].shape = {2};
  specs[1].name = "fixed";
  specs[1].shape = {2};
  specs[1].trained = false;
  const std::vector<Tensor<double>> values = {Tensor<double>::from({2}, {2, 3}),
                                              Tensor<double>::from({2}, {5, 7})};
  const std::vector<Tensor<double>> of_shard = {Tensor<double>::from({2}, {1, 10}),
                                                Tensor<double>::from({2}, {100, 1000})};
  ShardedGradient<double> sharded;
  std::vector<Tensor<double>> gradients;
  const auto compute = [&](std::size_t shards, const std::vector<Tensor<double>>& at) {
    return sharded.compute(
        specs, at, shards,
        [&](const Pass& on, std::size_t shard) {
          return on.visit([&]<class U>(Tape<U>& tape) -> Var {
            if constexpr (std::is_same_v<U, double>) {
              const auto& all = on.parameters().all();
              return sum((all[0] + all[1]) * tape.constant(of_shard[shard]));
            } else {
              fail_bug("another precision");
            }
          });
        },
        0.5, gradients);
  };
  EXPECT_EQ(compute(2, values), (7 + 100) + (700 + 10000));
  EXPECT_EQ(gradients[0].data()[0], 0.5 * 101);
  EXPECT_EQ(gradients[0].data()[1], 0.5 * 1010);
  EXPECT_EQ(gradients[1].data()[0], 0.0);
  EXPECT_EQ(gradients[1].data()[1], 0.0);
  EXPECT_EQ(compute(1, values), 107.0);
  EXPECT_EQ(gradients[0].data()[1], 5.0);
  EXPECT_EQ(error_of<InputError>([&] { compute(0, values); }),
            "got 0 shards, and 2 values of 2 parameters; expected a shard and all values");
  EXPECT_EQ(error_of<InputError>([&] { compute(2, {values[0]}); }),
            "got 2 shards, and 1 values of 2 parameters; expected a shard and all values");
}

TEST(ShardRunner, AShardHoldsAtLeastOneSequence) {
  SequenceSet set;
  for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) split->width = 4;
  const ModelUnderTest m(catalogue().find("lstm"), next_frame_problem(set), 8);
  EXPECT_EQ(
      error_of<InputError>([&] { ShardRunner<float>(*m.model, *m.problem, Split::train, 0); }),
      "got shards of 0 sequences, expected at least 1");
  EXPECT_NO_THROW(ShardRunner<float>(*m.model, *m.problem, Split::train, 1));
}

// Losses of a cell's own: a 1 a step, and the square of what it reads.
class LossFigures : public testing::Test {
 protected:
  LossFigures() {
    CellRegistry registry;
    registry.add_text(
        "cell t\nparam W : [hidden, input]\nh = tanh(W @ x)\nloss n weight 0.5 = 1\n"
        "loss square weight 2 = sum(x ^ 2)\noutput h\n",
        "t.cell");
    model_ = std::make_unique<ModelUnderTest>(registry.find("t"), next_frame_problem(small_set()),
                                              Index{3});
    values_ = ParameterSet<double>(model_->parameters(), 2).snapshot();
  }
  Figures figures(int shard) const {
    const Problem& problem = *model_->problem;
    Figures figures;
    set_figures(metrics_of(problem, *model_->model), Split::valid,
                ShardRunner<double>(*model_->model, problem, Split::valid, shard).evaluate(values_),
                figures);
    return figures;
  }

  std::unique_ptr<ModelUnderTest> model_;
  std::vector<Tensor<double>> values_;
};

TEST_F(LossFigures, AreMeansOverTheTermsOfTheTask) {
  const SequenceSplit valid = small_set().valid;
  double notes = 0.0, steps = 0.0;
  for (Index s = 0; s < std::ssize(valid.lengths); ++s) {  // the last frame is not read
    for (Index t = 0; t + 1 < valid.lengths[static_cast<std::size_t>(s)]; ++t, ++steps) {
      for (Index k = 0; k < valid.width; ++k) notes += valid.frame(s, t)[k];
    }
  }
  ASSERT_GT(notes, 0.0);
  for (const int shard : {1, 2, 5}) {
    Figures of = figures(shard);
    EXPECT_NEAR(of["loss_n"][Split::valid], 1.0, 1e-12);
    EXPECT_NEAR(of["loss_square"][Split::valid], notes / steps, 1e-12);
  }
}

TEST_F(LossFigures, TimesTheirWeightsAreWhatTheyAddToTheLoss) {
  const Problem& problem = *model_->problem;
  Batch all(static_cast<std::size_t>(problem.size(Split::valid)));
  std::iota(all.begin(), all.end(), 0);
  Index terms = 0;
  for (const ExampleId id : all) terms += problem.terms(Split::valid, id);
  const double loss =
      ShardRunner<double>(*model_->model, problem, Split::valid, 2).loss(values_, all, terms, {});
  Figures of = figures(2);
  EXPECT_NEAR(loss,
              of["nll"][Split::valid] + 0.5 * of["loss_n"][Split::valid] +
                  2 * of["loss_square"][Split::valid],
              1e-12);
}

// A record says them all, on all splits, and reads back; the plan knows the problem's figures
// alone.
TEST_F(LossFigures, StandInTheRecord) {
  TrainOptions options;
  options.epochs = 2;
  options.batch = 8;
  TrialRecord record;
  record.cell = "t";
  record.learning_rate = 0.01;
  for (const Metric& metric : model_->problem->metrics()) record.metrics.push_back(metric.name);
  record.loss = "nll";
  const TrialRecord planned = record;
  const auto trainer =
      make_trainer(*model_->model, model_->recurrence, *model_->problem, options, record);
  const std::atomic<bool> stop{false};
  ASSERT_EQ(trainer->run(
                stop, [](const Progress&) {}, 0),
            Outcome::finished);
  ASSERT_EQ(trainer->evaluate_test(), Outcome::finished);
  const TrialRecord done = load_record(trainer->save());
  for (const Split split : all_splits) EXPECT_NEAR(done.figure("loss_n", split), 1.0, 1e-6);
  ASSERT_EQ(done.curve.size(), 2u);
  EXPECT_EQ(done.curve[0].valid.size(), done.metrics.size());
  EXPECT_NO_THROW(expect_same_trial(planned, done));
}

}  // namespace
}  // namespace carousel
