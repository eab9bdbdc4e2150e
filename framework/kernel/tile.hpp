#pragma once

#include "kernel/isa.hpp"
#include "tensor/shape.hpp"

namespace carousel {

/// An operand of a tile kernel: the elements of a row side by side (stride 1) or one for all
/// (stride 0), and row_step elements from row to row.
template <class T>
struct TileArg {
  const T* data;       ///< the first element
  Index stride;        ///< from element to element in a row: 0 or 1
  Index row_step = 0;  ///< elements from row to row; 0: the same row each time
};

/// The result of a tile kernel, as TileArg.
template <class T>
struct TileOut {
  T* data;             ///< the first element
  Index row_step = 0;  ///< elements from row to row
};

/// out[r][i] = f(args[0][r][i], args[1][r][i], ...) for r in [0, rows), i in [0, n). `out` may be
/// an operand of stride 1 and the same row_step. A value does not depend on its place in the
/// tile, so results do not depend on how an array is cut.
template <class T>
using TileKernel = void (*)(const TileArg<T>* args, TileOut<T> out, Index rows, Index n);

// name, number of operands
#define CAROUSEL_PLAIN_TILE_KERNELS(X) \
  X(neg, 1)                            \
  X(exp, 1)                            \
  X(log, 1)                            \
  X(sqrt, 1)                           \
  X(clipped_sqrt, 1)                   \
  X(sin, 1)                            \
  X(cos, 1)                            \
  X(tanh, 1)                           \
  X(tanh_slope, 1)                     \
  X(sigmoid, 1)                        \
  X(sigmoid_slope, 1)                  \
  X(relu, 1)                           \
  X(softplus, 1)                       \
  X(erf, 1)                            \
  X(asinh, 1)                          \
  X(atanh, 1)                          \
  X(floor, 1)                          \
  X(abs, 1)                            \
  X(sign, 1)                           \
  X(step, 1)                           \
  X(copy, 1)                           \
  X(add, 2)                            \
  X(sub, 2)                            \
  X(mul, 2)                            \
  X(div, 2)                            \
  X(safe_mul, 2)                       \
  X(safe_div, 2)                       \
  X(pow, 2)                            \
  X(maximum, 2)                        \
  X(minimum, 2)                        \
  X(less, 2)                           \
  X(where, 3)

// Two or three plain kernels in one, for the compiled scan: mul_add(a, b, c) is a b + c,
// mul_mul_tanh_slope(a, b, y) is a b times the slope of tanh where it is y.
#define CAROUSEL_FUSED_TILE_KERNELS(X) \
  X(add_sigmoid, 2)                    \
  X(add_tanh, 2)                       \
  X(add_relu, 2)                       \
  X(mul_step, 2)                       \
  X(mul_add, 3)                        \
  X(mul_mul, 3)                        \
  X(mul_sigmoid_slope, 2)              \
  X(mul_tanh_slope, 2)                 \
  X(mul_mul_sigmoid_slope, 3)          \
  X(mul_mul_tanh_slope, 3)

#define CAROUSEL_TILE_KERNELS(X) \
  CAROUSEL_PLAIN_TILE_KERNELS(X) \
  CAROUSEL_FUSED_TILE_KERNELS(X)

/// The elementwise kernels by name.
enum class Tile {
#define CAROUSEL_TILE_ENUM(name, arity) name,
  CAROUSEL_TILE_KERNELS(CAROUSEL_TILE_ENUM)
#undef CAROUSEL_TILE_ENUM
};

/// Name of a kernel.
const char* tile_name(Tile tile);

/// Number of operands of a kernel.
int tile_arity(Tile tile);

/// The kernel compiled for `isa`, which must be available.
template <class T>
TileKernel<T> tile_kernel(Tile tile, Isa isa);

/// The kernel for the instruction set in use.
template <class T>
TileKernel<T> tile_kernel(Tile tile);

/// Sums of a tile, over an axis of one operand or of the product of two.
enum class TileSum {
  sum,          ///< of each row: an element of `out` each
  dot,          ///< of the product, of each row
  add_sum,      ///< sum, added to what is there
  add_dot,      ///< dot, added to what is there
  columns,      ///< over the rows, added to what is there: `out` is one row
  dot_columns,  ///< of the product, over the rows, added to what is there
  products  ///< of no axis: a b + c d for each element; not all four are one element for the row
};

/// The kernel of a sum, called as a TileKernel. Its order is fixed by the instruction set, rows and
/// n.
template <class T>
TileKernel<T> tile_sum_kernel(TileSum kind, Isa isa);

/// The kernel for the instruction set in use.
template <class T>
TileKernel<T> tile_sum_kernel(TileSum kind);

}  // namespace carousel
