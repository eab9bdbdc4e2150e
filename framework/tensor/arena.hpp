#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace carousel {

class Arena;
struct ArenaState;

/// One aligned block of memory, counted by its users. Blocks of an arena go back to it, so
/// a tensor that outlives its tape stays valid.
struct alignas(64) Block {
  std::atomic<int> users{1};    ///< handles that point here; the last one to let go frees the block
  int size_class = 0;           ///< of an arena: which list of free blocks it belongs to
  ArenaState* owner = nullptr;  ///< null: a block of the heap
  Block* next_free = nullptr;   ///< of the same size, while it is free
  /// The memory behind this header, 64-byte aligned.
  std::byte* data() { return reinterpret_cast<std::byte*>(this) + sizeof(Block); }
};

/// Counted handle to a Block.
class Storage {
 public:
  Storage() = default;
  /// Takes over one user of a block: the count is not raised.
  explicit Storage(Block* block) : block_(block) {}
  /// One more user of the same block.
  Storage(const Storage& other) : block_(other.block_) {
    if (block_) block_->users.fetch_add(1, std::memory_order_relaxed);
  }
  /// Takes the other's place as a user; the other is empty then.
  Storage(Storage&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  /// Lets go of its block and shares the other's, or takes it over.
  Storage& operator=(Storage other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Storage() { release(); }

  /// 64-byte aligned memory, or null.
  void* data() const { return block_ ? block_->data() : nullptr; }
  /// True when no other tensor shares the memory.
  bool unique() const { return block_ && block_->users.load(std::memory_order_acquire) == 1; }

  /// A block of the heap with room for `bytes`.
  static Storage heap(std::size_t bytes);

 private:
  void release();
  Block* block_ = nullptr;
};

/// Memory for the values of one tape: blocks are cut from large chunks and reused by size, so
/// a training step makes no system call once the first one has run. One thread allocates; any
/// thread may let go of a block.
class Arena {
 public:
  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// A block with room for `bytes`, not initialised.
  Storage allocate(std::size_t bytes);
  /// Bytes of all blocks made so far, in use or free. The system gave up to a chunk more.
  std::size_t bytes_reserved() const;

 private:
  ArenaState* state_;
};

}  // namespace carousel
