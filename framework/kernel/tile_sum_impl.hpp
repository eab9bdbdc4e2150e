#pragma once
// As tile_impl.hpp: included by one .cpp file per instruction set.

#include "kernel/tile_impl.hpp"

namespace carousel {
namespace {

// The sum and a vector of an operand, or of the product of two. Bit 0 of `ones`: a is one element
// for the row, bit 1: b is.
template <class V, bool product, int ones, class T>
V added(V sum, const TileArg<T>& a, const TileArg<T>& b, Index i) {
  const V x = (ones & 1) != 0 ? V(*a.data) : V::load_unaligned(a.data + i);
  if constexpr (!product) return sum + x;
  else return mul_add::run(x, (ones & 2) != 0 ? V(*b.data) : V::load_unaligned(b.data + i), sum);
}

// Elements [first, n) of a row.
template <class T, bool product>
T sum_of_rest(const TileArg<T>& a, const TileArg<T>& b, Index first, Index n) {
  T rest = T(0);
  for (Index i = first; i < n; ++i) {
    if constexpr (product) rest += a.data[a.stride * i] * b.data[b.stride * i];
    else rest += a.data[a.stride * i];
  }
  return rest;
}

// As many vectors as 32 bytes have elements, or 16 on the baseline.
template <class V>
constexpr int sums_at_once = static_cast<int>(sizeof(V) == 64 ? V::size / 2 : V::size);

// The sum of each vector. xsimd 8.1 sums wrongly on AVX-512: there, halves are added first.
template <class V, class T>
void store_sums(const V* parts, T* sums) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64) {
    using Half = xsimd::batch<T, half_vector>;
    Half halves[Half::size];
    for (int r = 0; r < sums_at_once<V>; ++r) {
      const V& part = parts[r];
      if constexpr (sizeof(T) == 4) {
        halves[r] = Half(_mm512_castps512_ps256(part)) + Half(_mm512_extractf32x8_ps(part, 1));
      } else {
        halves[r] = Half(_mm512_castpd512_pd256(part)) + Half(_mm512_extractf64x4_pd(part, 1));
      }
    }
    xsimd::haddp(halves).store_unaligned(sums);
    return;
  }
#endif
  if constexpr (sizeof(V) < 64) xsimd::haddp(parts).store_unaligned(sums);
}

// A few rows at once: their sums become one vector. `shared`: all have the same b. `used`: so many
// rows are there.
template <class V, class T, bool product, bool shared, int used = sums_at_once<V>>
[[gnu::always_inline]] inline void sum_row_block(const TileArg<T>& a, const TileArg<T>& b, Index n,
                                                 T* sums) {
  constexpr int count = sums_at_once<V>;
  constexpr Index width = static_cast<Index>(V::size);
  V parts[count];
  for (int r = 0; r < count; ++r) parts[r] = V(T(0));
  Index i = 0;
  for (; i + width <= n; i += width) {
    const V same = product && shared ? V::load_unaligned(b.data + i) : V(T(0));
    for (int r = 0; r < used; ++r) {
      const V x = V::load_unaligned(a.data + r * a.row_step + i);
      if constexpr (!product) parts[r] += x;
      else if constexpr (shared) parts[r] = mul_add::run(x, same, parts[r]);
      else parts[r] = mul_add::run(x, V::load_unaligned(b.data + r * b.row_step + i), parts[r]);
    }
  }
  store_sums(parts, sums);
  if (i == n) return;
  for (int r = 0; r < used; ++r) {
    const TileArg<T> x{a.data + r * a.row_step, a.stride}, y{b.data + r * b.row_step, b.stride};
    sums[r] += sum_of_rest<T, product>(x, y, i, n);
  }
}

// The sum of one row as sum_row_block() makes it: where the rows end changes no bit.
template <class V, class T, bool product>
T row_sum(TileArg<T> a, TileArg<T> b, Index n) {
  T sums[sums_at_once<V>];
  a.row_step = b.row_step = 0;
  sum_row_block<V, T, product, true, 1>(a, b, n, sums);
  return sums[0];
}

template <class Arch, class T, bool product, bool adds>
[[gnu::always_inline]] inline void run_row_sums_of(TileArg<T> a, TileArg<T> b, TileOut<T> out,
                                                   Index rows, Index n) {
  const auto put = [&](T sum) {
    if constexpr (adds) *out.data += sum;
    else *out.data = sum;
    out.data += out.row_step;
  };
  const auto go_on = [&](Index count) {
    a.data += count * a.row_step;
    b.data += count * b.row_step;
  };
  if constexpr (!std::is_void_v<Arch>) {
    using V = xsimd::batch<T, Arch>;
    if (n < static_cast<Index>(V::size)) {
      using Narrow = typename Narrower<Arch>::type;
      return run_row_sums_of<Narrow, T, product, adds>(a, b, out, rows, n);
    }
    if (a.stride == 1 && b.stride == 1) {
      constexpr Index block = sums_at_once<V>;
      T sums[block];
      Index r = 0;
      for (; r + block <= rows; r += block, go_on(block)) {
        if (b.row_step == 0) sum_row_block<V, T, product, true>(a, b, n, sums);
        else sum_row_block<V, T, product, false>(a, b, n, sums);
        for (const T sum : sums) put(sum);
      }
      for (; r < rows; ++r, go_on(1)) put(row_sum<V, T, product>(a, b, n));
      return;
    }
  }
  for (Index r = 0; r < rows; ++r, go_on(1)) put(sum_of_rest<T, product>(a, b, 0, n));
}

