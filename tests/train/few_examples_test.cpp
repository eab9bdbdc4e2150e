// Trials of a few training examples alone (TrainOptions::examples).

#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "small_sequences.hpp"
#include "task/next_frame_model.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

// As many as are in a batch: the loss of an epoch is theirs, and so is the train figure.
TEST(FewExamples, AreAllThatATrialSees) {
  const SequenceSet set = small_set();
  const ModelUnderTest m(catalogue().find("lstm"), next_frame_problem(set), 6);
  TrainOptions options;
  options.examples = 6;
  options.epochs = 1;
  options.batch = 8;
  options.precision = "double";
  TrialRecord record;
  record.cell = "lstm";
  record.dataset = "small";
  record.hidden = 6;
  record.seed = 5;
  record.learning_rate = 0.01;
  const Batch few = training_examples(*m.problem, 6, record.seed);
  const Index steps = terms_of(*m.problem, Split::train, few);
  const auto nll_of = [&](const TrainedModel& model) {
    Tally tally = tally_of(*m.problem, Split::train);
    model.run([&](const Pass& pass) { m.model->count(pass, Split::train, few, tally); });
    Figures figures;
    set_figures(*m.problem, Split::train, tally, figures);
    return figures["nll"][Split::train];
  };
  const ParameterSet<double> start(m.parameters(), record.seed);
  const double before = nll_of({*m.model, start.values()});

  const auto trainer = make_trainer(*m.model, m.recurrence, *m.problem, options, record);
  const std::atomic<bool> stop{false};
  ASSERT_EQ(trainer->run(stop, [](const Progress&) {}), Outcome::finished);
  const CurvePoint& epoch = trainer->record().curve.at(0);
  EXPECT_EQ(epoch.updates, 1);
  EXPECT_NEAR(epoch.train, before, 1e-12);
  EXPECT_NEAR(trainer->record().figure("nll", Split::train),
              nll_of(trained_model(*m.model, trainer->save())), 1e-12);
  EXPECT_LT(steps, terms_of(*m.problem, Split::train, training_examples(*m.problem, 0, 5)));
}

}  // namespace
}  // namespace carousel
