// The encoder-decoder: its batches, its forms, what it writes and how likely that is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "optim/optimiser.hpp"
#include "tape/gradient_check.hpp"
#include "task/translation_fixture.hpp"
#include "train/shards.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// By hand: "b" stands three times in training, "a" twice, "c" once; 3 is the first word's number.
TEST_F(TranslationTask, WordsAreNumbersByHowOftenTheyStandInTraining) {
  write("train.en", "b a\nb\nb a c\n");
  write("train.fr", "A B\nB\nC A B\n");
  write("valid.en", "a d b\n");
  write("valid.fr", "B C </s> A\n");
  write("test.en", "a\n");
  write("test.fr", "A\n");
  const auto all = problem();
  EXPECT_EQ(all->source_words().size(), 5) << "three that are none, and two that stand twice";
  const ExampleId first = 0;
  const PairBatch batch = all->batch(Split::valid, Ids(&first, 1));
  EXPECT_THAT(batch.source.values(), ElementsAre(4, 0, 3));
  EXPECT_THAT(batch.before.values(), ElementsAre(1, 3, 0, 0, 4)) << "<s> B <unk> <unk> A";
  EXPECT_THAT(batch.next.values(), ElementsAre(3, 0, 0, 4, 2)) << "B <unk> <unk> A </s>";
  EXPECT_EQ(all->length(Split::valid, 0), 3);
  EXPECT_EQ(all->terms(Split::valid, 0), 5);
  EXPECT_EQ(problem({{"vocabulary", "1"}})->source_words().size(), 4);
  EXPECT_THAT(problem({{"order", "reversed"}})->batch(Split::valid, Ids(&first, 1)).source.values(),
              ElementsAre(3, 0, 4));
  EXPECT_THAT(error_of<InputError>([&] {
                problem({{"min_count", "4"}});
              }),
              AllOf(HasSubstr("no source word that stands there 4 times"), HasSubstr("min_count")));
}

TEST_F(TranslationTask, PairsOfUnequalLengthsArePaddedBehindTheirEnd) {
  const auto all = problem();
  const std::vector<ExampleId> ids = {0, 1, 2, 3};
  const PairBatch batch = all->batch(Split::train, ids);
  Index scored = 0;
  for (std::size_t b = 0; b < ids.size(); ++b) {
    EXPECT_EQ(batch.source_lengths[b], all->length(Split::train, ids[b]));
    EXPECT_EQ(batch.target_lengths[b], all->terms(Split::train, ids[b]));
    scored += batch.target_lengths[b];
  }
  EXPECT_EQ(batch.rows.numel(), scored);
}

// A reference that the model is forced to write has the probability that a beam which wrote it
// says.
TEST_F(TranslationTask, WhatIsWrittenHasTheProbabilityThatIsScored) {
  for (const char* cell : {"gru_reset_before", "lstm", "mgu"}) {
    for (const Settings& form : forms) {
      SCOPED_TRACE(std::string(cell) + " " + text_of(form));
      const Made made(problem(form), cell);
      const TranslationModel& model = made.translation();
      const std::vector<ExampleId> ids = {0, 1, 2, 3, 4};
      made.run([&](const Pass& pass) {
        const PairBatch batch = made.problem->batch(Split::test, ids);
        const auto written = model.write(pass, batch, {.beam = 3});
        ASSERT_EQ(written.size(), ids.size());
        for (std::size_t b = 0; b < ids.size(); ++b) {
          ASSERT_EQ(written[b].size(), 3U);
          for (const Written& one : written[b]) {
            // Unknown words have no text of their own to be forced with.
            const auto& symbols = one.symbols;
            if (!one.finished || std::ranges::count(symbols, 0) > 0 ||
                std::ranges::count(symbols, 2) > 0) {
              continue;
            }
            const SentencePair forced{made.problem->pair(Split::test, ids[b]).source,
                                      model.units(one)};
            const SentencePair* pair = &forced;
            const std::vector<double> nats =
                pass.values(model.nll(pass, made.problem->batch({&pair, 1})));
            EXPECT_NEAR(-std::accumulate(nats.begin(), nats.end(), 0.0), one.log_probability, 1e-9);
          }
        }
      });
    }
  }
}

