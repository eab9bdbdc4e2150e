#include "io/array_bytes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>

namespace carousel {
namespace {

std::size_t width_of(NumberForm form) {
  switch (form) {
    case NumberForm::boolean: return 1;
    case NumberForm::float32:
    case NumberForm::int32: return 4;
    case NumberForm::float64:
    case NumberForm::int64: return 8;
  }
  fail_bug("a number of a file has no width");
}

double number_at(NumberForm form, std::string_view bytes, std::size_t at) {
  switch (form) {
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

}  // namespace carousel
