#include "exchange/torch_file.hpp"

#include <algorithm>

#include "exchange/pickled_tensors.hpp"
#include "io/zip_file.hpp"

namespace carousel {
namespace {

// A state_dict's has about 150 bytes for a tensor; a value of a pickle takes up to 60 times its
// byte.
constexpr std::size_t most_pickle_bytes = std::size_t{16} << 20;
constexpr std::string_view pickle_name = "/data.pkl";

class TorchFile {
 public:
  explicit TorchFile(const std::filesystem::path& path)
      : file_(path.string()),
        zip_(path, "a .pt file of PyTorch 1.6 or newer", "torch.save(model.state_dict(), file)"),
        numbers_left_(zip_.size()),
        bytes_left_(zip_.size()) {
    for (std::size_t k = 0; k < zip_.entries().size(); ++k) {
      const std::string& name = zip_.entries()[k].name;
      entries_[name] = k;
      if (name.ends_with(pickle_name)) root_ = name.substr(0, name.size() - pickle_name.size());
    }
    if (!entries_.contains(root_ + std::string(pickle_name))) {
      fail_input("{}: has no data.pkl, expected what torch.save(model.state_dict(), file) writes",
                 file_);
    }
    if (entries_.contains(root_ + "/byteorder") && entry("byteorder", 16) != "little") {
      fail_input("{}: was written on a machine with the other order of bytes", file_);
    }
  }

  NamedArrays arrays(const std::string& front) {
    NamedArrays arrays;
    const std::string pickle = entry("data.pkl", most_pickle_bytes);
    for (const auto& [name, tensor] : pickled_tensors(pickle, file_ + ": data.pkl")) {
      if (!name.starts_with(front)) continue;
      const std::string place = fmt::format("{}: {}", file_, name);
      if (!arrays.emplace(name, array(tensor, place)).second) {
        fail_input("{}: two tensors have this name", place);
      }
    }
    if (arrays.empty()) {
      fail_input(
          "{}: holds no tensors{}, expected what torch.save(model.state_dict(), file) writes",
          file_, front.empty() ? "" : fmt::format(" whose names begin with '{}'", front));
    }
    return arrays;
  }

 private:
  // A stored file: one that is packed would be larger than it looks.
  std::string entry(const std::string& name, std::size_t most) const {
    const auto found = entries_.find(root_ + "/" + name);
    if (found == entries_.end()) fail_input("{}: lacks its part {}; it is damaged", file_, name);
    const ZipFile::Entry& entry = zip_.entries()[found->second];
    if (entry.packed) {
      fail_input("{}: {} is packed, expected it stored, as torch.save does", file_, entry.name);
    }
    return zip_.unpacked(found->second, std::min(most, zip_.size()));
  }

  // Throws unless all elements are among the numbers that are stored.
  static void expect_inside(const PickledTensor& tensor, const std::string& place) {
    std::uint64_t last = tensor.offset;
    bool inside = true;
    for (std::size_t axis = 0; axis < tensor.sizes.size(); ++axis) {
      std::uint64_t reach = 0;
      if (tensor.sizes[axis] == 0) fail_input("{}: has no elements", place);
      inside = inside &&
               !__builtin_mul_overflow(tensor.sizes[axis] - 1, tensor.strides[axis], &reach) &&
               !__builtin_add_overflow(last, reach, &last);
    }
    if (inside && last < tensor.stored) return;
    fail_input("{}: reaches beyond the {} numbers that are stored for it; the file is damaged",
               place, tensor.stored);
  }

  // How many there are. A stride of 0 repeats a number without end, so there is a bound.
  std::uint64_t elements_of(const PickledTensor& tensor) {
    std::uint64_t elements = 1;
    bool fits = true;
    for (const std::uint64_t size : tensor.sizes) {
      fits = fits && !__builtin_mul_overflow(elements, size, &elements);
    }
    if (!fits || elements > numbers_left_) {
      fail_input(
          "{}: its tensors share their numbers, and are together more than 8 times as large as the "
          "file; expected copies: {{k: v.clone() for k, v in model.state_dict().items()}}",
          file_);
    }
    numbers_left_ -= elements;
    return elements;
  }

  Tensor<double> array(const PickledTensor& tensor, const std::string& place) {
    if (!tensor.form) {
      fail_input(
          "{}: has numbers of the type {}, expected Float, Double, Half, BFloat16, Int, Long or "
          "Bool",
          place, tensor.type);
    }
    expect_inside(tensor, place);
    const std::size_t width = width_of(*tensor.form);
    const std::uint64_t elements = elements_of(tensor);
    const std::string& stored = storage(tensor.storage);
    if (stored.size() % width != 0 || stored.size() / width != tensor.stored) {
      fail_input("{}: there are {} bytes for it, expected {} numbers of {} bytes", place,
                 stored.size(), tensor.stored, width);
    }
    return array_of(*tensor.form, tensor.sizes, row_by_row(tensor, stored, width, elements), place);
  }

  // Read once; several tensors may lie in one.
  const std::string& storage(const std::string& name) {
    const auto [found, is_new] = storages_.try_emplace(name);
    if (is_new) {
      found->second = entry("data/" + name, bytes_left_);
      bytes_left_ -= found->second.size();
    }
    return found->second;
  }

  static std::string row_by_row(const PickledTensor& tensor, const std::string& stored,
                                std::size_t width, std::uint64_t elements) {
    std::string bytes;
    bytes.reserve(elements * width);
    std::vector<std::uint64_t> place(tensor.sizes.size(), 0);
    std::uint64_t at = tensor.offset;
    for (std::uint64_t k = 0; k < elements; ++k) {
      bytes.append(stored, at * width, width);
      for (std::size_t axis = tensor.sizes.size(); axis-- > 0;) {
        at += tensor.strides[axis];
        if (++place[axis] < tensor.sizes[axis]) break;
        at -= tensor.sizes[axis] * tensor.strides[axis];
        place[axis] = 0;
      }
    }
    return bytes;
  }

  std::string file_;
  ZipFile zip_;
  std::string root_;
  std::map<std::string, std::size_t> entries_;  // of the archive, by name
  std::map<std::string, std::string> storages_;
  // What may still be read: parts of an archive may lie one over the other.
  std::uint64_t numbers_left_;
  std::size_t bytes_left_;
};

}  // namespace

NamedArrays read_torch_file(const std::filesystem::path& path, const std::string& front) {
  return TorchFile(path).arrays(front);
}

}  // namespace carousel
