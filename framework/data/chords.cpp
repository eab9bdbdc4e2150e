#include <algorithm>
#include <array>
#include <cstdlib>

#include "data/music.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

constexpr std::uint64_t chords_seed = 1685;
constexpr Index keys = 88;
constexpr Index lowest_pitch = 21;

// Degrees I..VII; row: from, column: to. Rough frequencies of common-practice harmony.
constexpr std::array<std::array<int, 7>, 7> transitions = {{{2, 3, 1, 6, 6, 4, 1},
                                                            {1, 1, 1, 1, 9, 1, 2},
                                                            {1, 1, 1, 4, 1, 7, 0},
                                                            {4, 3, 1, 1, 8, 1, 1},
                                                            {9, 1, 1, 2, 3, 4, 0},
                                                            {1, 6, 2, 5, 3, 1, 0},
                                                            {9, 0, 1, 0, 2, 2, 0}}};
constexpr std::array<int, 7> major_scale = {0, 2, 4, 5, 7, 9, 11};
constexpr std::array<int, 4> lowest = {43, 48, 55, 60};  // bass, tenor, alto, soprano
constexpr std::array<int, 4> highest = {60, 67, 74, 81};

int next_degree(int degree, Random& random) {
  const auto& row = transitions[static_cast<std::size_t>(degree)];
  int total = 0;
  for (const int weight : row) total += weight;
  int draw = static_cast<int>(random.below(static_cast<std::uint64_t>(total)));
  for (int to = 0; to < 7; ++to) {
    draw -= row[static_cast<std::size_t>(to)];
    if (draw < 0) return to;
  }
  return 0;
}

// The pitch of the class nearest to where the voice is, inside its range.
int nearest(int pitch_class, int current, std::size_t voice) {
  int best = lowest[voice];
  int best_distance = 1000;
  for (int pitch = lowest[voice]; pitch <= highest[voice]; ++pitch) {
    const int distance = std::abs(pitch - current);
    if (pitch % 12 == pitch_class && distance < best_distance) {
      best = pitch;
      best_distance = distance;
    }
  }
  return best;
}

std::vector<float> chorale(Index width, Index shift, Random& random) {
  const int tonic = static_cast<int>(random.below(12));
  const Index length = 32 + 4 * static_cast<Index>(random.below(16));
  std::vector<float> frames(static_cast<std::size_t>(length * width), 0.0f);
  std::array<int, 4> voices = {48, 57, 64, 69};
  int degree = 0;
  for (Index t = 0; t < length; ++t) {
    if (t > 0 && random.uniform() < 0.8) degree = next_degree(degree, random);
    for (std::size_t v = 0; v < voices.size(); ++v) {
      // The bass takes the root, the others any tone of the triad near to where they are.
      const int third = v == 0 ? 0 : static_cast<int>((v - 1 + random.below(2)) % 3);
      const int tone = major_scale[static_cast<std::size_t>((degree + 2 * third) % 7)];
      voices[v] = nearest((tonic + tone) % 12, voices[v], v);
      const Index key = voices[v] - lowest_pitch;
      frames[static_cast<std::size_t>(t * width + key + shift)] = 1.0f;
    }
  }
  return frames;
}

SequenceSplit generate(const char* name, int sequences, Index width) {
  SequenceSplit split;
  split.width = width == 0 ? keys : width;
  Random random(chords_seed, std::string_view(name));
  for (int s = 0; s < sequences; ++s) {
    split.add(chorale(split.width, width == 0 ? 0 : 20, random));
  }
  return split;
}

}  // namespace

SequenceSet generate_chords(Index width) {
  const Index needed = highest.back();
  if (width != 0 && width < needed) {
    fail_input("chords: got a width of {}, expected 0 (88 keys) or at least {}", width, needed);
  }
  return {"chords", "generated four-voice chords", generate("train", 229, width),
          generate("valid", 76, width), generate("test", 77, width)};
}

}  // namespace carousel
