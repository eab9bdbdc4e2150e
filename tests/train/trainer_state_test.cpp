// What a trainer says of where it is, and where a saved one may go on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "task/generated_problem.hpp"
#include "temporary_folder.hpp"
#include "train/batches.hpp"
#include "train/shards.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

// Four epochs of five updates.
class TrainerState : public testing::Test {
 protected:
  TrainerState() {
    options_.epochs = 4;
    options_.batch = 8;
    record_.cell = "lstm";
    record_.dataset = net_.problem->name();
    record_.hidden = 3;
    record_.seed = 5;
    record_.learning_rate = 0.01;
  }
  std::unique_ptr<Trainer> make() const {
    return make_trainer(*net_.model, net_.recurrence, *net_.problem, options_, record_);
  }
  // Runs for so many updates, or to the end.
  static Outcome run(Trainer& trainer, int updates = -1) {
    std::atomic<bool> stop{updates == 0};
    return trainer.run(stop, [&](const Progress&) {
      if (--updates == 0) stop = true;
    });
  }
  Archive saved_after(int updates) const {
    const auto trainer = make();
    run(*trainer, updates);
    return trainer->save();
  }
  std::string load_error(const Archive& archive) const {
    const auto trainer = make();
    return error_of<InputError>([&] { trainer->load(archive); });
  }

  ModelUnderTest net_{
      catalogue().find("lstm"),
      generated_problem("adding",
                        {{"lag", "12"}, {"examples", "40"}, {"valid", "10"}, {"test", "10"}}),
      3};
  TrainOptions options_;
  TrialRecord record_;
};

TEST_F(TrainerState, ProgressIsThatOfItsRecord) {
  const auto trainer = make();
  const std::atomic<bool> stop{false};
  int updates = 0;
  double seconds = 0.0;
  trainer->run(stop, [&](const Progress& p) {
    ++updates;
    const Archive now = trainer->save();
    const TrialRecord& r = trainer->record();
    EXPECT_EQ(now.counter("updates"), updates);
    EXPECT_EQ(p.epochs, 4);
    EXPECT_EQ(p.epoch, (updates + 4) / 5);
    EXPECT_EQ(p.epoch_ended, updates % 5 == 0);
    EXPECT_NEAR(p.done, updates / 20.0, 1e-12);
    EXPECT_GE(p.seconds, seconds);
    EXPECT_EQ(p.seconds, r.seconds);
    seconds = p.seconds;
    EXPECT_EQ(p.best_epoch, r.best_epoch);
    if (p.epoch_ended) {
      EXPECT_EQ(p.train, r.curve.back().train);
    } else {
      EXPECT_EQ(now.counter("epoch_terms"), 8 * (updates % 5));
      EXPECT_EQ(p.train, now.number("epoch_loss") / double(8 * (updates % 5)));
    }
    if (updates < 5) {
      EXPECT_TRUE(std::isnan(p.valid));
      EXPECT_TRUE(std::isnan(p.best_valid));
    } else {
      EXPECT_EQ(p.valid, r.curve.back().valid.front());
      EXPECT_EQ(p.best_valid, r.curve.at(std::size_t(r.best_epoch) - 1).valid.front());
    }
  });
  EXPECT_EQ(updates, 20);
  EXPECT_GT(seconds, 0.0);
}

// With a rate too small to move anything, an epoch's loss is the mean over the split at the start.
TEST_F(TrainerState, ACurveHasTheMeanLossOfItsEpoch) {
  options_.weight_noise = 0.0;
  options_.optimiser.rule = "sgd";
  options_.precision = "double";
  record_.learning_rate = 1e-30;
  const auto trainer = make();
  run(*trainer);
  const ParameterSet<double> start(net_.parameters(), record_.seed);
  ShardRunner<double> runner(*net_.model, *net_.problem, Split::train, 7);
  double loss = 0.0;
  for (const auto& batch : training_batches(*net_.problem, 8, record_.seed, 0)) {
    std::vector<Tensor<double>> gradients;
    loss += runner.loss_and_gradients(start.values(), batch, 1, gradients) / 40.0;
  }
  ASSERT_GT(loss, 0.0);
  const auto& curve = trainer->record().curve;
  ASSERT_EQ(curve.size(), 4u);
  EXPECT_NEAR(curve[0].train, loss, 1e-12);
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(curve[k].epoch, int(k) + 1);
    EXPECT_EQ(curve[k].updates, 5 * std::int64_t(k + 1));
    EXPECT_EQ(curve[k].valid, curve[0].valid);
    ASSERT_EQ(curve[k].valid.size(), 2u) << "error and success";
    EXPECT_GE(curve[k].seconds, k > 0 ? curve[k - 1].seconds : 0.0);
  }
}

