#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace carousel::phrases {

/// From which end of a sentence its places are counted.
enum class CountedFrom { start, end };

/// The share that a place of the source has in the gradient of a translation, over sentences of
/// about the same length that have the place.
struct PlaceShare {
  int least_words = 0, most_words = 0;  ///< of these sentences
  CountedFrom from = CountedFrom::start;
  int place = 1;       ///< 1: the first word, or the last one
  int sentences = 0;   ///< how many
  double share = 0.0;  ///< mean of the norm of the word's gradient over the sum of all words' norms
  double even = 0.0;   ///< mean of 1 / words: the share if all words had the same
};

/// Reads norms of gradients, a line a sentence and a number a source word, as `carousel score
/// --show gradients` writes them. Throws InputError with file and line, also where all norms of a
/// sentence are 0.
std::vector<std::vector<double>> read_norms(const std::filesystem::path& path);

/// Shares of all places: sentences of 1 to width words, of width + 1 to 2 width, and so on.
std::vector<PlaceShare> place_shares(const std::vector<std::vector<double>>& norms, int width);

/// A row for each of them, as CSV.
std::string shares_csv(const std::vector<PlaceShare>& shares);

}  // namespace carousel::phrases
