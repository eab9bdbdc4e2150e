#include "io/hdf5_memory.hpp"

#include <fmt/core.h>

#include <atomic>

namespace carousel {
namespace {

constexpr std::size_t growth = 1 << 16;  // bytes

// HDF5 takes two open files of one name for the same file.
std::string new_name() {
  static std::atomic<unsigned long long> count{0};
  return fmt::format("in memory {}", count++);
}

H5::FileAccPropList in_memory() {
  H5::FileAccPropList access;
  access.setCore(growth, false);
  return access;
}

}  // namespace

H5::H5File new_hdf5_in_memory(std::size_t user_block) {
  H5::Exception::dontPrint();
  H5::FileCreatPropList creation;
  creation.setUserblock(user_block);
  return {new_name(), H5F_ACC_TRUNC, creation, in_memory()};
}

std::string bytes_of(const H5::H5File& file) {
  file.flush(H5F_SCOPE_GLOBAL);
  const hsize_t block = file.getCreatePlist().getUserblock();
  const ssize_t size = H5Fget_file_image(file.getId(), nullptr, 0);
  if (size < 0) throw H5::FileIException("bytes_of", "there is no image");
  std::string bytes(block + static_cast<std::size_t>(size), '\0');
  if (H5Fget_file_image(file.getId(), bytes.data() + block, static_cast<std::size_t>(size)) !=
      size) {
    throw H5::FileIException("bytes_of", "the image can't be taken");
  }
  return bytes;
}

H5::H5File open_hdf5_in_memory(std::string_view bytes) {
  H5::Exception::dontPrint();
  const H5::FileAccPropList access = in_memory();
  // HDF5 copies the bytes, and does not write to them.
  if (H5Pset_file_image(access.getId(), const_cast<char*>(bytes.data()), bytes.size()) < 0) {
    throw H5::PropListIException("open_hdf5_in_memory", "the bytes can't be taken");
  }
  return {new_name(), H5F_ACC_RDONLY, H5::FileCreatPropList::DEFAULT, access};
}

}  // namespace carousel
