#pragma once

#include <string>
#include <vector>

#include "inspect/inspected_run.hpp"
#include "io/archive.hpp"

namespace carousel {

/// A file of RUN/inspect.
struct InspectionFile {
  std::string name;  ///< "gradients.csv"
  std::string text;  ///< the whole file
};

/// The numbers as CSV, a file for each kind; each row begins with dataset, cell, seed, trial and
/// epoch. Infinite and unknown numbers are empty fields, but for half-lives: `inf`.
std::vector<InspectionFile> inspection_csv(const std::vector<InspectedModel>& models);

/// The same numbers as arrays, by names such as "gradients/layers/0/forward/h".
Archive inspection_archive(const InspectedModel& model);

}  // namespace carousel
