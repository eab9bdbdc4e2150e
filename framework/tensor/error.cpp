#include "tensor/error.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace carousel {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// How many letters are to be added, left out, replaced or exchanged with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, last, row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = last;
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool exchanged = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                             lower(a[i - 2]) == lower(b[j - 1]);
      if (exchanged) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view got, const std::vector<std::string>& known) {
  std::vector<std::string> longer;
  const std::string beginning = fmt::format("{}_", got);
  for (const std::string& name : known) {
    if (!got.empty() && name.starts_with(beginning)) longer.push_back(fmt::format("'{}'", name));
  }
  if (!longer.empty()) return fmt::format("; did you mean {}?", fmt::join(longer, " or "));
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(1, got.size() / 3) + 1;
  for (const std::string& name : known) {
    const std::size_t distance = edit_distance(got, name);
    if (distance < best_distance) {
      best_distance = distance;
      best = &name;
    }
  }
  return best ? fmt::format("; did you mean '{}'?", *best) : std::string();
}

}  // namespace carousel
