#include "trigrams.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::phrases {
namespace {

constexpr int nothing = -3;  // in the place of a word that a shorter n-gram has not

using Counts = std::unordered_map<std::uint64_t, double>;

double found(const Counts& counts, std::uint64_t key) {
  const auto at = counts.find(key);
  return at == counts.end() ? 0.0 : at->second;
}

double discount_of(const Counts& counts) {
  double ones = 0.0, twos = 0.0;
  for (const auto& [key, count] : counts) {
    ones += count == 1.0 ? 1.0 : 0.0;
    twos += count == 2.0 ? 1.0 : 0.0;
  }
  return ones > 0.0 ? ones / (ones + 2.0 * twos) : 0.5;
}

}  // namespace

// 21 bits each; the smallest number is -3.
std::uint64_t Trigrams::key(int a, int b, int c) {
  const auto bits = [](int word) { return static_cast<std::uint64_t>(word + 3) & 0x1fffff; };
  return bits(a) << 42 | bits(b) << 21 | bits(c);
}

Trigrams::Trigrams(const std::vector<Words>& sentences, int words) : words_(words + 1) {
  // What was seen: trigrams by their count; shorter n-grams by the number of words in front of
  // them, but for those at the begin of a sentence, which has none.
  for (const Words& sentence : sentences) {
    int a = begin, b = begin;
    for (std::size_t i = 0; i <= sentence.size(); ++i) {
      const int c = i < sentence.size() ? sentence[i] : end;
      if (++counts3_[key(a, b, c)] == 1.0) {
        ++contexts3_[key(a, b, nothing)].followers;
        if (++counts2_[key(b, c, nothing)] == 1.0) {
          ++contexts2_[key(b, nothing, nothing)].followers;
          ++counts1_[key(c, nothing, nothing)];
          ++ways1_;
        }
        ++contexts2_[key(b, nothing, nothing)].count;
      }
      ++contexts3_[key(a, b, nothing)].count;
      a = b;
      b = c;
    }
  }
  discounts_ = {discount_of(counts1_), discount_of(counts2_), discount_of(counts3_)};
}

double Trigrams::unigram(int word) const {
  const double count = found(counts1_, key(word, nothing, nothing));
  const double left = discounts_[0] * static_cast<double>(counts1_.size()) / ways1_;
  return std::max(count - discounts_[0], 0.0) / ways1_ + left / words_;
}

double Trigrams::bigram(int last, int word) const {
  const double shorter = unigram(word);
  const auto context = contexts2_.find(key(last, nothing, nothing));
  if (context == contexts2_.end()) return shorter;
  const auto& [count, followers] = context->second;
  const double own = std::max(found(counts2_, key(last, word, nothing)) - discounts_[1], 0.0);
  return (own + discounts_[1] * followers * shorter) / count;
}

double Trigrams::log_p(int before_last, int last, int word) const {
  const double shorter = bigram(last, word);
  const auto context = contexts3_.find(key(before_last, last, nothing));
  if (context == contexts3_.end()) return std::log(shorter);
  const auto& [count, followers] = context->second;
  const double own = std::max(found(counts3_, key(before_last, last, word)) - discounts_[2], 0.0);
  return std::log((own + discounts_[2] * followers * shorter) / count);
}

double Trigrams::log_p(const Words& sentence) const {
  double sum = 0.0;
  int a = begin, b = begin;
  for (const int word : sentence) {
    sum += log_p(a, b, word);
    a = b;
    b = word;
  }
  return sum + log_p(a, b, end);
}

}  // namespace carousel::phrases
