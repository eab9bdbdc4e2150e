#include "reranking.hpp"

#include <fmt/format.h>

#include <cmath>

#include "data/vocabulary.hpp"
#include "line_reader.hpp"

namespace carousel::phrases {
namespace {

Words numbers_of(Vocabulary& vocabulary, std::string_view text) {
  Words numbers;
  for (const std::string_view word : words_of(text)) {
    numbers.push_back(static_cast<int>(vocabulary.add(std::string(word))));
  }
  return numbers;
}

}  // namespace

std::vector<std::vector<Candidate>> read_candidates(const RankedFiles& files) {
  Vocabulary vocabulary;
  std::vector<Words> references;
  LineReader reference(files.reference);
  while (reference.next()) references.push_back(numbers_of(vocabulary, reference.text()));
  std::vector<std::vector<Candidate>> sentences(references.size());
  LineReader list(files.list), scores(files.scores);
  double last = 0.0;
  while (list.next()) {
    const auto fields = list.fields(4, "`place ||| translation ||| features ||| score`");
    const double place = list.number(fields[0]);
    const bool is_place = place >= last && place < static_cast<double>(references.size()) &&
                          place == std::floor(place);
    if (!is_place) {
      list.fail(fields[0], fmt::format("a place of the {} sentences of {}, from 0, and none lower "
                                       "than the one before",
                                       references.size(), reference.file()));
    }
    last = place;
    const auto sentence = static_cast<std::size_t>(place);
    scores.next_beside(list);
    sentences[sentence].push_back(
        {{list.number(fields[3]), scores.number(scores.text())},
         bleu_counts(numbers_of(vocabulary, fields[1]), references[sentence])});
  }
  scores.expect_end(list);
  for (std::size_t s = 0; s < sentences.size(); ++s) {
    if (sentences[s].empty()) sentences[s].push_back({{0.0, 0.0}, bleu_counts({}, references[s])});
  }
  return sentences;
}

Reranked reranked(const std::vector<std::vector<Candidate>>& valid,
                  const std::vector<std::vector<Candidate>>& test) {
  const Features before = {1.0, 0.0};
  const Features after = line_search(valid, before, {true, false});
  return {after[1], bleu_with(valid, before), bleu_with(valid, after), bleu_with(test, before),
          bleu_with(test, after)};
}

}  // namespace carousel::phrases
