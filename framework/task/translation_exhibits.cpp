// What an encoder-decoder has to show: translations of test sentences, its attention, and what is
// near what in its vectors.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <numeric>
#include <unordered_set>

#include "io/characters.hpp"
#include "metric/text_scores.hpp"
#include "task/translation_model.hpp"
#include "task/vector_exhibits.hpp"

namespace carousel {
namespace {

constexpr Index sentences_shown = 8, attentions_shown = 3, most_on_map = 600;
constexpr Index together = 64;  // sentences

std::string joined(const std::vector<std::string>& words, const char* between) {
  return fmt::format("{}", fmt::join(words, between));
}

Exhibit translation_of(const SentencePair& pair, const std::vector<std::string>& written,
                       const std::string& title) {
  return {"text",
          title,
          {},
          {},
          {{"prime", joined(pair.source, " ") + "\n" + joined(pair.target, " ") + "\n"},
           {"text", joined(written, " ")}}};
}

// weights: [T, 1, rows], of which the first ones are those of the source's words.
Exhibit attention_of(const SentencePair& pair, const Tensor<float>& weights, bool reversed,
                     const std::string& title) {
  std::vector<std::string> rows = pair.target;
  rows.emplace_back("</s>");
  const Index columns = std::ssize(pair.source), padded = weights.shape()[2];
  auto percent = Tensor<float>::zeros({std::ssize(rows), columns});
  for (Index t = 0; t < std::ssize(rows); ++t) {
    for (Index s = 0; s < columns; ++s) {
      const Index word = reversed ? columns - 1 - s : s;
      percent.data()[t * columns + word] = std::round(100.0f * weights.data()[t * padded + s]);
    }
  }
  return {"matrix",
          title + ": attention, percent",
          {{"values", percent}},
          {},
          {{"rows", joined(rows, "\n")},
           {"columns", joined(pair.source, "\n")},
           {"row_title", "written"},
           {"column_title", "read"}}};
}

// BLEU of the sentences of 1 to 5 words, of 6 to 10, and so on; NaN where there are none.
Exhibit bleu_by_length(const TranslationProblem& problem, const Tally& tally) {
  constexpr Index lengths_together = 5;
  Index longest = 1;
  for (ExampleId id = 0; id < tally.examples(); ++id) {
    longest = std::max(longest, problem.length(Split::test, id));
  }
  const std::vector<std::string> names = bleu_count_names();
  std::vector<float> by_length;
  for (Index first = 1; first <= longest; first += lengths_together) {
    std::vector<std::vector<double>> columns(names.size());
    for (ExampleId id = 0; id < tally.examples(); ++id) {
      const Index words = problem.length(Split::test, id);
      if (words < first || words >= first + lengths_together) continue;
      for (std::size_t k = 0; k < names.size(); ++k) {
        columns[k].push_back(tally.column(names[k])[static_cast<std::size_t>(id)]);
      }
    }
    by_length.push_back(static_cast<float>(
        bleu(std::vector<std::span<const double>>(columns.begin(), columns.end()))));
  }
  return {"lines",
          "BLEU by the length of the source",
          {{"BLEU", Tensor<float>::from({std::ssize(by_length)}, by_length)}},
          {{"first", 1.0}},
          {{"x_title", fmt::format("words of the source, in steps of {}", lengths_together)},
           {"y_title", "BLEU"}}};
}

std::string shortened(const std::string& text) {
  constexpr int most = 40;
  std::size_t bytes = 0;
  for (int k = 0; k < most && bytes < text.size(); ++k) {
    bytes += first_character(std::string_view(text).substr(bytes)).bytes;
  }
  return bytes < text.size() ? text.substr(0, bytes) + "…" : text;
}

// The vectors of the most frequent source words.
void add_words(const TranslationProblem& problem, const TrainedModel& model,
               std::vector<Exhibit>& all) {
  constexpr Index first = TranslationProblem::first_word;
  const Index count = std::min(most_on_map, problem.source_words().size() - first);
  std::vector<std::string> names;
  for (Index k = 0; k < count; ++k) names.push_back(problem.source_words().text(first + k));
  model.run([&](const Pass& pass) {
    const Var table = pass.parameters().of("source")[0];
    const Var rows = slice(table, 0, first, count);
    const auto vectors = Tensor<double>::from(rows.shape(), pass.values(rows));
    if (auto map = map_of("source words by t-SNE", names, vectors)) all.push_back(std::move(*map));
    all.push_back(nearest_of("nearest source words, by cosine", names, vectors));
  });
}

// The summaries of different test sources.
void add_summaries(const TranslationProblem& problem, const TranslationModel& own,
                   const TrainedModel& model, std::vector<Exhibit>& all) {
  std::vector<ExampleId> ids;
  std::vector<std::string> names;
  std::unordered_set<std::string> seen;
  for (ExampleId id = 0; id < problem.size(Split::test) && std::ssize(ids) < most_on_map; ++id) {
    const std::string text = joined(problem.in_words(problem.pair(Split::test, id)).source, " ");
    if (!seen.insert(text).second) continue;
    ids.push_back(id);
    names.push_back(shortened(text));
  }
  std::vector<double> values;
  for (Index first = 0; first < std::ssize(ids); first += together) {
    const auto batch = Ids(ids).subspan(static_cast<std::size_t>(first));
    model.run([&](const Pass& pass) {
      const Ids some = batch.first(std::min<std::size_t>(batch.size(), together));
      const Encoded encoded = own.encode(pass, problem.batch(Split::test, some));
      const std::vector<double> more = pass.values(encoded.summary);
      values.insert(values.end(), more.begin(), more.end());
    });
  }
  const Index size = std::ssize(values) / std::ssize(ids);
  const auto vectors = Tensor<double>::from({std::ssize(ids), size}, values);
  if (auto map = map_of("summaries of test sources by t-SNE", names, vectors)) {
    all.push_back(std::move(*map));
  }
}

}  // namespace

std::vector<Exhibit> TranslationModel::exhibits(const TrainedModel& model) const {
  std::vector<Exhibit> all, attentions;
  const Index test = problem_.size(Split::test), count = std::min(sentences_shown, test);
  for (Index k = 0; k < count; ++k) {
    const ExampleId id = k * test / count;
    const SentencePair& pair = problem_.pair(Split::test, id);
    const std::string title = fmt::format("test sentence {}", id + 1);
    model.run([&](const Pass& pass) {
      const TranslationForm& form = problem_.form();
      const auto found = write(pass, problem_.batch(Split::test, Ids(&id, 1)),
                               {.beam = form.beam, .norm = form.norm});
      const SentencePair written{pair.source, units(found[0].front())};
      all.push_back(
          translation_of(problem_.in_words(pair), problem_.target_text(written.target), title));
      if (form.source != TranslationForm::Source::attention || k >= attentions_shown) return;
      const SentencePair* forced = &written;
      attentions.push_back(attention_of(written, attention(pass, problem_.batch({&forced, 1})),
                                        form.reversed, title));
    });
  }
  all.insert(all.end(), attentions.begin(), attentions.end());
  Tally tally = tally_of(problem_, Split::test);
  for (Index first = 0; first < test; first += together) {
    std::vector<ExampleId> ids(static_cast<std::size_t>(std::min(together, test - first)));
    std::iota(ids.begin(), ids.end(), first);
    model.run([&](const Pass& pass) { this->count(pass, Split::test, ids, tally); });
  }
  all.push_back(bleu_by_length(problem_, tally));
  add_words(problem_, model, all);
  add_summaries(problem_, *this, model, all);
  return all;
}

}  // namespace carousel
