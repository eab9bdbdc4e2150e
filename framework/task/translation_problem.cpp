#include "task/translation_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "metric/text_scores.hpp"
#include "task/translation_model.hpp"

namespace carousel {
namespace {

using Side = std::vector<std::string> SentencePair::*;

std::optional<Subwords> pieces_of(const PairSet& pairs, Side side, Index count) {
  if (count == 0) return std::nullopt;
  Sentences sentences;
  for (const SentencePair& pair : pairs.parts[0]) sentences.push_back(pair.*side);
  return Subwords(sentences, count);
}

std::vector<std::string> units_of(const std::optional<Subwords>& pieces,
                                  const std::vector<std::string>& words) {
  return pieces ? pieces->split(words) : words;
}

std::vector<std::string> words_of(const std::optional<Subwords>& pieces,
                                  std::span<const std::string> units) {
  return pieces ? pieces->join(units) : std::vector<std::string>(units.begin(), units.end());
}

Vocabulary vocabulary_of(const PairSet& pairs, Side side, const TranslationUnits& units) {
  SymbolCounts counts;
  for (const SentencePair& pair : pairs.parts[0]) {
    for (const std::string& word : pair.*side) ++counts[word];
  }
  Vocabulary words;
  for (const char* special : {"<unk>", "<s>", "</s>"}) words.add(special);
  if (units.pieces > 0) add_frequent(words, counts, 1);
  else add_frequent(words, counts, units.least, units.most);
  if (words.size() == TranslationProblem::first_word) {
    fail_input(
        "the training split has no {} word that stands there {} times, so all words would be "
        "unknown; take a smaller min_count",
        side == &SentencePair::source ? "source" : "target", units.least);
  }
  return words;
}

// What a text calls <s> or </s> is no begin and no end.
float number_of(const Vocabulary& words, const std::string& word) {
  const Index number = words.find(word).value_or(TranslationProblem::unknown);
  return static_cast<float>(number < TranslationProblem::first_word ? TranslationProblem::unknown
                                                                    : number);
}

}  // namespace

TranslationProblem::TranslationProblem(std::string name, PairSet pairs,
                                       const TranslationUnits& units, const TranslationForm& form)
    : name_(std::move(name)),
      source_pieces_(pieces_of(pairs, &SentencePair::source, units.pieces)),
      target_pieces_(pieces_of(pairs, &SentencePair::target, units.pieces)),
      pairs_(std::move(pairs)),
      form_(form) {
  for (auto& part : pairs_.parts) {
    for (SentencePair& pair : part) pair = in_units(pair);
  }
  source_words_ = vocabulary_of(pairs_, &SentencePair::source, units);
  target_words_ = vocabulary_of(pairs_, &SentencePair::target, units);
}

SentencePair TranslationProblem::in_units(const SentencePair& words) const {
  return {units_of(source_pieces_, words.source), units_of(target_pieces_, words.target)};
}

SentencePair TranslationProblem::in_words(const SentencePair& units) const {
  return {words_of(source_pieces_, units.source), words_of(target_pieces_, units.target)};
}

std::vector<std::string> TranslationProblem::target_text(std::span<const std::string> units) const {
  return words_of(target_pieces_, units);
}

std::string TranslationProblem::description() const {
  return fmt::format(
      "{}: sentences from {} {} to {}. Pairs: {} train, {} valid, {} test. NLL and perplexity "
      "count the end of a sentence as a word.",
      name_, source_words_.size() - first_word, source_pieces_ ? "pieces of words" : "words",
      target_words_.size() - first_word, size(Split::train), size(Split::valid), size(Split::test));
}

Index TranslationProblem::size(Split split) const {
  return std::ssize(pairs_.parts[static_cast<std::size_t>(split)]);
}

const SentencePair& TranslationProblem::pair(Split split, ExampleId id) const {
  return pairs_.parts[static_cast<std::size_t>(split)][static_cast<std::size_t>(id)];
}

Index TranslationProblem::length(Split split, ExampleId id) const {
  return std::ssize(pair(split, id).source);
}

Index TranslationProblem::terms(Split split, ExampleId id) const {
  return std::ssize(pair(split, id).target) + 1;
}

const std::vector<Metric>& TranslationProblem::metrics() const {
  static const std::vector<Metric> metrics = [] {
    std::vector<Metric> all = {
        {{"nll", "NLL", "nats per word", Better::lower, 4}, {"nats", "words"}, mean_over_terms},
        {{"perplexity", "perplexity", "", Better::lower, 3}, {"nats", "words"}, perplexity}};
    all.insert(all.end(), text_metrics().begin(), text_metrics().end());
    return all;
  }();
  return metrics;
}

std::unique_ptr<Model> TranslationProblem::model(Recurrence& recurrence) const {
  return std::make_unique<TranslationModel>(recurrence, *this);
}

PairBatch TranslationProblem::batch(Split split, Ids ids) const {
  std::vector<const SentencePair*> pairs;
  for (const ExampleId id : ids) pairs.push_back(&pair(split, id));
  return batch(pairs);
}

PairBatch TranslationProblem::batch(std::span<const SentencePair* const> pairs) const {
  PairBatch batch;
  const Index count = std::ssize(pairs);
  Index scored = 0;
  for (const SentencePair* pair : pairs) {
    if (pair->source.empty()) fail_input("got a sentence without words to translate");
    batch.source_lengths.push_back(std::ssize(pair->source));
    batch.target_lengths.push_back(std::ssize(pair->target) + 1);
    scored += batch.target_lengths.back();
  }
  const Index longest_source = *std::ranges::max_element(batch.source_lengths);
  batch.source = Tensor<float>::zeros({longest_source, count});
  batch.before = Tensor<float>::zeros({*std::ranges::max_element(batch.target_lengths), count});
  std::vector<float> rows, next;
  for (Index b = 0; b < count; ++b) {
    const SentencePair& pair = *pairs[static_cast<std::size_t>(b)];
    const Index words = std::ssize(pair.source);
    for (Index t = 0; t < words; ++t) {
      const Index at = form_.reversed ? words - 1 - t : t;
      batch.source.data()[at * count + b] =
          number_of(source_words_, pair.source[static_cast<std::size_t>(t)]);
    }
    batch.before.data()[b] = static_cast<float>(begin);
    for (Index t = 0; t <= std::ssize(pair.target); ++t) {
      const bool ends = t == std::ssize(pair.target);
      next.push_back(ends ? static_cast<float>(end)
                          : number_of(target_words_, pair.target[static_cast<std::size_t>(t)]));
      rows.push_back(static_cast<float>(t * count + b));
      if (!ends) batch.before.data()[(t + 1) * count + b] = next.back();
    }
  }
  batch.rows = Tensor<float>::from({1, scored}, rows);
  batch.next = Tensor<float>::from({1, scored}, next);
  return batch;
}

void TranslationProblem::count(Split split, ExampleId id, double nats,
                               const std::vector<std::string>* written, Tally& tally) const {
  tally.at("nats", id) = nats;
  tally.at("words", id) = static_cast<double>(terms(split, id));
  if (!written) return;
  const std::vector<std::string> reference = target_text(pair(split, id).target);
  count_text(*written, reference, id, tally);
}

}  // namespace carousel
