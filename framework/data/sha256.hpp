#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace carousel {

/// SHA-256 of bytes that are added piece by piece. Throws EnvironmentError when libcrypto gives
/// none.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(const void* bytes, std::size_t count);
  /// The digest in lower-case hexadecimal, 64 letters. Nothing can be added after it.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace carousel