TEST_F(TrainerState, IsOfTheTrialThatItWasMadeFor) {
  const Archive saved = saved_after(7);
  EXPECT_EQ(load_error(saved), "nothing was thrown");
  record_.seed = 6;
  EXPECT_EQ(load_error(saved), "it is of another trial: seed is 5, expected 6");
  record_.seed = 5;
  record_.learning_rate = 0.02;
  EXPECT_EQ(load_error(saved), "it is of another trial: learning_rate is 0.01, expected 0.02");
}

TEST_F(TrainerState, GoesOnFromAPlaceThatThereIs) {
  const Archive saved = saved_after(7);  // two updates of the second epoch
  const auto error = [&](const char* counter, std::int64_t value) {
    Archive archive = saved;
    archive.counters[counter] = value;
    return load_error(archive);
  };
  const std::string there_are = "there are 4 epochs of 5 batches, and 5 updates before this epoch";
  EXPECT_EQ(error("next_batch", 3), "it stands at epoch 2, batch 3, update 7; " + there_are);
  EXPECT_EQ(error("next_batch", -1), "it stands at epoch 2, batch -1, update 7; " + there_are);
  EXPECT_EQ(error("updates", 8), "it stands at epoch 2, batch 2, update 8; " + there_are);
  Archive beyond = saved;
  beyond.counters["next_batch"] = 6;
  beyond.counters["updates"] = 11;
  EXPECT_EQ(load_error(beyond), "it stands at epoch 2, batch 6, update 11; " + there_are);
  beyond.counters["next_batch"] = -1;
  beyond.counters["updates"] = 4;
  EXPECT_THAT(load_error(beyond), HasSubstr("batch -1, update 4"));
  // All batches behind it, but not yet the validation: that may be.
  beyond.counters["next_batch"] = 5;
  beyond.counters["updates"] = 10;
  EXPECT_EQ(load_error(beyond), "nothing was thrown");
  EXPECT_THAT(error("epoch_terms", 16), "nothing was thrown");
  const Archive first = saved_after(2);
  Archive early = first;
  early.counters["updates"] = 3;
  EXPECT_EQ(load_error(early),
            "it stands at epoch 1, batch 2, update 3; there are 4 epochs of 5 batches, and 0 "
            "updates before this epoch");
  options_.epochs = 1;
  const Archive late = saved_after(5);
  EXPECT_EQ(load_error(late), "nothing was thrown");
}

TEST_F(TrainerState, HasNoMoreEpochsThanTheOptions) {
  const Archive saved = saved_after(12);
  options_.epochs = 2;
  EXPECT_EQ(load_error(saved), "nothing was thrown");
  options_.epochs = 1;
  EXPECT_THAT(load_error(saved),
              HasSubstr("it stands at epoch 3, batch 2, update 12; there are 1 "));
}

TEST_F(TrainerState, EndsByEpochsPatienceOrTheGoal) {
  TrainOptions options;
  options.epochs = 10;
  options.patience = 3;
  TrialRecord r;
  const auto ended = [&](int epochs, int best) {
    r.epochs = epochs;
    r.best_epoch = best;
    return training_ended(r, options);
  };
  EXPECT_FALSE(ended(0, 0));
  EXPECT_FALSE(ended(9, 9));
  EXPECT_TRUE(ended(10, 10));
  EXPECT_TRUE(ended(11, 11));
  EXPECT_FALSE(ended(5, 3));
  EXPECT_TRUE(ended(6, 3));
  EXPECT_FALSE(ended(4, 0)) << "there is no best epoch to wait from";
  options.patience = 0;
  EXPECT_FALSE(ended(9, 1));
  r.updates_to_goal = 12.0;
  EXPECT_TRUE(ended(2, 2));
}

