#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "task/model.hpp"

namespace carousel {

/// How a model is to translate.
struct TranslateOptions {
  Index beam = 1;       ///< translations that are followed at a time, 1: always the likeliest word
  double norm = 1.0;    ///< they are ranked by log p / length^norm
  Index best = 1;       ///< how many of them are wanted, at most `beam`
  bool unknown = true;  ///< false: no unknown word is written
  /// Draws words in the place of a search, by this rule and seed.
  std::optional<SymbolRule> drawn = {};
  std::uint64_t seed = 1;  ///< of what is drawn
};

/// A translation that a model wrote.
struct Translation {
  std::string text;              ///< words with blanks between
  double log_probability = 0.0;  ///< log p(text and its end | source)
  double score = 0.0;            ///< what it was ranked by
};

/// What models can do that write a sentence for another one.
class Translator {
 public:
  virtual ~Translator() = default;
  /// Translations of sentences, whose words blanks part, best first; none of a sentence without
  /// words. first: the place of the first one among all that are translated, for what is drawn.
  virtual std::vector<std::vector<Translation>> translate(const TrainedModel& model,
                                                          std::span<const std::string> sources,
                                                          const TranslateOptions& options,
                                                          std::uint64_t first = 0) const = 0;
  /// log p(target and its end | source) of each pair; words that the model does not know count as
  /// unknown ones. Throws InputError where a source has no words.
  virtual std::vector<double> score(const TrainedModel& model, std::span<const std::string> sources,
                                    std::span<const std::string> targets) const = 0;
  /// Where attention looks when the targets are written: for each word of a target, its end left
  /// out, the place of the source word that has the largest weight (the first one of equal ones).
  /// Where the model is one of pieces of words, words are these. Throws InputError as score() does,
  /// and where a model has no attention.
  virtual std::vector<std::vector<Index>> links(const TrainedModel& model,
                                                std::span<const std::string> sources,
                                                std::span<const std::string> targets) const = 0;
  /// How much each source word matters: the Euclidean norms of the gradients of log p(target and
  /// its end | source) with respect to the vectors that the encoder reads. Throws InputError as
  /// score().
  virtual std::vector<std::vector<double>> gradients(
      const TrainedModel& model, std::span<const std::string> sources,
      std::span<const std::string> targets) const = 0;

 protected:
  Translator() = default;
};

}  // namespace carousel
