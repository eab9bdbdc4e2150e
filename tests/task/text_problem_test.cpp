// What a text problem says of itself, its baselines, and what its model writes.

#include "task/text_problem.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "catalogue.hpp"
#include "task/ngram.hpp"
#include "task/task.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

class TextProblems : public testing::Test {
 protected:
  using Texts = std::map<std::string, std::string>;

  std::unique_ptr<TextProblem> problem(const std::string& text, Texts changes) {
    std::ofstream(folder_ / "mine.txt", std::ios::binary) << text;
    const Task& task = find_task("language_model");
    TaskOptions options(task.options);
    changes.insert({{"valid_share", "0.2"}, {"test_share", "0.3"}, {"embedding", "4"}});
    changes["data"] = (folder_ / "mine.txt").string();
    for (const auto& [name, value] : changes) options.set(name, value);
    return std::unique_ptr<TextProblem>(
        dynamic_cast<TextProblem*>(task.set_up(options, {}).release()));
  }
  // Twenty lines of one to four letters.
  static std::string some_lines() {
    Random random(5, "lines");
    std::string text;
    for (int line = 0; line < 20; ++line) {
      for (std::uint64_t k = 0; k <= random.below(4); ++k) text += "aabc"[random.below(4)];
      text += '\n';
    }
    return text;
  }

  TemporaryFolder folder_;
};

// 20 characters: 10, 4 and 6.
TEST_F(TextProblems, SayTheirUnitAndSizes) {
  const std::string letters = "abababab\nabababababa";
  const auto stream = problem(letters, {{"steps", "3"}});
  EXPECT_EQ(stream->name(), "mine");
  EXPECT_EQ(stream->description(),
            "mine: the next of 3 characters; 10 train, 4 valid, 6 test, in pieces of 3.");
  EXPECT_EQ(problem(letters + "ccccc", {{"steps", "3"}, {"test_share", "0.4"}})->description(),
            "mine: the next of 4 characters; 10 train, 5 valid, 10 test, in pieces of 3; those "
            "that the training part lacks count as one, <unk>.");
  // Ten lines of two words: 5, 2 and 3.
  std::string lines;
  for (int k = 0; k < 10; ++k) lines += "ab cd\n";
  const auto of_lines = problem(lines, {{"unit", "words"}, {"form", "lines"}});
  EXPECT_EQ(of_lines->name(), "mine_words_lines");
  EXPECT_EQ(of_lines->description(),
            "mine_words_lines: the next of 2 words; 10 train, 4 valid, 6 test, in lines.");
  EXPECT_EQ(problem(lines, {{"unit", "words"}})->name(), "mine_words");
  EXPECT_EQ(problem(lines, {{"form", "lines"}})->name(), "mine_lines");
}

TEST_F(TextProblems, AreKnownByTheirSymbolsInTheirOrder) {
  const auto digest = [&](const std::string& text) { return problem(text, {})->digest(); };
  EXPECT_EQ(digest("aabbaabbababababab"), digest("aabbaabbababababab"));
  EXPECT_NE(digest("aabbaabbababababab"), digest("ababaabbababababab"));
  EXPECT_NE(digest("aabbaabbababababab"), digest("aabbaabbabababbaab"));
  EXPECT_NE(digest("aabbaabbababababab"), digest("aaccaaccacacacacac"));
}

// Each line is predicted from its own begin, with its end; the counts are of training lines alone.
TEST_F(TextProblems, BaselinesOfLinesKnowNothingOfTheLinesBefore) {
  const auto lines = problem(some_lines(), {{"form", "lines"}});
  const auto baselines = lines->baselines();
  ASSERT_EQ(baselines.size(), 2U);
  EXPECT_EQ(baselines[0].name, "unigrams");
  EXPECT_EQ(baselines[1].name, "5-grams, Witten-Bell");
  const auto line_of = [&](Split split, ExampleId id) {
    const TextPart& part = lines->set().parts[static_cast<std::size_t>(split)];
    const auto line = static_cast<std::size_t>(id);
    std::vector<std::uint32_t> symbols = {*lines->begin_symbol()};
    symbols.insert(symbols.end(), part.symbols.begin() + part.starts[line],
                   part.symbols.begin() + part.starts[line + 1]);
    symbols.push_back(*lines->end_symbol());
    return symbols;
  };
  for (const std::size_t which : {0U, 1U}) {
    NgramModel model(which == 0 ? 1 : 5, lines->symbols());
    ASSERT_EQ(lines->size(Split::train), 10);
    for (ExampleId id = 0; id < 10; ++id) model.learn(line_of(Split::train, id), 1);
    for (const Split split : all_splits) {
      double nats = 0.0, symbols = 0.0;
      for (ExampleId id = 0; id < lines->size(split); ++id) {
        const std::vector<std::uint32_t> line = line_of(split, id);
        for (std::size_t t = 1; t < line.size(); ++t, ++symbols) nats += model.nll(line, t);
      }
      EXPECT_NEAR(figure_of(baselines[which].figures, "nll", split), nats / symbols, 1e-12);
    }
  }
}

