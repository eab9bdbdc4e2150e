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

template <class T>
T size_of(T v) {
  return v < T(0) ? -v : v;
}

constexpr Index symmetry_block = 16;  // two are in the first cache

// Whether a block and one across the diagonal differ by no more than the tolerance. rows, columns:
// of the lower one; whole: both are symmetry_block.
template <bool whole, class T>
bool agree(const T* lower, const T* upper, Index rows, Index columns, Index n, T tolerance) {
  if constexpr (whole) rows = columns = symmetry_block;
  T turned[symmetry_block][symmetry_block];
  for (Index c = 0; c < columns; ++c) {
    for (Index r = 0; r < rows; ++r) turned[r][c] = upper[c * n + r];
  }
  int differs[symmetry_block] = {};
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < columns; ++c) {
      differs[c] |= !(size_of(lower[r * n + c] - turned[r][c]) <= tolerance);
    }
  }
  int any = 0;
  for (const int one : differs) any |= one;
  return any == 0;
}

template <class T>
bool may_be_definite(const T* a, Index n) {
  T smallest = a[0];
  for (Index i = 1; i < n; ++i) {
    smallest = a[i * (n + 1)] < smallest ? a[i * (n + 1)] : smallest;
  }
  if (!(smallest > T(0))) return false;
  const T tolerance = symmetry_roundings * (sizeof(T) == 4 ? T(0x1p-24) : T(0x1p-53)) * smallest;
  const auto rest = [&](Index i) { return n - i < symmetry_block ? n - i : symmetry_block; };
  for (Index i = 0; i < n; i += symmetry_block) {
    for (Index j = 0; j <= i; j += symmetry_block) {
      const T *lower = a + i * n + j, *upper = a + j * n + i;
      const bool same = rest(i) == symmetry_block
                            ? agree<true>(lower, upper, 0, 0, n, tolerance)
                            : agree<false>(lower, upper, rest(i), rest(j), n, tolerance);
      if (!same) return false;
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

// The next pivot is looked for while the rows are made.
template <class V>
bool eliminate_panel(double* panel, Index rows, Index step, Index* exchanges) {
  constexpr Index size = Index{V::size}, vectors = panel_columns / size;
  double keeps[2 * panel_columns], ones[2 * panel_columns];  // behind the middle; in the middle
  for (Index j = 0; j < 2 * panel_columns; ++j) {
    keeps[j] = j > panel_columns ? 1.0 : 0.0;
    ones[j] = j == panel_columns ? 1.0 : 0.0;
  }
  Index pivot = 0;
  for (Index r = 1; r < rows; ++r) {
    if (size_of(panel[r * step]) > size_of(panel[pivot * step])) pivot = r;
  }
  for (Index k = 0; k < panel_columns && k < rows; ++k) {
    exchanges[k] = pivot;
    double *top = panel + k * step, *chosen = panel + pivot * step;
    if (chosen[k] == 0.0) return false;
    const double scale = -1.0 / chosen[k];
    V row[vectors];
    xsimd::batch_bool<double, typename V::arch_type> is_factor[vectors];
    for (Index v = 0; v < vectors; ++v) {
      const V of_pivot = V::load_unaligned(chosen + v * size);
      V::load_unaligned(top + v * size).store_unaligned(chosen + v * size);
      of_pivot.store_unaligned(top + v * size);
      row[v] = V::load_unaligned(keeps + panel_columns - k + v * size) * of_pivot;
      is_factor[v] = V::load_unaligned(ones + panel_columns - k + v * size) == V(1.0);
    }
    const Index next = k + 1 < panel_columns ? k + 1 : k;
    double largest = -1.0;
    pivot = k + 1;
    for (Index r = k + 1; r < rows; ++r) {
      double* at = panel + r * step;
      const V factor(scale * at[k]);
      for (Index v = 0; v < vectors; ++v) {
        const V made = xsimd::fma(factor, row[v], V::load_unaligned(at + v * size));
        xsimd::select(is_factor[v], factor, made).store_unaligned(at + v * size);
      }
      const double magnitude = size_of(at[next]);
      pivot = magnitude > largest ? r : pivot;
      largest = magnitude > largest ? magnitude : largest;
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
constexpr EliminationKernels<T> kernels_of{negated<T>, may_be_definite<T>, invert_factor<V>,
                                           eliminate_panel<V>, invert<V, T>};

}  // namespace
}  // namespace carousel