TEST_F(TranslationTask, ABatchIsWrittenAsOneAtATime) {
  for (const Settings& form : forms) {
    SCOPED_TRACE(text_of(form));
    const Made made(problem(form), "lstm");
    const std::vector<ExampleId> ids = {0, 1, 2, 3, 4, 5, 6};
    for (const Index beam : {1, 4}) {
      made.run([&](const Pass& pass) {
        const auto together =
            made.translation().write(pass, made.problem->batch(Split::test, ids), {.beam = beam});
        for (std::size_t b = 0; b < ids.size(); ++b) {
          const auto alone = made.translation().write(
              pass, made.problem->batch(Split::test, Ids(&ids[b], 1)), {.beam = beam});
          ASSERT_EQ(alone[0].size(), together[b].size());
          for (std::size_t k = 0; k < alone[0].size(); ++k) {
            EXPECT_EQ(alone[0][k].symbols, together[b][k].symbols);
            EXPECT_NEAR(alone[0][k].log_probability, together[b][k].log_probability, 1e-9);
          }
        }
      });
    }
  }
}

// Whatever the form, a batch of unequal lengths has the loss of its pairs one at a time, and the
// gradient of differences.
TEST_F(TranslationTask, PaddingChangesNothingAndTheGradientIsThatOfDifferences) {
  for (const Settings& form : forms) {
    SCOPED_TRACE(text_of(form));
    const Made made(problem(form), "gru_reset_before");
    const std::vector<ExampleId> ids = {0, 1, 2, 3, 4, 5, 6};
    const auto loss = [&](Ids of) {
      double value = 0.0;
      made.run([&](const Pass& pass) {
        value = pass.values(made.model->loss(pass, Split::train, of))[0];
      });
      return value;
    };
    double sum = 0.0;
    for (const ExampleId& id : ids) sum += loss(Ids(&id, 1));
    EXPECT_NEAR(loss(ids), sum, 1e-10 * sum);
    const auto error = check_gradients(
        [&](Tape<double>& tape, const std::vector<Var>& vars) {
          return made.model->loss(Pass(tape, {made.model->parameters(), vars}), Split::train, ids);
        },
        made.values, -1, 25);
    EXPECT_LE(error.worst, 1e-6) << error.where;
  }
}

// In PyTorch's convention: (1 - e) nll + e (mean of -log p over all words). Training alone.
TEST_F(TranslationTask, SmoothingGivesAShareOfEachLabelToAllWords) {
  const Made plain(problem({{"form", "cho"}}), "gru_reset_before");
  const Made smooth(problem({{"form", "cho"}, {"smoothing", "0.25"}}), "gru_reset_before");
  const ExampleId id = 2;
  const Masks masks{{1, 1}, 0};
  Tape<double> tape;
  const auto vars = leaves(tape, plain.values);
  const Pass training(tape, {plain.model->parameters(), vars}, &masks);
  const Pass evaluation(tape, {plain.model->parameters(), vars});
  const PairBatch batch = plain.problem->batch(Split::train, Ids(&id, 1));
  const TranslationModel& model = plain.translation();
  const Var logits = model.logits(training, batch);
  const std::vector<double> log_p = training.values(logits - logsumexp(logits));
  const std::size_t words = std::size_t(logits.shape()[2]);
  double expected = 0.0, nll = 0.0;
  for (std::size_t k = 0; k * words < log_p.size(); ++k) {
    const auto next = std::size_t(batch.next.data()[k]);
    nll -= log_p[k * words + next];
    double mean = 0.0;
    for (std::size_t w = 0; w < words; ++w) mean -= log_p[k * words + w] / double(words);
    expected += 0.25 * mean;
  }
  expected += 0.75 * nll;
  EXPECT_NEAR(training.values(smooth.model->loss(training, Split::train, Ids(&id, 1)))[0], expected,
              1e-10 * expected);
  EXPECT_NEAR(evaluation.values(smooth.model->loss(evaluation, Split::train, Ids(&id, 1)))[0], nll,
              1e-10 * nll);
}

