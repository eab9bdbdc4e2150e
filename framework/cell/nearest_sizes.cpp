#include "cell/nearest_sizes.hpp"

#include <algorithm>
#include <functional>

namespace carousel {
namespace {

bool fits(const Cell& cell, const CellSizes& sizes) {
  try {
    cell.build(sizes);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

// What may be said of sizes.
struct Rule {
  std::string text;
  std::function<bool(Index input, Index hidden)> holds;
};

// Of one size alone; the first says nothing.
std::vector<Rule> rules_of_one(const std::string& name, bool of_input) {
  const auto pick = [of_input](Index input, Index hidden) { return of_input ? input : hidden; };
  std::vector<Rule> rules{{"", [](Index, Index) { return true; }}};
  for (Index k = 2; k <= 8; ++k) {
    rules.push_back({fmt::format("{} is a multiple of {}", name, k),
                     [=](Index i, Index h) { return pick(i, h) % k == 0; }});
  }
  for (Index k = 2; k <= 8; ++k) {
    rules.push_back({fmt::format("{} is at least {}", name, k),
                     [=](Index i, Index h) { return pick(i, h) >= k; }});
  }
  return rules;
}

std::vector<Rule> rules_of_both() {
  return {{"", [](Index, Index) { return true; }},
          {"input = hidden", [](Index i, Index h) { return i == h; }},
          {"input = hidden, or input = 1", [](Index i, Index h) { return i == h || i == 1; }},
          {"input = 2 hidden", [](Index i, Index h) { return i == 2 * h; }},
          {"hidden = 2 input", [](Index i, Index h) { return h == 2 * i; }},
          {"hidden is a multiple of input", [](Index i, Index h) { return h % i == 0; }},
          {"input is a multiple of hidden", [](Index i, Index h) { return i % h == 0; }},
          {"input <= hidden", [](Index i, Index h) { return i <= h; }},
          {"hidden <= input", [](Index i, Index h) { return h <= i; }}};
}

std::string joined(std::initializer_list<const Rule*> rules) {
  std::string text;
  for (const Rule* rule : rules) {
    if (!rule->text.empty()) text += (text.empty() ? "" : ", and ") + rule->text;
  }
  return text;
}

}  // namespace

CellSizes nearest_sizes(const Cell& cell, const CellSizes& wanted) {
  constexpr Index reach = 8;
  std::vector<CellSizes> candidates;
  const auto add = [&](Index input, Index hidden) {
    candidates.push_back({input, hidden, wanted.hyper});
  };
  for (Index more = 0; more <= reach; ++more) add(wanted.input, wanted.hidden + more);
  for (Index more = 1; more <= reach; ++more) add(wanted.input + more, wanted.hidden);
  for (Index more = 0; more <= reach; ++more) add(wanted.hidden + more, wanted.hidden + more);
  for (Index sum = 2; sum <= 2 * reach; ++sum) {
    for (Index more = std::max<Index>(1, sum - reach); more <= std::min(reach, sum - 1); ++more) {
      add(wanted.input + more, wanted.hidden + sum - more);
    }
  }
  const auto found =
      std::ranges::find_if(candidates, [&](const CellSizes& sizes) { return fits(cell, sizes); });
  if (found != candidates.end()) return *found;
  cell.build(wanted);
  return wanted;
}

std::string rule_of_sizes(const Cell& cell, const CellSizes& sizes) {
  constexpr Index most = 16;
  std::vector<char> taken;
  for (Index input = 1; input <= most; ++input) {
    for (Index hidden = 1; hidden <= most; ++hidden) {
      taken.push_back(fits(cell, {input, hidden, sizes.hyper}) ? 1 : 0);
    }
  }
  if (std::ranges::count(taken, 1) == 0) return "";
  const auto says_all = [&](const Rule& a, const Rule& b, const Rule& c) {
    auto next = taken.begin();
    for (Index i = 1; i <= most; ++i) {
      for (Index h = 1; h <= most; ++h) {
        const bool holds = a.holds(i, h) && b.holds(i, h) && c.holds(i, h);
        if (holds != (*next++ == 1)) return false;
      }
    }
    return true;
  };
  const auto of_both = rules_of_both(), of_input = rules_of_one("input", true),
             of_hidden = rules_of_one("hidden", false);
  // Rules of fewer parts come first; then those that are earlier in their lists.
  for (std::size_t parts = 0; parts <= 3; ++parts) {
    for (const Rule& both : of_both) {
      for (const Rule& input : of_input) {
        for (const Rule& hidden : of_hidden) {
          const auto count = std::size_t(!both.text.empty()) + std::size_t(!input.text.empty()) +
                             std::size_t(!hidden.text.empty());
          if (count == parts && says_all(both, input, hidden)) {
            return joined({&both, &input, &hidden});
          }
        }
      }
    }
  }
  return "";
}

}  // namespace carousel
