#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "tensor/random.hpp"

namespace carousel {

/// A folder as that of SST-2 with made sentences of 2 to 9 words; that of class 1 hold "good".
inline void write_sentences(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  Random random(1, "sentences");
  for (const auto& [part, count] : {std::pair{"train", 30}, {"dev", 9}, {"test", 7}}) {
    std::ofstream file(folder / (std::string("stsa.binary.") + part), std::ios::binary);
    for (int k = 0; k < count; ++k) {
      file << (k % 2 == 1 ? "1 good" : "0 poor");
      const auto words = 1 + random.below(8);
      for (std::uint64_t w = 0; w < words; ++w) file << " w" << random.below(12);
      file << '\n';
    }
  }
}

}  // namespace carousel
