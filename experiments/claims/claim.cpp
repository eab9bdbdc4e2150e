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

Verdict verdict_of(const Claim& claim) {
  const auto count = [&](Side95 side) {
    return std::ranges::count_if(
        claim.contrasts, [&](const Contrast& c) { return side_of(c.effect, claim) == side; });
  };
  constexpr std::ptrdiff_t fewest_tasks = 3;
  const auto tasks = static_cast<std::ptrdiff_t>(claim.contrasts.size());
  if (tasks < fewest_tasks) return Verdict::undecided;
  if (count(Side95::contradicts) > 0) return Verdict::does_not;
  return 3 * count(Side95::supports) >= 2 * tasks ? Verdict::holds : Verdict::undecided;
}

}  // namespace carousel::claims
