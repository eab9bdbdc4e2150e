#include "io/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "io/array_bytes.hpp"

namespace carousel {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

// What the header says of the array.
struct Header {
  std::string type;  // "<f8"
  bool fortran_order = false;
  std::vector<std::uint64_t> sizes;
};

// The header is a dict of Python in which NumPy writes three keys:
// {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& place) : text_(text), place_(place) {}

  Header read() {
    Header header;
    std::vector<std::string> keys;
    expect('{');
    while (!take('}')) {
      keys.push_back(quoted());
      expect(':');
      if (keys.back() == "descr") {
        header.type = quoted();
      } else if (keys.back() == "fortran_order") {
        header.fortran_order = truth();
      } else if (keys.back() == "shape") {
        header.sizes = sizes();
      } else {
        fail(fmt::format("a key '{}'", keys.back()));
      }
      if (!take(',') && next() != '}') fail("no comma between two keys");
    }
    std::ranges::sort(keys);
    if (keys != std::vector<std::string>{"descr", "fortran_order", "shape"}) {
      fail(fmt::format("the keys {}", fmt::join(keys, ", ")));
    }
    if (next() != '\0') fail("more behind its end");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& got) const {
    fail_input(
        "{}: the header of this .npy array has {}, expected {{'descr': '<f8', "
        "'fortran_order': False, 'shape': (..)}}",
        place_, got);
  }

  // The next character that is no space; 0 at the end.
  char next() {
    at_ = std::min(text_.find_first_not_of(" \n", at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char wanted) {
    if (next() != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) fail(fmt::format("no '{}' at byte {}", wanted, at_));
  }

  std::string quoted() {
    const char quote = next();
    if (quote == '[') {
      fail_input(
          "{}: got records of several fields, expected one number an element: save each "
          "field as an array of its own",
          place_);
    }
    const std::size_t end = text_.find(quote, at_ + 1);
    if ((quote != '\'' && quote != '"') || end == text_.npos) {
      fail(fmt::format("no text in quotes at byte {}", at_));
    }
    std::string text(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return text;
  }

  bool truth() {
    next();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    fail("neither True nor False behind 'fortran_order'");
  }

  std::vector<std::uint64_t> sizes() {
    std::vector<std::uint64_t> all;
    expect('(');
    while (!take(')')) {
      next();
      std::uint64_t size = 0;
      const auto read = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (read.ec != std::errc()) fail(fmt::format("no size at byte {}", at_));
      at_ = static_cast<std::size_t>(read.ptr - text_.data());
      all.push_back(size);
      if (!take(',') && next() != ')') fail("no comma between two sizes");
    }
    return all;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  const std::string& place_;
};

NumberForm form_of(const std::string& type, const std::string& place) {
  if (type == "<f4") return NumberForm::float32;
  if (type == "<f8") return NumberForm::float64;
  if (type == "<i4") return NumberForm::int32;
  if (type == "<i8") return NumberForm::int64;
  if (type == "|b1") return NumberForm::boolean;
  if (type == "|O") {
    fail_input(
        "{}: got Python objects (a pickle), expected numbers: save np.array(.., dtype=float)",
        place);
  }
  fail_input("{}: got the type '{}', expected <f4, <f8, <i4, <i8 or |b1: a.astype('<f8') makes one",
             place, type);
}

// An array whose first axis runs fastest in the file, row by row.
Tensor<double> in_c_order(const Tensor<double>& as_read, const Shape& shape) {
  auto array = Tensor<double>::uninitialised(shape);
  std::vector<Index> place(static_cast<std::size_t>(shape.rank()), 0);
  for (Index k = 0; k < array.numel(); ++k) {
    Index from = 0;
    for (int axis = shape.rank(); axis-- > 0;) {
      from = from * shape[axis] + place[static_cast<std::size_t>(axis)];
    }
    array.data()[k] = as_read.data()[from];
    for (int axis = shape.rank(); axis-- > 0;) {
      Index& here = place[static_cast<std::size_t>(axis)];
      here = (here + 1) % shape[axis];
      if (here > 0) break;
    }
  }
  return array;
}

}  // namespace

Tensor<double> npy_array(std::string_view bytes, const std::string& place) {
  if (!bytes.starts_with(magic) || bytes.size() < magic.size() + 4) {
    fail_input("{}: not an .npy array (it begins otherwise): expected what np.save writes", place);
  }
  const int version = static_cast<unsigned char>(bytes[magic.size()]);
  if (version < 1 || version > 3) {
    fail_input("{}: got version {} of the .npy format, expected 1 to 3", place, version);
  }
  const std::size_t at = magic.size() + 2, begin = at + (version == 1 ? 2 : 4);
  if (bytes.size() < begin) fail_input("{}: this .npy array is cut short", place);
  const std::size_t size = version == 1 ? little_endian<std::uint16_t>(bytes, at)
                                        : little_endian<std::uint32_t>(bytes, at);
  if (size > bytes.size() - begin) {
    fail_input("{}: this .npy array is cut short: its header has {} bytes, {} are there", place,
               size, bytes.size() - begin);
  }
  const Header header = HeaderText(bytes.substr(begin, size), place).read();
  const Tensor<double> array =
      array_of(form_of(header.type, place), header.sizes, bytes.substr(begin + size), place);
  return header.fortran_order ? in_c_order(array, array.shape()) : array;
}

std::string npy_bytes(const Tensor<double>& array) {
  const Shape& shape = array.shape();
  const char* const comma = shape.rank() == 1 ? "," : "";
  std::string header = fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}{}), }}",
                                   fmt::join(shape.begin(), shape.end(), ", "), comma);
  // The numbers begin at a multiple of 64 bytes.
  const std::size_t front = magic.size() + 4;
  header.append(63 - (front + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes(magic);
  bytes += {'\1', '\0'};
  append_little_endian(bytes, static_cast<std::uint16_t>(header.size()));
  return bytes + header + bytes_of(array);
}

}  // namespace carousel
