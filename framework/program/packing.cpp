#include "program/packing.hpp"

#include <algorithm>
#include <numeric>

namespace carousel {

Packing::Packing(Index all_steps, Index all, const ScanOptions& options)
    : steps(all_steps), batch(all), reverse(options.reverse), order(static_cast<std::size_t>(all)) {
  std::iota(order.begin(), order.end(), Index{0});
  const auto length = [&](Index b) {
    return options.lengths.empty() ? steps : options.lengths[static_cast<std::size_t>(b)];
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return length(a) > length(b); });
  for (const Index b : order) lengths.push_back(length(b));
  same_rows = !reverse && lengths.back() == steps;
  same_order = std::is_sorted(order.begin(), order.end());
}

template <class T>
Tensor<T> Packing::pack(const Tensor<T>& padded) const {
  const Index width = padded.shape().back();
  const Index rows = std::accumulate(lengths.begin(), lengths.end(), Index{0});
  if (same_rows) return padded.reshaped({rows, width});
  Tensor<T> packed = Tensor<T>::uninitialised({rows, width});
  for_each_row([&](Index to, Index from) {
    std::copy_n(padded.data() + from * width, width, packed.data() + to * width);
  });
  return packed;
}

template <class T>
Tensor<T> Packing::unpack(const Tensor<T>& packed) const {
  const Index width = packed.shape().back();
  if (same_rows) return packed.reshaped({steps, batch, width});
  Tensor<T> padded = Tensor<T>::zeros({steps, batch, width});
  for_each_row([&](Index from, Index to) {
    std::copy_n(packed.data() + from * width, width, padded.data() + to * width);
  });
  return padded;
}

template <class T>
Tensor<T> Packing::sort(Tensor<T> state, bool back) const {
  if (same_order) return state;
  const Index width = state.numel() / batch;
  Tensor<T> out = Tensor<T>::uninitialised(state.shape());
  for (Index b = 0; b < batch; ++b) {
    const Index from = back ? b : order[static_cast<std::size_t>(b)];
    const Index to = back ? order[static_cast<std::size_t>(b)] : b;
    std::copy_n(state.data() + from * width, width, out.data() + to * width);
  }
  return out;
}

template Tensor<float> Packing::pack(const Tensor<float>&) const;
template Tensor<double> Packing::pack(const Tensor<double>&) const;
template Tensor<float> Packing::unpack(const Tensor<float>&) const;
template Tensor<double> Packing::unpack(const Tensor<double>&) const;
template Tensor<float> Packing::sort(Tensor<float>, bool) const;
template Tensor<double> Packing::sort(Tensor<double>, bool) const;

}  // namespace carousel
