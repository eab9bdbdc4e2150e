#include "kernel/broadcast.hpp"

#include <array>

namespace carousel {
namespace {

constexpr std::size_t max_operands = 3;

// One loop of the nest: its length and each operand's step, in elements.
struct Loop {
  Index length;
  std::array<Index, max_operands> stride;
};

// The loop nest of a broadcast, outermost first, with neighbours merged where memory allows.
struct Nest {
  std::array<Loop, Shape::max_rank> loops;
  int depth = 0;

  void add_outer(const Loop& loop, std::size_t operands) {
    if (loop.length == 1) return;
    if (depth > 0) {
      Loop& inner = loops[static_cast<std::size_t>(depth - 1)];
      bool merges = true;
      for (std::size_t k = 0; k < operands; ++k) {
        merges = merges && loop.stride[k] == inner.stride[k] * inner.length;
      }
      if (merges) {
        inner.length *= loop.length;
        return;
      }
    }
    loops[static_cast<std::size_t>(depth++)] = loop;
  }
};

template <class T>
Nest make_nest(std::span<const Operand<T>> operands, const Shape& out_shape) {
  std::array<Index, max_operands> step;  // elements of the operand below the current axis
  step.fill(1);
  Nest nest;  // innermost first
  for (int axis = out_shape.rank() - 1; axis >= 0; --axis) {
    Loop loop{out_shape[axis], {}};
    for (std::size_t k = 0; k < operands.size(); ++k) {
      const Shape& shape = *operands[k].shape;
      const int own_axis = axis - (out_shape.rank() - shape.rank());
      const Index dim = own_axis < 0 ? 1 : shape[own_axis];
      loop.stride[k] = dim == 1 ? 0 : step[k];
      step[k] *= dim;
    }
    nest.add_outer(loop, operands.size());
  }
  return nest;
}

}  // namespace

template <class T>
void broadcast_tiles(TileKernel<T> kernel, std::span<const Operand<T>> operands,
                     const Shape& out_shape, T* out) {
  if (out_shape.numel() == 0) return;
  std::array<TileArg<T>, max_operands> args{};
  for (std::size_t k = 0; k < operands.size(); ++k) args[k] = {operands[k].data, 0};
  const Nest nest = make_nest(operands, out_shape);
  if (nest.depth == 0) {
    kernel(args.data(), {out}, 1, 1);
    return;
  }
  // The two inner loops are the kernel's own.
  const Loop& inner = nest.loops[0];
  const Loop rows = nest.depth > 1 ? nest.loops[1] : Loop{1, {}};
  for (std::size_t k = 0; k < operands.size(); ++k) {
    args[k].stride = inner.stride[k];
    args[k].row_step = rows.stride[k];
  }
  std::array<Index, Shape::max_rank> counter{};
  while (true) {
    kernel(args.data(), {out, inner.length}, rows.length, inner.length);
    out += inner.length * rows.length;
    int level = 2;
    for (; level < nest.depth; ++level) {
      const Loop& loop = nest.loops[static_cast<std::size_t>(level)];
      Index& i = counter[static_cast<std::size_t>(level)];
      ++i;
      const Index move = i < loop.length ? 1 : 1 - loop.length;
      for (std::size_t k = 0; k < operands.size(); ++k) args[k].data += move * loop.stride[k];
      if (i < loop.length) break;
      i = 0;
    }
    if (level >= nest.depth) return;
  }
}

template void broadcast_tiles(TileKernel<float>, std::span<const Operand<float>>, const Shape&,
                              float*);
template void broadcast_tiles(TileKernel<double>, std::span<const Operand<double>>, const Shape&,
                              double*);

}  // namespace carousel
