#include "program/shared_packings.hpp"

#include <algorithm>

namespace carousel {

template <class T>
auto PackingStore<T>::entry_for(std::uint64_t generation, const std::vector<Tensor<T>>& parameters,
                                Rounding rounding, std::size_t packings) -> Entry& {
  const auto is_same = [](const T* a, const Tensor<T>& b) { return a == b.data(); };
  for (Entry& entry : entries_) {
    if (entry.generation == generation && entry.rounding == rounding &&
        std::ranges::equal(entry.parameters, parameters, is_same)) {
      return entry;
    }
  }
  // One of other weights, for its memory.
  auto free = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.borrowers == 0 && entry.generation != generation;
  });
  if (free == entries_.end()) {
    entries_.emplace_back().packings = std::make_unique<SharedPackings<T>>(packings);
    free = entries_.end() - 1;
  }
  free->generation = generation;
  free->rounding = rounding;
  free->parameters.clear();
  for (const Tensor<T>& p : parameters) free->parameters.push_back(p.data());
  free->packings->forget();
  return *free;
}

template <class T>
SharedPackings<T>* PackingStore<T>::borrow(std::uint64_t generation,
                                           const std::vector<Tensor<T>>& parameters,
                                           Rounding rounding, std::size_t packings) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entry_for(generation, parameters, rounding, packings);
  ++entry.borrowers;
  return entry.packings.get();
}

template <class T>
void PackingStore<T>::give_back(const SharedPackings<T>* packings) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : entries_) {
    if (entry.packings.get() == packings) --entry.borrowers;
  }
}

template class PackingStore<float>;
template class PackingStore<double>;

}  // namespace carousel
