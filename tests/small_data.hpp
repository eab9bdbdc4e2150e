#pragma once

#include <string>

#include "idx_file.hpp"
#include "series_file.hpp"
#include "temporary_folder.hpp"
#include "tensor/random.hpp"

namespace carousel {

/// A data folder with a small set of each kind, under a name.
class SmallData {
 public:
  SmallData() {
    write_pictures(folder_ / "mnist", 3, 4, {30, 9});
    write_series(folder_ / "time_series/univariate/airline-passengers.csv", 60);
  }
  std::string folder() const { return folder_.path().string(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace carousel
