#pragma once
// Runs the functions of tile_functions.hpp over tiles; included as that is, and for the same
// reason.

#include "kernel/tile_functions.hpp"

namespace carousel {
namespace {

// Loads m <= V::size elements; the lanes beyond are 1, which every kernel takes.
template <class V, class T>
V load_part(TileArg<T> arg, Index i, Index m) {
  if (arg.stride == 0) return V(*arg.data);
  if (m == static_cast<Index>(V::size)) return V::load_unaligned(arg.data + i);
  alignas(64) T part[V::size];
  for (Index j = 0; j < static_cast<Index>(V::size); ++j) part[j] = j < m ? arg.data[i + j] : T(1);
  return V::load_aligned(part);
}

template <class V, class T>
void store_part(V value, T* out, Index m) {
  if (m == static_cast<Index>(V::size)) {
    value.store_unaligned(out);
    return;
  }
  alignas(64) T part[V::size];
  value.store_aligned(part);
  for (Index j = 0; j < m; ++j) out[j] = part[j];
}

// Operands by value: a store could change what is read through a pointer to them.
template <class T, int arity>
struct Operands {
  TileArg<T> arg[arity];
};

// The function of operand(0), operand(1), ...
template <class F, int arity, class G>
[[gnu::always_inline]] inline auto run_on(const G& operand) {
  if constexpr (arity == 1) return F::run(operand(0));
  else if constexpr (arity == 2) return F::run(operand(0), operand(1));
  else if constexpr (arity == 3) return F::run(operand(0), operand(1), operand(2));
  else return F::run(operand(0), operand(1), operand(2), operand(3));
}

template <class V, class T, class F, int arity>
V run_part(Operands<T, arity> in, Index i, Index m) {
  const auto operand = [&](int k) { return load_part<V>(in.arg[k], i, m); };
  return run_on<F, arity>(operand);
}

// A whole vector of operands that all have stride 1.
template <class V, class T, class F, int arity>
V run_whole(Operands<T, arity> in, Index i) {
  const auto operand = [&](int k) { return V::load_unaligned(in.arg[k].data + i); };
  return run_on<F, arity>(operand);
}

// The vector path serves the remainder too, so a value never depends on its place. The last
// vector overlaps the one before; it is read first, since `out` may be an operand.
template <class V, class T, class F, int arity>
void run_row(Operands<T, arity> in, bool side_by_side, T* out, Index n) {
  constexpr Index width = static_cast<Index>(V::size);
  if (n < width) {
    if (n > 0) store_part(run_part<V, T, F, arity>(in, 0, n), out, n);
    return;
  }
  const Index last = n - width;
  const V tail = run_part<V, T, F, arity>(in, last, width);
  if (side_by_side) {
    for (Index i = 0; i < last; i += width) {
      run_whole<V, T, F, arity>(in, i).store_unaligned(out + i);
    }
  } else {
    for (Index i = 0; i < last; i += width) {
      run_part<V, T, F, arity>(in, i, width).store_unaligned(out + i);
    }
  }
  tail.store_unaligned(out + last);
}

// Functions that cost less than to ask for each vector which operands are one for all.
template <class F>
struct is_arithmetic {
  static constexpr bool value = false;
};
#define CAROUSEL_ARITHMETIC(name)       \
  template <>                           \
  struct is_arithmetic<name> {          \
    static constexpr bool value = true; \
  }
CAROUSEL_ARITHMETIC(add);
CAROUSEL_ARITHMETIC(sub);
CAROUSEL_ARITHMETIC(mul);
CAROUSEL_ARITHMETIC(div);
CAROUSEL_ARITHMETIC(safe_mul);
CAROUSEL_ARITHMETIC(safe_div);
CAROUSEL_ARITHMETIC(maximum);
CAROUSEL_ARITHMETIC(minimum);
CAROUSEL_ARITHMETIC(mul_add);
CAROUSEL_ARITHMETIC(mul_mul);
#undef CAROUSEL_ARITHMETIC

// The operands of an arithmetic kernel. They are copied number by number: a wide copy would wait
// for the caller's narrow stores, longer than a short row takes.
template <class T, int arity>
struct Walk {
  const T* data[arity];
  Index row_step[arity];
  T* out;
  Index out_step;

