#pragma once

#include <optional>

#include "data/text.hpp"
#include "task/problem.hpp"

namespace carousel {

/// What a language model is made of beside the cell.
struct LanguageForm {
  Index steps = 100;     ///< of a piece of a text; lines are read whole
  Index embedding = 64;  ///< elements of the vector that stands for a symbol
  bool tied = false;     ///< the output layer's weights are these vectors (Press and Wolf 2017,
                         ///< arXiv:1608.05859)
};

/// Symbols side by side, for predicting each next one.
struct TextBatch {
  Tensor<float> x;             ///< [T, batch], 0 beyond the end
  Tensor<float> targets;       ///< [T, batch], 0 beyond the end
  Tensor<float> mask;          ///< [T, batch], 1 for a step that is scored
  std::vector<Index> lengths;  ///< scored steps of each example
};

/// Each next symbol of a text. The text is one stream that is read in pieces of `steps` symbols,
/// each of which goes on from the one before; or each line is an example of its own, with a symbol
/// in front of it and one behind it. The figures are `nll` in nats a symbol, `bits`, the same in
/// bits, and `perplexity`, e^nll.
class TextProblem final : public Problem {
 public:
  /// text: how `set` was read.
  TextProblem(TextSet set, const TextForm& text, const LanguageForm& form);

  std::string name() const override;
  std::string description() const override;
  std::string digest() const override;
  Index size(Split split) const override;
  Index length(Split split, ExampleId id) const override;
  Index terms(Split split, ExampleId id) const override { return length(split, id); }
  Order order() const override { return text_.lines ? Order::shuffled : Order::streams; }
  const std::vector<Metric>& metrics() const override;
  std::unique_ptr<Model> model(Recurrence& recurrence) const override;
  /// Unigrams and 5-grams of the training split.
  std::vector<Baseline> baselines() const override;

  /// What a language model of this text is made of.
  const LanguageForm& form() const { return form_; }
  /// Whether symbols are words; else characters.
  bool words() const { return text_.words; }
  /// Of lines: the number of the symbol in front of each; none where the text is one stream.
  std::optional<std::uint32_t> begin_symbol() const;
  /// The same of the symbol behind each line.
  std::optional<std::uint32_t> end_symbol() const;
  /// Symbols with a number, these two included.
  Index symbols() const { return set_.vocabulary.size() + (text_.lines ? 2 : 0); }
  /// The text and its vocabulary.
  const TextSet& set() const { return set_; }
  /// The given examples side by side, [T, batch] with T of the longest.
  TextBatch batch(Split split, Ids ids) const;
  /// Text as numbers. Throws InputError with the first symbol that the vocabulary lacks, unless it
  /// has a number for what is unknown.
  std::vector<std::uint32_t> encoded(std::string_view text) const;

 private:
  const TextPart& part(Split split) const { return set_.parts[static_cast<std::size_t>(split)]; }
  /// The symbols of an example, the first of which is read alone and the last scored alone.
  std::vector<std::uint32_t> example(Split split, ExampleId id) const;
  Baseline ngram(const char* name, int order) const;

  TextSet set_;
  TextForm text_;
  LanguageForm form_;
};

}  // namespace carousel
