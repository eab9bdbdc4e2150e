#include "kernel/matrix_function.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernel/factorisation.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

using Real = long double;
using Matrix = std::vector<double>;

Matrix random_matrix(Index n, double norm, std::uint64_t stream) {
  Random random(3, stream);
  Matrix a(static_cast<std::size_t>(n * n));
  for (double& v : a) v = random.normal();
  double largest = 0.0;
  for (Index j = 0; j < n; ++j) {
    double sum = 0.0;
    for (Index i = 0; i < n; ++i) sum += std::abs(a[static_cast<std::size_t>(i * n + j)]);
    largest = std::max(largest, sum);
  }
  for (double& v : a) v *= norm / largest;
  return a;
}

// x y in long double.
std::vector<Real> product(const std::vector<Real>& x, const std::vector<Real>& y, Index n) {
  std::vector<Real> out(x.size());
  for (Index i = 0; i < n; ++i) {
    for (Index k = 0; k < n; ++k) {
      const Real v = x[static_cast<std::size_t>(i * n + k)];
      for (Index j = 0; j < n; ++j) {
        out[static_cast<std::size_t>(i * n + j)] += v * y[static_cast<std::size_t>(k * n + j)];
      }
    }
  }
  return out;
}

// Taylor's series in long double, of a / 2^12, squared twelve times.
std::vector<Real> exponential_reference(const Matrix& a, Index n) {
  std::vector<Real> scaled(a.begin(), a.end());
  for (Real& v : scaled) v /= 4096;
  std::vector<Real> term(a.size()), sum(a.size());
  for (Index i = 0; i < n; ++i) term[static_cast<std::size_t>(i * n + i)] = 1;
  for (int k = 1; k < 20; ++k) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += term[i];
    term = product(term, scaled, n);
    for (Real& v : term) v /= k;
  }
  for (int i = 0; i < 12; ++i) sum = product(sum, sum, n);
  return sum;
}

// Frobenius norm of the difference over that of the reference.
double relative_error(const Matrix& got, const std::vector<Real>& exact) {
  Real difference = 0, size = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    difference += (Real(got[i]) - exact[i]) * (Real(got[i]) - exact[i]);
    size += exact[i] * exact[i];
  }
  return static_cast<double>(std::sqrt(difference / size));
}

TEST(MatrixExponential, MatchesTaylorInLongDouble) {
  std::uint64_t stream = 0;
  for (const Index n : {1, 2, 5, 16}) {
    for (const double norm : {1e-8, 0.1, 0.6, 1.0, 5.0, 6.0, 30.0}) {
      for (const double sign : {1.0, -1.0}) {
        Matrix a = random_matrix(n, sign * norm, ++stream);
        Matrix out(a.size());
        matrix_exponential(a.data(), n, out.data());
        EXPECT_LE(relative_error(out, exponential_reference(a, n)), 1e-13)
            << n << " rows, norm " << norm;
      }
    }
  }
}

TEST(MatrixExponential, OfADiagonalIsThatOfItsElements) {
  const Matrix a = {-30, 0, 0, 0, 0, 0, 0, 0, 20};
  Matrix out(9);
  matrix_exponential(a.data(), 3, out.data());
  for (const std::size_t i : {0u, 4u, 8u}) {
    EXPECT_NEAR(out[i] / std::exp(a[i]), 1.0, 1e-13) << i;
  }
  EXPECT_EQ(out[1], 0.0);
}

// [[a, e], [0, a]], whose exponential has the derivative along e on its right above.
Matrix with_direction(const Matrix& a, const Matrix& e, Index n) {
  Matrix both(4 * a.size());
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) {
      const auto from = static_cast<std::size_t>(i * n + j);
      both[static_cast<std::size_t>(2 * n * i + j)] = a[from];
      both[static_cast<std::size_t>(2 * n * i + n + j)] = e[from];
      both[static_cast<std::size_t>(2 * n * (n + i) + n + j)] = a[from];
    }
  }
  return both;
}

