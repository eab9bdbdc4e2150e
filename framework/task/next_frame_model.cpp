#include "task/next_frame_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "layer/losses.hpp"
#include "tensor/interrupt.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

Index outputs_of(const FrameTask& task) {
  switch (task.outputs) {
    case OutputKind::bernoulli: return task.width;
    case OutputKind::gaussian_mixture: return task.components * (1 + 2 * task.width);
  }
  fail_bug("an output kind without a size");
}

void expect_binary(const SequenceSet& set) {
  if (set.outputs != OutputKind::bernoulli) {
    fail_input(
        "the data set '{}' has frames of real numbers; only sets with frames of zeros and ones, "
        "such "
        "as music, can be sampled",
        set.name);
  }
}

// The first steps of a batch of one sequence, [steps, 1, width], as [steps, width].
Tensor<float> first_steps(const Tensor<float>& values, Index steps) {
  Tensor<float> first = Tensor<float>::uninitialised({steps, values.shape()[2]});
  std::copy_n(values.data(), first.numel(), first.data());
  return first;
}

// The windows of `context` frames that end at the frames [first, last) of `frames`, one a step.
Tensor<float> windows(const std::vector<float>& frames, const FrameTask& task, Index first,
                      Index last) {
  const Index row = task.context * task.width;
  Tensor<float> x = Tensor<float>::uninitialised({last - first, 1, row});
  for (Index t = first; t < last; ++t) {
    const float* window = frames.data() + (t + 1 - task.context) * task.width;
    std::copy_n(window, row, x.data() + (t - first) * row);
  }
  return x;
}

Tensor<float> first_frames(const SequenceSplit& split, Index count) {
  if (count < 0 || count > split.lengths[0]) {
    fail_input("got {} frames to start from, expected 0 to {}, the first test sequence", count,
               split.lengths[0]);
  }
  const float* first = split.frame(0, 0);
  return Tensor<float>::from({count, split.width}, {first, first + count * split.width});
}

template <class Frames>
double notes_a_step(const Frames& frames, Index width) {
  double notes = 0.0;
  for (const float note : frames) notes += note;
  return notes * static_cast<double>(width) / static_cast<double>(frames.size());
}

}  // namespace

const SequenceSplit& part_of(const SequenceSet& set, Split split) {
  switch (split) {
    case Split::train: return set.train;
    case Split::valid: return set.valid;
    case Split::test: return set.test;
  }
  fail_bug("a split without sequences");
}

NextFrameModel::NextFrameModel(Recurrence& recurrence, const SequenceSet& set,
                               const RollOptions& roll)
    : set_(set),
      roll_(roll),
      stack_(with(recurrence.stack("layers", set.task().context * set.task().width))),
      output_(with(Linear("output", stack_.output_size(), outputs_of(set.task())))) {}

Var NextFrameModel::step_nll(const Pass& pass, const FrameBatch& batch) const {
  const Var outputs = forward(pass, pass.constant(batch.x), {.lengths = batch.lengths}).outputs;
  const Var target = pass.constant(batch.target), mask = pass.constant(batch.mask);
  switch (set_.outputs) {
    case OutputKind::bernoulli: return bernoulli_nll(outputs, target, mask);
    case OutputKind::gaussian_mixture: return gaussian_mixture_nll(outputs, target, mask);
  }
  fail_bug("an output kind without a loss");
}

Var NextFrameModel::loss(const Pass& pass, Split split, Ids ids) const {
  return sum(step_nll(pass, frame_batch(part_of(set_, split), ids)));
}

void NextFrameModel::count(const Pass& pass, Split split, Ids ids, Tally& tally) const {
  const FrameBatch batch = frame_batch(part_of(set_, split), ids);
  const std::vector<double> nll = pass.values(step_nll(pass, batch));
  for (std::size_t k = 0; k < nll.size(); ++k) tally.at("nats", ids[k % ids.size()]) += nll[k];
  for (std::size_t b = 0; b < ids.size(); ++b) {
    tally.at("steps", ids[b]) = static_cast<double>(batch.lengths[b]);
  }
}

