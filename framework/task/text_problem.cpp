#include "task/text_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "io/digest.hpp"
#include "task/ngram.hpp"
#include "task/text_model.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

double bits(std::span<const std::span<const double>> columns) {
  return mean_over_terms(columns) / std::numbers::ln2;
}

}  // namespace

TextProblem::TextProblem(TextSet set, const TextForm& text, const LanguageForm& form)
    : set_(std::move(set)), text_(text), form_(form) {}

std::string TextProblem::name() const {
  return set_.name + (text_.words ? "_words" : "") + (text_.lines ? "_lines" : "");
}

std::string TextProblem::description() const {
  const char* unit = text_.words ? "words" : "characters";
  return fmt::format(
      "{}: the next of {} {}; {} train, {} valid, {} test, {}{}.", name(), set_.vocabulary.size(),
      unit, part(Split::train).symbols.size(), part(Split::valid).symbols.size(),
      part(Split::test).symbols.size(),
      text_.lines ? "in lines" : fmt::format("in pieces of {}", form_.steps),
      set_.unknown < 0 ? "" : "; those that the training part lacks count as one, <unk>");
}

std::string TextProblem::digest() const {
  Sha256 digest;
  for (Index k = 0; k < set_.vocabulary.size(); ++k) digest.add(set_.vocabulary.text(k) + '\0');
  for (const TextPart& part : set_.parts) {
    digest.add(std::span<const std::uint32_t>(part.symbols));
    digest.add(std::span<const Index>(part.starts));
  }
  return digest.hex();
}

Index TextProblem::size(Split split) const {
  if (text_.lines) return part(split).lines();
  return (std::ssize(part(split).symbols) - 2) / form_.steps + 1;
}

Index TextProblem::length(Split split, ExampleId id) const {
  const TextPart& own = part(split);
  if (text_.lines) {
    const auto line = static_cast<std::size_t>(id);
    return own.starts[line + 1] - own.starts[line] + 1;
  }
  return std::min(form_.steps, std::ssize(own.symbols) - 1 - id * form_.steps);
}

const std::vector<Metric>& TextProblem::metrics() const {
  static const std::vector<Metric> metrics = {
      {{"nll", "NLL", "nats per symbol", Better::lower, 4}, {"nats", "symbols"}, mean_over_terms},
      {{"bits", "bits", "per symbol", Better::lower, 4}, {"nats", "symbols"}, bits},
      {{"perplexity", "perplexity", "", Better::lower, 3}, {"nats", "symbols"}, perplexity}};
  return metrics;
}

std::unique_ptr<Model> TextProblem::model(Recurrence& recurrence) const {
  return std::make_unique<TextModel>(recurrence, *this);
}

std::optional<std::uint32_t> TextProblem::begin_symbol() const {
  if (!text_.lines) return std::nullopt;
  return static_cast<std::uint32_t>(set_.vocabulary.size());
}

std::optional<std::uint32_t> TextProblem::end_symbol() const {
  if (!text_.lines) return std::nullopt;
  return *begin_symbol() + 1;
}

std::vector<std::uint32_t> TextProblem::example(Split split, ExampleId id) const {
  const TextPart& own = part(split);
  const Index begin = text_.lines ? own.starts[static_cast<std::size_t>(id)] : id * form_.steps;
  const Index count = length(split, id) + (text_.lines ? -1 : 1);
  std::vector<std::uint32_t> symbols;
  if (text_.lines) symbols.push_back(*begin_symbol());
  symbols.insert(symbols.end(), own.symbols.begin() + begin, own.symbols.begin() + begin + count);
  if (text_.lines) symbols.push_back(*end_symbol());
  return symbols;
}

TextBatch TextProblem::batch(Split split, Ids ids) const {
  TextBatch batch;
  for (const ExampleId id : ids) batch.lengths.push_back(length(split, id));
  const Index count = std::ssize(ids), steps = *std::ranges::max_element(batch.lengths);
  batch.x = Tensor<float>::zeros({steps, count});
  batch.targets = Tensor<float>::zeros({steps, count});
  batch.mask = Tensor<float>::zeros({steps, count});
  for (Index b = 0; b < count; ++b) {
    const std::vector<std::uint32_t> symbols = example(split, ids[static_cast<std::size_t>(b)]);
    for (Index t = 0; t + 1 < std::ssize(symbols); ++t) {
      const auto at = static_cast<std::size_t>(t);
      batch.x.data()[t * count + b] = static_cast<float>(symbols[at]);
      batch.targets.data()[t * count + b] = static_cast<float>(symbols[at + 1]);
      batch.mask.data()[t * count + b] = 1.0f;
    }
  }
  return batch;
}

std::vector<std::uint32_t> TextProblem::encoded(std::string_view text) const {
  std::vector<std::uint32_t> numbers;
  for (const std::string& symbol : symbols_of(text, text_.words)) {
    const auto number = set_.vocabulary.find(symbol);
    if (!number && set_.unknown < 0) {
      fail_input("'{}' is none of the {} symbols that the model was trained with", symbol,
                 set_.vocabulary.size());
    }
    numbers.push_back(static_cast<std::uint32_t>(number.value_or(set_.unknown)));
  }
  return numbers;
}

std::vector<Baseline> TextProblem::baselines() const {
  return {ngram("unigrams", 1), ngram("5-grams, Witten-Bell", 5)};
}

// Each text is read from its start: of a stream, whatever the pieces.
Baseline TextProblem::ngram(const char* name, int order) const {
  NgramModel model(order, symbols());
  Baseline baseline{name, {}};
  for (const Split split : all_splits) {
    Tally tally = tally_of(*this, split);
    const std::span<const std::uint32_t> all(part(split).symbols);
    if (split == Split::train && !text_.lines) model.learn(all, 0);
    for (ExampleId id = 0; split == Split::train && text_.lines && id < size(split); ++id) {
      model.learn(example(split, id), 1);
    }
    for (ExampleId id = 0; id < size(split); ++id) {
      poll_stop();
      const std::vector<std::uint32_t> line =
          text_.lines ? example(split, id) : std::vector<std::uint32_t>{};
      const auto first = text_.lines ? 1 : static_cast<std::size_t>(id * form_.steps + 1);
      for (Index t = 0; t < length(split, id); ++t) {
        tally.at("nats", id) +=
            model.nll(text_.lines ? line : all, first + static_cast<std::size_t>(t));
      }
      tally.at("symbols", id) = static_cast<double>(length(split, id));
    }
    set_figures(*this, split, tally, baseline.figures);
  }
  return baseline;
}

}  // namespace carousel
