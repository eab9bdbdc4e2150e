#include "data/mat5.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <limits>

#include "io/compressed.hpp"
#include "io/files.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t header_size = 128, tag_size = 8;
// What elements hold, and what arrays are of (tables 1-1 and 1-3 of the format).
enum Type : std::uint32_t { int32 = 5, uint32 = 6, matrix = 14, compressed = 15 };
enum Class : std::uint32_t { cell = 1, first_number = 6, last_number = 15 };
constexpr std::uint32_t complex_flag = 0x0800;

template <class T>
T value_at(std::string_view bytes, std::size_t index, bool swapped) {
  char raw[sizeof(T)];
  std::memcpy(raw, bytes.data() + index * sizeof(T), sizeof(T));
  if (swapped) std::reverse(std::begin(raw), std::end(raw));
  T value;
  std::memcpy(&value, raw, sizeof(T));
  return value;
}

// Bytes of a number of a type; 0 for what is no number.
std::size_t width_of(std::uint32_t type) {
  switch (type) {
    case 1:
    case 2: return 1;
    case 3:
    case 4: return 2;
    case 5:
    case 6:
    case 7: return 4;
    case 9:
    case 12:
    case 13: return 8;
    default: return 0;
  }
}

struct Element {
  std::uint32_t type = 0;
  std::string_view data;
};

// Elements one behind the other.
class Elements {
 public:
  Elements(std::string_view bytes, bool swapped, const std::string& place)
      : rest_(bytes), swapped_(swapped), place_(place) {}

  std::string_view rest() const { return rest_; }

  Element next() {
    if (rest_.size() < tag_size) fail_short(tag_size, rest_.size());
    const auto first = value_at<std::uint32_t>(rest_, 0, swapped_);
    // A small element has its size beside its type, and its data in the tag.
    if (const std::size_t small = first >> 16; small > 0) {
      if (small > 4) fail_short(small, 4);
      return take(first & 0xffff, 4, small, tag_size);
    }
    const std::size_t size = value_at<std::uint32_t>(rest_, 1, swapped_);
    if (size > rest_.size() - tag_size) fail_short(size, rest_.size() - tag_size);
    const std::size_t padding = first == Type::compressed ? 0 : (8 - size % 8) % 8;
    return take(first, tag_size, size, std::min(tag_size + size + padding, rest_.size()));
  }

 private:
  Element take(std::uint32_t type, std::size_t from, std::size_t size, std::size_t length) {
    const Element element{type, rest_.substr(from, size)};
    rest_.remove_prefix(length);
    return element;
  }

  [[noreturn]] void fail_short(std::size_t wanted, std::size_t got) const {
    fail_input("{}: cut short or damaged: an element of {} bytes where {} are left; get it again",
               place_, wanted, got);
  }

  std::string_view rest_;
  bool swapped_;
  const std::string& place_;
};

struct Header {
  std::uint32_t array_class = 0;
  bool is_complex = false;
  std::vector<std::uint64_t> dims;
  std::string name;
  std::string_view rest;  // behind the header
};

// The parts of an array in front of its values. Of a class that is not read, the class alone.
Header header_of(std::string_view array, bool swapped, const std::string& place) {
  Elements elements(array, swapped, place);
  Header header;
  const Element flags = elements.next();
  if (flags.type != Type::uint32 || flags.data.size() != 8) {
    fail_input("{}: an array without its flags; the file is damaged", place);
  }
  const auto word = value_at<std::uint32_t>(flags.data, 0, swapped);
  header.array_class = word & 0xff;
  header.is_complex = (word & complex_flag) != 0;
  if (header.array_class < Class::cell || header.array_class > Class::last_number) return header;
  const Element dims = elements.next();
  if (dims.type != Type::int32 || dims.data.size() < 8 || dims.data.size() % 4 != 0) {
    fail_input("{}: an array without its dimensions; the file is damaged", place);
  }
  for (std::size_t d = 0; d < dims.data.size() / 4; ++d) {
    const auto size = value_at<std::int32_t>(dims.data, d, swapped);
    if (size < 0) fail_input("{}: dimension {} is {}; the file is damaged", place, d + 1, size);
    header.dims.push_back(static_cast<std::uint64_t>(size));
  }
  header.name = elements.next().data;
  header.rest = elements.rest();
  return header;
}

// The only element of `bytes`.
std::string_view array_in(std::string_view bytes, bool swapped, const std::string& place) {
  const Element element = Elements(bytes, swapped, place).next();
  if (element.type != Type::matrix) {
    fail_input("{}: what was compressed is no array; the file is damaged", place);
  }
  return element.data;
}

std::string whole_file(const std::filesystem::path& path) {
  if (!is_file(path)) {
    fail_input("{}: there is no such file", path.string());
  }
  return read_text(path);
}

}  // namespace

