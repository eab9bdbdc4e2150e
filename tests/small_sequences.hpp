#pragma once

#include "data/music.hpp"

namespace carousel {

/// The first sequences of the generated set: fast to train on.
inline SequenceSet small_set() {
  const SequenceSet all = generate_chords();
  const auto first = [](const SequenceSplit& split, Index count) {
    SequenceSplit part;
    part.width = split.width;
    for (Index s = 0; s < count; ++s) {
      const Index length = std::min<Index>(split.lengths[std::size_t(s)], 6 + s);
      part.add({split.frame(s, 0), split.frame(s, 0) + length * split.width});
    }
    return part;
  };
  return {"small", "made", first(all.train, 21), first(all.valid, 5), first(all.test, 5)};
}

}  // namespace carousel
