#pragma once

#include <string>
#include <vector>

namespace carousel {

/// A column of a sheet: its heading, and whether it holds numbers (set to the right).
struct SheetColumn {
  std::string title;   ///< its heading
  bool number = true;  ///< it holds numbers
};

/// A row of a sheet: a heading over the rows that follow, or one text per column.
struct SheetRow {
  std::string heading;             ///< empty: the row has texts
  std::vector<std::string> texts;  ///< one a column
};

/// A table before it has a format: the page, Markdown and LaTeX are written from it. All text is
/// plain; the first column names the rows. "-" where there is no value.
struct Sheet {
  std::string title;                 ///< above the table; may be empty
  std::vector<SheetColumn> columns;  ///< from the left
  std::vector<SheetRow> rows;        ///< from above
  std::vector<std::string> notes;    ///< what the columns mean, a sentence or two each
};

/// Takes out the columns, but for the first, in which every row has "-".
void drop_empty_columns(Sheet& sheet);

}  // namespace carousel
