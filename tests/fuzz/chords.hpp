#pragma once

#include "data/music.hpp"

namespace carousel {

/// The beginnings of so many sequences of generated chords: `frames` frames of the first, one more
/// of each next.
inline SequenceSplit short_chords(Index sequences, Index frames) {
  const SequenceSplit all = generate_chords().train;
  SequenceSplit split;
  split.width = all.width;
  for (Index s = 0; s < sequences; ++s) split.add({all.frame(s, 0), all.frame(s, frames + s)});
  return split;
}

}  // namespace carousel
