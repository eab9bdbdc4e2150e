#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "tensor/random.hpp"

namespace carousel {

/// A folder as that of Multi30k with made sentences of 1 to 5 words and their translations, word by
/// word in the order turned round: "b a" becomes "A B".
inline void write_pairs(const std::filesystem::path& folder, int train = 24) {
  std::filesystem::create_directories(folder);
  Random random(1, "pairs");
  for (const auto& [part, count] :
       {std::pair<const char*, int>{"train", train}, {"val", 9}, {"test_2016_flickr", 7}}) {
    const std::string base = (folder / (std::string(part) + ".lc.norm.tok.")).string();
    std::ofstream source(base + "en", std::ios::binary), target(base + "fr", std::ios::binary);
    for (int k = 0; k < count; ++k) {
      std::string read, written;
      for (auto words = 1 + random.below(5); words > 0; --words) {
        const auto letter = static_cast<char>(random.below(4));
        read += std::string(read.empty() ? "" : " ") + static_cast<char>('a' + letter);
        written =
            static_cast<char>('A' + letter) + std::string(written.empty() ? "" : " ") + written;
      }
      source << read << '\n';
      target << written << '\n';
    }
  }
}

}  // namespace carousel