TEST_F(TrainerState, OneThatGoesOnLosesWhatWasComputedAtItsEnd) {
  TrialRecord r;
  r.status = "done";
  r.figures["error"] = {{1.0, 2.0, 3.0}};
  r.figures["success"] = {{0.1, 0.2, 0.3}};
  go_on(r);
  EXPECT_EQ(r.status, "running");
  for (const char* name : {"error", "success"}) {
    EXPECT_TRUE(std::isnan(r.figure(name, Split::train)));
    EXPECT_TRUE(std::isnan(r.figure(name, Split::test)));
  }
  EXPECT_EQ(r.figure("error", Split::valid), 2.0);
  EXPECT_EQ(r.figure("success", Split::valid), 0.2);
}

// The place of the first bad value, and the parameter that looks to be its cause.
TEST_F(TrainerState, ADivergenceNamesTheUpdateAndTheLargestParameter) {
  Archive saved = saved_after(7);
  ASSERT_EQ(saved.floats.count("last/output/b"), 1u);
  Tensor<float> bias = saved.floats.at("last/output/b").clone();
  bias.data()[0] = -3e38f;  // its square is beyond the range of float
  saved.floats["last/output/b"] = bias;
  const auto trainer = make();
  trainer->load(saved);
  EXPECT_EQ(run(*trainer), Outcome::diverged);
  EXPECT_EQ(trainer->record().status, "diverged");
  EXPECT_THAT(trainer->divergence(), testing::StartsWith("the loss is inf at epoch 2, update 8 "
                                                         "(cell lstm, seed 5). "));
  EXPECT_THAT(trainer->divergence(),
              HasSubstr("Parameter output/b holds 3e+38, the largest magnitude of all"));
}

TEST_F(TrainerState, ADivergenceNamesAParameterThatIsNoNumber) {
  Archive saved = saved_after(2);
  const std::string first = net_.parameters().front().name;
  Tensor<float> value = saved.floats.at("last/" + first).clone();
  value.data()[0] = std::numeric_limits<float>::quiet_NaN();
  saved.floats["last/" + first] = value;
  const auto trainer = make();
  trainer->load(saved);
  EXPECT_EQ(run(*trainer), Outcome::diverged);
  EXPECT_THAT(trainer->divergence(), HasSubstr("epoch 1, update 3"));
  EXPECT_THAT(trainer->divergence(), testing::ContainsRegex("Parameter " + first + " holds -?nan"));
}

TEST_F(TrainerState, OneThatPatienceEndedIsDoneWhereverItIsLoaded) {
  options_.patience = 1;
  options_.epochs = 50;
  record_.learning_rate = 1.0;
  const auto early = make();
  ASSERT_EQ(run(*early), Outcome::finished);
  ASSERT_LT(early->record().epochs, 50);
  EXPECT_EQ(early->evaluate_test(), Outcome::finished);
  const auto again = make();
  again->load(early->save());
  EXPECT_EQ(again->record().status, "done");
  EXPECT_EQ(again->record().epochs, early->record().epochs);
  EXPECT_EQ(again->evaluate_test(), Outcome::finished);
  EXPECT_EQ(again->record().figure("error", Split::test),
            early->record().figure("error", Split::test));
}

TEST_F(TrainerState, ATrainedModelHasTheBestParametersInTheirPrecision) {
  for (const char* precision : {"float", "double"}) {
    options_.precision = precision;
    const Archive saved = saved_after(-1);
    const TrainedModel trained = trained_model(*net_.model, saved);
    trained.run([&](const Pass& pass) {
      const auto bias = pass.values(pass.parameters().of("output")[1]);
      ASSERT_EQ(bias.size(), 1u);
      const double expected = precision == std::string("double")
                                  ? saved.doubles.at("parameters/output/b").data()[0]
                                  : double(saved.floats.at("parameters/output/b").data()[0]);
      EXPECT_EQ(bias[0], expected) << precision;
      EXPECT_NE(expected, 0.0);
    });
  }
}

}  // namespace
}  // namespace carousel
