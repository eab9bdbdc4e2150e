#pragma once

#include <string>
#include <string_view>

#include "cell/language/syntax.hpp"

namespace carousel {

/// Parses a cell file (docs/language.md). `file` stands for it in messages. Checks everything that
/// needs no shapes and no other file. Throws LanguageError; text of any kind and size is safe.
CellSyntax parse_cell(std::string_view source, const std::string& file);

/// The lines of a variant (`extends`) put into those of its base. Throws LanguageError.
CellSyntax merge_variant(const CellSyntax& variant, const CellSyntax& base);

}  // namespace carousel