// Two pairs learned by heart are written to the word, by every form.
TEST_F(TranslationTask, TwoPairsAreLearnedByHeart) {
  for (const Settings& form : forms) {
    SCOPED_TRACE(text_of(form));
    const auto task = problem(form);
    Recurrence recurrence(catalogue().find("gru_reset_before"), 12);
    const auto model = task->model(recurrence);
    ParameterSet<float> parameters(model->parameters(), 3);
    Optimiser<float> adam({.learning_rate = 0.02}, parameters);
    const std::vector<ExampleId> ids = {2, 5};
    ASSERT_NE(task->pair(Split::train, 2).target, task->pair(Split::train, 5).target);
    for (int update = 0; update < 150; ++update) {
      Tape<float> tape;
      const auto vars = leaves(tape, parameters.values());
      const Var loss = model->loss(Pass(tape, {model->parameters(), vars}), Split::train, ids);
      adam.update(parameters, tape.gradients(loss, vars), 1.0);
    }
    TrainedModel(*model, parameters.values()).run([&](const Pass& pass) {
      const auto& own = dynamic_cast<const TranslationModel&>(*model);
      const auto written = own.write(pass, task->batch(Split::train, ids), {.beam = 1});
      for (std::size_t b = 0; b < ids.size(); ++b) {
        EXPECT_EQ(own.units(written[b][0]), task->pair(Split::train, ids[b]).target);
      }
    });
  }
}

TEST_F(TranslationTask, ShowsTranslationsAndWhereItLooked) {
  const Made made(problem({{"form", "bahdanau"}, {"order", "reversed"}}), "lstm");
  const TrainedModel trained(*made.model, made.values);
  const auto all = made.model->exhibits(trained);
  ASSERT_EQ(all.size(), 12U) << "seven sentences, of three of them the attention, a figure and "
                                "nearest words";
  const SentencePair& first = made.problem->pair(Split::test, 0);
  std::string source;
  for (const std::string& word : first.source) source += (source.empty() ? "" : " ") + word;
  const auto written = made.translation().translate(trained, std::span(&source, 1), {});
  EXPECT_EQ(all[0].kind, "text");
  EXPECT_THAT(all[0].texts.at("prime"), testing::StartsWith(source + "\n"));
  EXPECT_EQ(all[0].texts.at("text"), written[0][0].text);
  for (std::size_t k = 7; k < 10; ++k) {
    EXPECT_EQ(all[k].kind, "matrix");
    const Tensor<float>& percent = all[k].arrays.at("values");
    const Index columns = percent.shape()[1];
    EXPECT_EQ(columns, 1 + std::ranges::count(all[k].texts.at("columns"), '\n'));
    for (Index row = 0; row < percent.shape()[0]; ++row) {
      double sum = 0.0;
      for (Index s = 0; s < columns; ++s) sum += double(percent.data()[row * columns + s]);
      EXPECT_NEAR(sum, 100.0, 0.5 * double(columns));
    }
  }
  EXPECT_EQ(all[11].kind, "text") << "four words have neighbours, but make no map";
  EXPECT_EQ(std::ranges::count(all[11].texts.at("text"), '\n'), 3);
  const Made plain(problem({{"form", "cho"}}), "lstm");
  EXPECT_EQ(plain.model->exhibits(TrainedModel(*plain.model, plain.values)).size(), 9U);
}

// Words w0, w1, .. w19, each more frequent than the next, and 20 test sources, of which two are the
// same and one is long.
TEST_F(TranslationTask, ShowsMapsOfWordsAndOfTestSources) {
  std::string train, test;
  for (int word = 0; word < 20; ++word) {
    for (int k = 0; k < 40 - word; ++k) train += fmt::format("w{}\n", word);
    test +=
        word == 1 ? "w0\n" : fmt::format("w{}{}\n", word, word == 2 ? std::string(60, 'u') : "");
  }
  for (const char* language : {"en", "fr"}) {
    write(std::string("train.") + language, train);
    write(std::string("valid.") + language, "w3\n");
    write(std::string("test.") + language, test);
  }
  for (const Settings& form : forms) {
    SCOPED_TRACE(text_of(form));
    const Made made(problem(form), "gru_reset_before");
    const auto all = made.model->exhibits(TrainedModel(*made.model, made.values));
    ASSERT_GE(all.size(), 3U);
    const Exhibit &words = all[all.size() - 3], &sources = all.back();
    ASSERT_EQ(words.kind, "map");
    ASSERT_EQ(sources.kind, "map");
    EXPECT_EQ(words.arrays.at("places").shape(), (Shape{20, 2}));
    EXPECT_THAT(words.texts.at("labels"), testing::StartsWith("w0\nw1\nw2\n"));
    EXPECT_EQ(sources.arrays.at("places").shape(), (Shape{19, 2}));
    EXPECT_THAT(sources.texts.at("labels"),
                testing::StartsWith("w0\nw2" + std::string(38, 'u') + "…\nw3\n"));
    made.run([&](const Pass& pass) {
      const ExampleId id = 5;
      const PairBatch batch = made.problem->batch(Split::test, Ids(&id, 1));
      const Encoded encoded = made.translation().encode(pass, batch);
      ASSERT_EQ(encoded.summary.shape(), (Shape{1, 6}));
      if (encoded.context.defined()) {
        EXPECT_EQ(pass.values(encoded.summary), pass.values(encoded.context));
      }
    });
  }
}

