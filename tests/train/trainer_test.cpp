#include "train/trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <array>
#include <limits>

#include "archive_difference.hpp"
#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "small_sequences.hpp"
#include "task/next_frame_model.hpp"
#include "temporary_folder.hpp"
#include "train/shards.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The mean over all steps, and of the sequences' own means.
struct MeanNll {
  double by_step = 0.0;
  double by_sequence = 0.0;
};

MeanNll mean_nll(const TrainedModel& model, const Problem& problem, Split split, int batch) {
  Tally tally = tally_of(problem, split);
  for (const Batch& ids : evaluation_batches(problem, split, batch)) {
    model.run([&](const Pass& pass) { model.model().count(pass, split, ids, tally); });
  }
  Figures figures;
  set_figures(problem, split, tally, figures);
  return {figures["nll"][split], figures["nll_by_sequence"][split]};
}

double valid_nll(const TrialRecord& record) { return record.figure("nll", Split::valid); }

class TrainerTest : public testing::Test {
 protected:
  TrainerTest() {
    options_.epochs = 4;
    options_.batch = 8;
    options_.shard = 3;
    options_.weight_noise = 0.05;
    options_.optimiser.learning_rate = 0.01;
    record_.cell = "lstm_peephole";
    record_.dataset = "small";
    record_.hidden = 6;
    record_.seed = 5;
    record_.learning_rate = 0.01;
  }
  std::unique_ptr<Trainer> make() { return make(under_test_); }
  std::unique_ptr<Trainer> make(const ModelUnderTest& m) {
    return make_trainer(*m.model, m.recurrence, *m.problem, options_, record_);
  }

  // Runs, interrupting after `updates` updates (never when negative).
  static Outcome run(Trainer& trainer, int updates = -1) {
    std::atomic<bool> stop{updates == 0};
    const Outcome outcome = trainer.run(stop, [&](const Progress&) {
      if (--updates == 0) stop = true;
    });
    if (outcome == Outcome::finished) trainer.evaluate_test();
    return outcome;
  }

  std::unique_ptr<Trainer> on(std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    auto trainer = make();
    run(*trainer);
    return trainer;
  }

  // Interrupts a trial after `updates` updates, and lets another trainer end what was saved.
  std::unique_ptr<Trainer> interrupted_and_resumed(int updates) {
    const auto first = make();
    EXPECT_EQ(run(*first, updates), Outcome::interrupted);
    auto second = make();
    second->load(first->save());
    EXPECT_EQ(run(*second), Outcome::finished);
    return second;
  }

  static std::string difference(const Trainer& a, const Trainer& b) {
    return first_difference(a.save(), b.save());
  }

  // That the figures of an ended trial are those of the parameters that it keeps.
  void expect_figures_of_what_is_kept(const Trainer& trainer) const {
    const TrainedModel kept = trained_model(model_, trainer.save());
    for (const Split split : all_splits) {
      const MeanNll nll = mean_nll(kept, problem_, split, options_.shard);
      const double by_step = trainer.record().figure("nll", split);
      const double by_sequence = trainer.record().figure("nll_by_sequence", split);
      EXPECT_NEAR(nll.by_step, by_step, 1e-6 * by_step) << split_name(split);
      EXPECT_NEAR(nll.by_sequence, by_sequence, 1e-6 * by_sequence) << split_name(split);
    }
  }

  SequenceSet set_ = small_set();
  ModelUnderTest under_test_{catalogue().find("lstm_peephole"), next_frame_problem(set_), 6};
  const Model& model_ = *under_test_.model;
  const Problem& problem_ = *under_test_.problem;
  TrainOptions options_;
  TrialRecord record_;
};

