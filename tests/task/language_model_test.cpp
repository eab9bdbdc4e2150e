#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "archive_difference.hpp"
#include "catalogue.hpp"
#include "task/ngram.hpp"
#include "task/task.hpp"
#include "task/text_model.hpp"
#include "task/text_problem.hpp"
#include "temporary_folder.hpp"
#include "train/shards.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class LanguageModel : public testing::Test {
 protected:
  std::unique_ptr<TextProblem> problem(const std::string& text,
                                       const std::map<std::string, std::string>& changes) {
    std::ofstream(folder_ / "mine.txt", std::ios::binary) << text;
    const Task& task = find_task("language_model");
    TaskOptions options(task.options);
    options.set("data", (folder_ / "mine.txt").string());
    for (const auto& [name, value] : changes) options.set(name, value);
    return std::unique_ptr<TextProblem>(
        dynamic_cast<TextProblem*>(task.set_up(options, {}).release()));
  }
  std::unique_ptr<TextProblem> letters(const std::map<std::string, std::string>& changes = {}) {
    std::string text;
    for (int k = 0; k < 200; ++k) text += "abcad"[k * k % 5];
    std::map<std::string, std::string> all = {
        {"steps", "4"}, {"valid_share", "0.2"}, {"test_share", "0.1"}, {"embedding", "5"}};
    for (const auto& [name, value] : changes) all[name] = value;
    return problem(text, all);
  }

  TemporaryFolder folder_;
};

// 11 characters to train with: 10 are predicted, in pieces of 4.
TEST_F(LanguageModel, ReadsAStreamInPieces) {
  const auto stream =
      problem("abcdefghijkabcd", {{"steps", "4"}, {"valid_share", "0.15"}, {"test_share", "0.15"}});
  ASSERT_EQ(stream->set().parts[0].symbols.size(), 11U);
  EXPECT_EQ(stream->order(), Order::streams);
  EXPECT_EQ(stream->size(Split::train), 3);
  EXPECT_EQ(stream->length(Split::train, 0), 4);
  EXPECT_EQ(stream->length(Split::train, 2), 2);
  const std::vector<ExampleId> ids{1, 2};
  const TextBatch batch = stream->batch(Split::train, ids);
  const auto text = [&](const Tensor<float>& numbers, Index b) {
    std::string letters;
    for (Index t = 0; t < batch.lengths[std::size_t(b)]; ++t) {
      letters += stream->set().vocabulary.text(Index(numbers.data()[t * 2 + b]));
    }
    return letters;
  };
  EXPECT_EQ(text(batch.x, 0), "efgh");
  EXPECT_EQ(text(batch.targets, 0), "fghi");
  EXPECT_EQ(text(batch.x, 1), "ij");
  EXPECT_EQ(text(batch.targets, 1), "jk");
  EXPECT_EQ(batch.mask.values()[5], 0.0f) << "beyond the end of the second";
}

TEST_F(LanguageModel, ALineHasABeginAndAnEnd) {
  const auto lines = problem("ab\nb\nabb\na\nb\nab\nb\na\n",
                             {{"form", "lines"}, {"valid_share", "0.25"}, {"test_share", "0.25"}});
  EXPECT_EQ(lines->order(), Order::shuffled);
  EXPECT_EQ(lines->symbols(), 4);
  EXPECT_EQ(lines->size(Split::train), 4);
  EXPECT_EQ(lines->length(Split::train, 2), 4);
  const ExampleId id = 2;
  const TextBatch batch = lines->batch(Split::train, Ids(&id, 1));
  const auto numbers = [](const Tensor<float>& t) {
    return std::vector<float>(t.values().begin(), t.values().end());
  };
  // b stands 4 times in the training part, a 3 times.
  EXPECT_THAT(numbers(batch.x), ElementsAre(2, 1, 0, 0));
  EXPECT_THAT(numbers(batch.targets), ElementsAre(1, 0, 0, 3));
}

// The same symbols in as many lines.
TEST_F(LanguageModel, WhereLinesEndIsInTheDigest) {
  const auto digest = [&](const std::string& first) {
    return problem(first + "ab\nab\nab\nab\nab\nab\n",
                   {{"form", "lines"}, {"valid_share", "0.25"}, {"test_share", "0.25"}})
        ->digest();
  };
  EXPECT_EQ(digest("ab\na\n"), digest("ab\na\n"));
  EXPECT_NE(digest("ab\na\n"), digest("a\nba\n"));
}

