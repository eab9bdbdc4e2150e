#include "io/hdf5_file.hpp"

#include "io/files.hpp"

namespace carousel {

H5::H5File open_hdf5(const std::filesystem::path& path) {
  H5::Exception::dontPrint();
  if (!is_file(path)) {
    fail_input("{}: there is no such file", path.string());
  }
  try {
    return H5::H5File(path.string(), H5F_ACC_RDONLY);
  } catch (const H5::Exception&) {
    fail_input("{}: not a whole HDF5 file (cut short, damaged or of another format)",
               path.string());
  }
}

}  // namespace carousel
