#include "exchange/weights_file.hpp"

#include <algorithm>

#include "exchange/keras_file.hpp"
#include "exchange/onnx/onnx.hpp"
#include "exchange/stack_arrays.hpp"
#include "exchange/torch_file.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"

namespace carousel {
namespace {

bool ends_in(const std::filesystem::path& path, std::initializer_list<const char*> endings) {
  return std::ranges::find(endings, path.extension().string()) != endings.end();
}

std::string some_names(const NamedArrays& arrays) {
  constexpr std::size_t most = 20;
  std::string text;
  std::size_t count = 0;
  for (const auto& [name, array] : arrays) {
    if (count++ < most) text += "\n  " + name;
  }
  return count > most ? text + fmt::format("\n  and {} others", count - most) : text;
}

// By the fronts of their names; several layers are numbered.
NamedArrays chosen(const NamedArrays& arrays, const std::vector<std::string>& layers,
                   const std::string& file) {
  NamedArrays all;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const NamedArrays below = arrays_below(arrays, layers[k]);
    if (below.empty()) {
      fail_input("{}: there is nothing below '{}'; its names are:{}", file, layers[k],
                 some_names(arrays));
    }
    for (const auto& [name, array] : below) {
      all[layers.size() > 1 ? fmt::format("{}/{}", k, name) : name] = array;
    }
  }
  return all;
}

}  // namespace

void expect_weights_ending(const char* option, const std::filesystem::path& path) {
  if (ends_in(path, {".safetensors", ".npz"})) return;
  fail_input("{} {}: expected a file that ends in .npz or .safetensors", option, path.string());
}

void write_weights(const std::filesystem::path& path, const NamedArrays& arrays,
                   const Facts& notes) {
  if (ends_in(path, {".npz"})) write_npz(path, arrays);
  else write_safetensors(path, arrays, notes);
}

NamedArrays read_own_weights(const char* option, const std::filesystem::path& path) {
  expect_weights_ending(option, path);
  return ends_in(path, {".npz"}) ? read_npz(path) : read_safetensors(path);
}

NamedArrays read_their_weights(const std::filesystem::path& path,
                               const std::vector<std::string>& layers) {
  const std::string file = path.string();
  if (ends_in(path, {".h5", ".hdf5", ".keras"})) {
    if (layers.empty()) fail_input("{}: expected --layer, the layer's path in the file", file);
    return keras_layers(read_keras_file(path), layers, file);
  }
  NamedArrays arrays;
  if (ends_in(path, {".pt", ".pth"})) {
    arrays = read_torch_file(path, layers.size() == 1 ? layers[0] : "");
  } else if (ends_in(path, {".onnx"})) {
    arrays = read_onnx_weights(path);
  } else if (ends_in(path, {".safetensors"})) {
    arrays = read_safetensors(path);
  } else if (ends_in(path, {".npz"})) {
    arrays = read_npz(path);
  } else {
    fail_input(
        "{}: expected a file that ends in .pt, .pth, .h5, .hdf5, .keras, .onnx, .safetensors or "
        ".npz",
        file);
  }
  return layers.empty() ? arrays : chosen(arrays, layers, file);
}

}  // namespace carousel
