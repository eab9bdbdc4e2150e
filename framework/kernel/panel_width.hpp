#pragma once

#include <algorithm>

#include "tensor/shape.hpp"

namespace carousel {

/// Columns of a panel of a matrix of n columns: at most 64, and the panels are as equal as whole
/// vectors allow. The last panel may have fewer.
inline Index panel_width(Index n) {
  constexpr Index widest = 64, vector = 16;
  const Index panels = std::max<Index>(1, (n + widest - 1) / widest);
  const Index even = (n + panels - 1) / panels;
  return (even + vector - 1) / vector * vector;
}

}  // namespace carousel