  void next_row() {
    for (int k = 0; k < arity; ++k) data[k] += row_step[k];
    out += out_step;
  }
};

// A vector of the result: of operands that are one element for the row, those in `one`.
template <class V, class T, class F, int arity, int ones>
[[gnu::always_inline]] inline V run_vector(const Walk<T, arity>& walk, const V* one, Index i) {
  const auto operand = [&](int k) {
    return (ones & (1 << k)) != 0 ? one[k] : V::load_unaligned(walk.data[k] + i);
  };
  return run_on<F, arity>(operand);
}

// Those operands of a row, read before anything is stored, which could change them.
template <class V, class T, int arity, int ones>
[[gnu::always_inline]] inline void read_ones(const Walk<T, arity>& walk, V* one) {
  for (int k = 0; k < arity; ++k) {
    if ((ones & (1 << k)) != 0) one[k] = V(*walk.data[k]);
  }
}

// `count` columns of vectors from element i on, row by row. Bit k of `ones`: operand k is one
// element for the row.
template <class V, class T, class F, int arity, int ones, int count>
[[gnu::always_inline]] inline void run_columns(Walk<T, arity> walk, Index rows, Index i) {
  constexpr Index width = static_cast<Index>(V::size);
  for (Index r = 0; r < rows; ++r) {
    V one[arity];
    read_ones<V, T, arity, ones>(walk, one);
    for (int c = 0; c < count; ++c) {
      const Index at = i + c * width;
      run_vector<V, T, F, arity, ones>(walk, one, at).store_unaligned(walk.out + at);
    }
    walk.next_row();
  }
}

// One row of a vector or more; the last vector as in run_row.
template <class V, class T, class F, int arity, int ones>
[[gnu::always_inline]] inline void run_line(const Walk<T, arity>& walk, Index n) {
  constexpr Index width = static_cast<Index>(V::size);
  V one[arity];
  read_ones<V, T, arity, ones>(walk, one);
  const Index last = n - width;
  const V tail = run_vector<V, T, F, arity, ones>(walk, one, last);
  for (Index i = 0; i < last; i += width) {
    run_vector<V, T, F, arity, ones>(walk, one, i).store_unaligned(walk.out + i);
  }
  tail.store_unaligned(walk.out + last);
}

// The vectors of half the size, where there are such.
template <class Arch>
struct Narrower {
  using type = void;
};
#if defined(__AVX512F__)
template <>
struct Narrower<xsimd::avx512bw> {
  using type = half_vector;
};
#endif

// Elements of the narrowest vector that the columns of a row are cut into.
template <class Arch, class T>
constexpr Index narrowest_size = [] {
  using Narrow = typename Narrower<Arch>::type;
  using Narrowest = std::conditional_t<std::is_void_v<Narrow>, Arch, Narrow>;
  return static_cast<Index>(xsimd::batch<T, Narrowest>::size);
}();

// Elements [first, n) of all rows: with whole vectors, what is left with those of half the size,
// and then as run_row does.
template <class Arch, class T, class F, int arity, int ones>
void run_rows(Walk<T, arity> walk, Index rows, Index first, Index n) {
  using V = xsimd::batch<T, Arch>;
  constexpr Index width = static_cast<Index>(V::size);
  // Where the narrowest vectors leave something over, an overlapping one is faster than its parts.
  if (first == 0 && n >= width && (rows == 1 || n % narrowest_size<Arch, T> != 0)) {
    for (Index r = 0; r < rows; ++r, walk.next_row()) run_line<V, T, F, arity, ones>(walk, n);
    return;
  }
  Index i = first;
  for (; i + 8 * width <= n; i += 8 * width) run_columns<V, T, F, arity, ones, 8>(walk, rows, i);
  for (; i + 2 * width <= n; i += 2 * width) run_columns<V, T, F, arity, ones, 2>(walk, rows, i);
  for (; i + width <= n; i += width) run_columns<V, T, F, arity, ones, 1>(walk, rows, i);
  if (i == n) return;
  if constexpr (!std::is_void_v<typename Narrower<Arch>::type>) {
    return run_rows<typename Narrower<Arch>::type, T, F, arity, ones>(walk, rows, i, n);
  }
  for (Index r = 0; r < rows; ++r, walk.next_row()) {
    Operands<T, arity> rest;
    for (int k = 0; k < arity; ++k) {
      const bool one = (ones & (1 << k)) != 0;
      rest.arg[k] = {walk.data[k] + (one ? 0 : i), one ? 0 : 1};
    }
    run_row<V, T, F, arity>(rest, false, walk.out + i, n - i);
  }
}

template <class Arch, class T, class F, int arity, int ones = (1 << arity) - 2>
void run_rows_of(int kind, const Walk<T, arity>& walk, Index rows, Index n) {
  if (kind == ones) return run_rows<Arch, T, F, arity, ones>(walk, rows, 0, n);
  if constexpr (ones > 0) return run_rows_of<Arch, T, F, arity, ones - 1>(kind, walk, rows, n);
}

// Arithmetic on rows that are not one element in all operands.
template <class Arch, class T, class F, int arity>
bool run_arithmetic(const TileArg<T>* args, TileOut<T> out, Index rows, Index n) {
  Walk<T, arity> walk;
  int ones = 0;
  for (int k = 0; k < arity; ++k) {
    walk.data[k] = args[k].data;
    walk.row_step[k] = args[k].row_step;
    if (args[k].stride == 0) ones |= 1 << k;
  }
  if (ones == (1 << arity) - 1) return false;
  walk.out = out.data;
  walk.out_step = out.row_step;
  run_rows_of<Arch, T, F, arity>(ones, walk, rows, n);
  return true;
}

template <class Arch, class T, class F, int arity>
void run_tile(const TileArg<T>* args, TileOut<T> out, Index rows, Index n) {
  using V = xsimd::batch<T, Arch>;
  if constexpr (is_arithmetic<F>::value) {
    if (run_arithmetic<Arch, T, F, arity>(args, out, rows, n)) return;
  }
  Operands<T, arity> row;
  bool side_by_side = true;
  for (int k = 0; k < arity; ++k) {
    row.arg[k] = args[k];
    side_by_side = side_by_side && args[k].stride == 1;
  }
  for (Index r = 0; r < rows; ++r) {
    run_row<V, T, F, arity>(row, side_by_side, out.data, n);
    for (int k = 0; k < arity; ++k) row.arg[k].data += row.arg[k].row_step;
    out.data += out.row_step;
  }
}

template <class Arch, class T>
TileKernel<T> find_tile_kernel(Tile tile) {
  switch (tile) {
#define CAROUSEL_TILE_CASE(name, arity) \
  case Tile::name: return run_tile<Arch, T, name, arity>;
    CAROUSEL_TILE_KERNELS(CAROUSEL_TILE_CASE)
#undef CAROUSEL_TILE_CASE
  }
  return nullptr;
}

}  // namespace
}  // namespace carousel
