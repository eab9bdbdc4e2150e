#pragma once

#include "train/model.hpp"
#include "train/results.hpp"

namespace carousel {

/// What a trained model expects of the first steps of a sequence, at most `steps` of them: the
/// probability of each note, given the frames before. The notes are those that came.
/// parameters: as model.parameters(). Fills notes and expected alone.
template <class T>
PianoRoll piano_roll(const NextFrameModel& model, const std::vector<Tensor<T>>& parameters,
                     const SequenceSplit& split, int sequence, Index steps);

}  // namespace carousel
