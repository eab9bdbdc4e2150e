#include "alignment.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <unordered_map>

namespace carousel::phrases {
namespace {

// Pairs of words that stand in one pair of sentences, by numbers; source word -1 is none.
class WordPairs {
 public:
  explicit WordPairs(const std::vector<Pair>& pairs) {
    std::unordered_map<std::uint64_t, int> known;
    for (const Pair& pair : pairs) {
      for (const int target : pair.target) {
        numbers_.push_back(number(known, -1, target));
        for (const int source : pair.source) numbers_.push_back(number(known, source, target));
      }
    }
  }

  /// Numbers of all pairs of words, sentence by sentence: of each target word that with none, then
  /// those with each source word.
  const std::vector<int>& numbers() const { return numbers_; }
  std::size_t size() const { return sources_.size(); }
  /// Of a pair of words, from 0; none is 0.
  int source(std::size_t pair) const { return sources_[pair]; }

 private:
  int number(std::unordered_map<std::uint64_t, int>& known, int source, int target) {
    const auto key =
        (static_cast<std::uint64_t>(source + 1) << 32) | static_cast<std::uint32_t>(target);
    const auto [at, is_new] = known.try_emplace(key, static_cast<int>(sources_.size()));
    if (is_new) sources_.push_back(source + 1);
    return at->second;
  }

  std::vector<int> numbers_, sources_;
};

// How far source word j of m is from the diagonal of target word i of n.
double distance(std::size_t i, std::size_t n, std::size_t j, std::size_t m) {
  return std::abs((static_cast<double>(i) + 1.0) / static_cast<double>(n) -
                  (static_cast<double>(j) + 1.0) / static_cast<double>(m));
}

class Aligner {
 public:
  Aligner(const std::vector<Pair>& pairs, const AlignOptions& options)
      : pairs_(pairs), options_(options), words_(pairs), tension_(options.tension) {
    given_source_.assign(words_.size(), 1.0);  // all as likely at first
  }

  std::vector<std::vector<int>> run() {
    for (int round = 0; round < options_.rounds; ++round) learn();
    std::vector<std::vector<int>> best;
    for_each_word([&](std::size_t pair, std::size_t i, const std::vector<double>& shares) {
      if (i == 0) best.emplace_back();
      if (best.size() <= pair) return;
      const auto at = std::max_element(shares.begin(), shares.end()) - shares.begin();
      best.back().push_back(static_cast<int>(at) - 1);
    });
    return best;
  }

 private:
  // Calls f(pair, i, shares) for each target word: probabilities together with that of the word,
  // of its coming from none and from each source word.
  template <class F>
  void for_each_word(F&& f) {
    auto number = words_.numbers().begin();
    std::vector<double> shares;
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      const std::size_t n = pairs_[p].target.size(), m = pairs_[p].source.size();
      for (std::size_t i = 0; i < n; ++i) {
        shares.assign(m + 1, 0.0);
        double total = 0.0;
        for (std::size_t j = 0; j < m; ++j) {
          shares[j + 1] = std::exp(-tension_ * distance(i, n, j, m));
          total += shares[j + 1];
        }
        shares[0] = options_.null_share * given_source_[static_cast<std::size_t>(number[0])];
        for (std::size_t j = 1; j <= m; ++j) {
          shares[j] *=
              (1.0 - options_.null_share) / total *
              given_source_[static_cast<std::size_t>(number[static_cast<std::ptrdiff_t>(j)])];
        }
        at_ = number;
        f(p, i, shares);
        number += static_cast<std::ptrdiff_t>(m) + 1;
      }
    }
  }

  void learn() {
    std::vector<double> counts(words_.size(), options_.add);
    double seen = 0.0, expected = 0.0, words = 0.0;  // distances from the diagonal
    for_each_word([&](std::size_t p, std::size_t i, const std::vector<double>& shares) {
      double total = 0.0;
      for (const double share : shares) total += share;
      const std::size_t n = pairs_[p].target.size(), m = shares.size() - 1;
      double prior = 0.0, prior_distance = 0.0;
      for (std::size_t j = 0; j <= m; ++j) {
        const double posterior = shares[j] / total;
        counts[static_cast<std::size_t>(at_[static_cast<std::ptrdiff_t>(j)])] += posterior;
        if (j == 0) continue;
        const double d = distance(i, n, j - 1, m), weight = std::exp(-tension_ * d);
        seen += posterior * d;
        prior += weight;
        prior_distance += weight * d;
      }
      const double from_some = 1.0 - shares[0] / total;
      expected += from_some * prior_distance / prior;
      words += from_some;
    });
    // The likelihood rises with the tension where links are nearer than it expects.
    constexpr double step = 20.0, least = 0.1, most = 14.0;
    tension_ = std::clamp(tension_ + step * (expected - seen) / words, least, most);
    std::vector<double> totals;
    for (std::size_t k = 0; k < counts.size(); ++k) {
      const auto source = static_cast<std::size_t>(words_.source(k));
      if (totals.size() <= source) totals.resize(source + 1, 0.0);
      totals[source] += counts[k];
    }
    for (std::size_t k = 0; k < counts.size(); ++k) {
      given_source_[k] = counts[k] / totals[static_cast<std::size_t>(words_.source(k))];
    }
  }

  const std::vector<Pair>& pairs_;
  AlignOptions options_;
  WordPairs words_;
  double tension_;
  std::vector<double> given_source_;  // of each pair of words, p(target | source)
  std::vector<int>::const_iterator at_;
};

}  // namespace

std::vector<std::vector<int>> align(const std::vector<Pair>& pairs, const AlignOptions& options) {
  return Aligner(pairs, options).run();
}

Links symmetrised(const std::vector<int>& of_target, const std::vector<int>& of_source) {
  using Link = std::pair<int, int>;
  std::vector<Link> forward, backward;
  for (std::size_t i = 0; i < of_target.size(); ++i) {
    if (of_target[i] >= 0) forward.emplace_back(of_target[i], static_cast<int>(i));
  }
  for (std::size_t j = 0; j < of_source.size(); ++j) {
    if (of_source[j] >= 0) backward.emplace_back(static_cast<int>(j), of_source[j]);
  }
  const std::set<Link> in_backward(backward.begin(), backward.end());
  std::set<Link> either(forward.begin(), forward.end()), links;
  either.insert(backward.begin(), backward.end());
  std::vector<char> has_source(of_source.size(), 0), has_target(of_target.size(), 0);
  const auto take = [&](const Link& link) {
    links.insert(link);
    has_source[static_cast<std::size_t>(link.first)] = 1;
    has_target[static_cast<std::size_t>(link.second)] = 1;
  };
  for (const Link& link : forward) {
    if (in_backward.contains(link)) take(link);
  }
  for (bool grown = true; grown;) {
    grown = false;
    for (const Link& link : std::vector<Link>(links.begin(), links.end())) {
      for (int ds = -1; ds <= 1; ++ds) {
        for (int dt = -1; dt <= 1; ++dt) {
          const Link next{link.first + ds, link.second + dt};
          if (links.contains(next) || !either.contains(next)) continue;
          const bool both = has_source[static_cast<std::size_t>(next.first)] &&
                            has_target[static_cast<std::size_t>(next.second)];
          if (both) continue;
          take(next);
          grown = true;
        }
      }
    }
  }
  for (const auto* direction : {&forward, &backward}) {
    for (const Link& link : *direction) {
      const bool any = has_source[static_cast<std::size_t>(link.first)] ||
                       has_target[static_cast<std::size_t>(link.second)];
      if (!any) take(link);
    }
  }
  return {links.begin(), links.end()};
}

}  // namespace carousel::phrases
