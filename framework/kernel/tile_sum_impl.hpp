#pragma once
// As tile_impl.hpp: included by one .cpp file per instruction set.

#include "kernel/tile_impl.hpp"

namespace carousel {
namespace {

template <class V, class T>
V load_whole(const TileArg<T>& arg, Index i) {
  return arg.stride == 0 ? V(*arg.data) : V::load_unaligned(arg.data + i);
}

template <class V, bool product, class T>
V added(V sum, const TileArg<T>& a, const TileArg<T>& b, Index i) {
  if constexpr (product) return mul_add::run(load_whole<V>(a, i), load_whole<V>(b, i), sum);
  else return sum + load_whole<V>(a, i);
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

// Four running sums of vectors, so that an addition does not wait for the one before.
template <class V, class T, bool product>
T row_sum(const TileArg<T>& a, const TileArg<T>& b, Index n) {
  constexpr Index width = static_cast<Index>(V::size);
  V sum0(T(0)), sum1(T(0)), sum2(T(0)), sum3(T(0));
  Index i = 0;
  for (; i + 4 * width <= n; i += 4 * width) {
    sum0 = added<V, product>(sum0, a, b, i);
    sum1 = added<V, product>(sum1, a, b, i + width);
    sum2 = added<V, product>(sum2, a, b, i + 2 * width);
    sum3 = added<V, product>(sum3, a, b, i + 3 * width);
  }
  for (; i + width <= n; i += width) sum0 = added<V, product>(sum0, a, b, i);
  return xsimd::hadd((sum0 + sum1) + (sum2 + sum3)) + sum_of_rest<T, product>(a, b, i, n);
}

// The sum of each vector, of as many vectors as one has elements. xsimd 8.1 sums wrongly on
// AVX-512: there, halves are added first.
template <class V, class T>
void store_sums(const V* parts, T* sums) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64) {
    using Half = xsimd::batch<T, half_vector>;
    constexpr int count = static_cast<int>(Half::size);
    for (int first = 0; first < 2 * count; first += count) {
      Half halves[Half::size];
      for (int r = 0; r < count; ++r) {
        const V& part = parts[first + r];
        if constexpr (sizeof(T) == 4) {
          halves[r] = Half(_mm512_castps512_ps256(part)) + Half(_mm512_extractf32x8_ps(part, 1));
        } else {
          halves[r] = Half(_mm512_castpd512_pd256(part)) + Half(_mm512_extractf64x4_pd(part, 1));
        }
      }
      xsimd::haddp(halves).store_unaligned(sums + first);
    }
    return;
  }
#endif
  if constexpr (sizeof(V) < 64) xsimd::haddp(parts).store_unaligned(sums);
}

// As many rows as a vector has elements: their sums become one vector.
template <class V, class T, bool product>
void sum_row_block(TileArg<T> a, TileArg<T> b, Index n, T* sums) {
  constexpr int count = static_cast<int>(V::size);
  constexpr Index width = static_cast<Index>(V::size);
  const TileArg<T> first_a = a, first_b = b;
  V parts[V::size];
  for (int r = 0; r < count; ++r) parts[r] = V(T(0));
  Index i = 0;
  for (; i + width <= n; i += width) {
    a = first_a;
    b = first_b;
    for (int r = 0; r < count; ++r) {
      parts[r] = added<V, product>(parts[r], a, b, i);
      a.data += a.row_step;
      b.data += b.row_step;
    }
  }
  store_sums(parts, sums);
  if (i == n) return;
  for (int r = 0; r < count; ++r) {
    a.data = first_a.data + r * a.row_step;
    b.data = first_b.data + r * b.row_step;
    sums[r] += sum_of_rest<T, product>(a, b, i, n);
  }
}

template <class Arch, class T, bool product, bool adds>
void run_row_sums_of(TileArg<T> a, TileArg<T> b, TileOut<T> out, Index rows, Index n) {
  const auto put = [&](T sum) {
    if constexpr (adds) *out.data += sum;
    else *out.data = sum;
    out.data += out.row_step;
  };
  const auto go_on = [&](Index count) {
    a.data += count * a.row_step;
    b.data += count * b.row_step;
  };
  if constexpr (std::is_void_v<Arch>) {
    for (Index r = 0; r < rows; ++r, go_on(1)) put(sum_of_rest<T, product>(a, b, 0, n));
  } else {
    using V = xsimd::batch<T, Arch>;
    constexpr Index block = static_cast<Index>(V::size);
    if (n < block) {
      using Narrow = typename Narrower<Arch>::type;
      return run_row_sums_of<Narrow, T, product, adds>(a, b, out, rows, n);
    }
    Index r = 0;
    for (; r + block <= rows; r += block, go_on(block)) {
      alignas(64) T sums[V::size];
      sum_row_block<V, T, product>(a, b, n, sums);
      for (const T sum : sums) put(sum);
    }
    for (; r < rows; ++r, go_on(1)) put(row_sum<V, T, product>(a, b, n));
  }
}

template <class Arch, class T, bool product, bool adds>
void run_row_sums(const TileArg<T>* args, TileOut<T> out, Index rows, Index n) {
  run_row_sums_of<Arch, T, product, adds>(args[0], product ? args[1] : args[0], out, rows, n);
}

// `count` columns of vectors stay in registers while the rows pass. Four rows in turn where there
// is one, so that an addition does not wait for the one before.
template <class V, class T, bool product, int count>
void add_columns(TileArg<T> a, TileArg<T> b, T* out, Index rows) {
  constexpr Index width = static_cast<Index>(V::size);
  constexpr int turns = count == 1 ? 4 : 1;
  V sums[count * turns];
  for (int k = 0; k < count * turns; ++k) sums[k] = V(T(0));
  const auto add_row = [&](int turn) {
    for (int k = 0; k < count; ++k) {
      V& sum = sums[turn * count + k];
      sum = added<V, product>(sum, a, b, k * width);
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
template <class Arch, class T, bool product>
void run_column_sums_of(TileArg<T> a, TileArg<T> b, T* out, Index rows, Index n) {
  const auto go_on = [&](Index elements) {
    n -= elements;
    out += elements;
    a.data += a.stride * elements;
    b.data += b.stride * elements;
  };
  if constexpr (std::is_void_v<Arch>) {
    for (; n > 0; go_on(1)) {
      const T *x = a.data, *y = b.data;
      T sum = T(0);
      for (Index r = 0; r < rows; ++r, x += a.row_step, y += b.row_step) {
        if constexpr (product) sum += *x * *y;
        else sum += *x;
      }
      *out += sum;
    }
  } else {
    using V = xsimd::batch<T, Arch>;
    constexpr Index width = static_cast<Index>(V::size);
    for (; n >= 8 * width; go_on(8 * width)) add_columns<V, T, product, 8>(a, b, out, rows);
    for (; n >= 2 * width; go_on(2 * width)) add_columns<V, T, product, 2>(a, b, out, rows);
    for (; n >= width; go_on(width)) add_columns<V, T, product, 1>(a, b, out, rows);
    run_column_sums_of<typename Narrower<Arch>::type, T, product>(a, b, out, rows, n);
  }
}

template <class Arch, class T, bool product>
void run_column_sums(const TileArg<T>* args, TileOut<T> out, Index rows, Index n) {
  run_column_sums_of<Arch, T, product>(args[0], product ? args[1] : args[0], out.data, rows, n);
}

template <class Arch, class T>
TileKernel<T> find_tile_sum(TileSum kind) {
  switch (kind) {
    case TileSum::sum: return run_row_sums<Arch, T, false, false>;
    case TileSum::dot: return run_row_sums<Arch, T, true, false>;
    case TileSum::add_sum: return run_row_sums<Arch, T, false, true>;
    case TileSum::add_dot: return run_row_sums<Arch, T, true, true>;
    case TileSum::columns: return run_column_sums<Arch, T, false>;
    case TileSum::dot_columns: return run_column_sums<Arch, T, true>;
  }
  return nullptr;
}

}  // namespace
}  // namespace carousel
