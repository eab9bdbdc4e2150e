// Any bytes give a set or an InputError.

#include "data/mat_music.hpp"

#include <cstddef>
#include <cstdint>

#include "chords.hpp"
#include "mat_file.hpp"
#include "target.hpp"

namespace carousel {
namespace {

template <class T>
void write_seed(const std::filesystem::path& path, const SequenceSplit& split, int flags,
                matio_compression compression) {
  MatFile file(path, compression);
  for (const char* name : {"traindata", "validdata", "testdata"}) {
    file.split<T>(name, split, flags);
  }
}

void write_seeds(const std::filesystem::path& folder) {
  const SequenceSplit split = short_chords(2, 2);
  for (const auto compression : {MAT_COMPRESSION_NONE, MAT_COMPRESSION_ZLIB}) {
    const std::string end = compression == MAT_COMPRESSION_NONE ? ".mat" : "_packed.mat";
    write_seed<double>(folder / ("double" + end), split, 0, compression);
    write_seed<float>(folder / ("single" + end), split, 0, compression);
    write_seed<std::uint8_t>(folder / ("logical" + end), split, MAT_F_LOGICAL, compression);
    write_seed<std::int64_t>(folder / ("int64" + end), split, 0, compression);
  }
}

}  // namespace

void run(std::string_view input) {
  const auto path = fuzz_folder() / "set.mat";
  write_bytes(path, input);
  read_mat_music(path);
}

}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (!carousel::seed_folder().empty()) carousel::write_seeds(carousel::seed_folder());
  return 0;
}
