#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

/// Arrays by name, as a file of several holds them.
using NamedArrays = std::map<std::string, Tensor<double>>;

/// How a number lies in a file of arrays, always from its least byte to its highest.
enum class NumberForm { float16, bfloat16, float32, float64, int32, int64, boolean };

/// Bytes that a number takes.
std::size_t width_of(NumberForm form);

/// The number of this type that begins at a byte. Unsigned: an unsigned integer, 1 to 8 bytes.
template <class Unsigned>
Unsigned little_endian(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t k = sizeof(Unsigned); k-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + k]);
  }
  return static_cast<Unsigned>(value);
}

/// Appends a number, from its least byte to its highest.
template <class Unsigned>
void append_little_endian(std::string& bytes, Unsigned value) {
  for (std::size_t k = 0; k < sizeof(Unsigned); ++k) {
    bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * k) & 0xff);
  }
}

/// The array of these sizes, outermost first, whose numbers are `bytes`, row by row. place: file
/// and array, for messages. Throws InputError when the bytes are more or fewer than the sizes ask
/// for (nothing is allocated before that is known), when the array has no elements or too many
/// axes, and for a whole number that double can't hold.
Tensor<double> array_of(NumberForm form, const std::vector<std::uint64_t>& sizes,
                        std::string_view bytes, const std::string& place);

/// The numbers of an array, row by row, as float64.
std::string bytes_of(const Tensor<double>& array);
/// The same as float32, each number rounded to the nearest.
std::string float32_bytes_of(const Tensor<double>& array);
/// Whether float32 holds every number of the array, bit by bit.
bool fits_float32(const Tensor<double>& array);

}  // namespace carousel
