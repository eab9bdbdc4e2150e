#pragma once
// Included by one .cpp file per instruction set, each compiled with its own flags. Everything
// is in an unnamed namespace or a template of the architecture, and no standard header beyond
// xsimd's is used: a function shared with other files could carry AVX-512 code into them.

#include <xsimd/xsimd.hpp>

#include "kernel/tile.hpp"

namespace carousel {
namespace {

struct neg {
  template <class V>
  static V run(V x) {
    return -x;
  }
};
struct exp {
  template <class V>
  static V run(V x) {
    return xsimd::exp(x);
  }
};
struct log {
  template <class V>
  static V run(V x) {
    return xsimd::log(x);
  }
};
struct sqrt {
  template <class V>
  static V run(V x) {
    return xsimd::sqrt(x);
  }
};
struct sin {
  template <class V>
  static V run(V x) {
    return xsimd::sin(x);
  }
};
struct cos {
  template <class V>
  static V run(V x) {
    return xsimd::cos(x);
  }
};
struct tanh {
  template <class V>
  static V run(V x) {
    return xsimd::tanh(x);
  }
};
struct sigmoid {
  template <class V>
  static V run(V x) {
    return V(1) / (V(1) + xsimd::exp(-x));
  }
};
struct relu {
  // In this order a NaN stays a NaN.
  template <class V>
  static V run(V x) {
    return xsimd::max(V(0), x);
  }
};
struct softplus {
  // log(1 + e^x) without overflow
  template <class V>
  static V run(V x) {
    return xsimd::max(V(0), x) + xsimd::log1p(xsimd::exp(-xsimd::abs(x)));
  }
};
struct abs {
  template <class V>
  static V run(V x) {
    return xsimd::abs(x);
  }
};
struct sign {
  template <class V>
  static V run(V x) {
    return xsimd::select(x > V(0), V(1), xsimd::select(x < V(0), V(-1), x));
  }
};
struct step {
  template <class V>
  static V run(V x) {
    return xsimd::select(x > V(0), V(1), V(0));
  }
};
struct copy {
  template <class V>
  static V run(V x) {
    return x;
  }
};
struct add {
  template <class V>
  static V run(V a, V b) {
    return a + b;
  }
};
struct sub {
  template <class V>
  static V run(V a, V b) {
    return a - b;
  }
};
struct mul {
  template <class V>
  static V run(V a, V b) {
    return a * b;
  }
};
struct div {
  template <class V>
  static V run(V a, V b) {
    return a / b;
  }
};
struct maximum {
  template <class V>
  static V run(V a, V b) {
    return xsimd::select(a < b, b, a);
  }
};
struct minimum {
  template <class V>
  static V run(V a, V b) {
    return xsimd::select(b < a, b, a);
  }
};
struct less {
  template <class V>
  static V run(V a, V b) {
    return xsimd::select(a < b, V(1), V(0));
  }
};
struct where {
  template <class V>
  static V run(V c, V a, V b) {
    return xsimd::select(c != V(0), a, b);
  }
};

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

// The vector path serves the remainder too, so a value never depends on its place.
template <class Arch, class T, class F, int arity>
void run_tile(const TileArg<T>* args, T* out, Index n) {
  using V = xsimd::batch<T, Arch>;
  constexpr Index width = static_cast<Index>(V::size);
  for (Index i = 0; i < n; i += width) {
    const Index m = n - i < width ? n - i : width;
    const V a = load_part<V>(args[0], i, m);
    if constexpr (arity == 1) {
      store_part(F::run(a), out + i, m);
    } else if constexpr (arity == 2) {
      store_part(F::run(a, load_part<V>(args[1], i, m)), out + i, m);
    } else {
      store_part(F::run(a, load_part<V>(args[1], i, m), load_part<V>(args[2], i, m)), out + i, m);
    }
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