TEST_F(TrainerTest, Learns) {
  const auto trainer = make();
  EXPECT_EQ(run(*trainer), Outcome::finished);
  const TrialRecord& r = trainer->record();
  EXPECT_EQ(r.status, "done");
  EXPECT_EQ(r.curve.size(), 4u);
  EXPECT_LT(r.curve.back().valid[0], r.curve.front().valid[0]);
  EXPECT_EQ(r.best_epoch, 4);
  EXPECT_EQ(valid_nll(r), r.curve[3].valid[0]);
  EXPECT_EQ(r.curve.back().updates, 4 * 3);
  EXPECT_EQ(r.cell_parameters, 4 * 6 * (88 + 6 + 1) + 3 * 6);
  EXPECT_EQ(r.parameters, r.cell_parameters + 88 * 7);
}

TEST_F(TrainerTest, SameBitsOnAnyNumberOfThreads) {
  options_.epochs = 2;
  for (const std::string& rule : rule_names()) {
    options_.optimiser.rule = rule;
    const auto one = on(1);
    EXPECT_EQ(difference(*one, *on(2)), "") << rule;
    EXPECT_EQ(difference(*one, *on(4)), "") << rule;
  }
}

// A matrix (which takes weight noise) and a vector of the cell that are not trained.
TEST_F(TrainerTest, LeavesParametersThatAreNotTrainedAsTheyAre) {
  Cell cell = catalogue().find("lstm_peephole");
  cell.build = [build = cell.build](const CellSizes& sizes) {
    StepProgram program = build(sizes);
    for (ProgramParameter& p : program.parameters) {
      if (p.name == "U_i" || p.name == "b_f") p.trained = false;
    }
    return program;
  };
  const Index all = under_test_.recurrence.parameter_count();
  const ModelUnderTest partly(cell, next_frame_problem(set_), 6);
  const ParameterSet<float> start(partly.parameters(), record_.seed);
  std::vector<Tensor<float>> gradients;  // zero, so that they do not count in the norm
  ShardRunner<float>(*partly.model, *partly.problem, Split::train, 3)
      .loss_and_gradients(start.values(), Batch{0, 1}, 7, gradients);
  for (std::size_t k = 0; k < start.size(); ++k) {
    const ParameterSpec& spec = start.spec(k);
    const auto zero = [](float v) { return v == 0.0f; };
    EXPECT_EQ(std::ranges::all_of(gradients[k].values(), zero), !spec.trained) << spec.name;
    EXPECT_EQ(spec.recurrent_weight,
              spec.trained && spec.name != "output/W" && spec.shape.rank() == 2)
        << spec.name << " takes weight noise";
  }
  for (const char* rule : {"adam", "rmsprop", "sgd"}) {
    options_.optimiser.rule = rule;
    const auto first = make(partly);
    ASSERT_EQ(run(*first, 5), Outcome::interrupted);
    const auto second = make(partly);
    second->load(first->save());
    ASSERT_EQ(run(*second), Outcome::finished);
    EXPECT_EQ(second->record().cell_parameters, all - 6 * 6 - 6);
    EXPECT_EQ(second->record().parameters, all - 6 * 6 - 6 + 88 * 7);
    for (const Archive& saved : {first->save(), second->save()}) {
      for (std::size_t k = 0; k < start.size(); ++k) {
        const ParameterSpec& spec = start.spec(k);
        const Tensor<float>& now = saved.tensor<float>("parameters/" + spec.name);
        EXPECT_EQ(std::ranges::equal(now.values(), start.value(k).values()), !spec.trained)
            << rule << " " << spec.name;
      }
    }
  }
}

TEST_F(TrainerTest, AnotherSeedIsAnotherResult) {
  const auto a = make();
  run(*a);
  record_.seed = 6;
  const auto b = make();
  run(*b);
  EXPECT_NE(valid_nll(a->record()), valid_nll(b->record()));
}

