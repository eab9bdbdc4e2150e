#pragma once

#include "cell/language/syntax.hpp"

namespace carousel {

/// Names are set once, or carried from round to round of a `repeat`. Throws LanguageError.
void check_names(const CellSyntax& cell);

/// What only a cell without a base has to fulfil: one output, functions that exist and stand above
/// their calls. Throws LanguageError.
void check_whole(const CellSyntax& cell);

}  // namespace carousel