TEST_F(TextProblems, TheLongerBaselineReadsFourSymbolsInFront) {
  std::string text;
  Random random(6, "stream");
  for (int k = 0; k < 300; ++k) text += static_cast<char>('a' + random.below(3));
  const auto stream = problem(text, {{"steps", "7"}});
  const auto baselines = stream->baselines();
  NgramModel model(5, stream->symbols());
  model.learn(stream->set().parts[0].symbols, 0);
  for (const Split split : all_splits) {
    const auto& symbols = stream->set().parts[static_cast<std::size_t>(split)].symbols;
    double nats = 0.0;
    for (std::size_t t = 1; t < symbols.size(); ++t) nats += model.nll(symbols, t);
    EXPECT_NEAR(figure_of(baselines[1].figures, "nll", split),
                nats / static_cast<double>(symbols.size() - 1), 1e-12);
  }
}

// A model of a text, whose parameters are drawn.
struct Drawn {
  explicit Drawn(const TextProblem& problem)
      : model(problem.model(recurrence)),
        parameters(model->parameters(), 3),
        trained(*model, parameters.values()) {}

  Sample sample(SampleRequest request) const { return model->sample(trained, request); }
  std::string text(const SampleRequest& request) const {
    return sample(request).exhibit.texts.at("text");
  }

  Recurrence recurrence{catalogue().find("lstm"), 6};
  std::unique_ptr<Model> model;
  ParameterSet<double> parameters;
  TrainedModel trained;
};

TEST_F(TextProblems, ASampleOfAStreamBeginsBehindALineEnd) {
  const auto with = problem("ab\nab\nab\nabab\nba\nabab\nab", {});
  const Drawn drawn(*with);
  std::vector<std::string> pieces;
  const std::string text =
      drawn.text({.steps = 30, .stream = [&](const std::string& p) { pieces.push_back(p); }});
  EXPECT_EQ(text, drawn.text({.steps = 30, .text = "\n"}));
  EXPECT_EQ(pieces.size(), 30U) << "nothing is shown in front";
  const auto without = problem("bbabbabbabbabbaababbabab", {});
  const Drawn other(*without);
  EXPECT_EQ(other.text({.steps = 30}),
            other.text({.steps = 30, .text = without->set().vocabulary.text(0)}));
  EXPECT_NE(other.text({.steps = 30}), other.text({.seed = 2, .steps = 30}));
}

TEST_F(TextProblems, ASampleMayGoOnFromTheTestPart) {
  const std::string text = "abcabcabcacbcabacbab";  // the test part is its last 6
  const auto stream = problem(text, {});
  const Drawn drawn(*stream);
  EXPECT_EQ(drawn.sample({.steps = 2, .prime = 4}).exhibit.texts.at("prime"), "bacb");
  EXPECT_EQ(drawn.text({.steps = 9, .prime = 4}), drawn.text({.steps = 9, .text = "bacb"}));
  EXPECT_EQ(drawn.sample({.steps = 2, .prime = 6}).exhibit.texts.at("prime"), "bacbab");
  for (const Index prime : {-1, 7}) {
    EXPECT_EQ(error_of<InputError>([&] { drawn.sample({.steps = 2, .prime = prime}); }),
              fmt::format("got {} symbols to start from, expected 0 to 6", prime));
  }
  // Of lines the first one of the test part: "cb".
  const auto lines = problem("a\nb\nc\na\nb\nc\na\ncb\na\nb\n", {{"form", "lines"}});
  const Drawn of_lines(*lines);
  EXPECT_EQ(of_lines.sample({.steps = 2, .prime = 2}).exhibit.texts.at("prime"), "cb");
  EXPECT_THAT(error_of<InputError>([&] { of_lines.sample({.steps = 2, .prime = 3}); }),
              HasSubstr("got 3 symbols to start from, expected 0 to 2"));
}

