#pragma once

#include <map>
#include <string>

#include "cell/language/syntax.hpp"
#include "tensor/initialiser.hpp"

namespace carousel {

/// First values by an expression of sizes and hyperparameters (`constants`, by name), of `u`, drawn
/// uniform in 0 to 1, and of `z`, drawn normal with deviation 1, both in the shape of the
/// parameter. Throws LanguageError where the expression reads something else, or gives another
/// shape than `shape`.
Initialiser computed_initial(const Expression& expression,
                             const std::map<std::string, double>& constants, const Shape& shape);

}  // namespace carousel
