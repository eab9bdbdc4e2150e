#pragma once

#include <string>

#include "idx_file.hpp"
#include "pair_files.hpp"
#include "sentence_files.hpp"
#include "series_file.hpp"
#include "speech_files.hpp"
#include "temporary_folder.hpp"
#include "tensor/random.hpp"

namespace carousel {

/// A data folder with a small set of each kind, under a name.
class SmallData {
 public:
  SmallData() {
    write_pictures(folder_ / "mnist", 3, 4, {30, 9});
    write_text(folder_ / "text" / "tinyshakespeare", 400);
    write_series(folder_ / "time_series/univariate/airline-passengers.csv", 60);
    write_sentences(folder_ / "sentiment/sst2");
    write_pairs(folder_ / "translation/multi30k/tok");
    write_spoken_digits(folder_ / "speech_fsdd");
  }
  std::string folder() const { return folder_.path().string(); }

 private:
  // Characters drawn by chance, of which some follow from the one before.
  static void write_text(const std::filesystem::path& folder, int characters) {
    std::filesystem::create_directories(folder);
    Random random(1, "text");
    std::ofstream file(folder / "input.txt");
    for (int k = 0; k < characters / 2; ++k) {
      const auto letter = static_cast<char>('a' + random.below(5));
      file << letter << static_cast<char>(letter - 'a' + 'A');
    }
  }

  TemporaryFolder folder_;
};

}  // namespace carousel
