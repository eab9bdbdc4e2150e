#pragma once

#include <filesystem>

#include "io/array_bytes.hpp"

namespace carousel {

/// The arrays of an .npz file, as NumPy's `savez` and `savez_compressed` write it: a zip archive of
/// .npy files, at least one. Throws InputError when it is missing, no such archive or damaged, when
/// an array is packed otherwise than by deflate, and as npy_array() does. Memory is taken as bytes
/// come, never by what the file claims.
NamedArrays read_npz(const std::filesystem::path& path);

/// Writes arrays, at least one, to an .npz file as write_text() does, not compressed; the same
/// arrays give the same bytes. Throws EnvironmentError.
void write_npz(const std::filesystem::path& path, const NamedArrays& arrays);

}  // namespace carousel
