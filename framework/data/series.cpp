#include "data/series.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "io/characters.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using Fields = std::vector<std::string>;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// What a message shows of a field.
std::string shown(std::string_view field) {
  constexpr std::size_t most = 40;
  return fmt::format("{}{}", field.substr(0, most), field.size() > most ? "..." : "");
}

std::optional<double> number_in(std::string_view field) {
  field = trimmed(field);
  double value = 0.0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  while (!lines.empty() && trimmed(lines.back()).empty()) lines.pop_back();
  return lines;
}

class SeriesReader {
 public:
  explicit SeriesReader(const std::filesystem::path& path)
      : path_(path), text_(read_utf8(path)), lines_(lines_of(text_)) {
    if (lines_.size() < 2) {
      fail_input("{}: got {} lines, expected a line of names and a line for each step",
                 path.string(), lines_.size());
    }
    header_ = fields(0);
    for (std::string& name : header_) name = trimmed(name);
    if (std::ranges::all_of(header_,
                            [](const auto& name) { return number_in(name).has_value(); })) {
      fail_input("{}, line 1: got numbers alone, expected the names of the columns", path.string());
    }
  }

  Series read(std::span<const std::string> columns) {
    choose(columns);
    Series series;
    for (const std::size_t column : chosen_) series.names.push_back(header_[column]);
    series.steps = std::ssize(lines_) - 1;
    for (std::size_t line = 1; line < lines_.size(); ++line) {
      const Fields row = fields(line);
      if (row.size() != header_.size()) {
        fail_input("{}: got {} fields, expected {}, as many as there are names in line 1",
                   place(line), row.size(), header_.size());
      }
      for (const std::size_t column : chosen_) {
        series.values.push_back(value(row[column], line, column));
      }
    }
    return series;
  }

 private:
  std::string place(std::size_t line) const {
    return fmt::format("{}, line {}", path_.string(), line + 1);
  }

  Fields fields(std::size_t line) const {
    Fields row(1);
    const std::string_view text = lines_[line];
    bool quoted = false;
    for (std::size_t k = 0; k < text.size(); ++k) {
      if (text[k] == '"' && quoted && k + 1 < text.size() && text[k + 1] == '"') {
        row.back() += text[k++];
      } else if (text[k] == '"' && (quoted || row.back().empty())) {
        quoted = !quoted;
      } else if (text[k] == ',' && !quoted) {
        row.emplace_back();
      } else {
        row.back() += text[k];
      }
    }
    if (quoted) fail_input("{}: got a quotation mark without its second", place(line));
    return row;
  }

  void choose(std::span<const std::string> columns) {
    for (const std::string& name : columns) chosen_.push_back(column_of(name));
    if (!columns.empty()) return;
    const Fields first = fields(1);
    const bool label = header_[0].empty() || !number_in(first[0]);
    for (std::size_t k = label ? 1 : 0; k < header_.size(); ++k) {
      if (header_[k].empty()) fail_input("{}: column {} has no name", place(0), k + 1);
      chosen_.push_back(column_of(header_[k]));
    }
    if (chosen_.empty()) {
      fail_input("{}: got '{}', expected a number; there is no other column", place(1),
                 shown(first[0]));
    }
  }

  std::size_t column_of(const std::string& name) const {
    const auto found = std::ranges::find(header_, name);
    if (found == header_.end()) {
      fail_input("{}: there is no column '{}'{} (there are: {})", place(0), name,
                 did_you_mean(name, header_), shown_names());
    }
    if (std::find(found + 1, header_.end(), name) != header_.end()) {
      fail_input("{}: more than one column is named '{}', expected each name once", place(0),
                 shown(name));
    }
    return static_cast<std::size_t>(found - header_.begin());
  }

  std::string shown_names() const {
    constexpr std::ptrdiff_t most = 20;
    const auto end = header_.begin() + std::min(most, std::ssize(header_));
    return fmt::format("{}{}", fmt::join(header_.begin(), end, ", "),
                       end == header_.end() ? "" : ", ...");
  }

  double value(const std::string& field, std::size_t line, std::size_t column) const {
    if (const auto number = number_in(field)) return *number;
    fail_input(
        "{}, column '{}': got {}, expected a finite number such as 12.5; correct the file, or name "
        "the columns to take without it",
        place(line), shown(header_[column]),
        trimmed(field).empty() ? "nothing" : "'" + shown(field) + "'");
  }

  std::filesystem::path path_;
  std::string text_;
  std::vector<std::string_view> lines_;  // of text_
  Fields header_;
  std::vector<std::size_t> chosen_;  // columns to take
};

}  // namespace

Series read_series(const std::filesystem::path& path, std::span<const std::string> columns) {
  return SeriesReader(path).read(columns);
}

}  // namespace carousel
