#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/summary.hpp"

namespace carousel {

/// Columns that UTF-8 text takes in a terminal: 0 for combining marks, 2 for wide East Asian
/// characters and pictographs, 1 for everything else.
int display_width(std::string_view text);

/// The text within `width` columns (at least 1). What does not fit is cut out of the middle and
/// marked by "…", since names often differ in their ends alone.
std::string shorten(std::string_view text, int width);

/// The text with spaces in front of it, up to `width` columns.
std::string pad_left(std::string_view text, int width);
/// The text with spaces behind it, up to `width` columns.
std::string pad_right(std::string_view text, int width);

/// The words of the text in lines of at most `width` columns, each with a newline behind it. A word
/// that is too long is shortened.
std::string wrap(std::string_view text, int width);

/// "a, b and c". Of more than `most` entries and one further, the first `most` and how many others
/// there are: "a, b and 7 others". Empty without entries.
std::string listed(const std::vector<std::string>& entries, std::size_t most);

/// So many decimals, an exponent from 10000 on, "-" for a value that is not finite.
std::string format_figure(double value, int decimals = 3);

/// The mean and half of its 95 % interval: "8.612 ± 0.020", without an interval "8.612", without a
/// mean "-".
std::string format_figure(const Statistic& statistic, int decimals = 3);

/// A figure of a row: of test with its interval, else the mean alone.
std::string format_figure(const SummaryRow& row, const MetricInfo& metric, Split split);

/// One decimal below 100 s, whole seconds from there on, "-" for a value that is not finite.
std::string format_seconds(double seconds);

/// A mean of whole numbers: "12" or "12.3", "-" for a value that is not finite.
std::string format_count(double mean);

/// A learning rate with up to four significant digits, "-" for 0: not chosen yet.
std::string format_rate(double rate);

/// A p value or a probability: three decimals, "< 0.001" below that, "-" for NaN.
std::string format_p(double p);

/// Bytes as "640 kB", "12.3 MB" or "1.2 GB" (powers of 1000), "-" for 0: not known.
std::string format_bytes(std::int64_t bytes);

/// A metric by its title and unit: "mean squared error", or "NLL, nats per step".
std::string title_with_unit(const MetricInfo& metric);

/// The same with the direction: "NLL, nats per step (lower is better)".
std::string title_with_direction(const MetricInfo& metric);

/// "3/5": finished seeds that reached the task's goal, of all finished ones; "-" without any.
std::string format_solved(const SummaryRow& row);

/// "3", or "2/3" (finished / all) when not every seed has finished.
std::string format_seeds(const SummaryRow& row);

}  // namespace carousel
