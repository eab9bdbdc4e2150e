#include "phrase_table.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::phrases {
namespace {

constexpr int none = -1;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// Shares of the counts of those with the same first word.
std::map<std::pair<int, int>, double> shares_of(
    const std::map<std::pair<int, int>, double>& counts) {
  std::map<int, double> totals;
  for (const auto& [words, count] : counts) totals[words.first] += count;
  std::map<std::pair<int, int>, double> shares;
  for (const auto& [words, count] : counts) shares[words] = count / totals[words.first];
  return shares;
}

}  // namespace

PhraseTable::PhraseTable(const std::vector<Pair>& pairs, const std::vector<Links>& links) {
  score_words(pairs, links);
  for (std::size_t p = 0; p < pairs.size(); ++p) extract(pairs[p], links[p]);
  finish();
}

void PhraseTable::score_words(const std::vector<Pair>& pairs, const std::vector<Links>& links) {
  std::map<std::pair<int, int>, double> forward, backward;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const Pair& pair = pairs[p];
    std::vector<char> has_source(pair.source.size(), 0), has_target(pair.target.size(), 0);
    const auto count = [&](int source, int target) {
      forward[{source, target}] += 1.0;
      backward[{target, source}] += 1.0;
    };
    for (const auto& [s, t] : links[p]) {
      has_source[at(s)] = has_target[at(t)] = 1;
      count(pair.source[at(s)], pair.target[at(t)]);
    }
    for (std::size_t t = 0; t < has_target.size(); ++t) {
      if (!has_target[t]) count(none, pair.target[t]);
    }
    for (std::size_t s = 0; s < has_source.size(); ++s) {
      if (!has_source[s]) count(pair.source[s], none);
    }
  }
  forward_ = shares_of(forward);
  backward_ = shares_of(backward);
}

// Boxes [first source, last source, first target, last target] that hold all links of their words,
// and at least one.
void PhraseTable::extract(const Pair& pair, const Links& links) {
  const int m = static_cast<int>(pair.source.size()), n = static_cast<int>(pair.target.size());
  std::vector<char> linked(at(n), 0);
  for (const auto& [s, t] : links) linked[at(t)] = 1;
  for (int first = 0; first < m; ++first) {
    for (int last = first; last < std::min(m, first + longest); ++last) {
      int low = n, high = none;
      for (const auto& [s, t] : links) {
        if (s >= first && s <= last) low = std::min(low, t), high = std::max(high, t);
      }
      if (high == none || high - low >= longest) continue;
      const bool closed = std::all_of(links.begin(), links.end(), [&](const auto& link) {
        const bool inside = link.first >= first && link.first <= last;
        return inside || link.second < low || link.second > high;
      });
      if (!closed) continue;
      // Words without a link may go along at either end.
      for (int begin = low; begin >= 0 && (begin == low || !linked[at(begin)]); --begin) {
        for (int end = high; end < n && (end == high || !linked[at(end)]) && end - begin < longest;
             ++end) {
          add(pair, links, {first, last, begin, end});
        }
      }
    }
  }
}

// The product over the words of one side of the mean over their links; of a word without one, that
// with none.
double PhraseTable::lexical(const Pair& pair, const Links& links, std::array<int, 4> box,
                            bool backward) const {
  const int first = backward ? box[0] : box[2], last = backward ? box[1] : box[3];
  const auto& shares = backward ? backward_ : forward_;
  double logs = 0.0;
  for (int place = first; place <= last; ++place) {
    double sum = 0.0;
    int count = 0;
    for (const auto& [s, t] : links) {
      if ((backward ? s : t) != place) continue;
      const int source = pair.source[at(s)], target = pair.target[at(t)];
      sum += backward ? shares.at({target, source}) : shares.at({source, target});
      ++count;
    }
    if (count == 0) {
      const int word = backward ? pair.source[at(place)] : pair.target[at(place)];
      sum = shares.at({none, word});
      count = 1;
    }
    logs += std::log(sum / count);
  }
  return logs;
}

void PhraseTable::add(const Pair& pair, const Links& links, std::array<int, 4> box) {
  const Words source(pair.source.begin() + box[0], pair.source.begin() + box[1] + 1);
  const Words target(pair.target.begin() + box[2], pair.target.begin() + box[3] + 1);
  constexpr double never = -1e30;
  Option& option =
      found_[source].try_emplace(target, Option{target, {0.0, 0.0, never, never}}).first->second;
  ++option.count;
  // Of several alignments the one that says most.
  option.scores[2] = std::max(option.scores[2], lexical(pair, links, box, false));
  option.scores[3] = std::max(option.scores[3], lexical(pair, links, box, true));
}

void PhraseTable::finish() {
  std::map<Words, int> of_target;
  for (const auto& [source, options] : found_) {
    for (const auto& [target, option] : options) of_target[target] += option.count;
  }
  for (auto& [source, options] : found_) {
    int total = 0;
    for (const auto& [target, option] : options) total += option.count;
    for (auto& [target, option] : options) {
      option.scores[0] = std::log(static_cast<double>(option.count) / total);
      option.scores[1] = std::log(static_cast<double>(option.count) / of_target[target]);
      table_[source].push_back(std::move(option));
    }
  }
  found_.clear();
}

std::span<const Option> PhraseTable::options(const Words& source) const {
  const auto found = table_.find(source);
  if (found == table_.end()) return {};
  return found->second;
}

std::size_t PhraseTable::size() const {
  std::size_t count = 0;
  for (const auto& [source, options] : table_) count += options.size();
  return count;
}

}  // namespace carousel::phrases
