#include "kernel/factorisation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernel/elimination.hpp"
#include "kernel/small_gemm.hpp"
#include "kernel/tile.hpp"

namespace carousel {
namespace {

constexpr Index lanes = factor_block;  // elements of the widest vector, too
constexpr Index leaf = panel_columns;  // columns that are eliminated one by one
constexpr Index block = 64;            // rows and columns of c in one call of a kernel

Index whole_vectors(Index n) { return (n + lanes - 1) / lanes * lanes; }

Index whole_panels(Index n) { return (n + leaf - 1) / leaf * leaf; }

// Not a multiple of what maps rows to the same sets of the first cache.
Index padded_step(Index n) {
  const Index step = whole_vectors(n);
  return step % 64 == 0 ? step + lanes : step;
}

// Products in an order that is the same for all matrices of a size: none is looked up again.
class CompiledProducts {
 public:
  void restart() { next_ = 0; }
  const SmallGemm<double>& next(const SmallGemmSizes& sizes) {
    if (next_ == kernels_.size()) kernels_.emplace_back();
    kernels_[next_].prepare(sizes);
    return kernels_[next_++];
  }

 private:
  std::vector<SmallGemm<double>> kernels_;
  std::size_t next_ = 0;
};

// Products each of which is looked up.
struct LookedUpProducts {
  SmallGemm<double> kernel;
  const SmallGemm<double>& next(const SmallGemmSizes& sizes) {
    kernel.prepare(sizes);
    return kernel;
  }
};

// c += a b, or a^T b. sizes: those of c, the inner size and the steps.
template <class Products>
void add_product(const SmallGemmSizes& sizes, const double* a, const double* b, double* c,
                 Products&& products) {
  if (sizes.n == 1 && sizes.ldb == 1) {  // a dot product for each row
    static const TileKernel<double> add_dot = tile_sum_kernel<double>(TileSum::add_dot);
    const TileArg<double> args[] = {{a, 1, sizes.lda}, {b, 1, 0}};
    add_dot(args, {c, sizes.ldc}, sizes.m, sizes.k);
    return;
  }
  for (Index i = 0; i < sizes.m; i += block) {
    for (Index j = 0; j < sizes.n; j += block) {
      SmallGemmSizes part = sizes;
      part.m = std::min(block, sizes.m - i);
      part.n = std::min(block, sizes.n - j);
      const SmallGemm<double>& kernel = products.next(part);
      kernel.run(a + (sizes.transpose_a ? i : i * sizes.lda), b + j, c + i * sizes.ldc + j);
    }
  }
}

// Row r of c += factor r times `row`, for all its rows. factors: factor_step apart.
void add_outer(Index rows, Index columns, const double* factors, Index factor_step,
               const double* row, double* c, Index step) {
  static const TileKernel<double> mul_add = tile_kernel<double>(Tile::mul_add);
  if (columns == 1) {
    for (Index r = 0; r < rows; ++r) c[r * step] += factors[r * factor_step] * row[0];
    return;
  }
  if (rows == 0) return;
  const TileArg<double> args[] = {{factors, 0, factor_step}, {row, 1, 0}, {c, 1, step}};
  mul_add(args, {c, step}, rows, columns);
}

}  // namespace

template <class T>
bool LuFactorisation::factor(const T* a, Index n, bool transposed) {
  n_ = n;
  step_ = padded_step(whole_panels(n));
  factors_.assign(static_cast<std::size_t>(n * step_), 0.0);
  exchanges_.resize(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) {
      *at(i, j) = static_cast<double>(transposed ? a[j * n + i] : a[i * n + j]);
    }
  }
  return eliminate(0, whole_panels(n));
}

