// The encoder-decoder of pieces of words, trained on words of its own, and what it says of pairs.

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "cell/nearest_sizes.hpp"
#include "data/text.hpp"
#include "task/translation_fixture.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using TranslationPairs = TranslationTask;

Index most_words(const std::string& source) {
  return 3 * std::ssize(symbols_of(source, true)) + 10;
}

// Every cell of the catalogue that can be built for these sizes: what is written for a sentence
// does not depend on those beside it, and has the probability that is scored.
TEST_F(TranslationPairs, EveryCellWritesABatchAsOneAtATime) {
  int cells = 0, scored = 0;
  for (const Cell& cell : catalogue().cells()) {
    for (const char* form : {"cho", "bahdanau"}) {
      SCOPED_TRACE(cell.name + " " + form);
      std::optional<Made> made;
      try {
        made.emplace(problem({{"form", form}}), cell.name, ModelOptions{},
                     nearest_sizes(cell, {5, 6}).hidden);
      } catch (const InputError&) {
        continue;
      }
      ++cells;
      // Smaller, since some cells have no bounds.
      for (Tensor<double>& value : made->values) {
        for (double& element : value.values()) element *= 0.5;
      }
      // And sentences that end.
      const auto& parameters = made->model->parameters();
      const auto bias = std::ranges::find(parameters, "output/b", &ParameterSpec::name);
      made->values[std::size_t(bias - parameters.begin())].data()[TranslationProblem::end] += 1.5;
      const TrainedModel trained(*made->model, made->values);
      const std::vector<std::string> sources = {"a b c d a", "d", "b c"};
      const TranslationModel& model = made->translation();
      const auto together = model.translate(trained, sources, {.unknown = false});
      for (std::size_t k = 0; k < sources.size(); ++k) {
        const auto alone = model.translate(trained, std::span(&sources[k], 1), {.unknown = false});
        const Translation &one = alone[0].at(0), &other = together[k].at(0);
        EXPECT_EQ(one.text, other.text);
        EXPECT_NEAR(one.log_probability, other.log_probability, 1e-9);
        const auto length = std::ssize(symbols_of(one.text, true));
        if (length == most_words(sources[k])) continue;  // it did not end by itself
        const double score =
            model.score(trained, std::span(&sources[k], 1), std::span(&one.text, 1))[0];
        if (!std::isfinite(score)) continue;  // of a cell without bounds, which ended for this
        EXPECT_NEAR(score, one.log_probability, 1e-9);
        ++scored;
      }
    }
  }
  EXPECT_GE(cells, 230);
  EXPECT_GE(scored, 300);
}

// Sentences of pieces are scored as text: as words, whatever the pieces are.
TEST_F(TranslationPairs, PiecesStandInThePlaceOfWords) {
  for (const char* part : {"train", "valid", "test"}) {
    write(part + std::string(".en"), "cab dab\neab fab\n");
    write(part + std::string(".fr"), "dab cab\nfab eab\n");
  }
  const Made made(problem({{"pieces", "8"}}), "gru_reset_before");
  const TranslationProblem& all = *made.problem;
  EXPECT_EQ(all.source_words().size(), TranslationProblem::first_word + 6)
      << "those that sentences are made of: _ ab c d e f, and neither a nor b alone";
  EXPECT_THAT(all.pair(Split::train, 0).source,
              ElementsAre("\u2581", "c", "ab", "\u2581", "d", "ab"));
  EXPECT_EQ(all.length(Split::train, 0), 6);
  EXPECT_EQ(all.terms(Split::train, 0), 7);
  const auto& target = all.pair(Split::test, 0).target;
  EXPECT_THAT(all.target_text(target), ElementsAre("dab", "cab"));
  Tally tally = tally_of(all, Split::test);
  const auto text = all.target_text(target);
  all.count(Split::test, 0, 1.0, &text, tally);
  EXPECT_EQ(tally.column("same")[0], 1.0);
  const TrainedModel trained(*made.model, made.values);
  const std::vector<std::string> source = {"cab fab"};
  const std::string written = made.translation().translate(trained, source, {})[0][0].text;
  EXPECT_EQ(written.find("\u2581"), std::string::npos) << written;
}

// Each word in front of another one is that of the reference, or what the model, forced to write
// all in front of it, finds likeliest.
TEST_F(TranslationPairs, WordsOfItsOwnAreWhatTheModelFindsLikeliest) {
  for (const Settings& form : forms) {
    SCOPED_TRACE(text_of(form));
    const Made made(problem(form), "lstm");
    const std::vector<ExampleId> ids = {0, 1, 2, 3, 4, 5, 6, 7};
    const Masks masks{{5, 2}, 0};
    Tape<double> tape;
    const auto vars = leaves(tape, made.values);
    const Pass pass(tape, {made.model->parameters(), vars}, &masks);
    const TranslationModel& model = made.translation();
    const PairBatch reference = made.problem->batch(Split::train, ids);
    const PairBatch mixed = model.with_own_words(pass, reference, 0.5);
    const Pass plain(tape, pass.parameters());
    const Var logits = model.logits(plain, model.encode(plain, mixed), plain.constant(mixed.before),
                                    mixed.target_lengths, plain.constant(mixed.rows));
    const std::vector<double> values = plain.values(logits);
    const Index count = std::ssize(ids), words = logits.shape()[2];
    Index own = 0, given = 0;
    for (Index k = 0; k < mixed.rows.numel(); ++k) {
      const auto at = static_cast<Index>(mixed.rows.data()[k]);  // t * count + b
      if (k + 1 == mixed.rows.numel() ||
          static_cast<Index>(mixed.rows.data()[k + 1]) != at + count) {
        continue;  // nothing follows
      }
      const double* row = values.data() + k * words;
      const auto likeliest = static_cast<float>(std::max_element(row, row + words) - row);
      const float chosen = mixed.before.data()[at + count];
      const float right = reference.before.data()[at + count];
      EXPECT_TRUE(chosen == right || chosen == likeliest) << chosen;
      if (right == likeliest) continue;
      ++(chosen == right ? given : own);
    }
    EXPECT_GT(own, 2);
    EXPECT_GT(given, 2);
    EXPECT_EQ(mixed.next.values().size(), reference.next.values().size());
  }
}

