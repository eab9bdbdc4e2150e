#pragma once
// The functions of the language that are not elementwise, in the order of docs/language.md.

#include <vector>

#include "cell/language/functions.hpp"

namespace carousel {

/// The function, which works on each part of complex values by itself.
inline Function by_parts(Function function) {
  function.by_parts = true;
  return function;
}

/// where, stop_gradient and others that choose or leave out.
std::vector<Function> choice_functions();
/// What goes along an axis: sums, norms, softmax, sorting.
std::vector<Function> axis_functions();
/// What joins, moves or makes elements.
std::vector<Function> shape_functions();
/// Functions of matrices, one for each place of the axes before the last two.
std::vector<Function> matrix_functions();

}  // namespace carousel
