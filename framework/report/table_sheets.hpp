#pragma once

#include <string>
#include <vector>

#include "train/results.hpp"

namespace carousel {

/// A row of a sheet: a heading over the rows that follow, or one text per column.
struct SheetRow {
  std::string heading;  // empty: the row has texts
  std::vector<std::string> texts;
};

/// A table before it has a format. All text is plain; the first column is a name, the others hold
/// numbers, "-" where there is none.
struct Sheet {
  std::string title;
  std::vector<std::string> columns;
  std::vector<SheetRow> rows;
  std::vector<std::string> notes;  // what the columns mean, a sentence or two each
};

/// For each data set the results: the study's rows, the models that count, published figures.
/// For each data set of two cells or more every pair of them. Then, where there are several data
/// sets, cells and pairs over all of them. Columns without a single value are left out.
std::vector<Sheet> table_sheets(const StudyResults& results);

}  // namespace carousel
