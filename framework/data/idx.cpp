#include "data/idx.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/compressed.hpp"
#include "io/files.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 32;  // unpacked: 80 times MNIST
constexpr int of_bytes = 8;                               // the format's number of the type

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + k]);
  }
  return value;
}

std::string unpacked(const std::filesystem::path& path) {
  std::string bytes = read_text(path);
  return is_gzip(bytes) ? uncompressed(bytes, most_bytes, path.string()) : bytes;
}

std::filesystem::path packed_or_not(const std::filesystem::path& folder, const std::string& name) {
  const std::filesystem::path plain = folder / name;
  return is_there(plain) ? plain : folder / (name + ".gz");
}

}  // namespace

IdxArray read_idx(const std::filesystem::path& path) {
  const std::string bytes = unpacked(path);
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0 || bytes[2] != of_bytes) {
    fail_input("{}: not an IDX file of bytes (it begins otherwise)", path.string());
  }
  const auto rank = static_cast<std::size_t>(static_cast<unsigned char>(bytes[3]));
  const std::size_t header = 4 + 4 * rank;
  IdxArray array;
  // Of sizes whose product is beyond any file, the first part is enough to tell.
  std::uint64_t expected = 1;
  for (std::size_t k = 0; k < rank && header <= bytes.size(); ++k) {
    array.sizes.push_back(big_endian(bytes, 4 + 4 * k));
    if (expected <= most_bytes) expected *= static_cast<std::uint64_t>(array.sizes.back());
  }
  if (header > bytes.size() || bytes.size() - header != expected) {
    fail_input("{}: holds {} bytes, but its sizes ({}) ask for {}; the file is damaged",
               path.string(), bytes.size(), fmt::join(array.sizes, " x "), expected + header);
  }
  array.values = bytes.substr(header);
  return array;
}

Pictures read_pictures(const std::filesystem::path& folder, const std::string& prefix) {
  const auto image_file = packed_or_not(folder, prefix + "-images-idx3-ubyte");
  const auto class_file = packed_or_not(folder, prefix + "-labels-idx1-ubyte");
  IdxArray images = read_idx(image_file), classes = read_idx(class_file);
  if (images.sizes.size() != 3 || images.values.empty()) {
    fail_input("{}: got an array of {} axes and {} bytes, expected pictures x rows x columns",
               image_file.string(), images.sizes.size(), images.values.size());
  }
  if (classes.sizes.size() != 1 || classes.sizes[0] != images.sizes[0]) {
    fail_input("{}: got {} classes, expected one for each of the {} pictures", class_file.string(),
               fmt::join(classes.sizes, " x "), images.sizes[0]);
  }
  return {images.sizes[1], images.sizes[2], std::move(images.values), std::move(classes.values)};
}

}  // namespace carousel
