#pragma once

#include <filesystem>
#include <string>

#include "cell/cell.hpp"
#include "train/model.hpp"
#include "train/results.hpp"

namespace carousel {

/// Frames drawn from a model.
struct SampledFrames {
  Tensor<float> frames;         // [steps, width], 0 or 1
  Tensor<float> probabilities;  // [steps, width]: of a 1, given the frames before
};

/// Draws `steps` frames, one after the other, each element from its own Bernoulli probability; what
/// was drawn is the model's next input. Depends on the arguments alone.
/// parameters: as model.parameters(); start: [K, width], the frames before the first drawn one,
/// behind frames of zeros where K is less than the model's context.
/// Throws InputError when the task's outputs are not binary or the sizes do not fit.
template <class T>
SampledFrames sample_frames(const NextFrameModel& model, const FrameTask& task,
                            const std::vector<Tensor<T>>& parameters, const Tensor<float>& start,
                            Index steps, std::uint64_t seed);

/// What `sample_run` is asked for.
struct SampleRequest {
  std::filesystem::path run;  // the run folder
  std::string data_dir;       // --data
  std::string cell;           // as TrialRecord::cell or name(); empty: any
  std::string dataset;        // empty: the only one
  std::uint64_t seed = 1;
  Index steps = 200;
  Index prime = 0;  // frames of the first test sequence to start from; 0: silence
};

/// Music from a trained model of a run.
struct SampledMusic {
  TrialRecord trial;          // whose model it is
  Tensor<float> frames;       // [prime + steps, width]
  int lowest_pitch = 0;       // MIDI pitch of the first element
  double notes_a_step = 0.0;  // of the drawn frames
  double notes_a_step_in_training = 0.0;
};

/// Draws frames from the best model of a run's finished trials: of those that are selected, where
/// there are any, the one with the lowest validation NLL.
/// Throws InputError when the run has none, or none of that cell and data set, or when the frames
/// of the data set are not binary.
SampledMusic sample_run(CellRegistry& registry, const SampleRequest& request);

}  // namespace carousel