TEST_F(TrainerTest, ResumedAtAnyUpdateEndsInTheSameBits) {
  for (const char* precision : {"float", "double"}) {
    for (const std::string& rule : rule_names()) {
      options_.precision = precision;
      options_.optimiser.rule = rule;
      options_.optimiser.learning_rate = record_.learning_rate;
      const auto whole = make();
      run(*whole);
      for (const int updates : {0, 1, 4, 6, 11}) {
        EXPECT_EQ(difference(*interrupted_and_resumed(updates), *whole), "")
            << precision << " " << rule << " " << updates;
      }
    }
  }
}

TEST_F(TrainerTest, StopsEarlyAndKeepsTheBest) {
  options_.epochs = 60;
  options_.patience = 2;
  record_.learning_rate = 0.3;  // soon gets worse
  const auto trainer = make();
  EXPECT_EQ(run(*trainer), Outcome::finished);
  const TrialRecord& r = trainer->record();
  EXPECT_LT(r.epochs, 60);
  EXPECT_EQ(r.epochs, r.best_epoch + 2);
  for (const CurvePoint& p : r.curve) EXPECT_GE(p.valid[0], valid_nll(r));
}

// With such a rate validation soon gets worse: the best epoch is neither the first nor the last.
TEST_F(TrainerTest, KeepsTheParametersOfTheBestEpoch) {
  record_.learning_rate = 0.5;
  const auto whole = make();
  ASSERT_EQ(run(*whole), Outcome::finished);
  const TrialRecord& r = whole->record();
  ASSERT_GT(r.best_epoch, 1);
  ASSERT_LT(r.best_epoch, 4);
  for (const CurvePoint& p : r.curve) {
    if (p.epoch == r.best_epoch) continue;
    EXPECT_GT(p.valid[0], 1.01 * valid_nll(r)) << p.epoch;
  }
  expect_figures_of_what_is_kept(*whole);
  // Also when a checkpoint carries them over.
  const auto resumed = interrupted_and_resumed(3 * r.best_epoch + 1);
  expect_figures_of_what_is_kept(*resumed);
  EXPECT_EQ(difference(*resumed, *whole), "");
}

// The steps are too short to move a parameter.
TEST_F(TrainerTest, OfEqualEpochsTheFirstIsTheBest) {
  options_.optimiser.rule = "sgd";
  options_.weight_noise = 0.0;
  record_.learning_rate = 1e-30;
  const auto trainer = make();
  ASSERT_EQ(run(*trainer), Outcome::finished);
  ASSERT_EQ(trainer->record().curve.size(), 4u);
  for (const CurvePoint& p : trainer->record().curve) {
    EXPECT_EQ(p.valid[0], valid_nll(trainer->record()));
  }
  EXPECT_EQ(trainer->record().best_epoch, 1);
}

TEST_F(TrainerTest, TimeGoesOnFromWhatWasSaved) {
  const auto first = make();
  ASSERT_EQ(run(*first, 4), Outcome::interrupted);
  Archive saved = first->save();
  TrialRecord record = load_record(saved);
  EXPECT_GT(record.seconds, 0.0);
  record.seconds += 1000.0;
  save_record(record, saved);
  const auto second = make();
  second->load(saved);
  ASSERT_EQ(run(*second), Outcome::finished);
  const TrialRecord& r = second->record();
  EXPECT_EQ(r.curve[0].seconds, record.curve[0].seconds);
  EXPECT_GE(r.curve[1].seconds, record.seconds);
  EXPECT_GE(r.seconds, r.curve[3].seconds);
  EXPECT_LT(r.seconds, 1900.0) << "it counted the time before twice";
}

TEST_F(TrainerTest, OneThatPatienceEndedKeepsNothingToGoOnFrom) {
  const auto has_last = [](const Archive& archive) {
    return std::ranges::any_of(archive.floats,
                               [](const auto& entry) { return entry.first.starts_with("last/"); });
  };
  const auto all_epochs = make();
  run(*all_epochs);
  EXPECT_TRUE(has_last(all_epochs->save())) << "more epochs may be asked for";
  options_.patience = 1;
  options_.epochs = 50;
  record_.learning_rate = 1.0;
  const auto early = make();
  ASSERT_EQ(run(*early), Outcome::finished);
  ASSERT_LT(early->record().epochs, 50);
  EXPECT_FALSE(has_last(early->save()));
}

