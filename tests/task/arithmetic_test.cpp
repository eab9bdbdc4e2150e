// Sums and differences between letters (Jozefowicz et al. 2015, section 3.1).

#include <gtest/gtest.h>

#include <cctype>
#include <regex>

#include "task/generated_problem.hpp"

namespace carousel {
namespace {

constexpr std::string_view alphabet = "0123456789-.+=abcdefghijklmnopqrstuvwxyz";

std::string text_of(const SequenceExample& example) {
  std::string text;
  for (const Index symbol : symbols_of(example, 40)) text += alphabet.at(std::size_t(symbol));
  return text;
}

std::string answer_of(const SequenceExample& example) {
  std::string text;
  for (const float target : example.targets) text += alphabet.at(std::size_t(target));
  return text;
}

TEST(Arithmetic, AnswersAreRight) {
  const auto problem = generated_problem("arithmetic");
  EXPECT_EQ(problem->name(), "arithmetic_8");
  EXPECT_EQ(problem->form().outputs(), 12);
  std::map<std::size_t, int> digits;
  int negative = 0, differences = 0, letters = 0, characters = 0;
  for (ExampleId id = 0; id < 2000; ++id) {
    const SequenceExample example = problem->example(Split::train, id);
    const std::string text = text_of(example), answer = answer_of(example);
    ASSERT_EQ(problem->length(Split::train, id), std::ssize(text));
    ASSERT_EQ(problem->terms(Split::train, id), std::ssize(answer));
    std::smatch parts;
    std::string question = text.substr(0, text.find('=') + 1);
    ASSERT_EQ(text, question + answer.substr(0, answer.size() - 1)) << "the right ones are read";
    ASSERT_TRUE(std::islower(question[0]) == 0);
    const auto in_question = question.size();
    std::erase_if(question, [](char c) { return std::islower(c) != 0; });
    letters += static_cast<int>(in_question - question.size());
    characters += static_cast<int>(question.size()) - 1;
    ASSERT_TRUE(std::regex_match(question, parts, std::regex("(-?\\d{1,8})([+-])(\\d{1,8})=")))
        << question;
    const long long first = std::stoll(parts[1]), second = std::stoll(parts[3]);
    const bool difference = parts[2] == "-";
    EXPECT_EQ(answer, std::to_string(difference ? first - second : first + second) + ".");
    ++digits[std::to_string(second).size()];
    negative += parts[1].str()[0] == '-';
    differences += difference;
  }
  for (std::size_t k = 1; k <= 8; ++k) EXPECT_NEAR(digits[k], 250, 60) << k;
  EXPECT_NEAR(negative, 1000, 100);  // but for -0, which is 0
  EXPECT_NEAR(differences, 1000, 100);
  EXPECT_NEAR(double(letters) / characters, 1.5, 0.05);
}

TEST(Arithmetic, TakesItsSizes) {
  const auto problem = generated_problem("arithmetic", {{"digits", "2"}, {"distractors", "0"}});
  EXPECT_EQ(problem->name(), "arithmetic_2");
  for (ExampleId id = 0; id < 200; ++id) {
    const std::string text = text_of(problem->example(Split::valid, id));
    EXPECT_TRUE(std::regex_match(text, std::regex("-?\\d{1,2}[+-]\\d{1,2}=-?\\d*"))) << text;
  }
}

// Side by side with a longer one, and alone: the answer's steps are those that are scored.
TEST(Arithmetic, ABatchScoresTheAnswersAlone) {
  const auto problem = generated_problem("arithmetic");
  const std::vector<ExampleId> ids = {0, 1, 2};
  const SequenceBatch batch = problem->batch(Split::train, ids);
  std::size_t at = 0;
  for (std::size_t b = 0; b < ids.size(); ++b) {
    const SequenceExample example = problem->example(Split::train, ids[b]);
    const Index answer = std::ssize(example.targets);
    for (Index k = 0; k < answer; ++k, ++at) {
      const auto row = static_cast<Index>(batch.rows.data()[at]);
      EXPECT_EQ(row, (batch.lengths[b] - answer + k) * 3 + Index(b));
      EXPECT_EQ(batch.targets.data()[at], example.targets[std::size_t(k)]);
    }
  }
  EXPECT_EQ(batch.rows.numel(), Index(at));
  EXPECT_EQ(problem->description(),
            "arithmetic_8: sums and differences of numbers of up to 8 digits, with up to 3 letters "
            "behind each character. 1000 new training sequences an epoch, 500 of validation, 2560 "
            "of test; the steps of the answer are scored.");
}

}  // namespace
}  // namespace carousel
