#pragma once

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace carousel {

/// A row of a CSV file: its values by the names of their columns.
using Row = std::map<std::string, std::string>;

inline std::vector<std::string> split_at_commas(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == ',') fields.emplace_back();
    else fields.back() += c;
  }
  return fields;
}

/// The rows of a CSV file without quotes. A test fails on a row that has not a value for each
/// column, and on a name that stands twice.
inline std::vector<Row> read_csv(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  const auto names = split_at_commas(line);
  std::vector<Row> rows;
  while (std::getline(lines, line)) {
    const auto fields = split_at_commas(line);
    EXPECT_EQ(fields.size(), names.size()) << line;
    Row& row = rows.emplace_back();
    for (std::size_t k = 0; k < names.size(); ++k) row[names[k]] = fields.at(k);
    EXPECT_EQ(row.size(), names.size()) << "a name stands twice";
  }
  return rows;
}

}  // namespace carousel
