#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exchange/onnx/graph.hpp"
#include "program/step_program.hpp"

namespace carousel {

/// A cell as ONNX's own LSTM, GRU or RNN.
struct RecurrentOperator {
  std::string op;                         ///< its name
  std::vector<OnnxAttribute> attributes;  ///< but for size and direction
  std::vector<std::size_t> states;        ///< those of the program in the operator's order: h, c
  Tensor<double> w,                       ///< [1, gates * hidden, input]
      r,                                  ///< [1, gates * hidden, hidden]
      b,                                  ///< [1, 2 * gates * hidden]
      p = {};                             ///< [1, 3 * hidden], or none
};

/// The operator whose equations are those of the program, whatever its names are and in whichever
/// order its sums and products are written. parameters: in the program's order.
std::optional<RecurrentOperator> recurrent_operator(const StepProgram& program,
                                                    const std::vector<Tensor<double>>& parameters);

}  // namespace carousel
