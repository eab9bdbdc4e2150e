#pragma once

#include <filesystem>
#include <string>

#include "io/csv.hpp"
#include "io/files.hpp"

namespace carousel::claims {

/// A row of a file, which knows where it stands.
struct PlacedRow {
  /// The field of a column. Throws InputError where there is no such column.
  const std::string& text(const std::string& column) const;
  /// The same as a number. Throws InputError where it is none.
  double number(const std::string& column) const;

  const CsvRow& row;  ///< its fields
  std::string place;  ///< "results/music/results.csv: row 2"
};

/// Calls use(PlacedRow) for each row of a CSV file.
template <class F>
void for_each_row(const std::filesystem::path& file, F&& use) {
  const auto rows = csv_rows(read_text(file), file.string());
  for (std::size_t k = 0; k < rows.size(); ++k) {
    use(PlacedRow{rows[k], file.string() + ": row " + std::to_string(k + 2)});
  }
}

}  // namespace carousel::claims
