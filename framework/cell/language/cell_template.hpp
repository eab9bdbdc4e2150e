#pragma once

#include <string>

namespace carousel {

/// A cell file to begin from: a working cell of this name with comments on the language. Throws
/// InputError when the name can't be one of a cell.
std::string cell_template(const std::string& name);

}  // namespace carousel
