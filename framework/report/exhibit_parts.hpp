#pragma once

#include <string>
#include <vector>

#include "task/exhibit.hpp"

namespace carousel {

/// An array of an exhibit, by its name. Throws BugError when the exhibit has none of it.
const Tensor<float>& array_in(const Exhibit& exhibit, const std::string& name);
/// A number of an exhibit, as array_in().
double number_in(const Exhibit& exhibit, const std::string& name);
/// A text of an exhibit, as array_in().
const std::string& text_in(const Exhibit& exhibit, const std::string& name);
/// A text of an exhibit as its lines, one at least, any of which may be empty. Throws as text_in().
std::vector<std::string> lines_in(const Exhibit& exhibit, const std::string& name);

}  // namespace carousel