TEST_F(TranslationPairs, TheShareOfItsOwnWordsRises) {
  const Made made(problem({{"own_words", "0.9"}, {"own_words_after", "1000"}}), "lstm");
  const Made plain(problem(), "lstm");
  const std::vector<ExampleId> ids = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto loss = [&](const Made& of, std::int64_t update, bool training) {
    const Masks masks{{1, update}, 0};
    Tape<double> tape;
    const auto vars = leaves(tape, made.values);
    const Pass pass(tape, {of.model->parameters(), vars}, training ? &masks : nullptr);
    return tape.value(of.model->loss(pass, Split::train, ids)).item();
  };
  EXPECT_EQ(loss(made, 0, false), loss(plain, 0, false)) << "in training alone";
  EXPECT_EQ(loss(made, 0, true), loss(plain, 0, true)) << "0.0009 of few words";
  EXPECT_NE(loss(made, 999, true), loss(plain, 999, true));
}

// The place of the largest weight, in the order in which the sentence stands in the text.
TEST_F(TranslationPairs, LinksAreWhereAttentionIsLargest) {
  const std::vector<std::string> sources = {"a b c d", "d"}, targets = {"A B", "C A A"};
  for (const char* order : {"forward", "reversed"}) {
    const Made made(problem({{"form", "bahdanau"}, {"order", order}}), "lstm");
    const TrainedModel trained(*made.model, made.values);
    const auto links = made.translation().links(trained, sources, targets);
    ASSERT_EQ(links.size(), 2U);
    ASSERT_EQ(links[0].size(), 2U);
    EXPECT_THAT(links[1], ElementsAre(0, 0, 0));
    const SentencePair pair{{"a", "b", "c", "d"}, {"A", "B"}};
    const SentencePair* one = &pair;
    made.run([&](const Pass& pass) {
      const TranslationModel& model = made.translation();
      const PairBatch batch = made.problem->batch({&one, 1});
      Var weights;
      model.logits(pass, model.encode(pass, batch), pass.constant(batch.before),
                   batch.target_lengths, pass.constant(batch.rows), nullptr, &weights);
      const Tensor<float> all = pass.tensor(weights);
      for (Index t = 0; t < 2; ++t) {
        const float* row = all.data() + t * all.shape()[2];
        const Index place = std::max_element(row, row + 4) - row;
        EXPECT_EQ(links[0][std::size_t(t)], order == std::string("forward") ? place : 3 - place);
      }
    });
  }
  const Made plain(problem(), "lstm");
  EXPECT_THAT(error_of<InputError>([&] {
                plain.translation().links(TrainedModel(*plain.model, plain.values), sources,
                                          targets);
              }),
              HasSubstr("no attention"));
}

// Against differences: each word's vector moved along its own gradient.
TEST_F(TranslationPairs, GradientsAreThoseOfTheSourceWordsVectors) {
  for (const Settings& form : forms) {
    SCOPED_TRACE(text_of(form));
    const Made made(problem(form), "gru_reset_before");
    const TrainedModel trained(*made.model, made.values);
    const std::vector<std::string> sources = {"a b c", "d"}, targets = {"A B", "C"};
    const auto norms = made.translation().gradients(trained, sources, targets);
    ASSERT_EQ(norms.size(), 2U);
    ASSERT_EQ(norms[0].size(), 3U);
    ASSERT_EQ(norms[1].size(), 1U);
    const auto& parameters = made.model->parameters();
    const auto vectors = std::size_t(
        std::ranges::find(parameters, "source/table", &ParameterSpec::name) - parameters.begin());
    const Index size = made.values[vectors].shape()[1];
    // Each word stands once, so its row of the table is its vector.
    const auto norm_of = [&](const std::string& word, std::size_t pair) {
      const Index row = *made.problem->source_words().find(word);
      double square = 0.0;
      for (Index i = 0; i < size; ++i) {
        const auto score = [&](double change) {
          auto values = made.values;
          values[vectors] = values[vectors].clone();
          values[vectors].data()[row * size + i] += change;
          return made.translation().score(TrainedModel(*made.model, values), sources,
                                          targets)[pair];
        };
        const double slope = (score(1e-5) - score(-1e-5)) / 2e-5;
        square += slope * slope;
      }
      return std::sqrt(square);
    };
    EXPECT_NEAR(norms[0][0], norm_of("a", 0), 1e-6 * (1.0 + norms[0][0]));
    EXPECT_NEAR(norms[0][1], norm_of("b", 0), 1e-6 * (1.0 + norms[0][1]));
    EXPECT_NEAR(norms[0][2], norm_of("c", 0), 1e-6 * (1.0 + norms[0][2]));
    EXPECT_NEAR(norms[1][0], norm_of("d", 1), 1e-6 * (1.0 + norms[1][0]));
  }
}

}  // namespace
}  // namespace carousel
