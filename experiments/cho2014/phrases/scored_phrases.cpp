#include "scored_phrases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <unordered_set>

#include "io/csv.hpp"
#include "line_reader.hpp"
#include "rank_correlation.hpp"
#include "tensor/error.hpp"
#include "tensor/random.hpp"

namespace carousel::phrases {
namespace {

constexpr int shown_targets = 3;

int count_words(std::string_view text) { return static_cast<int>(words_of(text).size()); }

std::vector<double> scores_of(const ScoredSource& source, std::size_t score) {
  std::vector<double> scores;
  for (const ScoredTarget& target : source.targets) scores.push_back(target.scores[score]);
  return scores;
}

bool has_order(const ScoredSource& source) {
  const std::vector<double> scores = scores_of(source, 0);
  return *std::max_element(scores.begin(), scores.end()) !=
         *std::min_element(scores.begin(), scores.end());
}

// Mean length of the targets with the highest score.
double words_of_best(const ScoredSource& source, std::size_t score) {
  const std::vector<double> scores = scores_of(source, score);
  const double best = *std::max_element(scores.begin(), scores.end());
  double words = 0.0, count = 0.0;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    if (scores[k] != best) continue;
    words += source.targets[k].words;
    count += 1.0;
  }
  return words / count;
}

void add_groups(const std::string& words, const std::vector<const ScoredSource*>& sources,
                std::vector<SourceGroup>& groups) {
  groups.push_back({words, "all", sources});
  SourceGroup frequent{words, "frequent", {}}, rare{words, "rare", {}};
  if (!sources.empty()) {
    std::vector<double> counts;
    for (const ScoredSource* source : sources) counts.push_back(source->count);
    std::sort(counts.begin(), counts.end());
    const std::size_t third = (counts.size() - 1) / 3;
    const double low = counts[third], high = counts[counts.size() - 1 - third];
    for (const ScoredSource* source : sources) {
      if (source->count <= low) rare.sources.push_back(source);
      else if (source->count >= high) frequent.sources.push_back(source);
    }
  }
  groups.push_back(std::move(frequent));
  groups.push_back(std::move(rare));
}

// A bar would end the cell, and `&` or `<` begin something else than a character.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += "\\|";
    else if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else out += c;
  }
  return out;
}

}  // namespace

std::vector<ScoredSource> read_scored_table(const std::filesystem::path& table,
                                            const std::vector<NetworkScores>& networks) {
  LineReader lines(table);
  std::deque<LineReader> scores;
  for (const NetworkScores& network : networks) scores.emplace_back(network.file);
  std::vector<ScoredSource> sources;
  std::unordered_set<std::string> known;
  while (lines.next()) {
    const auto fields = lines.fields(4, "`source ||| target ||| scores ||| count`");
    if (sources.empty() || sources.back().text != fields[0]) {
      sources.push_back({std::string(fields[0]), count_words(fields[0]), 0.0, {}});
      if (!known.insert(sources.back().text).second) {
        lines.fail(fields[0], "all lines of a source side by side");
      }
    }
    const auto numbers = words_of(fields[2]);
    if (numbers.empty()) lines.fail(lines.text(), "a score in the third field");
    ScoredTarget target{std::string(fields[1]), count_words(fields[1]), {lines.number(numbers[0])}};
    for (LineReader& of_network : scores) {
      of_network.next_beside(lines);
      target.scores.push_back(of_network.number(of_network.text()));
    }
    sources.back().count += lines.number(fields[3]);
    sources.back().targets.push_back(std::move(target));
  }
  for (LineReader& of_network : scores) of_network.expect_end(lines);
  return sources;
}

std::vector<SourceGroup> groups_of(const std::vector<ScoredSource>& sources, int least_targets) {
  std::vector<const ScoredSource*> of_few_words, of_many_words;
  for (const ScoredSource& source : sources) {
    if (std::ssize(source.targets) < least_targets || !has_order(source)) continue;
    (source.words <= 3 ? of_few_words : of_many_words).push_back(&source);
  }
  std::vector<SourceGroup> groups;
  add_groups("1-3", of_few_words, groups);
  add_groups("4-7", of_many_words, groups);
  return groups;
}

