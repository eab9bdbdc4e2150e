#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace carousel {

/// SHA-256 (FIPS 180-4) of all that is added, in order.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  /// The bytes of values as they lie in memory: little-endian numbers, characters.
  template <class T>
  void add(std::span<const T> values) {
    add_bytes(values.data(), values.size_bytes());
  }
  /// The bytes of a text.
  void add(std::string_view text) { add_bytes(text.data(), text.size()); }
  /// 64 digits. Once; nothing can be added after it.
  std::string hex();

 private:
  void add_bytes(const void* bytes, std::size_t count);

  struct State;
  std::unique_ptr<State> state_;
};

/// The same of one text.
std::string sha256(std::string_view text);

}  // namespace carousel
