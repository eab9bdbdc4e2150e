#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "study/statistics.hpp"

namespace carousel::claims {

/// A claim's effect on one task.
struct Contrast {
  std::string task;   ///< for readers: "chorales"
  std::string study;  ///< file of this folder that trained it: "music.yaml"
  int seeds = 0;      ///< that ended on both sides
  Estimate effect;    ///< log of a ratio (measures.hpp)
};

/// A claim with what was found of it.
struct Claim {
  std::string text;                      ///< the claim
  std::string ratio;                     ///< what the effect is the ratio of
  double threshold = 1.0;                ///< the claim says that the ratio is above it
  std::vector<Contrast> contrasts = {};  ///< one a task
};

/// On which side of its threshold an effect's interval lies.
enum class Side95 { supports, contradicts, neither };

/// Of an effect of this claim.
Side95 side_of(const Estimate& effect, const Claim& claim);

/// How many contrasts of a claim are on a side.
std::ptrdiff_t count_of(Side95 side, const Claim& claim);

/// holds: on at least two thirds of the tasks, three or more, the interval supports the claim, and
/// on none it contradicts it. does_not: on at least one task it contradicts, since the claim is a
/// general one. undecided: else.
enum class Verdict { holds, does_not, undecided };

/// What the contrasts of a claim say.
Verdict verdict_of(const Claim& claim);

/// The claims of this study, from the results in a folder: one folder a study. Throws InputError
/// where something is missing.
std::vector<Claim> claims_from(const std::filesystem::path& results);

/// A row a claim, as Markdown.
std::string verdicts_markdown(const std::vector<Claim>& claims);

/// A row a contrast: claim, verdict, task, study, seeds, ratio, low, high, threshold, side.
std::string contrasts_csv(const std::vector<Claim>& claims);

/// A page of HTML: the verdicts, and of each claim the effects by task.
std::string verdicts_page(const std::vector<Claim>& claims);

}  // namespace carousel::claims
