#pragma once

#include <string>
#include <vector>

#include "exchange/onnx/sequences.hpp"
#include "program/step_program.hpp"

namespace carousel {

/// One direction of one layer.
struct OnnxLayer {
  const StepProgram& program;              ///< the cell
  std::vector<Tensor<double>> parameters;  ///< in the program's order
  std::string place;                       ///< in front of all names: "layers/0/forward/", or ""
  bool reverse = false;                    ///< from each sequence's last step to its first
};

/// Takes the layer's states into the graph as inputs and outputs, writes the scan, and returns the
/// outputs [T, B, ..]. x: [T, B, input]. Throws InputError where the cell can't be written.
std::string write_onnx_layer(OnnxSequences& sequences, const OnnxLayer& layer,
                             const std::string& x);

/// Writes a program without states whose ops are elementwise or go along the innermost axis, for
/// all rows of x [T, B, size] at once. Returns its output, [T, B, ..].
std::string write_onnx_rows(OnnxSequences& sequences, const OnnxLayer& layer, const std::string& x);

}  // namespace carousel
