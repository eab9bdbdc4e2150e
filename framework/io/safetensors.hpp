#pragma once

#include <filesystem>

#include "io/array_bytes.hpp"
#include "io/machine.hpp"

namespace carousel {

/// The arrays of a .safetensors file, of F16, BF16, F32 or F64, in double: eight bytes with
/// the size of a header, the header in JSON (type, shape and place of each array, and notes as
/// `__metadata__`, which are passed over), and the numbers, row by row. Throws InputError when it
/// is missing or of another form: a header above 100 MB, a name that stands twice, arrays that
/// overlap or leave bytes between them, another type, and as array_of() does.
NamedArrays read_safetensors(const std::filesystem::path& path);

/// Writes arrays with notes, as `__metadata__`, to a .safetensors file as write_text() does: F32
/// where that holds every number of all arrays, else F64. They lie in the order of their names, the
/// first one at a multiple of 8 bytes; the same arrays give the same bytes. Throws InputError for
/// an array that is called `__metadata__`; EnvironmentError.
void write_safetensors(const std::filesystem::path& path, const NamedArrays& arrays,
                       const Facts& notes);

}  // namespace carousel
