#pragma once

#include <filesystem>
#include <vector>

#include "io/array_bytes.hpp"

namespace carousel {

/// The arrays of floating point numbers in a file of Keras, by their paths in its HDF5 file: an .h5
/// file (of weights or of a whole model), or a .keras file, a zip archive with model.weights.h5.
/// Read in a process of its own (io/isolated.hpp). Throws InputError when it is missing, damaged or
/// of another form, when numbers are packed or in other files, and as array_of() does.
NamedArrays read_keras_file(const std::filesystem::path& path);

/// Those of recurrent layers, in the order of `layers`, as layout_arrays.hpp names them: kernel,
/// recurrent_kernel and bias of each. layers: paths, such as "layers/lstm", or names; what stands
/// in front of a layer in the kinds of files (layers/, model_weights/) may be left out. file: for
/// messages. Throws InputError, which lists the layers, where one is not there.
NamedArrays keras_layers(const NamedArrays& arrays, const std::vector<std::string>& layers,
                         const std::string& file);

}  // namespace carousel