void expect_derivative(const Matrix& a, const Matrix& e, Index n) {
  Matrix out(a.size());
  matrix_exponential_derivative(a.data(), e.data(), n, out.data());
  const std::vector<Real> exact = exponential_reference(with_direction(a, e, n), 2 * n);
  std::vector<Real> corner;
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j)
      corner.push_back(exact[static_cast<std::size_t>(2 * n * i + n + j)]);
  }
  EXPECT_LE(relative_error(out, corner), 1e-13) << n << " rows";
}

// Each degree of the approximants, and matrices that are halved.
TEST(MatrixExponentialDerivative, MatchesTheBlockMatrixInLongDouble) {
  std::uint64_t stream = 1000;
  for (const Index n : {1, 2, 5, 16}) {
    for (const double norm : {0.005, 0.1, 0.5, 1.5, 4.0, 5.0, 12.0}) {
      const Matrix a = random_matrix(n, norm, ++stream), e = random_matrix(n, 1.0, ++stream);
      SCOPED_TRACE(norm);
      expect_derivative(a, e, n);
    }
  }
}

// Matrices that are halved less often than their sums of rows ask for.
TEST(MatrixExponentialDerivative, OfSymmetricAndAntisymmetricMatrices) {
  constexpr Index n = 24;
  for (const double sign : {1.0, -1.0}) {
    for (const double norm : {3.0, 9.0, 20.0}) {
      Matrix a = random_matrix(n, norm, 77);
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < i; ++j) {
          a[static_cast<std::size_t>(j * n + i)] = sign * a[static_cast<std::size_t>(i * n + j)];
        }
        if (sign < 0.0) a[static_cast<std::size_t>(i * (n + 1))] = 0.0;
      }
      SCOPED_TRACE(sign * norm);
      expect_derivative(a, random_matrix(n, 1.0, 78), n);
      Matrix out(a.size());
      matrix_exponential(a.data(), n, out.data());
      EXPECT_LE(relative_error(out, exponential_reference(a, n)), 1e-13);
    }
  }
}

TEST(MatrixExponential, OfAnInfiniteElementIsNan) {
  for (const double bad : {HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    const Matrix a = {1, bad, 0, 1};
    Matrix out(4);
    matrix_exponential(a.data(), 2, out.data());
    for (const double v : out) EXPECT_TRUE(std::isnan(v));
    const Matrix e = {1, 0, 0, 1};
    matrix_exponential_derivative(a.data(), e.data(), 2, out.data());
    for (const double v : out) EXPECT_TRUE(std::isnan(v));
  }
}

TEST(MatrixInverse, TimesTheMatrixIsOne) {
  for (const Index n : {1, 2, 7, 8, 13, 16, 32, 33, 70}) {
    Matrix a = random_matrix(n, 1.0, static_cast<std::uint64_t>(100 + n));
    // Rows are exchanged: the large numbers are not on the diagonal.
    for (Index i = 0; i < n; ++i) a[static_cast<std::size_t>(i * n + (i + 2) % n)] += 2.0;
    Matrix inverse(a.size());
    ASSERT_TRUE(matrix_inverse(a.data(), n, inverse.data()));
    const auto one = product({a.begin(), a.end()}, {inverse.begin(), inverse.end()}, n);
    for (Index i = 0; i < n * n; ++i) {
      EXPECT_NEAR(static_cast<double>(one[static_cast<std::size_t>(i)]),
                  i % (n + 1) == 0 ? 1.0 : 0.0, 1e-14);
    }
  }
}

TEST(MatrixInverse, KnowsASingularMatrix) {
  Matrix out(9);
  EXPECT_FALSE(matrix_inverse(Matrix{0}.data(), 1, out.data()));
  EXPECT_FALSE(matrix_inverse(Matrix{1, 2, 2, 4}.data(), 2, out.data()));
  // Rank 2, though rounding leaves no pivot at zero.
  const Matrix rounded = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
  EXPECT_FALSE(matrix_inverse(rounded.data(), 3, out.data()));
  EXPECT_TRUE(matrix_inverse(Matrix{1e-12, 1, 1, 1e-12}.data(), 2, out.data()));
}

// Rank 2, though rounding leaves no pivot at zero; of sizes that other code inverts.
TEST(MatrixInverse, KnowsSingularMatricesOfAnySize) {
  for (const Index n : {3, 9, 20, 40}) {
    Matrix a(static_cast<std::size_t>(n * n)), out(a.size());
    for (Index i = 0; i < n * n; ++i) a[static_cast<std::size_t>(i)] = 0.1 * double(1 + i);
    EXPECT_FALSE(matrix_inverse(a.data(), n, out.data())) << n;
  }
}

// a = r r' + 1 is positive definite, and b = a x for an x that is known.
TEST(SolvePositiveDefinite, GivesWhatTheProductWasMadeOf) {
  for (const Index n : {1, 2, 7, 8, 40, 100}) {
    const Matrix r = random_matrix(n, 3.0, static_cast<std::uint64_t>(n));
    constexpr Index columns = 3;
    const auto at = [](Index i, Index j, Index width) {
      return static_cast<std::size_t>(i * width + j);
    };
    Matrix a(r.size()), x, b(static_cast<std::size_t>(n * columns)), got(b.size());
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j) {
        a[at(i, j, n)] = i == j ? 1.0 : 0.0;
        for (Index k = 0; k < n; ++k) a[at(i, j, n)] += r[at(i, k, n)] * r[at(j, k, n)];
      }
    }
    for (Index k = 0; k < n * columns; ++k) x.push_back(std::sin(static_cast<double>(k)));
    for (Index i = 0; i < n; ++i) {
      for (Index k = 0; k < n; ++k) {
        for (Index j = 0; j < columns; ++j) {
          b[at(i, j, columns)] += a[at(i, k, n)] * x[at(k, j, columns)];
        }
      }
    }
    ASSERT_TRUE(solve_positive_definite(a.data(), n, b.data(), columns, got.data()));
    for (std::size_t k = 0; k < x.size(); ++k) EXPECT_NEAR(got[k], x[k], 1e-12);
  }
}

