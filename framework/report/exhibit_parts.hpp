#pragma once

#include <string>

#include "task/exhibit.hpp"

namespace carousel {

/// A part of an exhibit, by its name. Throws BugError when the exhibit has none of it.
const Tensor<float>& array_in(const Exhibit& exhibit, const std::string& name);
double number_in(const Exhibit& exhibit, const std::string& name);
const std::string& text_in(const Exhibit& exhibit, const std::string& name);

}  // namespace carousel
