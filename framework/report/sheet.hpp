#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "metric/metric.hpp"

namespace carousel {

/// A column of a sheet: its heading, and whether it holds numbers (set to the right).
struct SheetColumn {
  std::string title;   ///< its heading
  bool number = true;  ///< it holds numbers
};

/// A row of a sheet: a heading over the rows that follow, or one text per column.
struct SheetRow {
  std::string heading;                 ///< empty: the row has texts
  std::vector<std::string> texts;      ///< one a column
  std::vector<std::size_t> best = {};  ///< columns whose best figure it has, in any order
};

/// A table before it has a format: the page, Markdown and LaTeX are written from it. All text is
/// plain; the first column names the rows. "-" where there is no value.
struct Sheet {
  std::string title;                 ///< above the table; may be empty
  std::vector<SheetColumn> columns;  ///< from the left
  std::vector<SheetRow> rows;        ///< from above
  std::vector<std::string> notes;    ///< what the columns mean, a sentence or two each
};

/// Marks the rows that show the best of some figures in a column: all whose text begins with the
/// same number. values: one a row, NaN where it does not compete. Where all show the same, none is
/// marked.
void mark_best(Sheet& sheet, std::size_t column, const std::vector<double>& values, Better better);

/// The notes, and below them what the marks mean where there are any.
std::vector<std::string> notes_of(const Sheet& sheet);

/// Takes out the columns, but for the first, in which every row has "-".
void drop_empty_columns(Sheet& sheet);

}  // namespace carousel
