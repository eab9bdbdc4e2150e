#pragma once

#include <string>

#include "cell/cell.hpp"

namespace carousel {

/// W_name @ x + U_name @ h + b_name, with its three parameters: W [hidden, input] Glorot,
/// U [hidden, hidden] orthogonal, b [hidden] constant.
inline Var gate_input(StepBuilder& b, const CellSizes& sizes, const std::string& name, Var x, Var h,
                      double bias = 0.0) {
  const auto n = sizes.hidden;
  const Var w = b.parameter("W_" + name, {n, sizes.input}, Initialiser::glorot());
  const Var u = b.parameter("U_" + name, {n, n}, Initialiser::orthogonal());
  const Var bias_var = b.parameter("b_" + name, {n}, Initialiser::constant(bias));
  return linear(x, w) + linear(h, u) + bias_var;
}

/// W_name @ x + b_name, with its two parameters: W [hidden, input] Glorot, b [hidden] zero.
inline Var input_map(StepBuilder& b, const CellSizes& sizes, const std::string& name, Var x) {
  const Var w = b.parameter("W_" + name, {sizes.hidden, sizes.input}, Initialiser::glorot());
  const Var bias = b.parameter("b_" + name, {sizes.hidden}, Initialiser::zeros());
  return linear(x, w) + bias;
}

}  // namespace carousel
