#include "io/csv.hpp"

#include <fmt/format.h>

#include <cmath>

#include "tensor/error.hpp"

namespace carousel {
namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
  return field + "\"";
}

}  // namespace

CsvText::CsvText(const std::vector<std::string>& columns) : columns_(columns.size()) {
  line(columns);
}

void CsvText::add(const std::vector<std::string>& fields) {
  if (fields.size() != columns_) {
    fail_bug("a CSV file of {} columns got a row of {} fields", columns_, fields.size());
  }
  line(fields);
  ++rows_;
}

void CsvText::line(const std::vector<std::string>& fields) {
  for (std::size_t k = 0; k < fields.size(); ++k) text_ += (k > 0 ? "," : "") + quoted(fields[k]);
  text_ += "\n";
}

std::vector<std::vector<std::string>> csv_fields(const std::string& text, const std::string& name) {
  std::vector<std::vector<std::string>> lines;
  bool quoted = false, was_quoted = false, at_start = true;  // of a line
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (at_start) lines.push_back({""});
    at_start = false;
    std::string& field = lines.back().back();
    if (quoted) {
      if (c != '"') field += c;
      else if (next == '"') field += text[++at];
      else quoted = false;
    } else if (c == ',') {
      lines.back().emplace_back();
      was_quoted = false;
    } else if (c == '\n' || (c == '\r' && next == '\n')) {
      if (c == '\r') ++at;
      at_start = true;
      was_quoted = false;
    } else if (c == '"' && field.empty() && !was_quoted) {
      quoted = was_quoted = true;
    } else if (c == '"' || was_quoted) {
      fail_input("{}: row {}: a quote stands inside a field, expected the whole field in quotes",
                 name, lines.size());
    } else {
      field += c;
    }
  }
  if (quoted) fail_input("{}: row {}: a quote is not closed", name, lines.size());
  return lines;
}

std::vector<CsvRow> csv_rows(const std::string& text, const std::string& name) {
  const auto lines = csv_fields(text, name);
  if (lines.empty()) fail_input("{}: is empty, expected a line of names", name);
  std::vector<CsvRow> rows;
  for (std::size_t line = 1; line < lines.size(); ++line) {
    if (lines[line].size() != lines[0].size()) {
      fail_input("{}: row {} has {} fields, expected {}, as many as there are names in row 1", name,
                 line + 1, lines[line].size(), lines[0].size());
    }
    CsvRow& row = rows.emplace_back();
    for (std::size_t k = 0; k < lines[0].size(); ++k) {
      if (!row.emplace(lines[0][k], lines[line][k]).second) {
        fail_input("{}: '{}' stands twice in row 1", name, lines[0][k]);
      }
    }
  }
  return rows;
}

std::string csv_number(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

std::string csv_number(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "";
}

}  // namespace carousel
