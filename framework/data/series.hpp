#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "tensor/shape.hpp"

namespace carousel {

/// Series over the same steps, side by side.
struct Series {
  std::vector<std::string> names;  ///< of the series, in the order of the columns
  Index steps = 0;                 ///< lines of the file below the names
  std::vector<double> values;      ///< [steps, names], all finite

  /// Number of series.
  Index count() const { return std::ssize(names); }
  /// The value of a series at a step, both from 0.
  double at(Index step, Index series) const {
    return values[static_cast<std::size_t>(step * count() + series)];
  }
};

/// The series of a CSV file in UTF-8 (RFC 4180, but no field goes over lines): a line of names,
/// then a line a step. columns: the names of those to take, in that order; empty: all, but for a
/// first column that has no name or does not begin with a number, such as dates. Throws InputError:
/// the file is no such table, a name is not there, or a value that is to be taken is no finite
/// number.
Series read_series(const std::filesystem::path& path, std::span<const std::string> columns = {});

/// The line of a step in a file that read_series has read: 2 for step 0.
inline Index line_of_step(Index step) { return step + 2; }

}  // namespace carousel
