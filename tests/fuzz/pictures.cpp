// Any bytes of two IDX files give pictures or an InputError, packed by gzip or not. The first byte
// of an input is the size of the file of classes, which follows; the rest is that of the pictures.
// An array that was read is packed and read again.

#include <cstddef>
#include <functional>
#include <numeric>
#include <string>
#include <string_view>

#include "data/idx.hpp"
#include "idx_file.hpp"
#include "io/compressed.hpp"
#include "target.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

std::string bytes_of(const IdxArray& array) {
  return idx_bytes({array.sizes.begin(), array.sizes.end()}, array.values);
}

void expect_array(const IdxArray& array) {
  const Index product =
      std::accumulate(array.sizes.begin(), array.sizes.end(), Index{1}, std::multiplies<>());
  must_hold(product == std::ssize(array.values), "an array has as many values as its sizes say");
  const auto path = fuzz_folder() / "packed";
  const std::string bytes = bytes_of(array);
  write_gzip(path, bytes);
  const IdxArray again = read_idx(path);
  must_hold(again.sizes == array.sizes && again.values == array.values,
            "what is packed reads back");
  const std::size_t half = bytes.size() / 2;
  must_hold(uncompressed(file_text(path), half, "half") == bytes.substr(0, half),
            "the beginning alone is the beginning");
}

void expect_pictures(const Pictures& pictures) {
  must_hold(pictures.rows > 0 && pictures.columns > 0 && pictures.count() > 0, "none is empty");
  must_hold(std::ssize(pictures.pixels) == pictures.count() * pictures.rows * pictures.columns,
            "each picture has its pixels");
}

std::string packed(const std::string& bytes) {
  write_gzip(fuzz_folder() / "packed", bytes);
  return file_text(fuzz_folder() / "packed");
}

void write_seeds(const std::filesystem::path& folder) {
  const auto seed = [&](const char* name, const std::string& classes, const std::string& images) {
    write_bytes(folder / name, static_cast<char>(classes.size()) + classes + images);
  };
  const std::string classes = idx_bytes({2}, std::string("\1\0", 2));
  const std::string images = idx_bytes({2, 2, 3}, "abcdefghijkl");
  seed("plain", classes, images);
  seed("packed", packed(classes), packed(images));
  seed("wide", idx_bytes({1}, "a"), packed(idx_bytes({1, 1, 5000}, std::string(5000, 'a'))));
  seed("unlike", idx_bytes({1}, "a"), images);
  seed("flat", classes, idx_bytes({4}, "abcd"));
  seed("deep", classes, idx_bytes({2, 1, 1, 1, 2}, "abcd"));
  seed("one", classes, idx_bytes({}, "a"));
  seed("none", idx_bytes({0}, ""), idx_bytes({0, 28, 28}, ""));
}

}  // namespace

void run(std::string_view input) {
  if (input.empty()) return;
  const std::size_t size = static_cast<unsigned char>(input[0]);
  const std::string_view classes = input.substr(1, size);
  const auto image_file = fuzz_folder() / "a-images-idx3-ubyte";
  write_bytes(fuzz_folder() / "a-labels-idx1-ubyte", classes);
  write_bytes(image_file, input.substr(1 + classes.size()));
  const IdxArray array = read_idx(image_file);
  must_be_accepted([&] { expect_array(array); });
  expect_pictures(read_pictures(fuzz_folder(), "a"));
}

}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (!carousel::seed_folder().empty()) carousel::write_seeds(carousel::seed_folder());
  return 0;
}
