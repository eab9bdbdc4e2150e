#pragma once

#include "cell/language/token_stream.hpp"

namespace carousel {

/// Reads `cell NAME extends BASE "title"` and the fields behind it. Throws LanguageError.
void parse_head(TokenStream& tokens, CellSyntax& cell);

}  // namespace carousel