// By hand: behind "a" stood b, b, c; in all a 3, b 2, c 1 of three symbols.
TEST(Ngram, InterpolatesByWittenAndBell) {
  NgramModel model(2, 4);
  const std::vector<std::uint32_t> text{0, 1, 0, 1, 0, 2};
  model.learn(text, 0);
  const auto unigram = [](double count) { return (count + 3.0 / 4.0) / (6.0 + 3.0); };
  const std::vector<std::uint32_t> ab{0, 1}, ad{0, 3}, bd{1, 3}, da{3, 0};
  EXPECT_NEAR(model.nll(ab, 0), -std::log(unigram(3)), 1e-12);
  EXPECT_NEAR(model.nll(ab, 1), -std::log((2.0 + 2.0 * unigram(2)) / (3.0 + 2.0)), 1e-12);
  EXPECT_NEAR(model.nll(ad, 1), -std::log(2.0 * unigram(0) / 5.0), 1e-12);
  EXPECT_NEAR(model.nll(bd, 1), -std::log(1.0 * unigram(0) / 3.0), 1e-12);
  EXPECT_NEAR(model.nll(da, 1), -std::log(unigram(3)), 1e-12) << "nothing is known of d";
  double all = 0.0;
  for (std::uint32_t k = 0; k < 4; ++k) all += std::exp(-model.nll(std::vector{0U, k}, 1));
  EXPECT_NEAR(all, 1.0, 1e-12);
}

TEST_F(LanguageModel, BaselinesKnowWhatFollows) {
  const auto baselines = letters()->baselines();
  ASSERT_EQ(baselines.size(), 2U);
  // Of a period of five, five letters are nearly always the same.
  EXPECT_LT(figure_of(baselines[1].figures, "nll", Split::test), 0.1);
  const double nll = figure_of(baselines[0].figures, "nll", Split::test);
  EXPECT_GT(nll, 1.0);
  EXPECT_NEAR(figure_of(baselines[0].figures, "bits", Split::test), nll / std::log(2.0), 1e-12);
  EXPECT_NEAR(figure_of(baselines[0].figures, "perplexity", Split::test), std::exp(nll), 1e-9);
}

// Of a stream each symbol but the first is predicted, whatever the pieces.
TEST_F(LanguageModel, BaselinesPredictWhatAModelDoes) {
  const auto pieces = letters();
  const auto& train = pieces->set().parts[0].symbols;
  const auto& valid = pieces->set().parts[1].symbols;
  NgramModel model(1, pieces->symbols());
  model.learn(train, 0);
  double sum = 0.0;
  for (std::size_t t = 1; t < valid.size(); ++t) sum += model.nll(valid, t);
  EXPECT_NEAR(figure_of(pieces->baselines()[0].figures, "nll", Split::valid),
              sum / static_cast<double>(valid.size() - 1), 1e-12);
}

// Pieces with what is handed on are one long sequence.
TEST_F(LanguageModel, TheNextPieceGoesOnFromTheOneBefore) {
  const auto pieces = letters(), whole = letters({{"steps", "12"}});
  for (const char* cell : {"lstm", "gru_reset_before"}) {
    Recurrence recurrence(catalogue().find(cell), 6, {.depth = 2});
    Recurrence other(catalogue().find(cell), 6, {.depth = 2});
    const auto short_model = pieces->model(recurrence), long_model = whole->model(other);
    const auto values = ParameterSet<double>(short_model->parameters(), 3).values();
    ShardRunner<double> shorts(*short_model, *pieces, Split::train, 1);
    ShardRunner<double> longs(*long_model, *whole, Split::train, 1);
    std::vector<Tensor<double>> gradients;
    Carried<double> carried;
    double sum = 0.0;
    for (ExampleId id = 0; id < 3; ++id) {
      sum += shorts.loss_and_gradients(values, Ids(&id, 1), 1, gradients, {nullptr, &carried});
    }
    const ExampleId first = 0;
    EXPECT_NEAR(sum, longs.loss_and_gradients(values, Ids(&first, 1), 1, gradients), 1e-12);
    EXPECT_EQ(carried.at(0).size(), recurrence.parameter_count() > 500 ? 4U : 2U);
  }
}