// What a person asks for: texts in, texts out, with the figures of what is scored.
TEST_F(TranslationTask, TextsAreTranslatedAndScored) {
  const Made made(problem({{"form", "bahdanau"}}), "lstm");
  const TrainedModel trained(*made.model, made.values);
  const TranslationModel& model = made.translation();
  const std::vector<std::string> sources = {"a  b", "", "d c zzz", "b"};
  const auto all = model.translate(trained, sources, {.beam = 4, .best = 3});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[1].size(), 0U) << "a line without words";
  EXPECT_EQ(all[0].size(), 3U);
  EXPECT_GE(all[0][0].score, all[0][1].score);
  const auto alone = model.translate(trained, std::span(sources).subspan(3), {.beam = 4});
  EXPECT_EQ(alone[0][0].text, all[3][0].text);
  const auto no_unknown =
      model.translate(trained, sources, {.beam = 4, .best = 4, .unknown = false});
  for (const auto& found : no_unknown) {
    for (const Translation& one : found) EXPECT_EQ(one.text.find("<unk>"), std::string::npos);
  }
  const std::vector<std::string> targets = {"B A", "C"}, two = {sources[0], sources[3]};
  const std::vector<double> scores = model.score(trained, two, targets);
  ASSERT_EQ(scores.size(), 2U);
  const SentencePair pair{{"a", "b"}, {"B", "A"}};
  const SentencePair* one = &pair;
  made.run([&](const Pass& pass) {
    const auto nats = pass.values(model.nll(pass, made.problem->batch({&one, 1})));
    EXPECT_NEAR(scores[0], -std::accumulate(nats.begin(), nats.end(), 0.0), 1e-9);
  });
  const auto drawn = [&](std::uint64_t seed) {
    return model.translate(trained, sources, {.drawn = SymbolRule{}, .seed = seed})[2].at(0).text;
  };
  EXPECT_EQ(drawn(1), drawn(1));
  EXPECT_NE(drawn(1), drawn(2));
}

TEST_F(TranslationTask, FiguresOfWhatIsWrittenAreOfValidationAndTest) {
  const Made made(problem(), "gru_reset_before");
  for (const Split split : all_splits) {
    Tally tally = tally_of(*made.problem, split);
    std::vector<ExampleId> ids;
    for (ExampleId id = 0; id < made.problem->size(split); ++id) ids.push_back(id);
    made.run([&](const Pass& pass) { made.model->count(pass, split, ids, tally); });
    Figures figures;
    set_figures(*made.problem, split, tally, figures);
    EXPECT_NEAR(figures["perplexity"][split], std::exp(figures["nll"][split]), 1e-9);
    for (const char* name : {"bleu", "chrf", "exact"}) {
      EXPECT_EQ(std::isnan(figures[name][split]), split == Split::train) << name;
    }
  }
}

// Layers, both directions, cells with states that are no vectors.
TEST_F(TranslationTask, TakesLayersDirectionsAndOtherStates) {
  for (const char* form : {"cho", "bahdanau", "luong"}) {
    for (const char* cell : {"lstm", "mlstm"}) {
      const Made made(problem({{"form", form}}), cell, {.depth = 2, .direction = "both"});
      const ExampleId id = 1;
      made.run([&](const Pass& pass) {
        EXPECT_TRUE(
            std::isfinite(pass.values(made.model->loss(pass, Split::train, Ids(&id, 1)))[0]));
      });
    }
  }
  EXPECT_THAT(error_of<InputError>([&] {
                Made(problem({{"form", "sutskever"}}), "lstm", {.direction = "both"});
              }),
              HasSubstr("model.direction is both"));
}

}  // namespace
}  // namespace carousel
