#pragma once

#include <filesystem>
#include <string>

#include "study/statistics.hpp"

namespace carousel::claims {

/// How far gradients fall, and how many trials say so.
struct GradientFall : Estimate {
  int seeds = 0;  ///< trials in the file
};

/// How far a trained cell's gradient falls on its way back: log of the norm of d loss / d state one
/// step before the last over that `lag` steps before, at each trial's last epoch in the file; mean
/// over trials with its 95 % interval. file: what `carousel inspect` writes of gradients. Of a cell
/// with several states the norm is that over all. Throws InputError where the file lacks something.
GradientFall gradient_fall(const std::filesystem::path& file, const std::string& dataset,
                           const std::string& cell, int lag);

}  // namespace carousel::claims
