#include "csv_file.hpp"

#include <charconv>

#include "tensor/error.hpp"

namespace carousel::claims {

const std::string& PlacedRow::text(const std::string& column) const {
  const auto found = row.find(column);
  if (found == row.end()) fail_input("{}: there is no column '{}'", place, column);
  return found->second;
}

double PlacedRow::number(const std::string& column) const {
  const std::string& field = text(column);
  double value = 0.0;
  const char* end = field.data() + field.size();
  if (std::from_chars(field.data(), end, value).ptr != end || field.empty()) {
    fail_input("{}: {} is '{}', expected a number", place, column, field);
  }
  return value;
}

}  // namespace carousel::claims
