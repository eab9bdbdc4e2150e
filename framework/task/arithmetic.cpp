// Arithmetic: the digits of a sum or a difference (Jozefowicz, Zaremba and Sutskever 2015, section
// 3.1, after Zaremba and Sutskever 2014, arXiv:1410.4615). A problem such as
// "3e36d9-h1h39f94eeh43keg3c=" is read a character at a time, then its answer, "-13991064.", is
// predicted a character at a time, the right ones before being read. Between characters stand
// random letters. Of the answer alone each step is scored. The paper says neither how many letters
// there are nor how numbers are drawn: here up to `distractors` of them behind each character, a
// uniform number of digits from 1 to `digits`, and a sign in front of one first number of two.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "task/entries.hpp"
#include "task/generated.hpp"

namespace carousel {
namespace {

constexpr std::string_view symbols = "0123456789-.+=abcdefghijklmnopqrstuvwxyz";
constexpr Index answered = 12;  // of these, what an answer is made of

struct Sizes {
  Index digits, distractors;
};

std::int64_t number_of(Random& random, Index digits) {
  const Index length = 1 + drawn(random, digits);
  std::int64_t number = length == 1 ? drawn(random, 10) : 1 + drawn(random, 9);
  for (Index k = 1; k < length; ++k) number = 10 * number + drawn(random, 10);
  return number;
}

struct Exercise {
  std::string question, answer;
};

Exercise exercise_of(Random& random, const Sizes& sizes) {
  const bool negative = drawn(random, 2) == 1, difference = drawn(random, 2) == 1;
  const std::int64_t first = number_of(random, sizes.digits) * (negative ? -1 : 1);
  const std::int64_t second = number_of(random, sizes.digits);
  Exercise exercise;
  for (const char c : fmt::format("{}{}{}", first, difference ? '-' : '+', second)) {
    exercise.question += c;
    for (Index left = drawn(random, sizes.distractors + 1); left > 0; --left) {
      exercise.question += static_cast<char>('a' + drawn(random, 26));
    }
  }
  exercise.question += '=';
  exercise.answer = fmt::format("{}.", difference ? first - second : first + second);
  return exercise;
}

SequenceExample example_of(Random& random, const Sizes& sizes) {
  const Exercise exercise = exercise_of(random, sizes);
  SequenceExample example;
  std::vector<Index> read;
  for (const char c : exercise.question) read.push_back(static_cast<Index>(symbols.find(c)));
  for (const char c : exercise.answer) {
    read.push_back(static_cast<Index>(symbols.find(c)));
    example.targets.push_back(static_cast<float>(read.back()));
  }
  read.pop_back();
  example.x = one_hot(read, std::ssize(symbols));
  return example;
}

GeneratedForm form(const TaskOptions& options) {
  const Sizes sizes{options.integer("digits"), options.integer("distractors")};
  GeneratedForm form;
  form.task = "arithmetic";
  form.name = fmt::format("arithmetic_{}", sizes.digits);
  form.description = fmt::format(
      "sums and differences of numbers of up to {} digits, with up to {} letters behind each "
      "character",
      sizes.digits, sizes.distractors);
  form.width = std::ssize(symbols);
  form.classes = answered;
  form.scored = SequenceForm::Scored::end;
  form.steps = [sizes](Random& random) {
    const Exercise exercise = exercise_of(random, sizes);
    return std::ssize(exercise.question) + std::ssize(exercise.answer) - 1;
  };
  form.example = [sizes](Random& random) { return example_of(random, sizes); };
  return form;
}

}  // namespace

Task arithmetic_task() {
  return generated_task<form>(
      "arithmetic", "The digits of a sum or a difference, with letters in between",
      "Jozefowicz et al. 2015, section 3.1",
      {integer_option("digits", 8, 1, 15, "of a number, at most"),
       integer_option("distractors", 3, 0, 100, "letters behind each character, at most")});
}

}  // namespace carousel
