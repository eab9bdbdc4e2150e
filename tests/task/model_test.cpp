#include "task/model.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "catalogue.hpp"
#include "data/speech.hpp"
#include "layer/losses.hpp"
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

TEST(NextFrameModel, TakesSizesFromTheTask) {
  const Cell& cell = catalogue().find("lstm_peephole");
  FrameTask task{10, 2, OutputKind::gaussian_mixture};
  const NextFrameModel speech(cell, task, 195, 1);
  // 20 samples a step: the count of Chung et al. 2014, table 1, is 169.1 thousand.
  EXPECT_EQ(speech.cell_parameter_count(), 169065);
  EXPECT_EQ(speech.parameters()[speech.parameters().size() - 2].shape, (Shape{420, 195}));
  task.components = 3;
  const NextFrameModel small(cell, task, 195, 1);
  EXPECT_EQ(small.parameters().back().shape, (Shape{63}));
  const NextFrameModel music(cell, {88}, 36, 1);
  EXPECT_EQ(music.parameters().back().shape, (Shape{88}));
}

// Without weights, the outputs are the last bias: one mixture for all steps.
TEST(NextFrameModel, ScoresTheMixtureOfItsOutputs) {
  const SequenceSet set = few_waves();
  const NextFrameModel model(catalogue().find("rnn_tanh"), set.task(), 4, 1);
  std::vector<Tensor<double>> values;
  for (const ParameterSpec& spec : model.parameters()) {
    values.push_back(Tensor<double>::zeros(spec.shape));
  }
  for (Index i = 0; i < 420; ++i) values.back().data()[i] = std::sin(double(i));
  Tape<double> tape;
  const auto batch = next_frame_batch<double>(set.valid, {2, 0});
  const Var nll = model.step_nll(tape, leaves(tape, values), batch);
  ASSERT_EQ(nll.shape(), (Shape{48, 2}));
  const Var outputs =
      broadcast_to(reshape(tape.constant(values.back()), {1, 1, 420}), {48, 2, 420});
  const Var expected =
      gaussian_mixture_nll(outputs, tape.constant(batch.target), tape.constant(batch.mask));
  for (Index i = 0; i < 96; ++i) {
    EXPECT_NEAR(tape.value(nll).data()[i], tape.value(expected).data()[i], 1e-12) << i;
  }
}

// The frames are standardised, so independent Gaussians have 5 log(2 pi e) = 14.19 nats a step.
TEST(NextFrameModel, LearnsWavesBeyondIndependentSamples) {
  const SequenceSet set = few_waves();
  const NextFrameModel model(catalogue().find("lstm_peephole"), set.task(), 16, 1);
  StudyOptions options;
  options.train.epochs = 30;
  options.train.batch = 4;
  TrialRecord record;
  record.seed = 1;
  record.learning_rate = 0.003;
  const auto trainer = make_trainer(model, set, options, record);
  const std::atomic<bool> stop{false};
  ASSERT_EQ(trainer->run(stop, [](const Progress&) {}), Outcome::finished) << trainer->divergence();
  const std::vector<CurvePoint>& curve = trainer->record().curve;
  EXPECT_LT(curve[9].train_nll, curve[0].train_nll);
  EXPECT_LT(curve[19].train_nll, curve[9].train_nll);
  EXPECT_LT(trainer->record().valid_nll, 8.0);
}

}  // namespace
}  // namespace carousel
