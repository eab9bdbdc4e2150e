#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "kernel/packed_matrix.hpp"

namespace carousel {

/// The packed matrices of a plan, for scans that run side by side with the same parameters: each is
/// packed by the one that needs it first.
template <class T>
class SharedPackings {
 public:
  /// packings: how many the plan has.
  explicit SharedPackings(std::size_t packings) : slots_(packings) {}

  /// Matrix k, in memory that all share. pack(matrix) makes it, unless a scan did; others wait.
  template <class Pack>
  PackedMatrix<T> find(std::size_t k, const Pack& pack) {
    Slot& slot = slots_[k];
    const std::lock_guard lock(slot.mutex);
    make(slot, pack);
    return slot.matrix.sharing();
  }
  /// Makes matrix k, unless a scan did or is at it.
  template <class Pack>
  void make_if_free(std::size_t k, const Pack& pack) {
    Slot& slot = slots_[k];
    const std::unique_lock lock(slot.mutex, std::try_to_lock);
    if (lock) make(slot, pack);
  }
  /// All are to be made anew, in the same memory. No scan may hold any.
  void forget() {
    for (Slot& slot : slots_) slot.is_packed = false;
  }

 private:
  struct Slot {
    std::mutex mutex;
    bool is_packed = false;
    PackedMatrix<T> matrix;
  };
  template <class Pack>
  static void make(Slot& slot, const Pack& pack) {
    if (!slot.is_packed) pack(slot.matrix);
    slot.is_packed = true;
  }

  std::vector<Slot> slots_;
};

/// What the scans of a plan share, by the parameters that they run with. Memory is kept for the
/// parameters that come next.
template <class T>
class PackingStore {
 public:
  /// The packings of these parameters, until give_back(). generation: of the SharedValues that have
  /// them; rounding: of what is packed; packings: how many the plan has.
  SharedPackings<T>* borrow(std::uint64_t generation, const std::vector<Tensor<T>>& parameters,
                            Rounding rounding, std::size_t packings);
  /// What borrow() gave, from one who holds no matrix of it any more.
  void give_back(const SharedPackings<T>* packings);

 private:
  struct Entry {
    std::uint64_t generation = 0;
    std::vector<const T*> parameters;
    Rounding rounding = Rounding::none;
    int borrowers = 0;
    std::unique_ptr<SharedPackings<T>> packings;
  };
  Entry& entry_for(std::uint64_t generation, const std::vector<Tensor<T>>& parameters,
                   Rounding rounding, std::size_t packings);

  std::mutex mutex_;
  std::vector<Entry> entries_;
};

extern template class PackingStore<float>;
extern template class PackingStore<double>;

}  // namespace carousel
