#include "train/piano_roll.hpp"

#include <algorithm>

namespace carousel {
namespace {

// The first steps of a batch of one sequence, [steps, 1, width], as [steps, width].
template <class T>
Tensor<float> first_steps(const Tensor<T>& values, Index steps) {
  Tensor<float> first = Tensor<float>::uninitialised({steps, values.shape()[2]});
  std::copy_n(values.data(), first.numel(), first.data());
  return first;
}

}  // namespace

template <class T>
PianoRoll piano_roll(const NextFrameModel& model, const std::vector<Tensor<T>>& parameters,
                     const SequenceSplit& split, int sequence, Index steps) {
  const Batch<T> batch = next_frame_batch<T>(split, {sequence});
  const Index shown = std::min(steps, batch.scored);
  Tape<T> tape;
  std::vector<Var> constants;
  for (const auto& value : parameters) constants.push_back(tape.constant(value));
  const StackResult run = model.step(tape, constants, tape.constant(batch.x), {});
  PianoRoll roll;
  roll.notes = first_steps(batch.target, shown);
  roll.expected = first_steps(tape.value(sigmoid(run.outputs)), shown);
  return roll;
}

template PianoRoll piano_roll(const NextFrameModel&, const std::vector<Tensor<float>>&,
                              const SequenceSplit&, int, Index);
template PianoRoll piano_roll(const NextFrameModel&, const std::vector<Tensor<double>>&,
                              const SequenceSplit&, int, Index);

}  // namespace carousel