TEST_F(TrainerTest, TestFiguresOnlyWhenAskedFor) {
  const auto trainer = make();
  run(*trainer, 7);
  EXPECT_EQ(trainer->record().status, "running");
  EXPECT_THROW(trainer->evaluate_test(), BugError);
  std::atomic<bool> stop{false};
  trainer->run(stop, [](const Progress&) {});
  EXPECT_EQ(trainer->record().status, "done");
  EXPECT_TRUE(std::isnan(trainer->record().figure("nll", Split::test)));
  trainer->evaluate_test();
  EXPECT_TRUE(std::isfinite(trainer->record().figure("nll", Split::test)));
}

// By which nothing may be chosen: a search still takes the trial for one that was trained.
TEST_F(TrainerTest, OneThatGoesOnHasNoFiguresOfItsEarlierEnd) {
  const auto first = make();
  run(*first);
  EXPECT_FALSE(std::isnan(first->record().figure("nll", Split::test)));
  ++options_.epochs;
  const auto second = make();
  second->load(first->save());
  EXPECT_EQ(second->record().status, "running");
  EXPECT_TRUE(std::isnan(second->record().figure("nll", Split::test)));
  EXPECT_TRUE(std::isnan(second->record().figure("nll", Split::train)));
  EXPECT_FALSE(std::isnan(second->record().figure("nll", Split::valid)));
}

TEST_F(TrainerTest, ATestFigureThatIsNoNumberIsADivergence) {
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), 1e35f}) {
    SequenceSet set = set_;
    set.test.frames.at(88 + 3) = value;  // of the second frame, which is predicted
    const ModelUnderTest other(catalogue().find("lstm_peephole"), next_frame_problem(set), 6);
    const auto trainer = make(other);
    const std::atomic<bool> stop{false};
    ASSERT_EQ(trainer->run(stop, [](const Progress&) {}), Outcome::finished);
    EXPECT_EQ(trainer->evaluate_test(), Outcome::diverged);
    EXPECT_EQ(trainer->record().status, "diverged");
    EXPECT_TRUE(was_trained(trainer->record()));
    EXPECT_THAT(trainer->divergence(),
                AllOf(HasSubstr("the test NLL of the best epoch is "), HasSubstr("validation")));
  }
}

TEST_F(TrainerTest, AValidationFigureThatIsNoNumberEndsIt) {
  SequenceSet set = set_;
  set.valid.frames.at(88 + 3) = 1e35f;  // of the second frame, which is predicted
  const ModelUnderTest other(catalogue().find("lstm_peephole"), next_frame_problem(set), 6);
  const auto trainer = make(other);
  EXPECT_EQ(run(*trainer), Outcome::diverged);
  EXPECT_EQ(trainer->record().epochs, 0);
  EXPECT_EQ(trainer->record().status, "diverged");
  EXPECT_FALSE(was_trained(trainer->record()));
  EXPECT_THAT(trainer->divergence(),
              AllOf(testing::StartsWith("the validation NLL is "), HasSubstr(" at epoch 1, ")));
}

// Both averages, from the NLL of each sequence alone.
TEST_F(TrainerTest, MeansOverStepsAndOverSequences) {
  const ParameterSet<double> parameters(model_.parameters(), 3);
  double total = 0.0, of_means = 0.0;
  for (ExampleId s = 0; s < set_.train.sequences(); ++s) {
    std::vector<Tensor<double>> gradients;
    const double nll = ShardRunner<double>(model_, problem_, Split::train, 1)
                           .loss_and_gradients(parameters.values(), Batch{s}, 1, gradients);
    total += nll;
    of_means += nll / double(set_.train.scored(s)) / double(set_.train.sequences());
  }
  const MeanNll mean = mean_nll({model_, parameters.values()}, problem_, Split::train, 4);
  EXPECT_NEAR(mean.by_step, total / double(set_.train.scored_total()), 1e-12 * mean.by_step);
  EXPECT_NEAR(mean.by_sequence, of_means, 1e-12 * mean.by_sequence);
  EXPECT_GT(std::abs(mean.by_step - mean.by_sequence), 1e-6);
}

