#pragma once

#include "data/sequence_set.hpp"
#include "layer/linear.hpp"
#include "task/problem.hpp"

namespace carousel {

/// Which test sequence the piano roll of a model shows.
struct RollOptions {
  Index sequence = 1;     ///< counted from 1; 0: no roll
  Index steps = 100;      ///< from its start
  int lowest_pitch = 21;  ///< MIDI pitch of the first element of a frame
};

/// Frames drawn from a model.
struct SampledFrames {
  Tensor<float> frames;         ///< [steps, width], 0 or 1
  Tensor<float> probabilities;  ///< [steps, width]: of a 1, given the frames before
};

/// Predicts each next frame: a recurrent stack, and a linear layer for what its distribution needs:
/// the logits of a frame of zeros and ones, or the outputs of gaussian_mixture_nll.
class NextFrameModel final : public Model {
 public:
  /// `set` must outlive it.
  NextFrameModel(Recurrence& recurrence, const SequenceSet& set, const RollOptions& roll);

  Var loss(const Pass& pass, Split split, Ids ids) const override;
  /// Counts "nats" and "steps".
  void count(const Pass& pass, Split split, Ids ids, Tally& tally) const override;
  /// The piano roll, of sets of zeros and ones.
  std::vector<Exhibit> exhibits(const TrainedModel& model) const override;
  /// Frames drawn one after the other, as a roll whose "notes" begin with the given frames. Throws
  /// InputError when the frames are not zeros and ones.
  Sample sample(const TrainedModel& model, const SampleRequest& request) const override;

  /// Draws `steps` frames, one after the other, each element from its own Bernoulli probability;
  /// what was drawn is the model's next input. Depends on the arguments alone. start: [K, width],
  /// the frames before the first drawn one, behind frames of zeros where K is less than the set's
  /// context. Throws InputError when the frames are not binary or the sizes do not fit.
  SampledFrames draw_frames(const TrainedModel& model, const Tensor<float>& start, Index steps,
                            std::uint64_t seed) const;
  /// Negative log-likelihood of each step in nats, summed over the frame: [T, batch], zero for
  /// padding.
  Var step_nll(const Pass& pass, const FrameBatch& batch) const;
  /// What the next frame's distribution needs, at each step. x: windows of `context` frames.
  StackResult forward(const Pass& pass, Var x, const StackArguments& arguments = {}) const override;
  ModelForm form() const override;

 private:
  const SequenceSet& set_;
  RollOptions roll_;
  RecurrentStack stack_;
  Linear output_;
};

/// The problem of predicting the frames of a set.
std::unique_ptr<Problem> next_frame_problem(SequenceSet set, const RollOptions& roll = {});

/// The part of a set.
const SequenceSplit& part_of(const SequenceSet& set, Split split);

}  // namespace carousel
