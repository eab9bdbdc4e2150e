#include "cell/nearest_sizes.hpp"

namespace carousel {

CellSizes nearest_sizes(const Cell& cell, const CellSizes& wanted) {
  const auto fits = [&](const CellSizes& sizes) {
    try {
      cell.build(sizes);
      return true;
    } catch (const InputError&) {
      return false;
    }
  };
  constexpr Index reach = 8;
  for (const bool same : {false, true}) {
    for (Index more = 0; more <= reach; ++more) {
      CellSizes sizes = wanted;
      sizes.hidden += more;
      if (same) sizes.input = sizes.hidden;
      if (fits(sizes)) return sizes;
    }
  }
  cell.build(wanted);
  return wanted;
}

}  // namespace carousel
