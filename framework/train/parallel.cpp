#include "train/parallel.hpp"

#include <algorithm>
#include <array>

#include "kernel/tile.hpp"

namespace carousel {
namespace {

// Some elements of a parameter.
struct Piece {
  std::size_t parameter;
  Index first, count;
};

// Adds the terms [first, last) into the first one.
template <class T>
void sum_into_first(std::vector<std::vector<Tensor<T>>>& terms, const Piece& piece,
                    std::size_t first, std::size_t last) {
  if (last - first == 1) return;
  const std::size_t middle = first + (last - first) / 2;
  sum_into_first(terms, piece, first, middle);
  sum_into_first(terms, piece, middle, last);
  T* sum = terms[first][piece.parameter].data() + piece.first;
  const T* more = terms[middle][piece.parameter].data() + piece.first;
  const std::array<TileArg<T>, 2> args{TileArg<T>{sum, 1}, TileArg<T>{more, 1}};
  tile_kernel<T>(Tile::add)(args.data(), {sum}, 1, piece.count);
}

}  // namespace

void run_tbb_tasks(std::size_t count, const std::function<void(std::size_t)>& f) {
  for_each_task(count, f);
}

// In pieces, so that all threads have as much to do whatever the sizes of the parameters are, and
// the terms of a piece stay in the caches.
template <class T>
void sum_shares(std::vector<std::vector<Tensor<T>>>& shares, std::size_t parameters,
                const TaskRunner& tasks) {
  constexpr Index most = Index{1} << 16;  // takes longer than to start a task
  if (shares.size() < 2) return;
  std::vector<Piece> pieces;
  Index elements = 0;
  for (std::size_t p = 0; p < parameters; ++p) {
    const Index all = shares[0][p].numel();
    elements += all;
    for (Index i = 0; i < all; i += most) pieces.push_back({p, i, std::min(most, all - i)});
  }
  const auto sum = [&](const Piece& piece) { sum_into_first(shares, piece, 0, shares.size()); };
  if (elements < most) std::ranges::for_each(pieces, sum);
  else tasks(pieces.size(), [&](std::size_t i) { sum(pieces[i]); });
}

template void sum_shares(std::vector<std::vector<Tensor<float>>>&, std::size_t, const TaskRunner&);
template void sum_shares(std::vector<std::vector<Tensor<double>>>&, std::size_t, const TaskRunner&);

}  // namespace carousel
