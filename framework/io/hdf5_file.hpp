#pragma once
// For .cpp files only: errors of HDF5 turned into ours.

#include <H5Cpp.h>

#include <filesystem>
#include <string>

#include "tensor/error.hpp"

namespace carousel {

/// Opens an HDF5 file for reading. Throws InputError when it is missing, cut short or no HDF5.
H5::H5File open_hdf5(const std::filesystem::path& path);

/// Runs `action`; an error of HDF5 inside becomes an InputError "FILE: can't read WHAT".
template <class Action>
auto reading_hdf5(const std::filesystem::path& path, const std::string& what, Action&& action) {
  try {
    return action();
  } catch (const H5::Exception& error) {
    fail_input("{}: can't read {} ({}); the file is damaged or of another layout", path.string(),
               what, error.getDetailMsg());
  }
}

}  // namespace carousel
