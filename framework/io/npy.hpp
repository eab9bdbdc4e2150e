#pragma once

#include <string>
#include <string_view>

#include "tensor/tensor.hpp"

namespace carousel {

/// The array in the bytes of an .npy file, the format of NumPy's `save` (versions 1.0 to 3.0), in
/// double: float32, float64, int32, int64 and bool, from the least byte to the highest, in C or
/// Fortran order. place: file and array, for messages. Throws InputError for other types, pickled
/// objects among them, for another format, and as array_of() does.
Tensor<double> npy_array(std::string_view bytes, const std::string& place);

/// The array as an .npy file, version 1.0, of float64 in C order.
std::string npy_bytes(const Tensor<double>& array);

}  // namespace carousel
