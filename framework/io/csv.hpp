#pragma once

#include <map>
#include <string>
#include <vector>

namespace carousel {

/// The text of a CSV file (RFC 4180, lines end with `\n`): a header, then rows of as many fields.
class CsvText {
 public:
  /// Begins with the header.
  explicit CsvText(const std::vector<std::string>& columns);
  /// Throws BugError when there are more or fewer fields than columns.
  void add(const std::vector<std::string>& fields);
  /// Whether a row was added behind the header.
  bool has_rows() const { return rows_ > 0; }
  /// The whole file so far.
  const std::string& text() const { return text_; }

 private:
  void line(const std::vector<std::string>& fields);

  std::size_t columns_;
  std::size_t rows_ = 0;
  std::string text_;
};

/// The fields of each line of a CSV file (RFC 4180; lines may end with `\r\n`). name: of the file,
/// for messages. Throws InputError for a quote inside a field without quotes, and for one that is
/// not closed.
std::vector<std::vector<std::string>> csv_fields(const std::string& text, const std::string& name);

/// A row of a CSV file: its fields by the names of their columns.
using CsvRow = std::map<std::string, std::string>;

/// The rows of a CSV file below its header. Throws InputError as csv_fields(), for a text without a
/// header, a name that stands twice, and a row that has not a field for each name.
std::vector<CsvRow> csv_rows(const std::string& text, const std::string& name);

/// A field: the shortest text that reads back to the same number; nothing for NaN.
std::string csv_number(double value);
/// The same with so many decimals.
std::string csv_number(double value, int decimals);

}  // namespace carousel
