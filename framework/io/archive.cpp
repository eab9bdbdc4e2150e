#include "io/archive.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "io/digest.hpp"
#include "io/files.hpp"
#include "io/hdf5_memory.hpp"

namespace carousel {
namespace {

constexpr std::string_view format_name = "carousel checkpoint";
constexpr int format_version = 2;
constexpr std::size_t block_size = 512;  // HDF5's least user block
constexpr int deepest_group = 64;
constexpr hsize_t most_elements = hsize_t{1}
                                  << 31;  // of an array; the product of two such is a number still

// What stands before the HDF5 file: its form and a checksum of all the rest, as text.
std::string block_of(std::string_view rest) {
  std::string block =
      fmt::format("{} {}\nsha256 of the rest: {}\n", format_name, format_version, sha256(rest));
  block.resize(block_size, '\n');
  return block;
}

template <class Map>
const typename Map::mapped_type& find(const Map& map, const std::string& name) {
  const auto found = map.find(name);
  if (found == map.end()) fail_input("the checkpoint lacks '{}'", name);
  return found->second;
}

template <class T>
const H5::PredType& stored_type() {
  if constexpr (std::is_same_v<T, float>) return H5::PredType::IEEE_F32LE;
  else return H5::PredType::IEEE_F64LE;
}

template <class T>
const H5::PredType& memory_type() {
  if constexpr (std::is_same_v<T, float>) return H5::PredType::NATIVE_FLOAT;
  else return H5::PredType::NATIVE_DOUBLE;
}

void write_attribute(const H5::H5Object& object, const std::string& name,
                     const std::string& value) {
  // A fixed-size string may not be empty, and h5py cuts the padding off.
  const H5::StrType type(H5::PredType::C_S1, std::max<std::size_t>(value.size(), 1));
  object.createAttribute(name, type, H5::DataSpace()).write(type, value);
}

void write_attribute(const H5::H5Object& object, const std::string& name, std::int64_t value) {
  object.createAttribute(name, H5::PredType::STD_I64LE, H5::DataSpace())
      .write(H5::PredType::NATIVE_INT64, &value);
}

void write_attribute(const H5::H5Object& object, const std::string& name, double value) {
  object.createAttribute(name, H5::PredType::IEEE_F64LE, H5::DataSpace())
      .write(H5::PredType::NATIVE_DOUBLE, &value);
}

template <class T>
void write_tensors(const H5::Group& group, const std::map<std::string, Tensor<T>>& tensors) {
  H5::LinkCreatPropList links;
  links.setCreateIntermediateGroup(true);
  for (const auto& [name, tensor] : tensors) {
    const std::vector<hsize_t> dims(tensor.shape().begin(), tensor.shape().end());
    const H5::DataSpace space =
        dims.empty() ? H5::DataSpace() : H5::DataSpace(int(dims.size()), dims.data());
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(creation, false);  // the same state gives the same file
    const H5::DSetCreatPropList properties(creation);
    H5Pclose(creation);
    group
        .createDataSet(name, stored_type<T>(), space, properties, H5::DSetAccPropList::DEFAULT,
                       links)
        .write(tensor.data(), memory_type<T>());
  }
}

void write_archive(const H5::Group& group, const Archive& archive) {
  for (const auto& [name, value] : archive.texts) write_attribute(group, name, value);
  for (const auto& [name, value] : archive.counters) write_attribute(group, name, value);
  for (const auto& [name, value] : archive.numbers) write_attribute(group, name, value);
  write_tensors(group, archive.floats);
  write_tensors(group, archive.doubles);
}

// No more elements than the file has stored, so that none is made up and memory is in proportion.
template <class T>
Tensor<T> read_tensor(const H5::DataSet& dataset) {
  const H5::DataSpace space = dataset.getSpace();
  std::vector<hsize_t> dims(static_cast<std::size_t>(space.getSimpleExtentNdims()));
  if (!dims.empty()) space.getSimpleExtentDims(dims.data());
  const hsize_t stored = dataset.getStorageSize() / sizeof(T);
  hsize_t elements = 1;
  Shape shape;
  for (const hsize_t dim : dims) {
    if (dim > most_elements || elements > most_elements) fail_input("an array is too large");
    shape.push_back(static_cast<Index>(dim));
    elements *= dim;
  }
  if (elements != stored) fail_input("an array has {} elements, {} stored", elements, stored);
  Tensor<T> tensor = Tensor<T>::uninitialised(shape);
  dataset.read(tensor.data(), memory_type<T>());
  return tensor;
}

void read_group(const H5::Group& group, const std::string& prefix, int depth, Archive& archive) {
  if (depth > deepest_group) fail_input("more than {} groups stand in one another", deepest_group);
  for (hsize_t i = 0; i < group.getNumObjs(); ++i) {
    const std::string name = group.getObjnameByIdx(i);
    if (group.childObjType(name) == H5O_TYPE_GROUP) {
      read_group(group.openGroup(name), prefix + name + "/", depth + 1, archive);
      continue;
    }
    const H5::DataSet dataset = group.openDataSet(name);
    if (dataset.getFloatType().getSize() == sizeof(float)) {
      archive.floats[prefix + name] = read_tensor<float>(dataset);
    } else {
      archive.doubles[prefix + name] = read_tensor<double>(dataset);
    }
  }
}

// In one walk: HDF5 sorts all attributes again for each that is asked for by its place.
std::vector<std::string> attribute_names(const H5::Group& group) {
  std::vector<std::string> names;
  const auto note = [](hid_t, const char* name, const H5A_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  hsize_t at = 0;
  if (H5Aiterate2(group.getId(), H5_INDEX_NAME, H5_ITER_NATIVE, &at, note, &names) < 0) {
    throw H5::AttributeIException("attribute_names", "H5Aiterate2 failed");
  }
  return names;
}

void read_attribute(const H5::Attribute& attribute, Archive& archive) {
  const std::string name = attribute.getName();
  const H5T_class_t kind = attribute.getTypeClass();
  if (attribute.getSpace().getSimpleExtentType() != H5S_SCALAR) {
    fail_input("the attribute '{}' is a list, expected one value", name);
  }
  if (kind == H5T_STRING) {
    std::string text;
    attribute.read(attribute.getStrType(), text);
    archive.texts[name] = text.substr(0, text.find('\0'));  // an empty text is stored as one zero
  } else if (kind == H5T_INTEGER) {
    attribute.read(H5::PredType::NATIVE_INT64, &archive.counters[name]);
  } else {
    attribute.read(H5::PredType::NATIVE_DOUBLE, &archive.numbers[name]);
  }
}

template <class T>
bool same_tensors(const std::map<std::string, Tensor<T>>& a,
                  const std::map<std::string, Tensor<T>>& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    const auto other = b.find(name);
    if (other == b.end() || !(other->second.shape() == tensor.shape()) ||
        std::memcmp(other->second.data(), tensor.data(), tensor.values().size_bytes()) != 0) {
      return false;
    }
  }
  return true;
}

// Bit by bit: a NaN equals itself.
bool same_numbers(const std::map<std::string, double>& a, const std::map<std::string, double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first &&
           std::bit_cast<std::uint64_t>(x.second) == std::bit_cast<std::uint64_t>(y.second);
  });
}

