#pragma once
// Functions of one value that are made of several ops and have a name of their own, in the cell
// language and wherever a program is printed.

#include <span>

#include "op/functions.hpp"

namespace carousel {

/// (x - mean) / sqrt(variance + 1e-5) over the innermost axis of [.., N] (Ba et al. 2016,
/// arXiv:1607.06450, equation 3 without gain and bias).
Var layer_norm(Var x);
/// max(min(x / 6 + 0.5, 1), 0)
Var hard_sigmoid(Var x);
/// x times the distribution function of the normal distribution at x (Hendrycks and Gimpel 2016,
/// arXiv:1606.08415).
Var gelu(Var x);

/// One of the functions above. The shape of its value is that of its argument.
struct Composite {
  std::string_view name;  ///< "layer_norm", as the cell language writes it
  Var (*function)(Var);   ///< works in any graph
};

/// All of them, in the order above.
std::span<const Composite> composites();
/// The name of one of these functions.
std::string_view composite_name(Var (*function)(Var));

}  // namespace carousel
