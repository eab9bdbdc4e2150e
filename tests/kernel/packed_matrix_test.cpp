#include "kernel/packed_matrix.hpp"

#include <gtest/gtest.h>

#include "tensor/initialiser.hpp"

namespace carousel {
namespace {

template <class T>
Tensor<T> normal(const Shape& shape, const std::string& name) {
  return initialise<T>(Initialiser::normal(1.0), shape, Random(1, name));
}

// Against a plain triple loop in double.
template <class T>
void expect_products(Index m, const std::vector<Index>& part_rows, Index columns, bool transpose,
                     double tolerance) {
  std::vector<Tensor<T>> parts;
  std::vector<MatrixPart<T>> in_memory;
  std::vector<T> stack;
  for (std::size_t p = 0; p < part_rows.size(); ++p) {
    parts.push_back(normal<T>({part_rows[p], columns}, "part" + std::to_string(p)));
    stack.insert(stack.end(), parts.back().values().begin(), parts.back().values().end());
  }
  for (const auto& part : parts) {
    in_memory.push_back({part.data(), part.shape()[0], columns, columns});
  }
  PackedMatrix<T> matrix;
  matrix.pack(in_memory, transpose);
  const Index k = matrix.rows(), n = matrix.columns();
  ASSERT_EQ(k * n, static_cast<Index>(stack.size()));
  const Index lda = k + 3, ldc = n + 5;
  const auto a = normal<T>({m, lda}, "a");
  for (const bool accumulate : {false, true}) {
    auto c = normal<T>({m, ldc}, "c");
    const auto before = c.clone();
    matrix.multiply(m, a.data(), lda, accumulate, c.data(), ldc);
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < ldc; ++j) {
        double expected = double(before.data()[i * ldc + j]);
        if (j < n) {
          if (!accumulate) expected = 0.0;
          for (Index q = 0; q < k; ++q) {
            const Index at = transpose ? j * columns + q : q * columns + j;
            expected += double(a.data()[i * lda + q]) * double(stack[std::size_t(at)]);
          }
        }
        ASSERT_NEAR(double(c.data()[i * ldc + j]), expected, tolerance * double(k))
            << m << " x " << n << " x " << k << " at " << i << ", " << j;
      }
    }
  }
}

TEST(PackedMatrix, MultipliesAnySizeAndStack) {
  for (const Index m : {1, 3, 10, 64, 65, 130}) {
    for (const std::vector<Index>& rows :
         std::vector<std::vector<Index>>{{1}, {36, 36, 36, 36}, {63, 2}, {64}, {130}}) {
      for (const Index columns : {1, 5, 36, 88}) {
        for (const bool transpose : {true, false}) {
          expect_products<float>(m, rows, columns, transpose, 1e-6);
          expect_products<double>(m, rows, columns, transpose, 1e-14);
        }
      }
    }
  }
}

}  // namespace
}  // namespace carousel
