#include "train/parallel.hpp"

#include <array>

#include "kernel/tile.hpp"

namespace carousel {
namespace {

// Adds the terms [first, last) into the first one.
template <class T>
void sum_into_first(std::vector<std::vector<Tensor<T>>>& terms, std::size_t parameter,
                    std::size_t first, std::size_t last) {
  if (last - first == 1) return;
  const std::size_t middle = first + (last - first) / 2;
  sum_into_first(terms, parameter, first, middle);
  sum_into_first(terms, parameter, middle, last);
  Tensor<T>& sum = terms[first][parameter];
  const Tensor<T>& more = terms[middle][parameter];
  const std::array<TileArg<T>, 2> args{TileArg<T>{sum.data(), 1}, TileArg<T>{more.data(), 1}};
  tile_kernel<T>(Tile::add)(args.data(), {sum.data()}, 1, sum.numel());
}

}  // namespace

template <class T>
void sum_shares(std::vector<std::vector<Tensor<T>>>& shares, std::size_t parameters) {
  for_each_task(parameters, [&](std::size_t p) { sum_into_first(shares, p, 0, shares.size()); });
}

template void sum_shares(std::vector<std::vector<Tensor<float>>>&, std::size_t);
template void sum_shares(std::vector<std::vector<Tensor<double>>>&, std::size_t);

}  // namespace carousel
