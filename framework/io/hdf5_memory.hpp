#pragma once
// For .cpp files only: HDF5 files as bytes in memory. Its library then never touches the disk,
// whose errors it does not always survive.

#include <H5Cpp.h>

#include <string>
#include <string_view>

namespace carousel {

/// A new file in memory. It begins with a block of `user_block` bytes that HDF5 leaves to its user:
/// 0, or a power of two from 512. Throws H5::Exception.
H5::H5File new_hdf5_in_memory(std::size_t user_block);

/// The bytes of such a file, the user's block left zero. Throws H5::Exception.
std::string bytes_of(const H5::H5File& file);

/// Opens the bytes of a file for reading; they are copied. Throws H5::Exception.
H5::H5File open_hdf5_in_memory(std::string_view bytes);

}  // namespace carousel
