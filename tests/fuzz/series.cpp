// Any bytes give series or an InputError. Below a line `---` an input names the columns to take,
// one a line. What was read is read again in the opposite order of columns, and from a file that
// CsvText wrote of it.

#include "data/series.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <sstream>

#include "io/characters.hpp"
#include "io/csv.hpp"
#include "target.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void expect_whole(const Series& series) {
  must_hold(series.count() > 0 && series.steps > 0, "there are series with steps");
  must_hold(std::ssize(series.values) == series.steps * series.count(), "each step has its values");
  must_hold(std::all_of(series.values.begin(), series.values.end(),
                        [](double value) { return std::isfinite(value); }),
            "values are finite");
}

void expect_reversed(const Series& one, const Series& other) {
  must_hold(one.steps == other.steps && one.count() == other.count(), "as many values");
  for (Index k = 0; k < one.count(); ++k) {
    for (Index t = 0; t < one.steps; ++t) {
      must_hold(one.at(t, k) == other.at(t, one.count() - 1 - k), "values follow their column");
    }
  }
}

// A first column without a name is no series.
std::string csv_of(const Series& series) {
  std::vector<std::string> fields = {""};
  fields.insert(fields.end(), series.names.begin(), series.names.end());
  CsvText csv(fields);
  for (Index t = 0; t < series.steps; ++t) {
    for (Index k = 0; k < series.count(); ++k) {
      fields[static_cast<std::size_t>(k) + 1] = csv_number(series.at(t, k));
    }
    fields[0] = std::to_string(t);
    csv.add(fields);
  }
  return csv.text();
}

// What an accepted file promises.
void check(const std::filesystem::path& path, const Series& series) {
  expect_whole(series);
  const std::set<std::string> names(series.names.begin(), series.names.end());
  must_hold(std::ssize(names) == series.count(), "each name stands once");
  for (const std::string& name : names) expect_utf8(name, "a name");
  const std::vector<std::string> reversed(series.names.rbegin(), series.names.rend());
  expect_reversed(series, read_series(path, reversed));
  write_bytes(path, csv_of(series));
  const Series again = read_series(path);
  must_hold(again.names == series.names && again.values == series.values,
            "what is written reads back");
}

}  // namespace

void run(std::string_view input) {
  const std::string text(input);
  const auto path = fuzz_folder() / "series.csv";
  const std::string border = "\n---\n";
  const std::size_t at = text.find(border);
  write_bytes(path, text.substr(0, at));
  if (at != std::string::npos) {
    expect_whole(read_series(path, lines_of(text.substr(at + border.size()))));
    return;
  }
  const Series series = read_series(path);
  must_be_accepted([&] { check(path, series); });
}

}  // namespace carousel
