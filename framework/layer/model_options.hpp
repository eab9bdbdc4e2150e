#pragma once

#include <map>
#include <string>

namespace carousel {

/// What a study fixes of the layers around and inside every cell: the group `model` of a study. The
/// rates are those of training; nothing is dropped when a model is evaluated.
struct ModelOptions {
  int depth = 1;                      // layers of the cell on top of each other
  std::string direction = "forward";  // or "both": a second scan of each layer from end to start
};

}  // namespace carousel
