#pragma once

#include <string>

#include "idx_file.hpp"
#include "temporary_folder.hpp"
#include "tensor/random.hpp"

namespace carousel {

/// A data folder with a small set under each name that a task takes by default.
class SmallData {
 public:
  SmallData() { write_pictures(folder_ / "mnist", 3, 4, {30, 9}); }
  std::string folder() const { return folder_.path().string(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace carousel
