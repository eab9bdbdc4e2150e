#pragma once

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

/// A field: the shortest text that reads back to the same number; nothing for NaN.
std::string csv_number(double value);
/// The same with so many decimals.
std::string csv_number(double value, int decimals);

}  // namespace carousel
