// Any bytes give a set, an InputError or a fault inside libhdf5. In this process, since the child
// that the program reads in would hide from the engine what happened.

#include "data/music.hpp"

#include <cstddef>

#include "chords.hpp"
#include "data/music_writer.hpp"
#include "target.hpp"

namespace carousel {
namespace {

void write_seeds(const std::filesystem::path& folder) {
  for (const Index sequences : {1, 8}) {
    SequenceSet set;
    set.train = set.valid = set.test = short_chords(sequences, 20);
    write_music(folder / fmt::format("{}.h5", sequences), set);
  }
}

}  // namespace

void run(std::string_view input) {
  const auto path = fuzz_folder() / "set.h5";
  write_bytes(path, input);
  music_set(parse_music_hdf5(path), path, 96);
}

}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (!carousel::seed_folder().empty()) carousel::write_seeds(carousel::seed_folder());
  return 0;
}
