#include "claim.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::claims {

Side95 side_of(const Estimate& effect, const Claim& claim) {
  const double threshold = std::log(claim.threshold);
  if (effect.low > threshold) return Side95::supports;
  if (effect.high < threshold) return Side95::contradicts;
  return Side95::neither;
}

std::ptrdiff_t count_of(Side95 side, const Claim& claim) {
  return std::ranges::count_if(claim.contrasts,
                               [&](const Contrast& c) { return side_of(c.effect, claim) == side; });
}

Verdict verdict_of(const Claim& claim) {
  constexpr std::ptrdiff_t fewest_tasks = 3;
  const auto tasks = static_cast<std::ptrdiff_t>(claim.contrasts.size());
  if (tasks < fewest_tasks) return Verdict::undecided;
  if (count_of(Side95::contradicts, claim) > 0) return Verdict::does_not;
  return 3 * count_of(Side95::supports, claim) >= 2 * tasks ? Verdict::holds : Verdict::undecided;
}

}  // namespace carousel::claims