// The same problem with a goal for the NLL.
class WithGoal final : public Problem {
 public:
  WithGoal(std::unique_ptr<Problem> problem, double goal)
      : problem_(std::move(problem)), metrics_(problem_->metrics()) {
    metrics_[0].goal = goal;
  }
  std::string name() const override { return problem_->name(); }
  std::string description() const override { return problem_->description(); }
  Index size(Split split) const override { return problem_->size(split); }
  Index length(Split split, ExampleId id) const override { return problem_->length(split, id); }
  Index terms(Split split, ExampleId id) const override { return problem_->terms(split, id); }
  const std::vector<Metric>& metrics() const override { return metrics_; }
  std::unique_ptr<Model> model(Recurrence& recurrence) const override {
    return problem_->model(recurrence);
  }

 private:
  std::unique_ptr<Problem> problem_;
  std::vector<Metric> metrics_;
};

// Three updates an epoch; the goal lies between the second and the third epoch.
TEST_F(TrainerTest, ATrialEndsAtTheGoalAndSaysWhen) {
  const auto without = make();
  run(*without);
  EXPECT_TRUE(std::isnan(without->record().updates_to_goal));
  const std::vector<CurvePoint>& curve = without->record().curve;
  ASSERT_GT(curve[1].valid[0], curve[2].valid[0]);
  const double goal = 0.5 * (curve[1].valid[0] + curve[2].valid[0]);
  const ModelUnderTest with_goal(under_test_.cell,
                                 std::make_unique<WithGoal>(next_frame_problem(set_), goal), 6);
  const auto whole = make(with_goal);
  ASSERT_EQ(run(*whole), Outcome::finished);
  EXPECT_EQ(whole->record().epochs, 3);
  EXPECT_EQ(whole->record().updates_to_goal, 9.0);
  EXPECT_EQ(whole->record().status, "done");
  EXPECT_EQ(valid_nll(whole->record()), curve[2].valid[0]);
  const auto first = make(with_goal);
  ASSERT_EQ(run(*first, 7), Outcome::interrupted);
  const auto second = make(with_goal);
  second->load(first->save());
  ASSERT_EQ(run(*second), Outcome::finished);
  EXPECT_EQ(difference(*second, *whole), "");
}

TEST_F(TrainerTest, NamesCellLayerStepAndParameterOfADivergence) {
  record_.learning_rate = 1e38;
  options_.epochs = 20;
  const auto trainer = make();
  EXPECT_EQ(run(*trainer), Outcome::diverged);
  EXPECT_EQ(trainer->record().status, "diverged");
  EXPECT_THAT(trainer->divergence(),
              AllOf(HasSubstr("cell lstm_peephole"), HasSubstr("layers/0/forward"),
                    HasSubstr("step "), HasSubstr("Parameter "), HasSubstr("train.learning_rate")));
}

TEST_F(TrainerTest, RefusesACheckpointOfAnotherModel) {
  const auto trainer = make();
  run(*trainer, 2);
  const Archive saved = trainer->save();
  const ModelUnderTest other(catalogue().find("lstm_peephole"), next_frame_problem(set_), 7);
  const auto second = make(other);
  EXPECT_THAT(error_of<InputError>([&] { second->load(saved); }), HasSubstr("has shape"));
}