StackResult NextFrameModel::forward(const Pass& pass, Var x,
                                    const StackArguments& arguments) const {
  StackResult result = stack_.forward(pass, x, arguments);
  result.outputs = output_.forward(pass, result.outputs);
  return result;
}

ModelForm NextFrameModel::form() const {
  return {&stack_, "", ModelForm::Reads::every, {{"output/W", "output/b"}}};
}

std::vector<Exhibit> NextFrameModel::exhibits(const TrainedModel& model) const {
  if (set_.outputs != OutputKind::bernoulli || roll_.sequence < 1) return {};
  const ExampleId id = roll_.sequence - 1;
  const FrameBatch batch = frame_batch(set_.test, Ids(&id, 1));
  const Index shown = std::min(roll_.steps, batch.lengths[0]);
  Exhibit roll{"roll", fmt::format("test sequence {}", roll_.sequence), {}, {}};
  roll.numbers["lowest"] = roll_.lowest_pitch;
  roll.arrays["notes"] = first_steps(batch.target, shown);
  model.run([&](const Pass& pass) {
    const Var logits = forward(pass, pass.constant(batch.x)).outputs;
    roll.arrays["expected"] = first_steps(pass.tensor(sigmoid(logits)), shown);
  });
  return {roll};
}

SampledFrames NextFrameModel::draw_frames(const TrainedModel& model, const Tensor<float>& start,
                                          Index steps, std::uint64_t seed) const {
  expect_binary(set_);
  const FrameTask task = set_.task();
  if (start.shape().rank() != 2 || start.shape()[1] != task.width || steps < 1) {
    fail_input("sample: got a start of {} and {} steps, expected [frames, {}] and 1 or more",
               start.shape().to_string(), steps, task.width);
  }
  const Index silence = std::max<Index>(task.context - start.shape()[0], 0);
  std::vector<float> all(static_cast<std::size_t>(silence * task.width), 0.0f);
  all.insert(all.end(), start.values().begin(), start.values().end());
  const Index before = silence + start.shape()[0];

  SampledFrames sampled{Tensor<float>::uninitialised({steps, task.width}),
                        Tensor<float>::uninitialised({steps, task.width})};
  std::vector<Tensor<double>> states;
  Index read = task.context - 1;  // frames whose windows the model has seen
  for (Index t = 0; t < steps; ++t) {
    poll_stop();
    ModelStep step = model.step(windows(all, task, read, before + t), states);
    read = before + t;
    states = std::move(step.states);
    const auto logits = step.outputs.values().last(static_cast<std::size_t>(task.width));
    Random random(seed, Random::hash("sampled frame", static_cast<std::uint64_t>(t)));
    for (Index k = 0; k < task.width; ++k) {
      const double probability = 1.0 / (1.0 + std::exp(-logits[static_cast<std::size_t>(k)]));
      const float value = random.uniform() < probability ? 1.0f : 0.0f;
      all.push_back(value);
      sampled.frames.data()[t * task.width + k] = value;
      sampled.probabilities.data()[t * task.width + k] = static_cast<float>(probability);
    }
  }
  return sampled;
}

Sample NextFrameModel::sample(const TrainedModel& model, const SampleRequest& request) const {
  if (!request.text.empty() || request.rule != SymbolRule{}) {
    fail_input("--text, --temperature, --top-k and --top-p are of language models, not of music");
  }
  const Tensor<float> start = first_frames(set_.test, request.prime);
  const Tensor<float> drawn = draw_frames(model, start, request.steps, request.seed).frames;
  std::vector<float> all(start.values().begin(), start.values().end());
  all.insert(all.end(), drawn.values().begin(), drawn.values().end());
  const Index width = set_.train.width;
  Exhibit roll{"roll", "sample", {}, {}};
  roll.numbers["lowest"] = roll_.lowest_pitch;
  roll.arrays["notes"] = Tensor<float>::from({request.prime + request.steps, width}, all);
  const std::string from = request.prime == 0
                               ? "silence"
                               : fmt::format("the first {} of a test sequence", request.prime);
  return {roll, fmt::format("{} steps after {}: {:.2f} notes a step, {:.2f} in the training split",
                            request.steps, from, notes_a_step(drawn.values(), width),
                            notes_a_step(set_.train.frames, width))};
}

}  // namespace carousel
