#pragma once
// Files of weights, by their endings.

#include <filesystem>
#include <string>
#include <vector>

#include "io/array_bytes.hpp"
#include "io/machine.hpp"

namespace carousel {

/// Throws InputError unless a file that is to be written ends in .safetensors or .npz. option: what
/// named it, for messages.
void expect_weights_ending(const char* option, const std::filesystem::path& path);

/// Writes arrays: to .safetensors with notes, in float32 where that keeps every bit; to .npz in
/// float64. As write_text(): whole or not at all. Throws EnvironmentError.
void write_weights(const std::filesystem::path& path, const NamedArrays& arrays,
                   const Facts& notes);

/// Reads our own parameters from .safetensors or .npz. option: as above.
NamedArrays read_own_weights(const char* option, const std::filesystem::path& path);

/// The arrays of another library in a file: .pt, .pth (torch_file.hpp), .h5, .hdf5, .keras
/// (keras_file.hpp), .onnx (onnx/onnx.hpp), .safetensors, .npz. layers: whose they are to be, in
/// their order and as the file has it: the front of the names of a module of PyTorch
/// ("encoder.rnn"), paths of layers of Keras, nodes of ONNX; empty: all that the file holds.
/// Returns them by the names that layout_arrays.hpp takes. Throws InputError where the file has
/// another ending or no such layer, and as its reader does.
NamedArrays read_their_weights(const std::filesystem::path& path,
                               const std::vector<std::string>& layers);

}  // namespace carousel
