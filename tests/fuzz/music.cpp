// Any bytes give a set, an InputError or a fault inside libhdf5. In this process, since the child
// that the program reads in would hide from the engine what happened.

#include "data/music.hpp"

#include <cstddef>
#include <cstdint>

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
}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (!carousel::seed_folder().empty()) carousel::write_seeds(carousel::seed_folder());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = carousel::fuzz_folder() / "set.h5";
  carousel::write_bytes(path, {reinterpret_cast<const char*>(data), size});
  try {
    carousel::music_set(carousel::parse_music_hdf5(path), path, 96);
  } catch (const carousel::InputError&) {
  }
  return 0;
}
