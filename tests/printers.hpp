#pragma once
// What GoogleTest prints of our types when a test fails: short, and in words. Every test program
// is built with it (tests/CMakeLists.txt): a printer that one file knows and another does not
// would be two definitions of one function.

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <span>
#include <type_traits>

#include "cell/cell.hpp"
#include "op/op.hpp"
#include "tensor/tensor.hpp"

namespace carousel {

/// "{1, 2.5, .. 10 in all}": the first eight elements.
template <class T>
void print_elements(std::span<const T> values, std::ostream& out) {
  constexpr std::size_t most = 8;
  out << "{";
  for (std::size_t i = 0; i < std::min(values.size(), most); ++i) {
    out << (i > 0 ? ", " : "") << values[i];
  }
  if (values.size() > most) out << ", .. " << values.size() << " in all";
  out << "}";
}

template <class T>
void PrintTo(const Tensor<T>& tensor, std::ostream* out) {
  if (!tensor.defined()) {
    *out << "no tensor";
    return;
  }
  *out << tensor.shape().to_string() << " ";
  print_elements(tensor.values(), *out);
}

void PrintTo(const Shape& shape, std::ostream* out);
/// Those that are not as in every op: "(axis 0, begin 2)".
void PrintTo(const Attributes& attributes, std::ostream* out);
/// Shapes and attributes.
void PrintTo(const Example& example, std::ostream* out);
/// By their names.
void PrintTo(const Op& op, std::ostream* out);
void PrintTo(const Cell& cell, std::ostream* out);
void PrintTo(Tile tile, std::ostream* out);

}  // namespace carousel

namespace testing::internal {

// A span is no container to GoogleTest (it lacks const_iterator), and a PrintTo of ours would not
// be found for a span of numbers.
template <class T, std::size_t n>
requires std::is_arithmetic_v<T>
class UniversalPrinter<std::span<T, n>> {
 public:
  static void Print(const std::span<T, n>& values, std::ostream* out) {
    carousel::print_elements(std::span<const T>(values), *out);
  }
};

}  // namespace testing::internal
