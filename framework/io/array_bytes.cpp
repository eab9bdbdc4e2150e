#include "io/array_bytes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace carousel {
namespace {

// Of IEEE 754's binary16: a sign, 5 bits of the exponent, 10 of the fraction.
double half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
  double value = 0.0;
  if (exponent == 0) value = std::ldexp(fraction, -24);
  else if (exponent < 31) value = std::ldexp(fraction + 1024, exponent - 25);
  else value = fraction == 0 ? HUGE_VAL : std::nan("");
  return bits >> 15 ? -value : value;
}

double number_at(NumberForm form, std::string_view bytes, std::size_t at) {
  switch (form) {
    case NumberForm::float16: return half(little_endian<std::uint16_t>(bytes, at));
    // The first half of a float32.
    case NumberForm::bfloat16:
      return double(
          std::bit_cast<float>(std::uint32_t{little_endian<std::uint16_t>(bytes, at)} << 16));
    case NumberForm::float32:
      return double(std::bit_cast<float>(little_endian<std::uint32_t>(bytes, at)));
    case NumberForm::float64: return std::bit_cast<double>(little_endian<std::uint64_t>(bytes, at));
    case NumberForm::int32:
      return double(std::bit_cast<std::int32_t>(little_endian<std::uint32_t>(bytes, at)));
    case NumberForm::int64:
      return double(std::bit_cast<std::int64_t>(little_endian<std::uint64_t>(bytes, at)));
    case NumberForm::boolean: return bytes[at] != 0 ? 1.0 : 0.0;
  }
  fail_bug("a number of a file has no form");
}

// Sizes whose product is that of the bytes, so no product of some of them overflows.
Shape fitting_shape(const std::vector<std::uint64_t>& sizes, std::size_t width,
                    std::string_view bytes, const std::string& place) {
  if (sizes.size() > Shape::max_rank) {
    fail_input("{}: got {} axes, expected at most {}", place, sizes.size(), Shape::max_rank);
  }
  Shape shape;
  std::uint64_t elements = 1;
  for (const std::uint64_t size : sizes) {
    if (size == 0) {
      fail_input("{}: has no elements, its shape is [{}]", place, fmt::join(sizes, ", "));
    }
    if (size > bytes.size() / width / elements) {
      fail_input(
          "{}: its shape [{}] asks for more than the {} bytes that are there; is the file "
          "cut short?",
          place, fmt::join(sizes, ", "), bytes.size());
    }
    elements *= size;
    shape.push_back(static_cast<Index>(size));
  }
  if (elements * width != bytes.size()) {
    fail_input("{}: holds {} bytes of numbers, expected {} for its shape [{}]", place, bytes.size(),
               elements * width, fmt::join(sizes, ", "));
  }
  return shape;
}

}  // namespace

std::size_t width_of(NumberForm form) {
  switch (form) {
    case NumberForm::boolean: return 1;
    case NumberForm::float16:
    case NumberForm::bfloat16: return 2;
    case NumberForm::float32:
    case NumberForm::int32: return 4;
    case NumberForm::float64:
    case NumberForm::int64: return 8;
  }
  fail_bug("a number of a file has no width");
}

Tensor<double> array_of(NumberForm form, const std::vector<std::uint64_t>& sizes,
                        std::string_view bytes, const std::string& place) {
  constexpr double most = 9007199254740992.0;  // 2^53: from there on double skips whole numbers
  const std::size_t width = width_of(form);
  auto array = Tensor<double>::uninitialised(fitting_shape(sizes, width, bytes, place));
  for (Index k = 0; k < array.numel(); ++k) {
    array.data()[k] = number_at(form, bytes, static_cast<std::size_t>(k) * width);
    if (form == NumberForm::int64 && std::abs(array.data()[k]) >= most) {
      fail_input("{}: element {} is a whole number beyond 2^53, which double does not hold", place,
                 k);
    }
  }
  return array;
}

std::string bytes_of(const Tensor<double>& array) {
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(array.numel()) * sizeof(double));
  for (const double value : array.values()) {
    append_little_endian(bytes, std::bit_cast<std::uint64_t>(value));
  }
  return bytes;
}

std::string float32_bytes_of(const Tensor<double>& array) {
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(array.numel()) * sizeof(float));
  for (const double value : array.values()) {
    append_little_endian(bytes, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  }
  return bytes;
}

bool fits_float32(const Tensor<double>& array) {
  return std::ranges::all_of(array.values(), [](double value) {
    // A number beyond float's range has no conversion that is defined.
    if (std::isfinite(value) && std::abs(value) > double(std::numeric_limits<float>::max()))
      return false;
    return std::bit_cast<std::uint64_t>(double(static_cast<float>(value))) ==
           std::bit_cast<std::uint64_t>(value);
  });
}

}  // namespace carousel