// Neither the symbol of what is unknown, nor that of a line's begin is anything to write.
TEST_F(TextProblems, ASampleHoldsSymbolsOfTheTextAlone) {
  const auto stream = problem("ababababababababcdcdabab", {{"test_share", "0.4"}});
  ASSERT_GE(stream->set().unknown, 0);
  EXPECT_THAT(Drawn(*stream).text({.steps = 400}), testing::MatchesRegex("[ab]{400}"));
  const auto lines = problem(some_lines(), {{"form", "lines"}});
  const Drawn drawn(*lines);
  std::size_t ended = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Sample sample = drawn.sample({.seed = seed, .steps = 3});
    const std::string& text = sample.exhibit.texts.at("text");
    EXPECT_THAT(text, testing::MatchesRegex("[abc]*"));
    ended += text.size() < 3;
    EXPECT_EQ(sample.note, fmt::format("{} symbols{}", text.size(),
                                       text.size() < 3 ? ", to the end of a line" : ""));
  }
  EXPECT_GT(ended, 0U);
}

TEST_F(TextProblems, AWordHasABlankInFrontButAtABegin) {
  std::string text;
  for (int k = 0; k < 30; ++k) text += "ab cd\n";
  const auto words = problem(text, {{"unit", "words"}});
  const Sample sample = Drawn(*words).sample({.steps = 1, .text = "ab cd\nab"});
  EXPECT_EQ(sample.exhibit.texts.at("prime"), "ab cd\nab");
  const auto letters = problem(text, {});
  EXPECT_EQ(Drawn(*letters).sample({.steps = 1, .text = "ab cd\na"}).exhibit.texts.at("prime"),
            "ab cd\na");
}

TEST_F(TextProblems, TheReportShowsASampleOfFourFifthsOfTheTemperature) {
  std::string text;
  for (int k = 0; k < 30; ++k) text += "ab cd\n";
  for (const auto& [unit, steps] : {std::pair{"characters", Index{500}}, {"words", Index{100}}}) {
    const auto any = problem(text, {{"unit", unit}});
    const Drawn drawn(*any);
    const std::vector<Exhibit> shown = drawn.model->exhibits(drawn.trained);
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(shown[0].title, "a sample, temperature 0.8, seed 1");
    EXPECT_EQ(shown[0].texts.at("text"),
              drawn.text({.seed = 1, .steps = steps, .rule = {.temperature = 0.8}}));
  }
}

// The vectors are the output's weights: without a vector's part the outputs are the bias, else the
// product with each of them.
TEST_F(TextProblems, TiedOutputsAreProductsWithTheVectors) {
  const auto tied = problem("abcabcabcacbcabacbab", {{"tied", "yes"}});
  Recurrence recurrence(catalogue().find("lstm"), 6);
  const auto model = tied->model(recurrence);
  std::vector<Tensor<double>> values;
  std::vector<double> vector, bias, table;
  for (const ParameterSpec& spec : model->parameters()) {
    Tensor<double> value = Tensor<double>::zeros(spec.shape);
    const auto fill = [&](std::vector<double>& kept, double from) {
      for (Index k = 0; k < value.numel(); ++k) {
        kept.push_back(value.data()[k] = std::sin(from + static_cast<double>(k)));
      }
    };
    if (spec.name == "to_vector/b") fill(vector, 1.0);
    if (spec.name == "output/b") fill(bias, 2.0);
    if (spec.name == "symbols/table") fill(table, 3.0);
    values.push_back(value);
  }
  ASSERT_EQ(vector.size(), 4U);
  ASSERT_EQ(table.size(), 4U * bias.size());
  const Tensor<double> outputs =
      TrainedModel(*model, values).predict(Tensor<float>::from({1, 1}, {0.0f}));
  ASSERT_EQ(outputs.numel(), std::ssize(bias));
  for (std::size_t symbol = 0; symbol < bias.size(); ++symbol) {
    double expected = bias[symbol];
    for (std::size_t k = 0; k < 4; ++k) expected += table[symbol * 4 + k] * vector[k];
    EXPECT_NEAR(outputs.data()[symbol], expected, 1e-12);
  }
}

// As many values that four standard errors are 5 of 100.
TEST_F(TextProblems, VectorsOfTiedOutputsBeginSmaller) {
  for (const auto& [tied, deviation] : {std::pair{"yes", 0.1}, {"no", 1.0}}) {
    const auto any = problem("abcabcabcacbcabacbab", {{"tied", tied}, {"embedding", "1200"}});
    const Drawn drawn(*any);
    ASSERT_EQ(drawn.model->parameters()[0].name, "symbols/table");
    double squares = 0.0;
    const auto values = drawn.parameters.value(0).values();
    for (const double value : values) squares += value * value;
    EXPECT_NEAR(std::sqrt(squares / static_cast<double>(values.size())), deviation,
                0.05 * deviation);
  }
}

}  // namespace
}  // namespace carousel
