#include "tensor/arena.hpp"

#include <sys/mman.h>
#include <tbb/spin_mutex.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <new>
#include <vector>

namespace carousel {

namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
constexpr std::size_t smallest = 64;
constexpr int steps_per_octave = 4;  // at most a quarter of a block is wasted

// Under the address sanitizer every block is the heap's own, so that it sees each overrun.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool use_chunks = false;
#else
constexpr bool use_chunks = true;
#endif

// A large block asks for large pages: with small ones the rows of a scan cost a page walk each.
void* aligned_new(std::size_t bytes) {
  constexpr std::size_t large_page = std::size_t{2} << 20;
  const bool large = bytes >= 2 * large_page;
  const std::size_t unit = large ? large_page : alignment;
  const std::size_t rounded = (bytes + unit - 1) / unit * unit;
  void* p = std::aligned_alloc(unit, rounded);
  if (!p) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  if (large) madvise(p, rounded, MADV_HUGEPAGE);
#endif
  return p;
}
void aligned_delete(void* p) { std::free(p); }

struct SizeClass {
  int index;
  std::size_t bytes;
};

SizeClass size_class(std::size_t bytes) {
  bytes = std::max(bytes, smallest);
  const std::size_t octave = std::bit_floor(bytes);
  const std::size_t step = std::max(octave / steps_per_octave, alignment);
  const std::size_t rounded = (bytes + step - 1) / step * step;
  const int octave_index = std::countr_zero(octave);
  const int step_index = static_cast<int>((rounded - octave) / step);
  return {octave_index * steps_per_octave + step_index, rounded};
}

}  // namespace

struct ArenaState {
  tbb::spin_mutex mutex;
  std::array<Block*, 64 * steps_per_octave + steps_per_octave> free_blocks{};  // lists
  std::vector<void*> chunks;
  std::byte* cursor = nullptr;
  std::byte* chunk_end = nullptr;
  std::size_t reserved = 0;
  std::size_t live = 0;
  bool orphaned = false;  // the Arena is gone; the last block takes the state with it

  ~ArenaState() {
    for (void* chunk : chunks) aligned_delete(chunk);
  }

  std::byte* cut(std::size_t bytes) {
    if (static_cast<std::size_t>(chunk_end - cursor) < bytes) {
      const std::size_t size = std::max(chunk_bytes, bytes);
      chunks.push_back(aligned_new(size));
      cursor = static_cast<std::byte*>(chunks.back());
      chunk_end = cursor + size;
    }
    std::byte* start = cursor;
    cursor += bytes;
    reserved += bytes;
    return start;
  }
};

Storage Storage::heap(std::size_t bytes) {
  return Storage(new (aligned_new(sizeof(Block) + std::max(bytes, smallest))) Block);
}

void Storage::release() {
  if (!block_ || block_->users.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  ArenaState* owner = block_->owner;
  if (!owner) {
    block_->~Block();
    aligned_delete(block_);
    return;
  }
  bool last = false;
  {
    tbb::spin_mutex::scoped_lock lock(owner->mutex);
    Block*& free_list = owner->free_blocks[static_cast<std::size_t>(block_->size_class)];
    block_->next_free = free_list;
    free_list = block_;
    last = --owner->live == 0 && owner->orphaned;
  }
  if (last) delete owner;
}

Arena::Arena() : state_(new ArenaState) {}

Arena::~Arena() {
  bool last = false;
  {
    tbb::spin_mutex::scoped_lock lock(state_->mutex);
    state_->orphaned = true;
    last = state_->live == 0;
  }
  if (last) delete state_;
}

Storage Arena::allocate(std::size_t bytes) {
  if (!use_chunks) return Storage::heap(bytes);
  const SizeClass size = size_class(bytes);
  tbb::spin_mutex::scoped_lock lock(state_->mutex);
  ++state_->live;
  Block*& free_list = state_->free_blocks[static_cast<std::size_t>(size.index)];
  if (Block* block = free_list) {
    free_list = block->next_free;
    block->users.store(1, std::memory_order_relaxed);
    return Storage(block);
  }
  Block* block = new (state_->cut(sizeof(Block) + size.bytes)) Block;
  block->size_class = size.index;
  block->owner = state_;
  return Storage(block);
}

std::size_t Arena::bytes_reserved() const {
  tbb::spin_mutex::scoped_lock lock(state_->mutex);
  return state_->reserved;
}

}  // namespace carousel
