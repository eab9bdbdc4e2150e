#pragma once

#include <span>

#include "kernel/tile.hpp"

namespace carousel {

/// A row-major operand of a broadcast: its memory and its shape.
template <class T>
struct Operand {
  const T* data;       ///< row-major, without gaps
  const Shape* shape;  ///< broadcasts to the shape of the result
};

/// Runs a tile kernel over operands that broadcast to out_shape by NumPy's rule.
/// out: [out_shape], at most three operands.
template <class T>
void broadcast_tiles(TileKernel<T> kernel, std::span<const Operand<T>> operands,
                     const Shape& out_shape, T* out);

}  // namespace carousel
