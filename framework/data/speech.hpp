#pragma once

#include <filesystem>

#include "data/sequence_set.hpp"

namespace carousel {

// Raw audio in frames of 10 samples; a step reads two frames and predicts the next, as in Chung et
// al. 2014. Samples are standardised: less the mean of all training samples, divided by their
// standard deviation; both numbers, in units of full scale, are in the set's `source`.

/// How recordings become sequences.
enum class SpeechCut {
  by_file,     // each file alone
  by_speaker,  // the files of one speaker and split joined end to end, in the order of split.tsv
};

/// Reads spoken digits: `folder`/split.tsv and the recordings `folder`/wav/*.wav, mono at 8000 Hz.
/// The columns of split.tsv, parted by tabs, are split (train, valid or test), file, digit,
/// speaker, index, samples, sha256 (of the file's bytes). No recording may be listed twice.
/// Sequences of `samples` samples are cut without overlap; what remains is dropped. Throws
/// InputError naming file and place when something is missing, damaged or of another form.
SequenceSet read_speech(const std::filesystem::path& folder, Index samples, SpeechCut cut);

/// 60, 15 and 15 sequences of 500 samples from a fixed seed, for people without recordings: sums of
/// decaying, frequency-modulated sinusoids, with noise.
SequenceSet generate_waves();

}  // namespace carousel
