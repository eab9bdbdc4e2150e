#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// Named counts of the examples of a split: one row an example. Whoever evaluates an example writes
/// its row; sums are taken in the order of the examples. So no figure depends on how examples were
/// cut into batches or which thread had them. Several threads may write at a time, to different
/// rows.
class Tally {
 public:
  /// All counts are zero.
  Tally(std::vector<std::string> counts, Index examples);

  /// A count of an example. Throws BugError when there is no such count or example.
  double& at(std::string_view count, Index example);
  /// A count of all examples. Throws BugError when there is no such count.
  std::span<const double> column(std::string_view count) const;
  /// Names of the counts, in the order of the columns.
  const std::vector<std::string>& counts() const { return counts_; }
  /// Number of rows.
  Index examples() const { return examples_; }
  /// Adds the counts of another tally of the same form: the examples that another process had.
  void add(const Tally& other);

 private:
  std::size_t place(std::string_view count) const;

  std::vector<std::string> counts_;
  Index examples_;
  std::vector<double> values_;  // column by column
};

}  // namespace carousel