TEST(SolvePositiveDefinite, RefusesOtherMatrices) {
  const double b[] = {1.0, 2.0};
  double x[] = {5.0, 6.0};
  const double nan = std::nan("");
  for (const Matrix& a : {Matrix{1, 2, 2, 1}, Matrix{0, 0, 0, 0}, Matrix{1, 1, 1, 1},
                          Matrix{1, nan, nan, 1}, Matrix{nan, 0, 0, 1}}) {
    EXPECT_FALSE(solve_positive_definite(a.data(), 2, b, 1, x));
  }
  EXPECT_EQ(x[0], 5.0);
  EXPECT_EQ(x[1], 6.0);
}

// By hand: [[2, 1], [1, 2]] has 1 along (1, -1) and 3 along (1, 1). A larger one by a v = l v.
TEST(SymmetricEigen, FindsValuesInOrderAndTheirVectors) {
  double values[2], vectors[4];
  const double small[] = {2.0, 1.0, 1.0, 2.0};
  ASSERT_TRUE(symmetric_eigen(small, 2, values, vectors));
  EXPECT_NEAR(values[0], 1.0, 1e-14);
  EXPECT_NEAR(values[1], 3.0, 1e-14);
  EXPECT_NEAR(vectors[0], -vectors[1], 1e-14);
  EXPECT_NEAR(vectors[2], vectors[3], 1e-14);
  EXPECT_NEAR(std::abs(vectors[2]), std::sqrt(0.5), 1e-14);

  const Index n = 7;
  const auto at = [](Index i, Index j, Index of) { return static_cast<std::size_t>(i * of + j); };
  Matrix a(49), l(7), v(49);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) a[at(i, j, n)] = std::sin(double(i * j)) + double(i + j);
  }
  ASSERT_TRUE(symmetric_eigen(a.data(), n, l.data(), v.data()));
  EXPECT_TRUE(std::is_sorted(l.begin(), l.end()));
  for (Index k = 0; k < n; ++k) {
    for (Index i = 0; i < n; ++i) {
      double product = 0.0;
      for (Index j = 0; j < n; ++j) product += a[at(i, j, n)] * v[at(k, j, n)];
      EXPECT_NEAR(product, l[std::size_t(k)] * v[at(k, i, n)], 1e-12);
    }
  }
}

