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

std::string csv_number(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

std::string csv_number(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "";
}

}  // namespace carousel
