#pragma once

#include <string>

#include "tensor/tensor.hpp"

namespace carousel {

/// A PNG picture of shades from 0 (black) to 1 (white), [rows, columns], the first row on top; what
/// lies outside is the nearer of the two, and NaN is black. Throws InputError when it is no matrix
/// or a side has no or more than 65535 elements.
std::string png_bytes(const Tensor<float>& shades);

}  // namespace carousel
