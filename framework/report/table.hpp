#pragma once

#include <string>

#include "report/report.hpp"

namespace carousel {

/// A plain-text table of at most 80 columns: one row per cell and hidden size, with means over the
/// finished seeds of the figure that chooses, and half of the 95 % interval of its mean on test;
/// below it notes, cautions_of() and what each change of a cell does.
/// Names that are too long are cut; where even that is not enough, columns are left out and named
/// in a note below the table. Ends with a newline.
std::string result_table(const Report& report);

/// The sheets of table_sheets.hpp as Markdown (GitHub's tables), with headings from level 2,
/// then cautions_of().
std::string table_markdown(const Report& report);

/// The sheets of table_sheets.hpp as LaTeX, one table* each, for the packages booktabs and
/// adjustbox, which keeps a wide table within the page.
std::string table_latex(const Report& report);

}  // namespace carousel
