#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tape/tape.hpp"

namespace carousel {

/// A scalar function on a tape.
using ScalarFunction = std::function<Var(Tape<double>&, const std::vector<Var>&)>;

/// The largest relative error that a gradient check found, and where.
struct GradientError {
  double worst = 0.0;     ///< relative; NaN where one of the two is
  std::string where;      ///< "input 1, element 3: tape 0.5, differences 0.25"; empty: no error
  std::size_t input = 0;  ///< the number of that input
};

/// Compares the tape's gradients with central differences (four points), in double, for each
/// element of the first `checked` inputs (all of them when negative). The step is 1e-3; where that
/// does not agree, 1e-4, then 1e-5, since a kink (of relu, abs, ..) may lie between the points. The
/// error is relative to the larger of the two, or to 1e-3 where both are smaller.
/// most: at most so many elements, evenly chosen; negative: all.
GradientError check_gradients(const ScalarFunction& function,
                              const std::vector<Tensor<double>>& inputs, int checked = -1,
                              Index most = -1);

/// The function whose value is a fixed weighted sum of `function`'s gradients for the first
/// `checked` inputs: checking its gradients checks the second derivatives.
ScalarFunction weighted_gradients(ScalarFunction function, int checked = -1);

/// Inputs for one of an op's examples, always the same: drawn from the op's range, away from zero,
/// where many ops have a kink; the last ones as the example gives them.
std::vector<Tensor<double>> draw_inputs(const Op& op, std::size_t example);

/// How far the derivative of an op is from differences on one of its examples, by its first
/// differentiable inputs, those of draw_inputs(). order: 1 for the first derivative, 2 for the
/// second.
GradientError check_op(const Op& op, std::size_t example, int order);

}  // namespace carousel
