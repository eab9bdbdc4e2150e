#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace carousel {

/// Words that begin a statement of the cell language (docs/language.md) or stand in one.
const std::vector<std::string>& keywords();

/// Whether a word of the cell language can't be a name: a keyword, t, x or hidden.
bool is_reserved(std::string_view word);

}  // namespace carousel
