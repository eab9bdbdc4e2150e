#include "exchange/keras_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "io/files.hpp"
#include "io/hdf5_file.hpp"
#include "io/hdf5_memory.hpp"
#include "io/isolated.hpp"
#include "io/zip_file.hpp"

namespace carousel {
namespace {

constexpr int deepest_group = 64;
constexpr std::string_view weights_name = "model.weights.h5";

// ---- in the child process: the file's arrays, as bytes ----

// An array with its name: sizes and numbers of the two, in a form of our own.
void append_array(std::string& bytes, const std::string& name, const std::vector<hsize_t>& sizes,
                  std::vector<double> values) {
  append_little_endian(bytes, std::uint64_t{name.size()});
  bytes += name;
  append_little_endian(bytes, std::uint64_t{sizes.size()});
  for (const hsize_t size : sizes) append_little_endian(bytes, std::uint64_t{size});
  bytes += bytes_of(Tensor<double>::view({std::ssize(values)}, values.data()));
}

// Reads a data set of floats: as many numbers as the file has stored, so that memory is in
// proportion.
void append_data_set(std::string& bytes, const H5::DataSet& data, const std::string& name,
                     const std::string& file) {
  if (data.getTypeClass() != H5T_FLOAT) return;
  const H5::DSetCreatPropList made = data.getCreatePlist();
  const H5::DataSpace space = data.getSpace();
  const bool plain = (made.getLayout() == H5D_CONTIGUOUS || made.getLayout() == H5D_COMPACT) &&
                     made.getExternalCount() == 0 && space.getSimpleExtentType() != H5S_NULL;
  if (!plain) {
    fail_input("{}: {}: is packed or in another file, expected plain numbers, as Keras writes them",
               file, name);
  }
  std::vector<hsize_t> sizes(static_cast<std::size_t>(space.getSimpleExtentNdims()));
  if (!sizes.empty()) space.getSimpleExtentDims(sizes.data());
  const hsize_t stored =
      data.getStorageSize() / std::max<std::size_t>(data.getFloatType().getSize(), 1);
  hsize_t elements = 1;
  bool fits = true;
  for (const hsize_t size : sizes)
    fits = fits && !__builtin_mul_overflow(elements, size, &elements);
  if (!fits || elements != stored || elements == 0) {
    fail_input("{}: {}: has {} numbers stored for its shape [{}]; the file is damaged", file, name,
               stored, fmt::join(sizes, ", "));
  }
  std::vector<double> values(elements);
  data.read(values.data(), H5::PredType::NATIVE_DOUBLE);
  append_array(bytes, name, sizes, std::move(values));
}

// Links to other places could lead out of the file, or round in a circle.
void append_group(std::string& bytes, const H5::Group& group, const std::string& front, int depth,
                  const std::string& file) {
  if (depth > deepest_group) {
    fail_input("{}: more than {} groups stand in one another", file, deepest_group);
  }
  for (hsize_t k = 0; k < group.getNumObjs(); ++k) {
    const std::string name = group.getObjnameByIdx(k);
    H5L_info_t link{};
    if (H5Lget_info(group.getId(), name.c_str(), &link, H5P_DEFAULT) < 0 ||
        link.type != H5L_TYPE_HARD) {
      fail_input("{}: {}{}: is a link to another place, expected what Keras writes", file, front,
                 name);
    }
    const H5O_type_t kind = group.childObjType(name);
    if (kind == H5O_TYPE_GROUP) {
      append_group(bytes, group.openGroup(name), front + name + "/", depth + 1, file);
    } else if (kind == H5O_TYPE_DATASET) {
      append_data_set(bytes, group.openDataSet(name), front + name, file);
    }
  }
}

std::string arrays_in(const H5::H5File& hdf5, const std::filesystem::path& path) {
  return reading_hdf5(path, "its groups", [&] {
    std::string bytes;
    append_group(bytes, hdf5.openGroup("/"), "", 1, path.string());
    return bytes;
  });
}

std::string arrays_in_archive(const std::filesystem::path& path) {
  const ZipFile zip(path, "a .keras file", "model.save('model.keras')");
  const auto found = std::ranges::find(zip.entries(), weights_name, &ZipFile::Entry::name);
  if (found == zip.entries().end()) {
    fail_input("{}: has no {}, expected what model.save('model.keras') writes", path.string(),
               weights_name);
  }
  const std::string hdf5 = zip.unpacked(static_cast<std::size_t>(found - zip.entries().begin()),
                                        zip.most_weight_bytes());
  return reading_hdf5(path, std::string(weights_name),
                      [&] { return arrays_in(open_hdf5_in_memory(hdf5), path); });
}

// ---- in this process ----

NamedArrays unpacked(const std::string& bytes, const std::string& file) {
  NamedArrays arrays;
  std::size_t at = 0;
  const auto number = [&] {
    at += sizeof(std::uint64_t);
    return little_endian<std::uint64_t>(bytes, at - sizeof(std::uint64_t));
  };
  while (at < bytes.size()) {
    const std::uint64_t length = number();
    const std::string name = bytes.substr(at, length);
    at += length;
    std::vector<std::uint64_t> sizes(number());
    std::uint64_t elements = 1;
    for (std::uint64_t& size : sizes) elements *= size = number();
    const std::string_view numbers = std::string_view(bytes).substr(at, elements * sizeof(double));
    at += numbers.size();
    arrays[name] = array_of(NumberForm::float64, sizes, numbers, file + ": " + name);
  }
  return arrays;
}

// Where a layer may stand: in weights, in a whole model of the old format, in the new one.
constexpr const char* fronts[] = {"", "model_weights/", "layers/",
                                  "_layer_checkpoint_dependencies/"};

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Keras 3 numbers the arrays of a layer, older files name them.
std::optional<std::string> name_of(const std::string& path) {
  std::string last = last_part(path);
  if (last.ends_with(":0")) last.resize(last.size() - 2);
  const bool numbered = path.ends_with("/vars/" + last);
  if (last == "kernel" || (numbered && last == "0")) return "kernel";
  if (last == "recurrent_kernel" || (numbered && last == "1")) return "recurrent_kernel";
  if (last == "bias" || (numbered && last == "2")) return "bias";
  return std::nullopt;
}

// What stands in front of the array's name: layers/NUMBER/, the direction of Bidirectional.
std::string direction_in(const std::string& path) {
  for (const char* direction : {"forward", "backward"}) {
    const std::string part = fmt::format("/{}_", direction);
    if (("/" + path).find(part) != std::string::npos) return fmt::format("{}_layer/", direction);
  }
  return "";
}

// The path of a layer, without the last "/"; none where there is no such layer.
std::optional<std::string> place_of(const std::string& layer, const NamedArrays& arrays) {
  for (const char* front : fronts) {
    const std::string place = front + layer;
    const auto first = arrays.lower_bound(place + "/");
    if (first != arrays.end() && first->first.starts_with(place + "/")) return place;
  }
  return std::nullopt;
}

// The layers that have a recurrent kernel.
std::set<std::string> recurrent_layers(const NamedArrays& arrays) {
  std::set<std::string> layers;
  for (const auto& [path, array] : arrays) {
    if (name_of(path) != "recurrent_kernel" || array.shape().rank() != 2) continue;
    std::string layer = path.substr(0, path.size() - last_part(path).size());
    for (const std::string_view part : {"/", "/vars", "/cell"}) {
      if (layer.ends_with(part)) layer.resize(layer.size() - part.size());
    }
    layers.insert(layer);
  }
  return layers;
}

}  // namespace

NamedArrays read_keras_file(const std::filesystem::path& path) {
  const bool is_archive = path.extension() == ".keras";
  return unpacked(
      isolated(
          path,
          [&] { return is_archive ? arrays_in_archive(path) : arrays_in(open_hdf5(path), path); }),
      path.string());
}

NamedArrays keras_layers(const NamedArrays& arrays, const std::vector<std::string>& layers,
                         const std::string& file) {
  NamedArrays chosen;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto place = place_of(layers[k], arrays);
    if (!place) {
      fail_input("{}: there is no layer '{}'; what has a recurrent kernel: {}", file, layers[k],
                 fmt::join(recurrent_layers(arrays), ", "));
    }
    const std::string front = layers.size() > 1 ? fmt::format("{}/", k) : "";
    for (auto found = arrays.lower_bound(*place + "/");
         found != arrays.end() && found->first.starts_with(*place + "/"); ++found) {
      const std::string inside = found->first.substr(place->size() + 1);
      const auto name = name_of(found->first);
      const std::string known = front + (name ? direction_in(inside) + *name : inside);
      // A second one of that name is one too many.
      chosen[chosen.contains(known) ? front + inside : known] = found->second;
    }
  }
  return chosen;
}

}  // namespace carousel
