#pragma once

#include <cstdint>
#include <vector>

#include "task/model.hpp"
#include "tensor/tensor.hpp"

namespace carousel {

/// A model that writes sequences symbol by symbol, many at a time: a row for each of them.
class StepWriter {
 public:
  virtual ~StepWriter() = default;
  /// Goes on by a symbol in each row; returns the log probabilities of the next one, [rows,
  /// symbols].
  virtual Tensor<double> next(const std::vector<Index>& symbols) = 0;
  /// From now on row r goes on from what row from[r] has written. A row may go on in several rows,
  /// or in none.
  virtual void keep(const std::vector<Index>& from) = 0;

 protected:
  StepWriter() = default;
};

/// What a search looks for.
struct BeamOptions {
  Index beam = 1;  ///< sequences that are followed at a time, 1 or more; 1: always the likeliest
  /// Finished sequences are ranked by their log probability / length^norm, 0: without a regard to
  /// length. The length counts the end symbol.
  double norm = 0.0;
  std::vector<Index> most = {};   ///< symbols of each sequence at most, the end not counted
  std::vector<Index> never = {};  ///< symbols that are not written
  Index begin = 0;                ///< the symbol in front of a sequence
  Index end = 0;                  ///< the symbol behind it
};

/// A sequence that was found.
struct Written {
  std::vector<Index> symbols;    ///< without begin and end
  double log_probability = 0.0;  ///< of the symbols and, where it is finished, the end symbol
  bool finished = false;         ///< false: it reached `most`, or nothing can follow
  double score = 0.0;            ///< what it was ranked by
};

/// Writes a sequence for each entry of options.most. The writer has a row for each of them, where
/// nothing is written yet. Returns for each those that were found, best first: at most `beam`.
/// Of the `beam` likeliest continuations of what is followed, those that end are finished and
/// leave their places; so a beam of 1 is greedy. Where a writer gives no probabilities (NaN), as
/// that of a model which diverged, what there is of a sequence is found, unfinished. Throws
/// InputError where the beam is below 1.
std::vector<std::vector<Written>> beam_search(StepWriter& writer, const BeamOptions& options);

/// Writes a sequence for each entry of options.most, as beam_search() but symbol by symbol as the
/// rule draws them. seed: of the random numbers; first: the place of the first sequence among all
/// that are drawn with this seed. What is drawn does not depend on which are drawn together.
std::vector<Written> draw_sequences(StepWriter& writer, const BeamOptions& options,
                                    const SymbolRule& rule, std::uint64_t seed,
                                    std::uint64_t first = 0);

}  // namespace carousel
