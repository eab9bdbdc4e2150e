// Any bytes of three files give sentences or an InputError. Lines `---` part the files; one that is
// missing is as the first. What was read is written plainly and read again.

#include "data/sentences.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <set>
#include <string_view>

#include "target.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr std::string_view blanks = " \t\r\v\f\n";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

using Texts = std::array<std::string, 3>;  // of train, valid and test

Texts texts_in(const std::string& input) {
  const std::string border = "\n---\n";
  Texts texts;
  std::size_t from = 0;
  for (std::string& text : texts) {
    text = from > input.size() ? texts[0] : input.substr(from, input.find(border, from) - from);
    from += text.size() + border.size();
  }
  return texts;
}

SentenceSet read(const Texts& texts) {
  constexpr std::array names = {"train.txt", "valid.txt", "test.txt"};
  for (std::size_t k = 0; k < 3; ++k) write_bytes(fuzz_folder() / names[k], texts[k]);
  return read_sentences(fuzz_folder());
}

std::string plain(const SentenceSet& set, const std::vector<Sentence>& sentences) {
  std::string text(byte_order_mark);  // else one in front of a label would be taken for it
  for (const Sentence& sentence : sentences) {
    text += set.classes[static_cast<std::size_t>(sentence.label)];
    for (const std::string& word : sentence.words) text += " " + word;
    text += "\n";
  }
  return text;
}

std::string without_blanks(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::string rest;
  std::ranges::remove_copy_if(text, std::back_inserter(rest),
                              [](char c) { return blanks.find(c) != blanks.npos; });
  return rest;
}

void expect_sentences(const SentenceSet& set, const std::vector<Sentence>& sentences,
                      const std::string& text) {
  const auto lines = std::count(text.begin(), text.end(), '\n') + (text.ends_with('\n') ? 0 : 1);
  must_hold(std::ssize(sentences) == lines, "each line is a sentence");
  std::string all;
  for (const Sentence& sentence : sentences) {
    must_hold(sentence.label >= 0 && sentence.label < std::ssize(set.classes), "classes are known");
    must_hold(!sentence.words.empty(), "a sentence has words");
    all += set.classes[static_cast<std::size_t>(sentence.label)];
    for (const std::string& word : sentence.words) {
      must_hold(!word.empty(), "a word is not empty");
      all += word;
    }
  }
  must_hold(all == without_blanks(text), "labels and words are the file but for its blanks");
}

void expect_same(const std::vector<Sentence>& one, const std::vector<Sentence>& other) {
  must_hold(one.size() == other.size(), "as many sentences are read back");
  for (std::size_t k = 0; k < one.size(); ++k) {
    must_hold(one[k].label == other[k].label && one[k].words == other[k].words,
              "a sentence that is written reads back");
  }
}

// What accepted files promise.
void check(const SentenceSet& set, const Texts& texts) {
  must_hold(set.classes.size() >= 2 && set.classes.size() <= 1000, "there are 2 to 1000 classes");
  must_hold(std::adjacent_find(set.classes.begin(), set.classes.end(), std::greater_equal<>()) ==
                set.classes.end(),
            "classes are sorted, each once");
  expect_sentences(set, set.train, texts[0]);
  expect_sentences(set, set.valid, texts[1]);
  expect_sentences(set, set.test, texts[2]);
  std::set<Index> labels;
  for (const Sentence& sentence : set.train) labels.insert(sentence.label);
  must_hold(labels.size() == set.classes.size(), "each class is in the training part");
  const SentenceSet again =
      read({plain(set, set.train), plain(set, set.valid), plain(set, set.test)});
  must_hold(again.classes == set.classes, "classes that are written read back");
  expect_same(set.train, again.train);
  expect_same(set.valid, again.valid);
  expect_same(set.test, again.test);
}

}  // namespace

void run(std::string_view input) {
  const Texts texts = texts_in(std::string(input));
  const SentenceSet set = read(texts);
  must_be_accepted([&] { check(set, texts); });
}

}  // namespace carousel
