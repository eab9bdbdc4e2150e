#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "task/classification.hpp"
#include "task/task.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Sentiment : public testing::Test {
 protected:
  Sentiment() {
    write("train.txt", "bad not good\ngood good\nbad bad\ngood not bad\nbad good not good\n");
    write("valid.txt", "good not bad\nbad good good film\n");
    write("test.txt", "bad not good\n");
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  std::unique_ptr<ClassificationProblem> problem(
      const std::vector<std::pair<std::string, std::string>>& set = {}) const {
    const Task& task = find_task("sentiment");
    TaskOptions options(task.options);
    options.set("data", folder_.path().string());
    for (const auto& [name, text] : set) options.set(name, text);
    return std::unique_ptr<ClassificationProblem>(
        dynamic_cast<ClassificationProblem*>(task.set_up(options, {}).release()));
  }

  TemporaryFolder folder_;
};

// By hand: "good" stands 4 times in training sentences, "not" 3 times, "bad" twice.
TEST_F(Sentiment, WordsAreNumbersByHowOftenTheyStandInTraining) {
  const auto all = problem({{"min_count", "1"}});
  EXPECT_EQ(all->form().symbols, 4) << "three words, and the unknown one";
  EXPECT_THAT(all->example(Split::train, 3).x, ElementsAre(2, 3));
  EXPECT_THAT(all->example(Split::valid, 1).x, ElementsAre(1, 1, 0));
  EXPECT_THAT(all->example(Split::valid, 1).targets, ElementsAre(0));
  EXPECT_EQ(all->length(Split::valid, 1), 3);
  EXPECT_EQ(all->size(Split::train), 5);
  const auto frequent = problem({{"min_count", "3"}});
  EXPECT_EQ(frequent->form().symbols, 3);
  EXPECT_THAT(frequent->example(Split::train, 3).x, ElementsAre(2, 0));
}

TEST_F(Sentiment, TakesItsForm) {
  const auto given = problem({{"embedding", "7"}});
  EXPECT_EQ(given->form().width, 7);
  EXPECT_EQ(given->form().classes, 2);
  EXPECT_EQ(given->form().sight, Sight::whole);
  EXPECT_EQ(given->digest(), problem()->digest());
  write("valid.txt", "good not bad\n");
  EXPECT_NE(given->digest(), problem()->digest());
}

// "not" turns a word into its opposite, which no weights of single words can say.
TEST_F(Sentiment, TheBagOfWordsKnowsPairs) {
  std::string many;
  for (int k = 0; k < 40; ++k) many += file_text(folder_ / "train.txt");
  for (const char* file : {"train.txt", "valid.txt", "test.txt"}) write(file, many);
  const auto baselines = problem()->baselines();
  ASSERT_EQ(baselines.size(), 2U);
  EXPECT_EQ(baselines[0].name, "most frequent class");
  EXPECT_EQ(baselines[1].name, "bag of words and pairs");
  EXPECT_EQ(figure_of(baselines[1].figures, "accuracy", Split::train), 1.0);
}

// The same words, of which the same ones stand behind another: only "s a" and "s b" tell them
// apart.
TEST_F(Sentiment, APairIsAWordAndTheOneBehindIt) {
  std::string many;
  for (int k = 0; k < 40; ++k) many += "bad s a b a\ngood s b a b\n";
  for (const char* file : {"train.txt", "valid.txt", "test.txt"}) write(file, many);
  EXPECT_EQ(figure_of(problem()->baselines()[1].figures, "accuracy", Split::test), 1.0);
}

// Both classes have the same words and pairs, in other numbers.
TEST_F(Sentiment, TheBagOfWordsDoesNotCount) {
  std::string many;
  for (int k = 0; k < 40; ++k) many += "bad a b a\ngood b a b\n";
  for (const char* file : {"train.txt", "valid.txt", "test.txt"}) write(file, many);
  EXPECT_EQ(figure_of(problem()->baselines()[1].figures, "accuracy", Split::train), 0.5);
}

TEST_F(Sentiment, ErrorsOfDataNameThePlace) {
  write("test.txt", "neutral film\n");
  EXPECT_THAT(error_of<InputError>([&] { problem(); }), HasSubstr("test.txt:1: got the label"));
}

}  // namespace
}  // namespace carousel
