#pragma once

#include <optional>

#include "cell/attention.hpp"
#include "data/sentence_pairs.hpp"
#include "data/subwords.hpp"
#include "data/vocabulary.hpp"
#include "task/problem.hpp"

namespace carousel {

/// What an encoder-decoder is made of beside the cell.
struct TranslationForm {
  /// How the decoder gets to know the source.
  enum class Source {
    context,   ///< by tanh(V h) of the encoder's last output h, at each step (Cho et al. 2014)
    states,    ///< by the encoder's last states, layer by layer (Sutskever et al. 2014)
    attention  ///< by attention to the encoder's outputs (Bahdanau et al. 2015, Luong et al. 2015)
  };
  Source source = Source::context;  ///< which of them
  AttentionForm attention = {};     ///< of Source::attention, but for the sizes
  bool projected_keys = false;      ///< of a product: keys are W m, and not m
  bool reversed = false;            ///< the source is read from its end
  Index embedding = 128;            ///< elements of the vector of a word
  Index readout = 128;              ///< maxout units in front of the output; 0: none
  Index rank = 0;                   ///< of the output's weights; 0: full
  bool tied = false;                ///< the output's weights are the target words' vectors
  double smoothing = 0.0;           ///< of labels (Szegedy et al. 2016), in training
  double own_words = 0.0;           ///< see TranslationModel::with_own_words()
  Index own_words_after = 0;        ///< updates until that share is reached, linearly
  Index beam = 1;                   ///< of the translations that are scored
  double norm = 1.0;                ///< of the beam, see BeamOptions
};

/// What sentences are made of, in each of the two languages.
struct TranslationUnits {
  Index least = 2;   ///< a word that stands fewer times in the training split is unknown
  Index most = 0;    ///< words at most, the most frequent ones; 0: all
  Index pieces = 0;  ///< pieces of words (Subwords) in the place of words, so many; 0: words
};

/// Pairs side by side, by the numbers of their words.
struct PairBatch {
  Tensor<float> source;               ///< [S, batch], 0 beyond the end
  std::vector<Index> source_lengths;  ///< words
  Tensor<float> before;  ///< [T, batch]: in front of each target word or end, 0 beyond the end
  std::vector<Index> target_lengths;  ///< words and the end
  Tensor<float> rows;  ///< [1, N]: those of [T * batch] that are scored, pair by pair
  Tensor<float> next;  ///< [1, N]: the target words and ends that are to be foretold
};

/// The translation of sentences. Figures: `nll` in nats a target word, the end of a sentence being
/// one, `perplexity`, e^nll; and of what the model writes itself, on validation and test alone:
/// `bleu`, `chrf` and `exact`, the share of sentences that are the reference to the word. With
/// pieces of words, "word" means a piece but for what is of text: bleu, chrf, exact.
class TranslationProblem final : public Problem {
 public:
  static constexpr Index unknown = 0;     ///< of a word that a vocabulary lacks
  static constexpr Index begin = 1;       ///< in front of a sentence
  static constexpr Index end = 2;         ///< behind it
  static constexpr Index first_word = 3;  ///< of the words of both vocabularies

  /// Throws InputError where no word is left, or pieces can't be learned.
  TranslationProblem(std::string name, PairSet pairs, const TranslationUnits& units,
                     const TranslationForm& form);

  std::string name() const override { return name_; }
  std::string description() const override;
  std::string digest() const override { return digest_of(pairs_); }
  Index size(Split split) const override;
  /// Words of the source.
  Index length(Split split, ExampleId id) const override;
  /// Words of the target and its end.
  Index terms(Split split, ExampleId id) const override;
  const std::vector<Metric>& metrics() const override;
  std::unique_ptr<Model> model(Recurrence& recurrence) const override;

  /// What it was made with.
  const TranslationForm& form() const { return form_; }
  /// Words of the source language.
  const Vocabulary& source_words() const { return source_words_; }
  /// Words of the target language.
  const Vocabulary& target_words() const { return target_words_; }
  /// An example, in units.
  const SentencePair& pair(Split split, ExampleId id) const;
  /// Words as units.
  SentencePair in_units(const SentencePair& words) const;
  /// Units as words.
  SentencePair in_words(const SentencePair& units) const;
  /// Those of the target language alone.
  std::vector<std::string> target_text(std::span<const std::string> units) const;
  /// The given examples side by side.
  PairBatch batch(Split split, Ids ids) const;
  /// Any pairs side by side. Throws InputError where a source has no words.
  PairBatch batch(std::span<const SentencePair* const> pairs) const;
  /// Writes the counts of what was written for an example, with how likely the reference is.
  void count(Split split, ExampleId id, double nats, const std::vector<std::string>* written,
             Tally& tally) const;

 private:
  std::string name_;
  std::optional<Subwords> source_pieces_, target_pieces_;
  PairSet pairs_;  // in units
  TranslationForm form_;
  Vocabulary source_words_, target_words_;
};

}  // namespace carousel
