#include "kernel/broadcast.hpp"

#include <gtest/gtest.h>

#include <array>

#include "reference.hpp"
#include "tensor/random.hpp"
#include "tensor/tensor.hpp"

namespace carousel {
namespace {

// Where the element of `out_shape` at `flat` lies in an operand of another shape.
Index source_of(Index flat, const Shape& out_shape, const Shape& shape) {
  std::array<Index, Shape::max_rank> index{};
  for (int axis = out_shape.rank() - 1; axis >= 0; --axis) {
    index[static_cast<std::size_t>(axis)] = flat % out_shape[axis];
    flat /= out_shape[axis];
  }
  Index offset = 0;
  const int missing = out_shape.rank() - shape.rank();
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const Index i = shape[axis] == 1 ? 0 : index[std::size_t(axis) + std::size_t(missing)];
    offset = offset * shape[axis] + i;
  }
  return offset;
}

// A shape that broadcasts to `out`: some axes 1, some leading ones missing.
Shape shrink(const Shape& out, Random& random) {
  const int missing = static_cast<int>(random.below(static_cast<std::uint64_t>(out.rank()) + 1));
  Shape shape;
  for (int axis = missing; axis < out.rank(); ++axis) {
    shape.push_back(random.below(3) == 0 ? 1 : out[axis]);
  }
  return shape;
}

template <class T>
Tensor<T> draw(const Shape& shape, Random& random) {
  auto t = Tensor<T>::uninitialised(shape);
  for (T& v : t.values()) v = static_cast<T>(static_cast<double>(random.below(1000)) - 500.0);
  return t;
}

template <class T>
void check(Tile tile, const Shape& out_shape, const std::vector<Tensor<T>>& in) {
  std::vector<Operand<T>> operands;
  for (const auto& t : in) operands.push_back({t.data(), &t.shape()});
  auto out = Tensor<T>::full(out_shape, T(-77));
  broadcast_tiles<T>(tile_kernel<T>(tile), operands, out_shape, out.data());
  for (Index i = 0; i < out.numel(); ++i) {
    std::array<T, 3> x{};
    for (std::size_t k = 0; k < in.size(); ++k) {
      x[k] = in[k].data()[source_of(i, out_shape, in[k].shape())];
    }
    ASSERT_EQ(out.data()[i], run_one<T>(tile, active_isa(), x[0], x[1], x[2]))
        << "element " << i << " of " << out_shape.to_string();
  }
}

template <class T>
class Broadcast : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Broadcast, Types);

TYPED_TEST(Broadcast, RandomShapesMatchAnIndexLoop) {
  using T = TypeParam;
  Random random(31, "broadcast");
  const std::array<Tile, 3> tiles = {Tile::abs, Tile::sub, Tile::where};
  for (int trial = 0; trial < 1500 && !testing::Test::HasFatalFailure(); ++trial) {
    Shape out_shape;
    const auto rank = random.below(6);
    for (std::uint64_t i = 0; i < rank; ++i) {
      out_shape.push_back(1 + static_cast<Index>(random.below(i + 1 == rank ? 19 : 4)));
    }
    const std::size_t arity = 1 + random.below(3);
    std::vector<Tensor<T>> in;
    std::string shapes;
    for (std::size_t k = 0; k < arity; ++k) {
      in.push_back(draw<T>(shrink(out_shape, random), random));
      shapes += in.back().shape().to_string();
    }
    SCOPED_TRACE(shapes);
    check(tiles[arity - 1], out_shape, in);
  }
}

TYPED_TEST(Broadcast, TheLargestRankWorks) {
  using T = TypeParam;
  Random random(32, "rank 8");
  // No two neighbouring axes merge.
  const Shape a{2, 1, 2, 1, 2, 1, 2, 1};
  const Shape b{1, 3, 1, 2, 1, 2, 1, 2};
  const Shape out{2, 3, 2, 2, 2, 2, 2, 2};
  check<T>(Tile::sub, out, {draw<T>(a, random), draw<T>(b, random)});
}

TYPED_TEST(Broadcast, AnEmptyResultWritesNothing) {
  using T = TypeParam;
  const Shape scalar;
  const Shape empty{2, 0, 3};
  const T one = T(1);
  T out = T(-77);
  const Operand<T> operand{&one, &scalar};
  broadcast_tiles<T>(tile_kernel<T>(Tile::neg), {&operand, 1}, empty, &out);
  EXPECT_EQ(out, T(-77));
}

}  // namespace
}  // namespace carousel
