#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/archive.hpp"
#include "optim/optimiser.hpp"

namespace carousel {

/// Puts values into an archive as `group`/NAME, by the names of parameters.
template <class T>
void save_values(Archive& archive, const std::string& group, const ParameterSet<T>& names,
                 const std::vector<Tensor<T>>& values);

/// Takes them out again. Throws InputError where one is missing or has another shape.
template <class T>
void load_values(const Archive& archive, const std::string& group, const ParameterSet<T>& names,
                 std::vector<Tensor<T>>& values);

/// Puts an optimiser's memory and its count of updates into an archive.
template <class T>
void save_optimiser(Archive& archive, const ParameterSet<T>& names, const Optimiser<T>& optimiser);
/// The way back. Throws InputError where memory is missing, or is of another rule or other
/// parameters.
template <class T>
void load_optimiser(const Archive& archive, const ParameterSet<T>& names, Optimiser<T>& optimiser);

/// Writes parameters, and an optimiser where one is given, to a checkpoint file (HDF5, see
/// write_archives). Throws EnvironmentError; the file that was there is kept then.
template <class T>
void save_parameters(const std::filesystem::path& file, const ParameterSet<T>& parameters,
                     const Optimiser<T>* optimiser = nullptr);
/// The way back, to the bit. Throws InputError where the file is damaged, or of other parameters or
/// another rule; nothing has changed then.
template <class T>
void load_parameters(const std::filesystem::path& file, ParameterSet<T>& parameters,
                     Optimiser<T>* optimiser = nullptr);

}  // namespace carousel
