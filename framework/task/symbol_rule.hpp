#pragma once

#include "task/model.hpp"
#include "tensor/random.hpp"

namespace carousel {

/// Draws the place of a symbol from its logits; of equal ones the first is the likelier. Logits of
/// -infinity are never drawn. Throws InputError where the rule is out of its range.
std::size_t draw_symbol(std::span<const double> logits, const SymbolRule& rule, Random& random);

}  // namespace carousel
