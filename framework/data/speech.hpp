#pragma once

#include <filesystem>

#include "data/sequence_set.hpp"

namespace carousel {

// Raw audio in frames of 10 samples; a step reads two frames and predicts the next, as in Chung et
// al. 2014. Samples are standardised: less the mean of all training samples, divided by their
// standard deviation; both numbers, in units of full scale, are in the set's `source`.

/// How recordings become sequences.
enum class SpeechCut {
  by_file,     ///< each file alone
  by_speaker,  ///< the files of one speaker and split joined end to end, in the order of split.tsv
};

/// Spoken digits (read_recordings() of data/recordings.hpp) as sequences of `samples` samples, cut
/// without overlap; what remains is dropped. Throws InputError as the reader does, and where a
/// split holds no sequence.
SequenceSet read_speech(const std::filesystem::path& folder, Index samples, SpeechCut cut);

/// 60, 15 and 15 sequences of 500 samples from a fixed seed, for people without recordings: sums of
/// decaying, frequency-modulated sinusoids, with noise.
SequenceSet generate_waves();

}  // namespace carousel