TEST_F(TrainerTest, ProgressCountsUp) {
  const auto trainer = make();
  double last = 0.0;
  std::atomic<bool> stop{false};
  trainer->run(stop, [&](const Progress& p) {
    EXPECT_GT(p.done, last);
    last = p.done;
    EXPECT_TRUE(std::isfinite(p.train));
    const TrialRecord& r = trainer->record();
    EXPECT_EQ(p.epoch_ended, p.epoch == r.epochs);
    EXPECT_EQ(p.best_epoch, r.best_epoch);
    if (r.epochs == 0) EXPECT_TRUE(std::isnan(p.best_valid));
    else EXPECT_EQ(p.best_valid, r.chosen_by());
  });
  EXPECT_EQ(last, 1.0);
}

// Plain steps down the gradient, whose length says what the rate was: 12 updates in all.
TEST_F(TrainerTest, TheRateFallsLinearly) {
  options_.optimiser.rule = "sgd";
  options_.optimiser.momentum = 0.0;
  options_.weight_noise = 0.0;
  const auto step = [&](double final_rate, int updates) {
    options_.schedule.final_rate = final_rate;
    const auto trainer = make();
    run(*trainer, updates);
    const Tensor<float> before = trainer->save().floats.at("last/output/b").clone();
    std::atomic<bool> stop{false};
    trainer->run(stop, [&](const Progress&) { stop = true; });
    return trainer->save().floats.at("last/output/b").data()[40] - before.data()[40];
  };
  EXPECT_NE(step(1.0, 0), 0.0f);
  EXPECT_EQ(step(0.01, 0), step(1.0, 0));
  EXPECT_NEAR(step(0.4, 1) / step(1.0, 1), 1.0 - 0.6 / 12.0, 1e-4);
}

// The third epoch is better than the second, but not than the first.
TEST_F(TrainerTest, APlateauIsReckonedFromTheBestEpoch) {
  options_.optimiser.rule = "sgd";
  options_.optimiser.momentum = 0.0;
  options_.weight_noise = 0.0;
  options_.schedule = {.name = "plateau", .plateau_epochs = 2};
  const auto first = make();
  run(*first, 9);  // three epochs of three updates
  ASSERT_EQ(first->record().epochs, 3);
  const auto step_after = [&](const std::array<double, 3>& valid) {
    Archive saved = first->save();
    Tensor<double> curve = saved.doubles.at("curve").clone();
    const Index columns = curve.shape()[1];
    for (Index epoch = 0; epoch < 3; ++epoch) {
      curve.data()[epoch * columns + 4] = valid[static_cast<std::size_t>(epoch)];
    }
    saved.doubles["curve"] = curve;
    const auto trainer = make();
    trainer->load(saved);
    const float before = saved.floats.at("last/output/b").data()[40];
    run(*trainer, 1);
    return trainer->save().floats.at("last/output/b").data()[40] - before;
  };
  const float whole = step_after({3.0, 2.0, 1.0});
  EXPECT_NE(whole, 0.0f);
  EXPECT_NEAR(step_after({1.0, 3.0, 2.0}) / whole, 0.5, 1e-4);
}

// Plain steps down the gradient: that of the sequences' sums is as many times longer as a sequence
// of the batch has scored steps in the mean.
TEST_F(TrainerTest, TheLossIsTheMeanOfStepsOrOfSequences) {
  options_.optimiser.rule = "sgd";
  options_.weight_noise = 0.0;
  options_.clip_norm = 0.0;
  const auto first_step = [&](const char* loss) {
    options_.loss = loss;
    const auto trainer = make();
    run(*trainer, 1);
    return trainer->save().floats.at("last/output/b").data()[40];  // from zero
  };
  const Batch batch = training_batches(problem_, 8, record_.seed, 0).front();
  const double steps = double(terms_of(problem_, Split::train, batch)) / double(batch.size());
  EXPECT_GT(steps, 2.0);
  EXPECT_NEAR(first_step("sequence") / first_step("step"), steps, 1e-4 * steps);
}

