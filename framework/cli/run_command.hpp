#pragma once

#include "cli/cell_arguments.hpp"
#include "cli/common_options.hpp"

namespace carousel {

/// What `carousel run` takes.
struct RunArguments {
  CellArguments cell;               // its input size is that of x
  std::string x, weights;           // --x; --weights, empty: drawn from `seed`
  std::string layer;                // --layer: the scan that has the weights, of a model's file
  std::vector<std::string> probes;  // --probe: names of values of a step
  bool gradients = false;           // --gradients
  std::uint64_t seed = 1;           // --seed
};

/// Runs a cell over the sequences of a file, in double, and writes what it gives to --out, an .npz
/// file: outputs, states, values of the steps, gradients, and the parameters. Returns the exit
/// code; throws the library's errors, NonFiniteError where a value is NaN or infinite.
int run_command(CellRegistry& registry, const RunArguments& arguments, const CommonOptions& common);

}  // namespace carousel
