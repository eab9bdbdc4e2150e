#pragma once

#include <algorithm>
#include <vector>

#include "program/steps.hpp"

namespace carousel {

/// How the rows of padded sequences [steps, batch, width] lie when packed (see PackedSteps).
struct Packing {
  Index steps = 0,             ///< T of the padded sequences
      batch = 0;               ///< how many sequences
  bool reverse = false;        ///< step 0 of the packed rows is each sequence's last
  std::vector<Index> order;    ///< sequence at each place of the packed batch
  std::vector<Index> lengths;  ///< in that order
  bool same_rows = false;      ///< packed and padded are the same memory
  bool same_order = false;     ///< the sequences came sorted: `order` is 0, 1, ..

  /// Of `all` sequences of at most all_steps steps. Reads `lengths` and `reverse` of the options.
  Packing(Index all_steps, Index all, const ScanOptions& options);

  /// Calls f(packed row, padded row) for each step of each sequence.
  template <class F>
  void for_each_row(F&& f) const {
    Index packed = 0;
    for (Index t = 0; t < lengths.front(); ++t) {
      for (Index b = 0; b < batch && t < lengths[static_cast<std::size_t>(b)]; ++b) {
        const auto place = static_cast<std::size_t>(b);
        const Index at = reverse ? lengths[place] - 1 - t : t;
        f(packed++, at * batch + order[place]);
      }
    }
  }

  /// [steps, batch, width] to [sum of lengths, width], in the same memory where same_rows.
  template <class T>
  Tensor<T> pack(const Tensor<T>& padded) const;
  /// Zero beyond a sequence's length.
  template <class T>
  Tensor<T> unpack(const Tensor<T>& packed) const;
  /// States [batch, ..] in the packed order, and back.
  template <class T>
  Tensor<T> sort(Tensor<T> state, bool back) const;
};

}  // namespace carousel
