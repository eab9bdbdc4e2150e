#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "alignment.hpp"

namespace carousel::phrases {

/// Links of pairs of sentences as text: a line a pair, `s-t s-t ..`, places from 0 (the format of
/// Pharaoh).
std::string links_text(const std::vector<Links>& links);

/// How far links that were found are those that were expected, over all pairs of sentences (Och and
/// Ney 2003, J03-1002, section 6, where all expected links are sure).
struct LinkAgreement {
  double found = 0.0,  ///< links
      expected = 0.0,  ///< links
      both = 0.0;      ///< links that are found and expected

  /// The share of found links that are expected. NaN where there is none.
  double precision() const { return both / found; }
  /// The share of expected links that are found. NaN where there is none.
  double recall() const { return both / expected; }
  /// The harmonic mean of both. NaN where there is no link at all.
  double f1() const { return 2.0 * both / (found + expected); }
  /// The alignment error rate, which is 1 - F1 where all links are sure.
  double error_rate() const { return 1.0 - f1(); }
};

/// Reads two files of links of the same pairs, as links_text() writes them, and compares them. A
/// link that stands twice in a line counts once; an empty line is a pair without links. Throws
/// InputError with file and line.
LinkAgreement compare_links(const std::filesystem::path& found,
                            const std::filesystem::path& expected);

}  // namespace carousel::phrases
