#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/csv.hpp"

namespace carousel {

/// A row of a CSV file: its values by the names of their columns.
using Row = CsvRow;

/// The fields of a CSV text, line by line.
inline std::vector<std::vector<std::string>> csv_fields(const std::string& text) {
  return csv_fields(text, "csv");
}

/// The rows of a CSV text.
inline std::vector<Row> read_csv(const std::string& text) { return csv_rows(text, "csv"); }

}  // namespace carousel
