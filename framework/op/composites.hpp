#pragma once
// Functions of one value that are made of several ops and have a name of their own, in the cell
// language and wherever a program is printed.

#include <span>

#include "op/functions.hpp"

namespace carousel {

/// (x - mean) / sqrt(variance + 1e-5) over the innermost axis.
Var layer_norm(Var x);
/// max(min(x / 6 + 0.5, 1), 0)
Var hard_sigmoid(Var x);
/// x times the distribution function of the normal distribution at x.
Var gelu(Var x);

/// One of the functions above. The shape of its value is that of its argument.
struct Composite {
  std::string_view name;
  Var (*function)(Var);
};

std::span<const Composite> composites();
/// The name of one of these functions.
std::string_view composite_name(Var (*function)(Var));

}  // namespace carousel
