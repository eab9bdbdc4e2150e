#include "report/sheet.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace carousel {

void mark_best(Sheet& sheet, std::size_t column, const std::vector<double>& values, Better better) {
  MetricInfo metric;
  metric.better = better;
  const auto competes = [](double value) { return std::isfinite(value); };
  std::size_t best = values.size();
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (!competes(values[at])) continue;
    if (best == values.size() || metric.prefers(values[at], values[best])) best = at;
  }
  if (best == values.size()) return;
  const auto number = [&](std::size_t at) {
    const std::string& text = sheet.rows[at].texts[column];
    return text.substr(0, text.find(' '));
  };
  const auto ties = [&](std::size_t at) { return number(at) == number(best); };
  std::vector<std::size_t> competitors;
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (competes(values[at])) competitors.push_back(at);
  }
  if (std::all_of(competitors.begin(), competitors.end(), ties)) return;
  for (const std::size_t at : competitors) {
    if (ties(at)) sheet.rows[at].best.push_back(column);
  }
}

std::vector<std::string> notes_of(const Sheet& sheet) {
  std::vector<std::string> notes = sheet.notes;
  if (std::any_of(sheet.rows.begin(), sheet.rows.end(),
                  [](const SheetRow& row) { return !row.best.empty(); })) {
    notes.emplace_back("Bold: the best figure of its column in this study.");
  }
  return notes;
}

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
      for (std::size_t& best : row.best) best -= best > column ? 1 : 0;
    }
  }
}

}  // namespace carousel