template <class Arch, class T, bool product, bool adds>
void run_row_sums(const TileArg<T>* args, TileOut<T> out, Index rows, Index n) {
  const TileArg<T>& second = args[product ? 1 : 0];
  run_row_sums_of<Arch, T, product, adds>({args->data, args->stride, args->row_step},
                                          {second.data, second.stride, second.row_step}, out, rows,
                                          n);
}

// `count` columns of vectors stay in registers while the rows pass. Four rows in turn where there
// is one, so that an addition does not wait for the one before.
template <class V, class T, bool product, int ones, int count>
[[gnu::always_inline]] inline void add_columns(TileArg<T> a, TileArg<T> b, T* out, Index rows) {
  constexpr Index width = static_cast<Index>(V::size);
  constexpr int turns = count == 1 ? 4 : 1;
  V sums[count * turns];
  for (int k = 0; k < count * turns; ++k) sums[k] = V(T(0));
  const auto add_row = [&](int turn) {
    for (int k = 0; k < count; ++k) {
      V& sum = sums[turn * count + k];
      sum = added<V, product, ones>(sum, a, b, k * width);
    }
    a.data += a.row_step;
    b.data += b.row_step;
  };
  Index r = 0;
  for (; r + turns <= rows; r += turns) {
    for (int turn = 0; turn < turns; ++turn) add_row(turn);
  }
  for (; r < rows; ++r) add_row(0);
  for (int k = 0; k < count; ++k) {
    V sum = sums[k];
    for (int turn = 1; turn < turns; ++turn) sum += sums[turn * count + k];
    (V::load_unaligned(out + k * width) + sum).store_unaligned(out + k * width);
  }
}

// The columns from `first` on: the widest pieces that are left, then narrower ones.
template <class Arch, class T, bool product, int ones>
void run_column_sums_of(const TileArg<T>& a, const TileArg<T>& b, T* out, Index rows, Index first,
                        Index n) {
  const auto from = [](const TileArg<T>& arg, Index i) {
    return TileArg<T>{arg.data + arg.stride * i, arg.stride, arg.row_step};
  };
  Index i = first;
  if constexpr (std::is_void_v<Arch>) {
    for (; i < n; ++i) {
      const T *x = from(a, i).data, *y = from(b, i).data;
      T sum = T(0);
      for (Index r = 0; r < rows; ++r, x += a.row_step, y += b.row_step) {
        if constexpr (product) sum += *x * *y;
        else sum += *x;
      }
      out[i] += sum;
    }
  } else {
    using V = xsimd::batch<T, Arch>;
    constexpr Index width = static_cast<Index>(V::size);
    for (; i + 8 * width <= n; i += 8 * width) {
      add_columns<V, T, product, ones, 8>(from(a, i), from(b, i), out + i, rows);
    }
    for (; i + 2 * width <= n; i += 2 * width) {
      add_columns<V, T, product, ones, 2>(from(a, i), from(b, i), out + i, rows);
    }
    for (; i + width <= n; i += width) {
      add_columns<V, T, product, ones, 1>(from(a, i), from(b, i), out + i, rows);
    }
    run_column_sums_of<typename Narrower<Arch>::type, T, product, ones>(a, b, out, rows, i, n);
  }
}

template <class Arch, class T, bool product>
void run_column_sums(const TileArg<T>* args, TileOut<T> out, Index rows, Index n) {
  const TileArg<T>& second = args[product ? 1 : 0];
  const TileArg<T> a{args->data, args->stride, args->row_step},
      b{second.data, second.stride, second.row_step};
  const bool one_a = a.stride == 0, one_b = product && b.stride == 0;
  if (one_a && one_b) run_column_sums_of<Arch, T, product, 3>(a, b, out.data, rows, 0, n);
  else if (one_a) run_column_sums_of<Arch, T, product, 1>(a, b, out.data, rows, 0, n);
  else if (one_b) run_column_sums_of<Arch, T, product, 2>(a, b, out.data, rows, 0, n);
  else run_column_sums_of<Arch, T, product, 0>(a, b, out.data, rows, 0, n);
}

struct two_products {
  template <class V>
  static V run(V a, V b, V c, V d) {
    return mul_add::run(a, b, c * d);
  }
};

template <class Arch, class T>
void run_two_products(const TileArg<T>* args, TileOut<T> out, Index rows, Index n) {
  run_arithmetic<Arch, T, two_products, 4>(args, out, rows, n);
}

template <class Arch, class T>
TileKernel<T> find_tile_sum(TileSum kind) {
  switch (kind) {
    case TileSum::sum: return run_row_sums<Arch, T, false, false>;
    case TileSum::dot: return run_row_sums<Arch, T, true, false>;
    case TileSum::add_sum: return run_row_sums<Arch, T, false, true>;
    case TileSum::add_dot: return run_row_sums<Arch, T, true, true>;
    case TileSum::columns: return run_column_sums<Arch, T, false>;
    case TileSum::products: return run_two_products<Arch, T>;
    case TileSum::dot_columns: return run_column_sums<Arch, T, true>;
  }
  return nullptr;
}

}  // namespace
}  // namespace carousel
