#include "report/sheet.hpp"

#include <algorithm>

namespace carousel {

void drop_empty_columns(Sheet& sheet) {
  for (std::size_t column = sheet.columns.size(); column-- > 1;) {
    const auto has_value = [&](const SheetRow& row) {
      return row.heading.empty() && row.texts[column] != "-";
    };
    if (std::any_of(sheet.rows.begin(), sheet.rows.end(), has_value)) continue;
    const auto at = static_cast<std::ptrdiff_t>(column);
    sheet.columns.erase(sheet.columns.begin() + at);
    for (SheetRow& row : sheet.rows) {
      if (row.heading.empty()) row.texts.erase(row.texts.begin() + at);
    }
  }
}

}  // namespace carousel