// Columns [first, first + width) of the rows from `first` on; those behind n are zeros.
bool LuFactorisation::eliminate(Index first, Index width) {
  if (width <= leaf) return eliminate_panel(first);
  const Index left = (width / 2 + leaf - 1) / leaf * leaf, right = width - left;
  const Index middle = first + left;
  if (!eliminate(first, left)) return false;
  if (middle >= n_) return true;
  solve_lower(first, left, at(first, middle), right, step_);
  add_product({n_ - middle, right, left, step_, step_, step_, false, true}, at(middle, first),
              at(first, middle), at(middle, middle), LookedUpProducts());
  return eliminate(middle, right);
}

bool LuFactorisation::eliminate_panel(Index first) {
  Index* exchanges = exchanges_.data() + first;
  const Index rows = n_ - first, columns = std::min(leaf, rows);
  if (!elimination_kernels<double>().eliminate_panel(at(first, first), rows, step_, exchanges)) {
    return false;
  }
  for (Index k = first; k < first + columns; ++k) {
    Index& other = exchanges_[static_cast<std::size_t>(k)];
    other += first;  // from the panel's rows to those of the matrix
    if (other == k) continue;
    std::swap_ranges(at(k, 0), at(k, first), at(other, 0));
    std::swap_ranges(at(k, first + leaf), at(k, 0) + step_, at(other, first + leaf));
  }
  return true;
}

void LuFactorisation::solve(double* b, Index columns) const {
  for (Index k = 0; k < n_; ++k) {
    const Index other = exchanges_[static_cast<std::size_t>(k)];
    if (other != k) std::swap_ranges(b + k * columns, b + (k + 1) * columns, b + other * columns);
  }
  solve_lower(0, n_, b, columns, columns);
  solve_upper(0, n_, b, columns, columns);
  for (Index i = 0; i < n_ * columns; ++i) b[i] = -b[i];
}

// b = L^-1 b for the rows and columns [first, first + size) of L. b: [size, columns].
void LuFactorisation::solve_lower(Index first, Index size, double* b, Index columns,
                                  Index step) const {
  if (size <= leaf) {
    for (Index s = 0; s + 1 < size; ++s) {
      add_outer(size - s - 1, columns, at(first + s + 1, first + s), step_, b + s * step,
                b + (s + 1) * step, step);
    }
    return;
  }
  const Index top = (size / 2 + leaf - 1) / leaf * leaf;
  solve_lower(first, top, b, columns, step);
  add_product({size - top, columns, top, step_, step, step, false, true}, at(first + top, first), b,
              b + top * step, LookedUpProducts());
  solve_lower(first + top, size - top, b + top * step, columns, step);
}

// b = -U^-1 b: what is known of x has its sign turned, so that products are added.
void LuFactorisation::solve_upper(Index first, Index size, double* b, Index columns,
                                  Index step) const {
  if (size <= leaf) {
    for (Index s = size - 1; s >= 0; --s) {
      const double scale = -1.0 / *at(first + s, first + s);
      for (Index j = 0; j < columns; ++j) b[s * step + j] *= scale;
      add_outer(s, columns, at(first, first + s), step_, b + s * step, b, step);
    }
    return;
  }
  const Index top = (size / 2 + leaf - 1) / leaf * leaf;
  solve_upper(first + top, size - top, b + top * step, columns, step);
  add_product({top, columns, size - top, step_, step, step, false, true}, at(first, first + top),
              b + top * step, b, LookedUpProducts());
  solve_upper(first, top, b, columns, step);
}

template bool LuFactorisation::factor(const float*, Index, bool);
template bool LuFactorisation::factor(const double*, Index, bool);

