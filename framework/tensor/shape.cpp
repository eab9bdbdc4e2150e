#include "tensor/shape.hpp"

#include <algorithm>

#include "tensor/error.hpp"

namespace carousel {

Shape::Shape(std::initializer_list<Index> dims) {
  for (const Index dim : dims) push_back(dim);
}

void Shape::push_back(Index dim) {
  if (rank_ == max_rank) fail_input("a tensor has at most {} dimensions", max_rank);
  dims_[static_cast<std::size_t>(rank_++)] = dim;
}

Index Shape::numel() const {
  Index n = 1;
  for (const Index dim : *this) n *= dim;
  return n;
}

std::string Shape::to_string() const {
  std::string text = "[";
  for (int i = 0; i < rank_; ++i) {
    if (i > 0) text += ", ";
    text += (*this)[i] == batch_dim ? "B" : std::to_string((*this)[i]);
  }
  return text + "]";
}

bool operator==(const Shape& a, const Shape& b) {
  return a.rank_ == b.rank_ && std::equal(a.begin(), a.end(), b.begin());
}

Shape broadcast_shapes(const Shape& a, const Shape& b, const char* what) {
  const int rank = std::max(a.rank(), b.rank());
  Shape out;
  for (int i = 0; i < rank; ++i) {
    const int ia = i - (rank - a.rank());
    const int ib = i - (rank - b.rank());
    const Index da = ia < 0 ? 1 : a[ia];
    const Index db = ib < 0 ? 1 : b[ib];
    if (da != db && da != 1 && db != 1) {
      fail_input("{}: shapes {} and {} do not broadcast: dimension {} is {} against {}", what,
                 a.to_string(), b.to_string(), i, da, db);
    }
    out.push_back(da == 1 ? db : da);
  }
  return out;
}

int normalise_axis(Index axis, int rank, const char* what) {
  const Index normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= rank) {
    fail_input("{}: got axis {}, expected one in [{}, {})", what, axis, -rank, rank);
  }
  return static_cast<int>(normal);
}

}  // namespace carousel
