#pragma once
// Every effect is the logarithm of a ratio, so that those of several tasks can be averaged. Above
// zero it speaks for the claim that names `first`.

#include <cstdint>
#include <map>
#include <vector>

#include "study/statistics.hpp"
#include "trials.hpp"

namespace carousel::claims {

/// The trials of a side by their seeds.
using Seeds = std::map<std::uint64_t, Trial>;

/// What a trial has been trained for: an axis of its curve.
enum class Effort { updates, seconds };

/// How far a trial has gone on its way to a loss: the effort until its validation loss first comes
/// to `goal`, on the line between the epochs around it; the first epoch's where that is there
/// already, and NaN where it never comes.
double effort_until(const Trial& trial, double goal, Effort effort);

/// By how much `first` is faster: log of the effort of `second` over that of `first` until the
/// validation loss at which the weaker one of the pair is best. Mean over paired seeds with its
/// 95 % interval by Student's t, as all of these.
Estimate speed_up(const Seeds& first, const Seeds& second, Effort effort);

/// The same of the epochs until the best figure on validation.
Estimate fewer_epochs(const Seeds& first, const Seeds& second);

/// log of the test loss of `second` over that of `first`.
Estimate lower_loss(const Seeds& first, const Seeds& second);

/// By how much more `first` overfits: log of its test loss over its training loss, less the same of
/// `second`.
Estimate larger_gap(const Seeds& first, const Seeds& second);

/// log of the bytes of `second` over those of `first`; they are the same for all seeds.
Estimate less_memory(const Seeds& first, const Seeds& second);

/// By how much more `first` depends on its seed: log of the standard deviation of its test losses,
/// as logarithms, over that of `second`. Normal interval; the variance of log s^2 of n normal
/// values is the trigamma function at (n - 1) / 2 (Bartlett and Kendall 1946).
Estimate larger_spread(const Seeds& first, const Seeds& second);

/// Of values that have no partners: their mean with its interval.
Estimate mean_of_values(const std::vector<double>& values);

/// The mean of independent effects: the root of the summed squares of their intervals' halves, over
/// their number, is its own.
Estimate mean_effect(const std::vector<Estimate>& effects);

}  // namespace carousel::claims
