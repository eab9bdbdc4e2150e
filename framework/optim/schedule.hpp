#pragma once

#include <string>
#include <vector>

namespace carousel {

/// How the learning rate goes over a training.
struct ScheduleOptions {
  /// One of these:
  /// ```
  /// constant: the rate as it is
  /// linear:   from the rate to final_rate of it, in a line over all epochs
  /// cosine:   the same along half a cosine (Loshchilov and Hutter 2017, arXiv:1608.03983, equation
  ///           5, without restarts)
  /// plateau:  halved whenever the validation figure was not better for plateau_epochs in a row
  /// ```
  std::string name = "linear";
  double final_rate = 1.0;  ///< linear, cosine: the share of the rate at the end
  double warmup = 0.0;      ///< share of all epochs in which the rate grows from 0, in a line
  int plateau_epochs = 2;   ///< plateau
};

/// Where a training is.
struct TrainingPoint {
  double done = 0.0;                ///< of all epochs, 0 to 1
  std::vector<bool> improved = {};  ///< of each epoch so far: whether validation was the best yet
};

/// The share of the learning rate at a point. Throws InputError on an unknown name.
double rate_share(const ScheduleOptions& options, const TrainingPoint& point);

/// Names of all schedules.
std::vector<std::string> schedule_names();

}  // namespace carousel