Agreement agreement_in(const SourceGroup& group, std::size_t network) {
  std::vector<double> correlations;
  Agreement found;
  for (const ScoredSource* source : group.sources) {
    const double one = rank_correlation(scores_of(*source, 0), scores_of(*source, network));
    correlations.push_back(std::isnan(one) ? 0.0 : one);
    found.table_words += words_of_best(*source, 0);
    found.network_words += words_of_best(*source, network);
  }
  found.correlation = statistic_of(correlations);
  found.table_words /= static_cast<double>(group.sources.size());
  found.network_words /= static_cast<double>(group.sources.size());
  return found;
}

std::vector<const ScoredSource*> drawn_from(const SourceGroup& group, int count,
                                            std::uint64_t seed) {
  Random random(seed, "drawn phrases");
  std::vector<int> places = random.permutation(static_cast<int>(group.sources.size()));
  places.resize(std::min(places.size(), static_cast<std::size_t>(count)));
  std::sort(places.begin(), places.end());
  std::vector<const ScoredSource*> drawn;
  for (const int place : places) drawn.push_back(group.sources[static_cast<std::size_t>(place)]);
  return drawn;
}

std::vector<std::string> best_targets(const ScoredSource& source, std::size_t score, int count) {
  std::vector<const ScoredTarget*> order;
  for (const ScoredTarget& target : source.targets) order.push_back(&target);
  std::stable_sort(order.begin(), order.end(), [&](const ScoredTarget* a, const ScoredTarget* b) {
    return a->scores[score] > b->scores[score];
  });
  order.resize(std::min(order.size(), static_cast<std::size_t>(count)));
  std::vector<std::string> best;
  for (const ScoredTarget* target : order) best.push_back(target->text);
  return best;
}

std::string agreement_csv(const std::vector<SourceGroup>& groups,
                          const std::vector<NetworkScores>& networks) {
  CsvText csv({"network", "words", "frequency", "sources", "correlation", "low", "high",
               "best_words_table", "best_words_network"});
  for (std::size_t n = 0; n < networks.size(); ++n) {
    for (const SourceGroup& group : groups) {
      if (group.sources.empty()) continue;
      const Agreement found = agreement_in(group, n + 1);
      csv.add({networks[n].name, group.words, group.frequency, std::to_string(group.sources.size()),
               csv_number(found.correlation.mean, 4), csv_number(found.correlation.low, 4),
               csv_number(found.correlation.high, 4), csv_number(found.table_words, 3),
               csv_number(found.network_words, 3)});
    }
  }
  return csv.text();
}

std::string agreement_markdown(const std::vector<SourceGroup>& groups,
                               const std::vector<NetworkScores>& networks) {
  std::string text =
      "| network | source words | frequency | sources | rank correlation | words of the best "
      "target, table | network |\n|---|---|---|---:|---:|---:|---:|\n";
  for (std::size_t n = 0; n < networks.size(); ++n) {
    for (const SourceGroup& group : groups) {
      if (group.sources.empty()) continue;
      const Agreement found = agreement_in(group, n + 1);
      const double half = found.correlation.half_width();
      const std::string interval = std::isnan(half) ? "" : fmt::format(" ± {:.3f}", half);
      text +=
          fmt::format("| {} | {} | {} | {} | {:.3f}{} | {:.2f} | {:.2f} |\n",
                      escaped(networks[n].name), group.words, group.frequency, group.sources.size(),
                      found.correlation.mean, interval, found.table_words, found.network_words);
    }
  }
  return text;
}

std::string examples_markdown(const std::vector<const ScoredSource*>& sources,
                              const std::vector<NetworkScores>& networks) {
  std::string text = "| source | p(target \\| source) |", line = "|---|---|";
  for (const NetworkScores& network : networks) {
    text += " " + escaped(network.name) + " |";
    line += "---|";
  }
  text += "\n" + line + "\n";
  for (const ScoredSource* source : sources) {
    text += "| " + escaped(source->text) + " |";
    for (std::size_t score = 0; score <= networks.size(); ++score) {
      std::string cell;
      for (const std::string& target : best_targets(*source, score, shown_targets)) {
        cell += (cell.empty() ? " " : "<br>") + escaped(target);
      }
      text += cell + " |";
    }
    text += "\n";
  }
  return text;
}

}  // namespace carousel::phrases
