#pragma once

#include <vector>

namespace carousel::phrases {

/// Ranks of values, 1 for the lowest; equal ones share the mean of their ranks.
std::vector<double> ranks_of(const std::vector<double>& values);

/// Spearman's rank correlation (1904), -1 to 1: Pearson's correlation of the ranks of both, which
/// have the same size. NaN where all values of one are equal.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace carousel::phrases
