#include "program/shared_packings.hpp"

#include <algorithm>

namespace carousel {

template <class T>
std::shared_ptr<SharedPackings<T>> PackingStore<T>::find(std::uint64_t generation,
                                                         const std::vector<Tensor<T>>& parameters,
                                                         Rounding rounding, std::size_t packings) {
  const auto is_same = [](const T* a, const Tensor<T>& b) { return a == b.data(); };
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.generation == generation && entry.rounding == rounding &&
        std::ranges::equal(entry.parameters, parameters, is_same)) {
      return entry.packings;
    }
  }
  // One that nobody else holds, for its memory.
  auto free = std::ranges::find_if(entries_, [&](const Entry& e) {
    return e.generation != generation && e.packings.use_count() == 1;
  });
  if (free == entries_.end()) {
    entries_.emplace_back().packings = std::make_shared<SharedPackings<T>>(packings);
    free = entries_.end() - 1;
  }
  free->generation = generation;
  free->rounding = rounding;
  free->parameters.clear();
  for (const Tensor<T>& p : parameters) free->parameters.push_back(p.data());
  free->packings->forget();
  return free->packings;
}

template class PackingStore<float>;
template class PackingStore<double>;

}  // namespace carousel
