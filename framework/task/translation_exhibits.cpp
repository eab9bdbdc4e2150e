// What an encoder-decoder has to show: translations of test sentences, and its attention.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <numeric>

#include "metric/text_scores.hpp"
#include "task/translation_model.hpp"

namespace carousel {
namespace {

constexpr Index sentences_shown = 8, attentions_shown = 3;

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
  constexpr Index together = 5;
  Index longest = 1;
  for (ExampleId id = 0; id < tally.examples(); ++id) {
    longest = std::max(longest, problem.length(Split::test, id));
  }
  const std::vector<std::string> names = bleu_count_names();
  std::vector<float> by_length;
  for (Index first = 1; first <= longest; first += together) {
    std::vector<std::vector<double>> columns(names.size());
    for (ExampleId id = 0; id < tally.examples(); ++id) {
      const Index words = problem.length(Split::test, id);
      if (words < first || words >= first + together) continue;
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
          {{"x_title", fmt::format("words of the source, in steps of {}", together)},
           {"y_title", "BLEU"}}};
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
      all.push_back(translation_of(pair, written.target, title));
      if (form.source != TranslationForm::Source::attention || k >= attentions_shown) return;
      const SentencePair* forced = &written;
      const PairBatch batch = problem_.batch({&forced, 1});
      Var attention;
      logits(pass, encode(pass, batch), pass.constant(batch.before), batch.target_lengths,
             pass.constant(batch.rows), nullptr, &attention);
      attentions.push_back(attention_of(written, pass.tensor(attention), form.reversed, title));
    });
  }
  all.insert(all.end(), attentions.begin(), attentions.end());
  Tally tally = tally_of(problem_, Split::test);
  constexpr Index together = 64;
  for (Index first = 0; first < test; first += together) {
    std::vector<ExampleId> ids(static_cast<std::size_t>(std::min(together, test - first)));
    std::iota(ids.begin(), ids.end(), first);
    model.run([&](const Pass& pass) { this->count(pass, Split::test, ids, tally); });
  }
  all.push_back(bleu_by_length(problem_, tally));
  return all;
}

}  // namespace carousel