namespace {

using Block = std::array<double, lanes * lanes>;

// a = U^T U beside y of U^T y = b, in rows [U, y] of `step` elements, with what a thread keeps.
struct CholeskyRows {
  Index n = 0;  // rounded up to whole vectors: a gets a diagonal of ones there
  Index columns = 0, step = 0;
  std::vector<double> rows;       // [n, step]
  std::vector<double> band;       // [lanes, step]: -a and -b, less what is known of them
  std::vector<Block> inverses;    // -U^-T of the blocks on the diagonal
  std::vector<double> solutions;  // [n, columns]
  CompiledProducts products;
  double* at(Index row, Index column) { return rows.data() + row * step + column; }
};

// The band of rows [first, first + lanes) of -[a, b], from column `first` on.
template <class T>
void load_band(const T* a, Index n, const T* b, Index columns, Index first, CholeskyRows& to) {
  const EliminationKernels<T>& kernels = elimination_kernels<T>();
  for (Index r = first; r < first + lanes; ++r) {
    double* row = to.band.data() + (r - first) * to.step;
    std::fill(row + first, row + to.step, 0.0);
    if (r >= n) {
      row[r] = -1.0;
      continue;
    }
    kernels.negated(a + r * n + first, n - first, row + first);
    kernels.negated(b + r * columns, columns, row + to.n);
  }
}

template <class T>
bool factor_rows(const T* a, Index n, const T* b, Index columns, CholeskyRows& to) {
  const EliminationKernels<double>& kernels = elimination_kernels<double>();
  to.products.restart();
  for (Index first = 0; first < to.n; first += lanes) {
    load_band(a, n, b, columns, first, to);
    const Index width = to.n + whole_vectors(to.columns) - first;
    double* band = to.band.data() + first;
    if (first > 0) {
      add_product({lanes, width, first, to.step, to.step, to.step, true, true}, to.at(0, first),
                  to.at(0, first), band, to.products);
    }
    Block square;
    for (Index i = 0; i < lanes; ++i) {
      kernels.negated(band + i * to.step, lanes, square.data() + i * lanes);
    }
    Block& inverse = to.inverses[static_cast<std::size_t>(first / lanes)];
    if (!kernels.invert_factor(square.data(), inverse.data())) return false;
    for (Index j = 0; j < width; j += block) {
      const SmallGemmSizes sizes{
          lanes, std::min(block, width - j), lanes, lanes, to.step, to.step, false, false};
      to.products.next(sizes).run(inverse.data(), band + j, to.at(first, first + j));
    }
  }
  return true;
}

// -x of U x = y.
void substitute_back(CholeskyRows& in) {
  for (Index first = in.n - lanes; first >= 0; first -= lanes) {
    const Index behind = first + lanes;
    double* y = in.at(first, in.n);
    if (behind < in.n) {
      add_product({lanes, in.columns, in.n - behind, in.step, in.columns, in.step, false, true},
                  in.at(first, behind), in.solutions.data() + behind * in.columns, y, in.products);
    }
    const Block& inverse = in.inverses[static_cast<std::size_t>(first / lanes)];
    for (Index j = 0; j < in.columns; j += block) {
      const SmallGemmSizes sizes{
          lanes, std::min(block, in.columns - j), lanes, lanes, in.step, in.columns, true, false};
      in.products.next(sizes).run(inverse.data(), y + j,
                                  in.solutions.data() + first * in.columns + j);
    }
  }
}

}  // namespace

template <class T>
bool solve_positive_definite(const T* a, Index n, const T* b, Index columns, T* x) {
  thread_local CholeskyRows work;
  work.n = whole_vectors(n);
  work.columns = columns;
  work.step = padded_step(work.n + whole_vectors(columns));
  work.rows.resize(static_cast<std::size_t>(work.n * work.step));
  work.band.resize(static_cast<std::size_t>(lanes * work.step));
  work.inverses.resize(static_cast<std::size_t>(work.n / lanes));
  work.solutions.resize(static_cast<std::size_t>(work.n * work.columns));
  if (!factor_rows(a, n, b, columns, work)) return false;
  substitute_back(work);
  std::transform(work.solutions.begin(), work.solutions.begin() + n * columns, x,
                 [](double v) { return static_cast<T>(-v); });
  return true;
}

template bool solve_positive_definite(const float*, Index, const float*, Index, float*);
template bool solve_positive_definite(const double*, Index, const double*, Index, double*);

}  // namespace carousel
