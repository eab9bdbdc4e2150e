#include "study/hidden_size.hpp"

#include <optional>
#include <utility>

namespace carousel {
namespace {

// Trained parameters of the recurrent layers; nothing where the cell can't be built.
std::optional<std::int64_t> count_at(const Cell& cell, const Problem& problem,
                                     const ModelOptions& model, Index hidden) {
  try {
    Recurrence recurrence(cell, hidden, model);
    static_cast<void>(problem.model(recurrence));
    return recurrence.parameter_count();
  } catch (const InputError&) {
    return std::nullopt;
  }
}

}  // namespace

int hidden_for_parameters(const Cell& cell, const Problem& problem, const ModelOptions& model,
                          std::int64_t wanted) {
  // Counts grow with the hidden size: the first one above the number wanted lies in (low, high].
  constexpr int largest = 1 << 14;
  constexpr int gap = 64;  // no cell leaves out more sizes in a row
  const auto next_buildable = [&](int hidden) {
    for (int h = hidden; h < hidden + gap; ++h) {
      if (const auto count = count_at(cell, problem, model, h)) return std::pair(h, *count);
    }
    Recurrence recurrence(cell, hidden, model);
    static_cast<void>(problem.model(recurrence));  // says what is wrong
    fail_input("cell {}: can't be built for hidden sizes {} to {}", cell.name, hidden,
               hidden + gap - 1);
  };
  std::pair<int, std::int64_t> below = next_buildable(1), above = below;
  if (below.second > 2 * wanted) {
    fail_input("cell {}: even {} hidden units have {} parameters, {} were wanted", cell.name,
               below.first, below.second, wanted);
  }
  while (above.second <= wanted) {
    below = above;
    if (2 * above.first > largest) {
      fail_input("cell {}: {} hidden units have only {} parameters, {} were wanted", cell.name,
                 above.first, above.second, wanted);
    }
    above = next_buildable(2 * above.first);
  }
  while (above.first - below.first > 1) {
    const auto middle = next_buildable(below.first + (above.first - below.first) / 2);
    if (middle.first >= above.first) break;
    (middle.second <= wanted ? below : above) = middle;
  }
  // Between them there may be sizes left, where the cell leaves out some.
  for (int h = below.first + 1; h < above.first; ++h) {
    const auto count = count_at(cell, problem, model, h);
    if (count && *count <= wanted) below = {h, *count};
    if (count && *count > wanted) above = {h, *count};
  }
  return wanted - below.second <= above.second - wanted ? below.first : above.first;
}

}  // namespace carousel
