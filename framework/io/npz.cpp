#include "io/npz.hpp"

#include "io/files.hpp"
#include "io/npy.hpp"
#include "io/zip_file.hpp"

namespace carousel {
namespace {

constexpr std::string_view ending = ".npy";

}  // namespace

NamedArrays read_npz(const std::filesystem::path& path) {
  const std::string file = path.string();
  const ZipFile zip(path, "an .npz file", "np.savez");
  if (zip.entries().empty()) fail_input("{}: holds no arrays", file);
  NamedArrays arrays;
  std::size_t left = zip.most_weight_bytes();
  for (std::size_t k = 0; k < zip.entries().size(); ++k) {
    const std::string& name = zip.entries()[k].name;
    const std::string place = fmt::format("{}: {}", file, name);
    if (!name.ends_with(ending)) {
      fail_input("{}: expected names that end in .npy, as np.savez writes them", place);
    }
    const std::string bytes = zip.unpacked(k, left);
    left -= bytes.size();
    arrays[name.substr(0, name.size() - ending.size())] = npy_array(bytes, place);
  }
  return arrays;
}

void write_npz(const std::filesystem::path& path, const NamedArrays& arrays) {
  std::map<std::string, std::string> files;
  for (const auto& [name, array] : arrays) files[name + std::string(ending)] = npy_bytes(array);
  write_text(path, zip_bytes(files));
}

}  // namespace carousel
