#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "catalogue.hpp"
#include "data/music.hpp"
#include "data/speech.hpp"
#include "layer/losses.hpp"
#include "model_under_test.hpp"
#include "task/next_frame_model.hpp"
#include "task/task.hpp"
#include "temporary_folder.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

SequenceSet few_waves() {
  SequenceSet set = generate_waves();
  const auto keep = [](SequenceSplit& split, std::size_t count) {
    split.lengths.resize(count);
    split.starts.resize(count);
    split.frames.resize(count * 500);
  };
  keep(set.train, 16);
  keep(set.valid, 4);
  keep(set.test, 4);
  return set;
}

TEST(NextFrameModel, TakesSizesFromTheSet) {
  const Cell& cell = catalogue().find("lstm_peephole");
  const ModelUnderTest speech(cell, next_frame_problem(few_waves()), 195);
  // 20 samples a step: the count of Chung et al. 2014, table 1, is 169.1 thousand.
  EXPECT_EQ(speech.recurrence.parameter_count(), 169065);
  EXPECT_EQ(speech.parameters()[speech.parameters().size() - 2].shape, (Shape{420, 195}));
  SequenceSet music;
  music.train.width = 88;
  const ModelUnderTest keys(cell, next_frame_problem(music), 36);
  EXPECT_EQ(keys.parameters().back().shape, (Shape{88}));
}

TEST(NextFrameModel, ShowsAnyTestSequenceThatThereIs) {
  const Task& task = find_task("next_frame");
  const auto with_roll_of = [&](Index sequence) {
    TaskOptions options(task.options);
    options.set("data", "chords");
    options.set("roll_sequence", std::to_string(sequence));
    return task.set_up(options, {});
  };
  const Index sequences = generate_chords().test.sequences();
  EXPECT_NO_THROW(with_roll_of(sequences));
  EXPECT_THAT(error_of<InputError>([&] { with_roll_of(sequences + 1); }),
              testing::HasSubstr(std::to_string(sequences) + " test sequences"));
}

// Without weights, the outputs are the last bias: one mixture for all steps.
TEST(NextFrameModel, ScoresTheMixtureOfItsOutputs) {
  const SequenceSet set = few_waves();
  Recurrence recurrence(catalogue().find("rnn_tanh"), 4);
  const NextFrameModel model(recurrence, set, {});
  std::vector<Tensor<double>> values;
  for (const ParameterSpec& spec : model.parameters()) {
    values.push_back(Tensor<double>::zeros(spec.shape));
  }
  for (Index i = 0; i < 420; ++i) values.back().data()[i] = std::sin(double(i));
  Tape<double> tape;
  const FrameBatch batch = frame_batch(set.valid, std::vector<ExampleId>{2, 0});
  const std::vector<Var> parameters = leaves(tape, values);
  const Pass pass(tape, {model.parameters(), parameters});
  const Var nll = model.step_nll(pass, batch);
  ASSERT_EQ(nll.shape(), (Shape{48, 2}));
  const Var outputs =
      broadcast_to(reshape(tape.constant(values.back()), {1, 1, 420}), {48, 2, 420});
  const Var expected =
      gaussian_mixture_nll(outputs, pass.constant(batch.target), pass.constant(batch.mask));
  for (Index i = 0; i < 96; ++i) {
    EXPECT_NEAR(tape.value(nll).data()[i], tape.value(expected).data()[i], 1e-12) << i;
  }
}

// The frames are standardised, so independent Gaussians have 5 log(2 pi e) = 14.19 nats a step.
TEST(NextFrameModel, LearnsWavesBeyondIndependentSamples) {
  const ModelUnderTest m(catalogue().find("lstm_peephole"), next_frame_problem(few_waves()), 16);
  TrainOptions options;
  options.epochs = 30;
  options.batch = 4;
  TrialRecord record;
  record.seed = 1;
  record.learning_rate = 0.003;
  const auto trainer = make_trainer(*m.model, m.recurrence, *m.problem, options, record);
  const std::atomic<bool> stop{false};
  ASSERT_EQ(trainer->run(stop, [](const Progress&) {}), Outcome::finished) << trainer->divergence();
  const std::vector<CurvePoint>& curve = trainer->record().curve;
  EXPECT_LT(curve[9].train, curve[0].train);
  EXPECT_LT(curve[19].train, curve[9].train);
  EXPECT_LT(trainer->record().chosen_by(), 8.0);
}

}  // namespace
}  // namespace carousel