// The gradient of a batch is the gradient of its sequences' mean NLL, however it is sharded.
TEST_F(TrainerTest, ShardsDoNotChangeTheGradient) {
  const ParameterSet<double> parameters(model_.parameters(), 3);
  std::vector<Tensor<double>> whole, parts;
  const Batch sequences = {4, 1, 9, 16, 2};
  const double a = ShardRunner<double>(model_, problem_, Split::train, 5)
                       .loss_and_gradients(parameters.values(), sequences, 4, whole);
  const double b = ShardRunner<double>(model_, problem_, Split::train, 2)
                       .loss_and_gradients(parameters.values(), sequences, 4, parts);
  EXPECT_NEAR(a, b, 1e-11 * a);
  for (std::size_t k = 0; k < whole.size(); ++k) {
    for (Index i = 0; i < whole[k].numel(); ++i) {
      EXPECT_NEAR(whole[k].data()[i], parts[k].data()[i], 1e-13);
    }
  }
}

// With a rate too small to move anything, the loss of the same sequences changes by masks and noise
// alone.
TEST_F(TrainerTest, EachUpdateHasMasksAndNoiseOfItsOwn) {
  SequenceSet same = set_;
  same.train = {};
  same.train.width = set_.train.width;
  const float* frames = set_.train.frame(3, 0);
  for (int k = 0; k < 3; ++k) same.train.add({frames, frames + 5 * set_.train.width});
  options_.epochs = 2;
  options_.weight_noise = 0.0;
  options_.optimiser.rule = "sgd";
  record_.learning_rate = 1e-30;
  const auto losses = [&](double rate) {
    const ModelUnderTest masked(catalogue().find("lstm_peephole"), next_frame_problem(same), 6,
                                {.dropout_output = rate});
    const auto trainer = make(masked);
    run(*trainer);
    const auto& curve = trainer->record().curve;
    return std::pair(curve.at(0).train, curve.at(1).train);
  };
  const auto [first, second] = losses(0.0);
  EXPECT_EQ(first, second);
  const auto [masked, otherwise] = losses(0.5);
  EXPECT_NE(masked, otherwise);
  options_.weight_noise = 0.1;
  const auto [noisy, noisy_otherwise] = losses(0.0);
  EXPECT_NE(noisy, noisy_otherwise);
}

TEST_F(TrainerTest, PausesWhereItIsAskedTo) {
  const auto whole = make(), in_parts = make();
  run(*whole);
  const std::atomic<bool> stop{false};
  const auto silent = [](const Progress&) {};
  for (const int until : {1, 3}) {
    EXPECT_EQ(in_parts->run(stop, silent, until), Outcome::interrupted);
    EXPECT_EQ(in_parts->record().epochs, until);
  }
  EXPECT_EQ(in_parts->run(stop, silent, 9), Outcome::finished) << "it has four epochs";
  in_parts->evaluate_test();
  EXPECT_EQ(difference(*in_parts, *whole), "");
}

// Masks are of an example's place in the batch, whatever its shard.
TEST_F(TrainerTest, ShardsDoNotChangeTheMasks) {
  const ModelUnderTest masked(catalogue().find("lstm_peephole"), next_frame_problem(set_), 6,
                              {.dropout_output = 0.5, .zoneout = {{"all", 0.3}}});
  const ParameterSet<double> parameters(masked.parameters(), 3);
  const Batch sequences = {4, 1, 9, 16, 2};
  const MaskSeed masks{7, 3};
  const auto loss = [&](int shard) {
    std::vector<Tensor<double>> gradients;
    return ShardRunner<double>(*masked.model, *masked.problem, Split::train, shard)
        .loss_and_gradients(parameters.values(), sequences, 4, gradients, {&masks, nullptr});
  };
  const double whole = loss(5);
  for (const int shard : {1, 2, 4}) EXPECT_NEAR(loss(shard), whole, 1e-11 * whole) << shard;
}

}  // namespace
}  // namespace carousel