bool same(const std::map<std::string, Archive>& a, const std::map<std::string, Archive>& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, archive] : a) {
    const auto other = b.find(name);
    if (other == b.end() || other->second.texts != archive.texts ||
        other->second.counters != archive.counters ||
        !same_numbers(archive.numbers, other->second.numbers) ||
        !same_tensors(archive.floats, other->second.floats) ||
        !same_tensors(archive.doubles, other->second.doubles)) {
      return false;
    }
  }
  return true;
}

std::map<std::string, Archive> archives_in(std::string_view bytes) {
  const H5::H5File file = open_hdf5_in_memory(bytes);
  const H5::Group root = file.openGroup("/");
  std::map<std::string, Archive> archives;
  for (hsize_t i = 0; i < root.getNumObjs(); ++i) {
    const std::string name = root.getObjnameByIdx(i);
    const H5::Group group = root.openGroup(name);
    Archive& archive = archives[name];
    for (const std::string& attribute : attribute_names(group)) {
      read_attribute(group.openAttribute(attribute), archive);
    }
    read_group(group, "", 1, archive);
  }
  return archives;
}

std::string bytes_with_checksum(const std::map<std::string, Archive>& archives) {
  const H5::H5File file = new_hdf5_in_memory(block_size);
  for (const auto& [name, archive] : archives) write_archive(file.createGroup(name), archive);
  std::string bytes = bytes_of(file);
  bytes.replace(0, block_size, block_of(std::string_view(bytes).substr(block_size)));
  return bytes;
}

// Throws InputError unless every bit is as it was written.
void expect_undamaged(const std::filesystem::path& path, std::string_view bytes) {
  const std::string own = fmt::format("{} {}\n", format_name, format_version);
  if (bytes.size() > block_size && bytes.starts_with(own)) {
    if (bytes.substr(0, block_size) == block_of(bytes.substr(block_size))) return;
    fail_input("{}: damaged: it is not what was written (its SHA-256 has changed)", path.string());
  }
  const bool other = bytes.starts_with(format_name) || bytes.starts_with("\x89HDF\r\n");
  fail_input("{}: not a checkpoint of this program (form {}): {}", path.string(), format_version,
             other ? "another version made it" : "it is damaged, or another kind of file");
}

}  // namespace

const std::string& Archive::text(const std::string& name) const { return find(texts, name); }
std::int64_t Archive::counter(const std::string& name) const { return find(counters, name); }
double Archive::number(const std::string& name) const { return find(numbers, name); }

template <>
const Tensor<float>& Archive::tensor<float>(const std::string& name) const {
  return find(floats, name);
}
template <>
const Tensor<double>& Archive::tensor<double>(const std::string& name) const {
  return find(doubles, name);
}
template <>
std::map<std::string, Tensor<float>>& Archive::tensors<float>() {
  return floats;
}
template <>
std::map<std::string, Tensor<double>>& Archive::tensors<double>() {
  return doubles;
}

void write_archives(const std::filesystem::path& path,
                    const std::map<std::string, Archive>& archives) {
  std::string bytes;
  try {
    bytes = bytes_with_checksum(archives);
    if (!same(archives, archives_in(bytes)))
      throw H5::FileIException("", "it reads back otherwise");
  } catch (const H5::Exception& error) {
    throw EnvironmentError(fmt::format(
        "{}: HDF5 can't make the checkpoint ({}); is there memory enough? The one before is kept",
        path.string(), error.getDetailMsg()));
  }
  write_text(path, bytes);
}

std::map<std::string, Archive> read_archives(const std::filesystem::path& path) {
  const std::string bytes = read_text(path);
  expect_undamaged(path, bytes);
  try {
    return archives_in(bytes);
  } catch (const H5::Exception& error) {
    throw EnvironmentError(
        fmt::format("{}: HDF5 can't read it though it is whole ({}); is there memory enough?",
                    path.string(), error.getDetailMsg()));
  } catch (const InputError& error) {
    fail_input("{}: {}", path.string(), error.what());
  }
}

}  // namespace carousel
