#include "tuning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "metric/text_scores.hpp"
#include "tensor/random.hpp"

namespace carousel::phrases {
namespace {

constexpr std::size_t count_size = 9;

void add(BleuCounts& to, const BleuCounts& counts, double factor) {
  for (std::size_t k = 0; k < count_size; ++k) to[k] += factor * counts[k];
}

// From where on along a line a candidate has the highest score.
struct Change {
  double from;
  std::size_t sentence, candidate;
};

// The candidates of a sentence that are highest somewhere along the line weights + x e_k, in order.
void add_changes(const std::vector<Candidate>& candidates, const Features& weights, std::size_t k,
                 std::size_t sentence, std::vector<Change>& changes) {
  std::vector<std::size_t> order(candidates.size());
  std::vector<double> height(candidates.size());
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    order[c] = c;
    height[c] = score_of(candidates[c].features, weights);
  }
  const auto slope = [&](std::size_t c) { return candidates[c].features[k]; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return slope(a) != slope(b) ? slope(a) < slope(b) : height[a] < height[b];
  });
  std::vector<Change> upper;
  for (const std::size_t c : order) {
    double from = -std::numeric_limits<double>::infinity();
    while (!upper.empty()) {
      const std::size_t top = upper.back().candidate;
      // Of the same slope the higher one, which comes later.
      from = slope(top) == slope(c) ? -std::numeric_limits<double>::infinity()
                                    : (height[top] - height[c]) / (slope(c) - slope(top));
      if (from > upper.back().from) break;
      upper.pop_back();
      from = -std::numeric_limits<double>::infinity();
    }
    upper.push_back({from, sentence, c});
  }
  changes.insert(changes.end(), upper.begin(), upper.end());
}

// The place of the line where BLEU is highest, and how high.
std::pair<double, double> best_on_line(const std::vector<std::vector<Candidate>>& sentences,
                                       const Features& weights, std::size_t k) {
  std::vector<Change> changes;
  for (std::size_t s = 0; s < sentences.size(); ++s) {
    if (!sentences[s].empty()) add_changes(sentences[s], weights, k, s, changes);
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.from < b.from; });
  std::vector<const Candidate*> chosen(sentences.size(), nullptr);
  BleuCounts sums(count_size, 0.0);
  double best = -1.0, where = 0.0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    const Candidate& next = sentences[change.sentence][change.candidate];
    if (chosen[change.sentence]) add(sums, chosen[change.sentence]->counts, -1.0);
    add(sums, next.counts, 1.0);
    chosen[change.sentence] = &next;
    const double end = i + 1 < changes.size() ? changes[i + 1].from : change.from + 2.0;
    if (!std::isfinite(end) || end == change.from) continue;
    const double bleu = bleu_of(sums);
    if (bleu <= best) continue;
    best = bleu;
    where = std::isfinite(change.from) ? (change.from + end) / 2.0 : end - 1.0;
  }
  return {where, best};
}

}  // namespace

BleuCounts bleu_counts(const Words& written, const Words& reference) {
  const auto texts = [](const Words& words) {
    std::vector<std::string> all;
    for (const int word : words) all.push_back(std::to_string(word));
    return all;
  };
  Tally tally(bleu_count_names(), 1);
  count_bleu(texts(written), texts(reference), 0, tally);
  BleuCounts counts;
  for (const std::string& name : bleu_count_names()) counts.push_back(tally.at(name, 0));
  return counts;
}

double bleu_of(const BleuCounts& sums) {
  std::vector<std::span<const double>> columns;
  for (const double& sum : sums) columns.emplace_back(&sum, 1);
  return bleu(columns);
}

double bleu_with(const std::vector<std::vector<Candidate>>& sentences, const Features& weights) {
  BleuCounts sums(count_size, 0.0);
  for (const auto& candidates : sentences) {
    const Candidate* best = nullptr;
    double highest = -std::numeric_limits<double>::infinity();
    for (const Candidate& candidate : candidates) {
      const double score = score_of(candidate.features, weights);
      if (score > highest) highest = score, best = &candidate;
    }
    if (best) add(sums, best->counts, 1.0);
  }
  return bleu_of(sums);
}

Features line_search(const std::vector<std::vector<Candidate>>& sentences, Features start,
                     const std::vector<bool>& fixed) {
  constexpr double least_gain = 1e-4;
  double now = bleu_with(sentences, start);
  while (true) {
    double best = now, where = 0.0;
    std::size_t which = start.size();
    for (std::size_t k = 0; k < start.size(); ++k) {
      if (fixed[k]) continue;
      const auto [place, bleu] = best_on_line(sentences, start, k);
      if (bleu > best + least_gain) best = bleu, where = place, which = k;
    }
    if (which == start.size()) return start;
    start[which] += where;
    now = best;
  }
}

Features tuned(const std::function<std::vector<std::vector<Translated>>(const Features&)>& n_best,
               const std::vector<Words>& references, Features start, const std::vector<bool>& fixed,
               int rounds, int starts, std::uint64_t seed,
               const std::function<void(int round, double bleu)>& progress) {
  std::vector<std::vector<Candidate>> sentences(references.size());
  std::vector<std::set<Words>> known(references.size());
  Features best = start;
  double highest = -1.0;
  for (int round = 0; round < rounds; ++round) {
    const auto translated = n_best(start);
    BleuCounts sums(count_size, 0.0);
    bool is_new = false;
    for (std::size_t s = 0; s < translated.size(); ++s) {
      for (std::size_t k = 0; k < translated[s].size(); ++k) {
        const Translated& one = translated[s][k];
        const BleuCounts counts = bleu_counts(one.target, references[s]);
        if (k == 0) add(sums, counts, 1.0);
        if (!known[s].insert(one.target).second) continue;
        sentences[s].push_back({one.features, counts});
        is_new = true;
      }
    }
    const double bleu = bleu_of(sums);
    progress(round, bleu);
    if (bleu > highest) highest = bleu, best = start;
    if (!is_new) break;
    Features next = line_search(sentences, start, fixed);
    for (int k = 0; k < starts; ++k) {
      Random random(seed, Random::hash("tuning", static_cast<std::uint64_t>(round),
                                       static_cast<std::uint64_t>(k)));
      Features other = best;
      for (std::size_t f = 0; f < other.size(); ++f) {
        if (!fixed[f]) other[f] += 0.3 * (2.0 * random.uniform() - 1.0);
      }
      other = line_search(sentences, other, fixed);
      if (bleu_with(sentences, other) > bleu_with(sentences, next)) next = other;
    }
    start = next;
  }
  return best;
}

}  // namespace carousel::phrases