TEST(SolveLinear, IsWhatTheProductUndoes) {
  // Rows are exchanged: the first pivot is 0.
  const Matrix a = {0, 2, 1, 1, -1, 3, 4, 0.5, -2}, x = {1, -2, 0.5, 3, -1, 0.25};  // [3, 2]
  for (const bool turned : {false, true}) {
    Matrix b(6, 0.0), got(6);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t k = 0; k < 3; ++k) {
        for (std::size_t j = 0; j < 2; ++j) {
          b[2 * i + j] += (turned ? a[3 * k + i] : a[3 * i + k]) * x[2 * k + j];
        }
      }
    }
    ASSERT_TRUE(solve_linear(a.data(), 3, turned, b.data(), 2, got.data()));
    for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(got[i], x[i], 1e-14) << i;
  }
}

// Sizes below, at and above a panel of columns; of symmetric matrices, positive definite and not,
// and of those that only look positive definite above the diagonal.
TEST(SolveLinear, OfAnySizeIsWhatTheProductUndoes) {
  enum class Kind { any, half_definite, definite, indefinite };
  for (const Index n : {5, 16, 17, 40, 130}) {
    for (const Kind kind : {Kind::any, Kind::half_definite, Kind::definite, Kind::indefinite}) {
      const bool symmetric = kind == Kind::definite || kind == Kind::indefinite;
      Matrix a = random_matrix(n, 1.0, static_cast<std::uint64_t>(500 + n));
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < i && symmetric; ++j) {
          a[static_cast<std::size_t>(j * n + i)] = a[static_cast<std::size_t>(i * n + j)];
        }
        const Index large = kind == Kind::any ? (i + 3) % n : i;
        a[static_cast<std::size_t>(i * n + large)] +=
            kind == Kind::indefinite && i == 2 ? -3.0 : 3.0;
      }
      for (const Index columns : {1, 2, 70}) {
        for (const bool turned : {false, true}) {
          std::vector<Real> x, matrix(a.begin(), a.end());
          for (Index i = 0; i < n * columns; ++i) x.push_back(std::sin(double(i)));
          Matrix b(x.size()), got(x.size());
          for (Index i = 0; i < n; ++i) {
            for (Index j = 0; j < columns; ++j) {
              Real sum = 0;
              for (Index k = 0; k < n; ++k) {
                sum += matrix[static_cast<std::size_t>(turned ? k * n + i : i * n + k)] *
                       x[static_cast<std::size_t>(k * columns + j)];
              }
              b[static_cast<std::size_t>(i * columns + j)] = static_cast<double>(sum);
            }
          }
          ASSERT_TRUE(solve_linear(a.data(), n, turned, b.data(), columns, got.data()));
          EXPECT_LE(relative_error(got, x), 1e-14)
              << n << " rows, " << columns << " columns, kind " << static_cast<int>(kind);
        }
      }
    }
  }
}

// One side of the diagonal is off by a few roundings, as in a sum of rounded outer products; by
// more, and it is another matrix.
TEST(SolveLinear, TakesAMatrixAsSymmetricUpToRounding) {
  const Matrix b = {1, 1};
  for (const double off : {4e-16, 1e-12}) {
    Matrix x(2), y(2);
    ASSERT_TRUE(solve_linear(Matrix{1, 0.5, 0.5 + off, 1}.data(), 2, false, b.data(), 1, x.data()));
    ASSERT_TRUE(solve_linear(Matrix{1, 0.5, 0.5, 1}.data(), 2, false, b.data(), 1, y.data()));
    EXPECT_EQ(x == y, off < 1e-15) << off;
    EXPECT_NEAR(x[0], 2.0 / 3.0, 2.0 * off);
  }
}

TEST(SolveLinear, SingularMatricesHaveNoSolution) {
  Matrix x = {7, 7};
  EXPECT_FALSE(solve_linear(Matrix{1, 2, 2, 4}.data(), 2, false, Matrix{1, 1}.data(), 1, x.data()));
  EXPECT_EQ(x, (Matrix{7, 7}));
}

}  // namespace
}  // namespace carousel