Mat5File::Mat5File(const std::filesystem::path& path)
    : path_(path.string()), bytes_(whole_file(path)) {
  const std::string_view end =
      bytes_.size() < header_size ? "" : std::string_view(bytes_).substr(header_size - 4, 4);
  swapped_ = end == std::string_view("\x01\0MI", 4);
  if (end == std::string_view("\0\x02IM", 4)) {
    fail_input("{}: a MAT-file of version 7.3, expected version 5: save it with '-v7'", path_);
  }
  if (!swapped_ && end != std::string_view("\0\x01IM", 4)) {
    fail_input("{}: not a MAT-file of version 5 (of another format, or damaged)", path_);
  }
  Elements elements(std::string_view(bytes_).substr(header_size), swapped_, path_);
  while (!elements.rest().empty()) elements.next();
}

std::string Mat5File::variable(const std::string& name) const {
  constexpr std::size_t enough_for_a_header = 1024, all = std::numeric_limits<std::size_t>::max();
  std::string names;
  Elements elements(std::string_view(bytes_).substr(header_size), swapped_, path_);
  while (!elements.rest().empty()) {
    const Element element = elements.next();
    const bool packed = element.type == Type::compressed;
    if (!packed && element.type != Type::matrix) continue;
    std::string start;
    std::string_view array = element.data;
    if (packed) {
      start = uncompressed(element.data, enough_for_a_header, path_);
      array = std::string_view(start).substr(std::min(tag_size, start.size()));
    }
    const std::string found = header_of(array, swapped_, path_).name;
    if (found == name) {
      if (!packed) return std::string(element.data);
      const std::string bytes = uncompressed(element.data, all, path_ + ": " + name);
      return std::string(array_in(bytes, swapped_, path_ + ": " + name));
    }
    if (!found.empty()) names += (names.empty() ? "" : ", ") + found;
  }
  fail_input("{}: there is no variable '{}'; variables: {}", path_, name,
             names.empty() ? "none that can be read" : names);
}

Mat5Array::Mat5Array(std::string_view bytes, bool swapped, std::string place)
    : swapped_(swapped), place_(std::move(place)) {
  if (bytes.empty()) {  // how a cell with nothing in it is written
    dims_ = {0, 0};
    type_ = 1;
    return;
  }
  Header header = header_of(bytes, swapped, place_);
  is_cells_ = header.array_class == Class::cell;
  if (!is_cells_ && (header.array_class < Class::first_number ||
                     header.array_class > Class::last_number || header.is_complex)) {
    fail_input("{}: expected a full matrix of real numbers, got another kind", place_);
  }
  dims_ = std::move(header.dims);
  count_ = 1;
  for (const std::uint64_t size : dims_) {
    if (__builtin_mul_overflow(count_, size, &count_)) {
      fail_input("{}: its dimensions can't be; the file is damaged", place_);
    }
  }
  data_ = header.rest;
  if (is_cells_) return;
  Elements elements(header.rest, swapped, place_);
  const Element numbers = elements.next();
  type_ = numbers.type;
  data_ = numbers.data;
  const std::size_t width = width_of(type_);
  if (width == 0 || data_.size() % width != 0 || data_.size() / width != count_ ||
      !elements.rest().empty()) {
    fail_input(
        "{}: {} bytes for its {} numbers of {} bytes, and {} behind them; the file is damaged",
        place_, data_.size(), count_, width, elements.rest().size());
  }
}

double Mat5Array::number(std::uint64_t index) const {
  switch (type_) {
    case 1: return value_at<std::int8_t>(data_, index, swapped_);
    case 2: return value_at<std::uint8_t>(data_, index, swapped_);
    case 3: return value_at<std::int16_t>(data_, index, swapped_);
    case 4: return value_at<std::uint16_t>(data_, index, swapped_);
    case 5: return value_at<std::int32_t>(data_, index, swapped_);
    case 6: return value_at<std::uint32_t>(data_, index, swapped_);
    case 7: return static_cast<double>(value_at<float>(data_, index, swapped_));
    case 9: return value_at<double>(data_, index, swapped_);
    case 12: return static_cast<double>(value_at<std::int64_t>(data_, index, swapped_));
    case 13: return static_cast<double>(value_at<std::uint64_t>(data_, index, swapped_));
    default: fail_bug("a MAT-file's number of type {}", type_);
  }
}

void Mat5Array::for_each_cell(const std::function<void(const Mat5Array&)>& action) const {
  Elements elements(data_, swapped_, place_);
  for (std::uint64_t i = 0; i < count_; ++i) {
    const std::string place = fmt::format("{}, cell {}", place_, i + 1);
    const Element element = elements.next();
    if (element.type != Type::matrix) {
      fail_input("{}: expected an array in the cell; the file is damaged", place);
    }
    action(Mat5Array(element.data, swapped_, place));
  }
  if (!elements.rest().empty()) {
    fail_input("{}: {} bytes behind its {} cells; the file is damaged", place_,
               elements.rest().size(), count_);
  }
}

}  // namespace carousel