TEST_F(LanguageModel, EvaluationHandsStatesOnInSixteenStreams) {
  const auto pieces = letters();
  Recurrence recurrence(catalogue().find("lstm"), 6);
  const auto model = pieces->model(recurrence);
  const auto values = ParameterSet<double>(model->parameters(), 3).values();
  const auto nll = [&](int shard) {
    return figure_of(pieces->metrics()[0],
                     ShardRunner<double>(*model, *pieces, Split::train, shard).evaluate(values));
  };
  EXPECT_NEAR(nll(1), nll(3), 1e-12);
  EXPECT_NEAR(nll(1), nll(64), 1e-12);
  // 35 pieces: three streams of 3, thirteen of 2.
  ASSERT_EQ(pieces->size(Split::train), 35);
  const auto runs = evaluation_runs(*pieces, Split::train, 4);
  ASSERT_EQ(runs.size(), 4U);
  EXPECT_THAT(runs[0],
              ElementsAre(ElementsAre(0, 3, 6, 9), ElementsAre(1, 4, 7, 10), ElementsAre(2, 5, 8)));
  EXPECT_THAT(runs[3], ElementsAre(ElementsAre(27, 29, 31, 33), ElementsAre(28, 30, 32, 34)));
}

// The first stream of the evaluation holds pieces 0 to 2.
TEST_F(LanguageModel, EvaluationGoesOnFromThePieceBefore) {
  const auto pieces = letters();
  Recurrence recurrence(catalogue().find("lstm"), 6);
  const auto model = pieces->model(recurrence);
  const auto values = ParameterSet<double>(model->parameters(), 3).values();
  ShardRunner<double> runner(*model, *pieces, Split::train, 1);
  const Tally tally = runner.evaluate(values);
  std::vector<Tensor<double>> gradients;
  Carried<double> carried;
  for (ExampleId id = 0; id < 3; ++id) {
    EXPECT_NEAR(tally.column("nats")[static_cast<std::size_t>(id)],
                runner.loss_and_gradients(values, Ids(&id, 1), 1, gradients, {nullptr, &carried}),
                1e-12);
  }
}

TEST_F(LanguageModel, TrainsEqualStreamsSideBySide) {
  const auto pieces = letters();
  const auto batches = training_batches(*pieces, 4, 1, 0);
  ASSERT_EQ(batches.size(), 8U) << "35 pieces, of which three are left over";
  EXPECT_THAT(batches[0], ElementsAre(0, 8, 16, 24));
  EXPECT_THAT(batches[7], ElementsAre(7, 15, 23, 31));
  EXPECT_THAT(error_of<InputError>([&] { training_batches(*pieces, 36, 1, 0); }),
              AllOf(HasSubstr("got 35 pieces"), HasSubstr("train.batch")));
}

// With masks and states, stopped in the middle of an epoch.
TEST_F(LanguageModel, WhatIsHandedOnIsInTheCheckpoint) {
  const auto pieces = letters();
  Recurrence recurrence(catalogue().find("lstm"), 6,
                        {.dropout_output = 0.5, .zoneout = {{"all", 0.2}}});
  const auto model = pieces->model(recurrence);
  const auto make = [&] {
    TrainOptions options;
    options.epochs = 2;
    options.batch = 4;
    options.shard = 3;
    TrialRecord record;
    record.seed = 5;
    record.learning_rate = 0.01;
    return make_trainer(*model, recurrence, *pieces, options, record);
  };
  const auto run = [](Trainer& trainer, int updates) {
    std::atomic<bool> stop{false};
    trainer.run(stop, [&](const Progress&) { stop = --updates == 0; });
  };
  const auto whole = make(), first = make(), second = make();
  run(*whole, -1);
  run(*first, 3);
  const Archive saved = first->save();
  EXPECT_EQ(saved.floats.count("carried/1/1"), 1U);
  second->load(saved);
  run(*second, -1);
  Archive a = whole->save(), b = second->save();
  a.doubles.erase("curve");  // holds seconds
  b.doubles.erase("curve");
  EXPECT_EQ(first_difference(a, b), "");
  // Without what was handed on, another end.
  Archive lost = saved;
  std::erase_if(lost.floats, [](const auto& entry) { return entry.first.starts_with("carried"); });
  const auto third = make();
  third->load(lost);
  run(*third, -1);
  Archive c = third->save();
  c.doubles.erase("curve");
  EXPECT_NE(first_difference(a, c), "");
}

// With a rate of next to nothing each epoch is the same, unless states came over from the last one.
TEST_F(LanguageModel, EachEpochOfAStreamBeginsAnew) {
  const auto pieces = letters();
  Recurrence recurrence(catalogue().find("lstm"), 6, {});
  const auto model = pieces->model(recurrence);
  TrainOptions options;
  options.epochs = 2;
  options.batch = 4;
  options.optimiser.rule = "sgd";
  TrialRecord record;
  record.learning_rate = 1e-30;
  const auto trainer = make_trainer(*model, recurrence, *pieces, options, record);
  trainer->run(std::atomic<bool>{false}, [](const Progress&) {});
  const auto& curve = trainer->record().curve;
  ASSERT_EQ(curve.size(), 2U);
  EXPECT_EQ(curve[0].train, curve[1].train);
}

