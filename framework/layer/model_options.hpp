#pragma once

#include <map>
#include <string>

namespace carousel {

/// What a study fixes of the layers around and inside every cell: the group `model` of a study. The
/// rates are those of training; nothing is dropped where a model is evaluated.
struct ModelOptions {
  int depth = 1;                      ///< layers of the cell on top of each other
  std::string direction = "forward";  ///< or "both": a second scan of each layer from end to start
  bool layer_norm = false;            ///< on each layer's outputs, with a gain and a bias
  bool learned_states = false;        ///< the states before the first step are parameters

  double noise_input = 0.0;        ///< deviation of Gaussian noise on what the first layer reads
  double dropout_input = 0.0;      ///< of what the first layer reads
  double dropout_between = 0.0;    ///< of what each layer above it reads
  double dropout_output = 0.0;     ///< of what the last layer gives
  double recurrent_dropout = 0.0;  ///< see with_recurrent_dropout (cell/derived.hpp)
  std::map<std::string, double> zoneout = {};  ///< by the names of states, see with_zoneout
  /// How often a mask of dropout is drawn: for each "step", or once a "sequence" (Gal and
  /// Ghahramani 2016, arXiv:1512.05287, "variational"). Those of zoneout are drawn for each step.
  std::string dropout_mask = "step";
};

}  // namespace carousel
