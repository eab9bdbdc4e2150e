#include "io/archive.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "io/files.hpp"
#include "io/hdf5_file.hpp"

namespace carousel {
namespace {

const char* const format_name = "carousel checkpoint";
constexpr std::int64_t format_version = 1;

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

template <class T>
Tensor<T> read_tensor(const H5::DataSet& dataset) {
  const H5::DataSpace space = dataset.getSpace();
  std::vector<hsize_t> dims(static_cast<std::size_t>(space.getSimpleExtentNdims()));
  if (!dims.empty()) space.getSimpleExtentDims(dims.data());
  Shape shape;
  for (const hsize_t dim : dims) shape.push_back(static_cast<Index>(dim));
  Tensor<T> tensor = Tensor<T>::uninitialised(shape);
  dataset.read(tensor.data(), memory_type<T>());
  return tensor;
}

void read_group(const H5::Group& group, const std::string& prefix, Archive& archive) {
  for (hsize_t i = 0; i < group.getNumObjs(); ++i) {
    const std::string name = group.getObjnameByIdx(i);
    if (group.childObjType(name) == H5O_TYPE_GROUP) {
      read_group(group.openGroup(name), prefix + name + "/", archive);
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

void read_attribute(const H5::Attribute& attribute, Archive& archive) {
  const std::string name = attribute.getName();
  const H5T_class_t kind = attribute.getTypeClass();
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

void write_file(const std::filesystem::path& path, const std::map<std::string, Archive>& archives) {
  try {
    H5::H5File file(path.string(), H5F_ACC_TRUNC);
    const H5::Group root = file.openGroup("/");
    write_attribute(root, "format", std::string(format_name));
    write_attribute(root, "version", format_version);
    for (const auto& [name, archive] : archives) write_archive(file.createGroup(name), archive);
    file.close();
  } catch (const H5::Exception& error) {
    throw EnvironmentError(
        fmt::format("{}: can't write the checkpoint ({}); does the folder exist, and has the disk "
                    "room?",
                    path.string(), error.getDetailMsg()));
  }
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
  H5::Exception::dontPrint();
  const std::filesystem::path temporary = path.string() + ".tmp";
  try {
    write_file(temporary, archives);
    if (!same(archives, read_archives(temporary))) {
      throw EnvironmentError(fmt::format(
          "{}: the checkpoint reads back otherwise than it was written; the one before is kept",
          path.string()));
    }
    commit_file(temporary, path);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

std::map<std::string, Archive> read_archives(const std::filesystem::path& path) {
  const H5::H5File file = open_hdf5(path);
  return reading_hdf5(path, "the checkpoint", [&] {
    const H5::Group root = file.openGroup("/");
    Archive header;
    for (const char* name : {"format", "version"}) {
      if (root.attrExists(name)) read_attribute(root.openAttribute(name), header);
    }
    if (header.texts["format"] != format_name || header.counters["version"] != format_version) {
      fail_input("{}: not a checkpoint of this program (version {})", path.string(),
                 format_version);
    }
    std::map<std::string, Archive> archives;
    for (hsize_t i = 0; i < root.getNumObjs(); ++i) {
      const std::string name = root.getObjnameByIdx(i);
      const H5::Group group = root.openGroup(name);
      Archive& archive = archives[name];
      for (int a = 0; a < group.getNumAttrs(); ++a) {
        read_attribute(group.openAttribute(static_cast<unsigned>(a)), archive);
      }
      read_group(group, "", archive);
    }
    return archives;
  });
}

}  // namespace carousel
