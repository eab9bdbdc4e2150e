#pragma once

#include <filesystem>

#include "io/array_bytes.hpp"

namespace carousel {

/// The arrays of a .safetensors file, of float32 or float64 (F32, F64), in double: eight bytes with
/// the size of a header, the header in JSON (type, shape and place of each array, and notes as
/// `__metadata__`, which are passed over), and the numbers, row by row. Throws InputError when it
/// is missing or of another form: a header above 100 MB, a name that stands twice, arrays that
/// overlap or leave bytes between them, another type, and as array_of() does.
NamedArrays read_safetensors(const std::filesystem::path& path);

}  // namespace carousel
