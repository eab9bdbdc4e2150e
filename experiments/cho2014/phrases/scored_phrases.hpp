#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "study/statistics.hpp"

namespace carousel::phrases {

/// The scores that a network gave the pairs of a phrase table.
struct NetworkScores {
  std::string name;            ///< of the network
  std::filesystem::path file;  ///< log p(target | source) in nats, a line for each one of the table
};

/// A target phrase of a source phrase.
struct ScoredTarget {
  std::string text;            ///< its words
  int words = 0;               ///< how many
  std::vector<double> scores;  ///< log p(target | source) of the table, then that of each network
};

/// A source phrase with all its target phrases.
struct ScoredSource {
  std::string text;                   ///< its words
  int words = 0;                      ///< how many
  double count = 0.0;                 ///< how often it was extracted, with any target
  std::vector<ScoredTarget> targets;  ///< in the table's order
};

/// Reads what `phrases --table` wrote, and a score by each network of each of its lines. Throws
/// InputError with file and line.
std::vector<ScoredSource> read_scored_table(const std::filesystem::path& table,
                                            const std::vector<NetworkScores>& networks);

/// Sources of a length that were extracted often, seldom, or however often.
struct SourceGroup {
  std::string words;                         ///< "1-3" or "4-7"
  std::string frequency;                     ///< "all", "frequent" or "rare"
  std::vector<const ScoredSource*> sources;  ///< in the table's order
};

/// The six groups. In them are sources with at least `least_targets` targets, which the table does
/// not give all the same probability: there is no order else. Of those of a length `rare` are all
/// up to the count a third of the way from the lowest count, `frequent` all from the count a third
/// of the way from the highest one; equal counts stay together.
std::vector<SourceGroup> groups_of(const std::vector<ScoredSource>& sources, int least_targets);

/// How well a network orders the targets of a source as the table's p(target | source) does.
struct Agreement {
  Statistic correlation;       ///< Spearman's within a source, over the sources; 0 of a source
                               ///< whose targets are all alike to the network
  double table_words = 0.0;    ///< mean length of the best target by the table; of several best
                               ///< ones of a source their mean counts
  double network_words = 0.0;  ///< the same by the network
};

/// That of a group that is not empty. network: its number, from 1.
Agreement agreement_in(const SourceGroup& group, std::size_t network);

/// At most `count` sources of a group, drawn by the seed, in the table's order.
std::vector<const ScoredSource*> drawn_from(const SourceGroup& group, int count,
                                            std::uint64_t seed);

/// At most `count` targets with the highest scores, best first; of equal ones those that come first
/// in the table. score: 0 of the table, else a network's number.
std::vector<std::string> best_targets(const ScoredSource& source, std::size_t score, int count);

/// Rows for each network and group, as CSV. The interval is that of the mean, 95 %.
std::string agreement_csv(const std::vector<SourceGroup>& groups,
                          const std::vector<NetworkScores>& networks);
/// The same as a table of Markdown.
std::string agreement_markdown(const std::vector<SourceGroup>& groups,
                               const std::vector<NetworkScores>& networks);
/// Table 2 of Cho et al. 2014: the three best targets of each source by the table and by each
/// network, as a table of Markdown.
std::string examples_markdown(const std::vector<const ScoredSource*>& sources,
                              const std::vector<NetworkScores>& networks);

}  // namespace carousel::phrases
