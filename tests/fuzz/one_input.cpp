// Where an engine hands an input to a target.

#include <cstddef>
#include <cstdint>

#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    carousel::run({reinterpret_cast<const char*>(data), size});
  } catch (const carousel::InputError&) {
  }
  return 0;
}
