#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace carousel {

/// A row of a CSV file: its values by the names of their columns.
using Row = std::map<std::string, std::string>;

/// The fields of a CSV file by RFC 4180, line by line, where lines end with \n. A test fails on a
/// quote that is not closed, and on one inside a field without quotes.
inline std::vector<std::vector<std::string>> csv_fields(const std::string& text) {
  std::vector<std::vector<std::string>> lines;
  bool quoted = false, at_start = true;  // of a line
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (at_start) lines.push_back({""});
    at_start = false;
    std::string& field = lines.back().back();
    if (quoted) {
      if (c != '"') field += c;
      else if (at + 1 < text.size() && text[at + 1] == '"') field += text[++at];
      else quoted = false;
    } else if (c == '"') {
      EXPECT_EQ(field, "") << "a quote inside a field";
      quoted = true;
    } else if (c == ',') {
      lines.back().emplace_back();
    } else if (c == '\n') {
      at_start = true;
    } else {
      field += c;
    }
  }
  EXPECT_FALSE(quoted) << "a quote is not closed";
  return lines;
}

/// The rows of a CSV file. A test fails on a row that has not a value for each column, and on a
/// name that stands twice.
inline std::vector<Row> read_csv(const std::string& text) {
  const auto lines = csv_fields(text);
  std::vector<Row> rows;
  for (std::size_t at = 1; at < lines.size(); ++at) {
    EXPECT_EQ(lines[at].size(), lines[0].size()) << "row " << at;
    Row& row = rows.emplace_back();
    for (std::size_t k = 0; k < lines[0].size(); ++k) row[lines[0][k]] = lines[at].at(k);
    EXPECT_EQ(row.size(), lines[0].size()) << "a name stands twice";
  }
  return rows;
}

}  // namespace carousel
