#pragma once
// Included by one .cpp file per instruction set, as kernel/tile_functions.hpp is and under the same
// rules.

#include <math.h>

#include <xsimd/xsimd.hpp>

#include "kernel/elimination.hpp"

namespace carousel {
namespace {

template <class T>
void negated(const T* from, Index n, double* to) {
  for (Index i = 0; i < n; ++i) to[i] = -static_cast<double>(from[i]);
}

constexpr double largest_double = 0x1.fffffffffffffp+1023, epsilon = 0x1p-52;

double size_of(double v) { return v < 0.0 ? -v : v; }

template <class T>
bool is_symmetric(const T* a, Index n) {
  constexpr Index block = 16;  // two blocks are in the first cache
  for (Index i = 0; i < n; i += block) {
    const Index end = i + block < n ? i + block : n;
    for (Index j = 0; j <= i; j += block) {
      const Index width = j + block < n ? block : n - j;
      int differences = 0;
      for (Index r = i; r < end; ++r) {
        for (Index c = j; c < j + width; ++c) differences |= a[r * n + c] != a[c * n + r];
      }
      if (differences != 0) return false;
    }
  }
  return true;
}

// Elimination of a beside -1, a row at a time.
template <class V>
bool invert_factor(double* a, double* inverse) {
  constexpr Index n = factor_block, size = Index{V::size}, vectors = n / size;
  V rows[n][2 * vectors];
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) inverse[i * n + j] = i == j ? -1.0 : 0.0;
    for (Index v = 0; v < vectors; ++v) {
      rows[i][v] = V::load_unaligned(a + i * n + v * size);
      rows[i][vectors + v] = V::load_unaligned(inverse + i * n + v * size);
    }
  }
  for (Index k = 0; k < n; ++k) {
    for (Index v = 0; v < vectors; ++v) rows[k][v].store_unaligned(a + k * n + v * size);
    const double pivot = a[k * n + k];
    if (!(pivot > 0.0 && pivot <= largest_double)) return false;
    const V scale(1.0 / sqrt(pivot)), turned(-1.0 / pivot);
    for (Index i = k + 1; i < n; ++i) {
      const V factor = V(a[k * n + i]) * turned;
      for (Index v = 0; v < 2 * vectors; ++v) {
        rows[i][v] = xsimd::fma(factor, rows[k][v], rows[i][v]);
      }
    }
    for (Index v = 0; v < vectors; ++v) {
      (scale * rows[k][vectors + v]).store_unaligned(inverse + k * n + v * size);
    }
  }
  return true;
}

// The largest of the sums of absolute values of each column; NaN where there is one.
template <class V, Index width>
double largest_column_sum(const double (*a)[width], Index n) {
  double sums[width];
  for (Index j = 0; j < width; j += Index{V::size}) {
    V sum(0.0);
    for (Index i = 0; i < n; ++i) sum += xsimd::abs(V::load_aligned(&a[i][j]));
    sum.store_unaligned(sums + j);
  }
  double largest = 0.0;
  for (Index j = 0; j < n; ++j) {
    if (sums[j] != sums[j]) return sums[j];
    largest = sums[j] > largest ? sums[j] : largest;
  }
  return largest;
}

// The place of the largest |row[j]|, j < width, among those where is_free is 1 and not 0.
template <Index width>
Index largest_of(const double* row, const double* is_free) {
  constexpr Index chains = 4;  // which do not wait for each other
  double largest[chains];
  Index at[chains];
  for (Index c = 0; c < chains; ++c) {
    largest[c] = -1.0;
    at[c] = c;
  }
  for (Index j = 0; j < width; j += chains) {
    for (Index c = 0; c < chains; ++c) {
      const double size = is_free[j + c] == 0.0 ? -1.0 : size_of(row[j + c]);
      at[c] = size > largest[c] ? j + c : at[c];
      largest[c] = size > largest[c] ? size : largest[c];
    }
  }
  for (Index c = 1; c < chains; ++c) {
    at[0] = largest[c] > largest[0] ? at[c] : at[0];
    largest[0] = largest[c] > largest[0] ? largest[c] : largest[0];
  }
  return at[0];
}

// Of a matrix whose rows are filled up with zeros. In place: step k makes the number that stands in
// column p the unknown of row k, and exchanges nothing.
template <class V, Index width, class T>
bool invert_padded(const T* from, Index n, T* out) {
  constexpr Index size = Index{V::size}, vectors = width / size;
  alignas(64) double a[width][width];
  double is_free[width], keeps[2 * width];  // all but the one in the middle are kept
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < width; ++j) a[i][j] = j < n ? static_cast<double>(from[i * n + j]) : 0.0;
  }
  for (Index j = 0; j < width; ++j) is_free[j] = j < n ? 1.0 : 0.0;
  for (Index j = 0; j < 2 * width; ++j) keeps[j] = j == width ? 0.0 : 1.0;
  const double before = largest_column_sum<V, width>(a, n);
  Index columns[width];  // of row k
  for (Index k = 0; k < n; ++k) {
    const Index p = largest_of<width>(a[k], is_free);
    const double pivot = a[k][p];
    if (pivot == 0.0) return false;
    columns[k] = p;
    is_free[p] = 0.0;
    const V scale(1.0 / pivot);
    V row[vectors], keep[vectors];
    for (Index v = 0; v < vectors; ++v) {
      keep[v] = V::load_unaligned(keeps + width - p + v * size);
      // The pivot's own place gets 1 / pivot.
      row[v] = scale * (xsimd::fma(keep[v], V::load_aligned(&a[k][v * size]), V(1.0) - keep[v]));
    }
    for (Index r = 0; r < n; ++r) {
      const V factor(-a[r][p]);
      for (Index v = 0; v < vectors; ++v) {
        const V kept = keep[v] * V::load_aligned(&a[r][v * size]);
        xsimd::fma(factor, row[v], kept).store_aligned(&a[r][v * size]);
      }
    }
    for (Index v = 0; v < vectors; ++v) row[v].store_aligned(&a[k][v * size]);
  }
  for (Index k = 0; k < n; ++k) {
    for (Index j = 0; j < n; ++j) out[columns[k] * n + j] = static_cast<T>(a[k][columns[j]]);
  }
  const double condition = before * largest_column_sum<V, width>(a, n);
  return !(condition * epsilon > 1.0);
}

template <class V, class T>
bool invert(const T* a, Index n, T* out) {
  if (n <= 8) return invert_padded<V, 8>(a, n, out);
  if (n <= 16) return invert_padded<V, 16>(a, n, out);
  return invert_padded<V, largest_small_inverse>(a, n, out);
}

// V: a vector of double of the instruction set.
template <class V, class T>
constexpr EliminationKernels<T> kernels_of{negated<T>, is_symmetric<T>, invert_factor<V>,
                                           invert<V, T>};

}  // namespace
}  // namespace carousel
