#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// Sentences as sequences of words.
using Sentences = std::vector<std::vector<std::string>>;

/// Pieces of words, learned from text by byte pair encoding (Sennrich, Haddow and Birch 2016,
/// arXiv:1508.07909) with SentencePiece (Kudo and Richardson 2018, arXiv:1808.06226). A piece that
/// begins a word starts with U+2581; sentences that were split can be joined again.
class Subwords {
 public:
  /// Learns from sentences, always the same from the same ones. count: pieces, all single
  /// characters of the sentences among them. Throws InputError where there are more characters
  /// than that, or fewer pieces to be found.
  Subwords(const Sentences& sentences, Index count);

  /// The pieces of a sentence. Of characters that were never seen there is one piece, themselves.
  std::vector<std::string> split(std::span<const std::string> words) const;
  /// The words that pieces make. A piece that was not learned stands as it is.
  std::vector<std::string> join(std::span<const std::string> pieces) const;

 private:
  struct Model;
  std::shared_ptr<const Model> model_;
};

}  // namespace carousel