TEST_F(LanguageModel, TiedSharesItsVectorsWithTheOutput) {
  for (const char* embedding : {"6", "5"}) {
    const auto tied = letters({{"tied", "yes"}, {"embedding", embedding}});
    Recurrence recurrence(catalogue().find("lstm"), 6);
    const auto model = tied->model(recurrence);
    std::vector<std::string> names;
    for (const ParameterSpec& spec : model->parameters()) {
      if (!spec.name.starts_with("layers")) names.push_back(spec.name);
    }
    if (std::string(embedding) == "6") {
      EXPECT_THAT(names, ElementsAre("symbols/table", "output/b"));
    } else {
      EXPECT_THAT(names, ElementsAre("symbols/table", "to_vector/W", "to_vector/b", "output/b"));
    }
  }
}

// A model that is trained to its end writes the period.
TEST_F(LanguageModel, WritesWhatItHasLearned) {
  std::string period, lines;
  for (int k = 0; k < 60; ++k) period += "abcd", lines += "ab cd\n";
  for (const bool in_lines : {false, true}) {
    const auto learned =
        problem(in_lines ? lines : period, {{"steps", "8"},
                                            {"form", in_lines ? "lines" : "stream"},
                                            {"valid_share", "0.2"},
                                            {"test_share", "0.2"},
                                            {"embedding", "4"}});
    Recurrence recurrence(catalogue().find("lstm"), 12);
    const auto model = learned->model(recurrence);
    TrainOptions options;
    options.epochs = 60;
    options.patience = 0;
    options.batch = 4;
    TrialRecord record;
    record.seed = 1;
    record.learning_rate = 0.02;
    const auto trainer = make_trainer(*model, recurrence, *learned, options, record);
    const std::atomic<bool> stop{false};
    ASSERT_EQ(trainer->run(stop, [](const Progress&) {}), Outcome::finished);
    const TrainedModel trained = trained_model(*model, trainer->save());
    std::string streamed;
    SampleRequest request;
    request.steps = 9;
    request.text = in_lines ? "a" : "bc";
    request.stream = [&](const std::string& piece) { streamed += piece; };
    const Sample written = model->sample(trained, request);
    EXPECT_EQ(written.exhibit.kind, "text");
    EXPECT_EQ(written.exhibit.texts.at("prime"), request.text);
    EXPECT_EQ(written.exhibit.texts.at("text"), in_lines ? "b cd" : "dabcdabcd");
    EXPECT_EQ(streamed, request.text + written.exhibit.texts.at("text"));
    EXPECT_EQ(written.note, in_lines ? "4 symbols, to the end of a line" : "9 symbols");
    EXPECT_EQ(model->sample(trained, request).exhibit.texts, written.exhibit.texts);
    EXPECT_EQ(model->exhibits(trained).at(0).kind, "text");
    request.text = "xyz";
    EXPECT_THAT(error_of<InputError>([&] { model->sample(trained, request); }),
                HasSubstr("'x' is none of the"));
    request.text.clear();
    request.prime = 1000;
    EXPECT_THAT(error_of<InputError>([&] { model->sample(trained, request); }),
                HasSubstr("got 1000 symbols to start from"));
  }
}

// An untrained model writes any words: what stands between them is that of the text.
TEST_F(LanguageModel, WordsHaveABlankBetweenThemAndNoneAtTheBeginOfALine) {
  std::string text;
  for (int k = 0; k < 60; ++k) text += "ab cd\n";
  const auto words = problem(text, {{"unit", "words"}, {"steps", "8"}, {"embedding", "4"}});
  Recurrence recurrence(catalogue().find("lstm"), 4);
  const auto model = words->model(recurrence);
  const TrainedModel drawn(*model, ParameterSet<float>(model->parameters(), 1).values());
  SampleRequest request;
  request.steps = 200;
  request.text = "\nab";
  request.stream = [](const std::string&) {};
  const auto texts = model->sample(drawn, request).exhibit.texts;
  EXPECT_EQ(texts.at("prime"), "\nab");
  EXPECT_THAT(texts.at("text"), testing::MatchesRegex("( (ab|cd))*(\n+((ab|cd)( (ab|cd))*)?)+"));
}

}  // namespace
}  // namespace carousel
