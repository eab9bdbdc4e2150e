#include "io/safetensors.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "io/files.hpp"

namespace carousel {
namespace {

namespace json = boost::json;

constexpr std::size_t most_header_bytes = 100'000'000;
constexpr std::string_view notes_name = "__metadata__";

// Where an array is.
struct Entry {
  std::string name;
  NumberForm form = NumberForm::float64;
  std::vector<std::uint64_t> sizes;
  std::uint64_t begin = 0, end = 0;  // bytes behind the header
};

std::size_t count_members(const json::value& value) {
  std::size_t members = 0;
  if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) members += count_members(element);
  }
  if (const json::object* object = value.if_object()) {
    members += object->size();
    for (const auto& member : *object) members += count_members(member.value());
  }
  return members;
}

// Colons outside of texts: one for each member, of those too that a parser drops since their name
// stands twice.
std::size_t count_colons(std::string_view text) {
  std::size_t colons = 0;
  bool inside = false;
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (inside && text[k] == '\\') ++k;
    else if (text[k] == '"') inside = !inside;
    else if (!inside && text[k] == ':') ++colons;
  }
  return colons;
}

json::object parsed(std::string_view text, const std::string& file) {
  boost::system::error_code error;
  const json::value header = json::parse({text.data(), text.size()}, error);
  if (error || !header.is_object()) {
    fail_input("{}: not a .safetensors file: its header is no JSON object ({})", file,
               error ? error.message() : "another value");
  }
  if (count_members(header) != count_colons(text)) {
    fail_input("{}: a name stands twice in the header", file);
  }
  return header.get_object();
}

// Reads a member of an entry; who reads says what else it would have been.
std::vector<std::uint64_t> whole_numbers(const json::object& entry, const char* key,
                                         const std::string& place) {
  std::vector<std::uint64_t> numbers;
  const json::value* value = entry.if_contains(key);
  const json::array* array = value ? value->if_array() : nullptr;
  if (!array) fail_input("{}: expected '{}' to be a list of whole numbers", place, key);
  for (const json::value& element : *array) {
    boost::system::error_code error;
    numbers.push_back(element.to_number<std::uint64_t>(error));
    if (error) {
      fail_input("{}: got '{}': {}, expected whole numbers", place, key, json::serialize(*value));
    }
  }
  return numbers;
}

NumberForm form_of(const json::object& entry, const std::string& place) {
  const json::value* type = entry.if_contains("dtype");
  if (type && *type == "F16") return NumberForm::float16;
  if (type && *type == "BF16") return NumberForm::bfloat16;
  if (type && *type == "F32") return NumberForm::float32;
  if (type && *type == "F64") return NumberForm::float64;
  fail_input("{}: got the type {}, expected F16, BF16, F32 or F64: tensor.float() makes one", place,
             type ? json::serialize(*type) : "nothing");
}

Entry entry_of(const std::string& name, const json::value& value, const std::string& place) {
  const json::object* object = value.if_object();
  if (!object) fail_input("{}: expected type, shape and place of an array", place);
  const auto offsets = whole_numbers(*object, "data_offsets", place);
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    fail_input("{}: expected 'data_offsets' to be its first byte and the one behind its last",
               place);
  }
  return {name, form_of(*object, place), whole_numbers(*object, "shape", place), offsets[0],
          offsets[1]};
}

// By their place in the file.
std::vector<Entry> entries_of(const json::object& header, const std::string& file) {
  std::vector<Entry> entries;
  for (const auto& member : header) {
    const std::string name(member.key());
    if (name == notes_name) continue;
    entries.push_back(entry_of(name, member.value(), fmt::format("{}: {}", file, name)));
  }
  std::ranges::sort(entries, {}, &Entry::begin);
  return entries;
}

}  // namespace

NamedArrays read_safetensors(const std::filesystem::path& path) {
  const std::string file = path.string(), bytes = read_text(path);
  constexpr std::size_t front = sizeof(std::uint64_t);
  if (bytes.size() < front) fail_input("{}: not a .safetensors file: it has no header", file);
  const auto size = little_endian<std::uint64_t>(bytes, 0);
  if (size > most_header_bytes || size > bytes.size() - front) {
    fail_input(
        "{}: not a .safetensors file, or cut short: its header is to have {} bytes, expected "
        "at most {}",
        file, size, std::min(most_header_bytes, bytes.size() - front));
  }
  const std::string_view text = std::string_view(bytes).substr(front, size);
  const std::string_view numbers = std::string_view(bytes).substr(front + size);
  NamedArrays arrays;
  std::uint64_t reached = 0;
  for (const Entry& entry : entries_of(parsed(text, file), file)) {
    const std::string place = fmt::format("{}: {}", file, entry.name);
    if (entry.begin != reached || entry.end > numbers.size()) {
      fail_input(
          "{}: lies at bytes {} to {} of {}, expected it to begin at {}, where the one in "
          "front of it ends",
          place, entry.begin, entry.end, numbers.size(), reached);
    }
    reached = entry.end;
    arrays[entry.name] = array_of(entry.form, entry.sizes,
                                  numbers.substr(entry.begin, entry.end - entry.begin), place);
  }
  if (reached != numbers.size()) {
    fail_input("{}: {} bytes belong to no array", file, numbers.size() - reached);
  }
  return arrays;
}

void write_safetensors(const std::filesystem::path& path, const NamedArrays& arrays,
                       const Facts& notes) {
  const bool in_float =
      std::ranges::all_of(arrays, [](const auto& entry) { return fits_float32(entry.second); });
  json::object header, metadata;
  for (const auto& [name, note] : notes) metadata[name] = note;
  if (!notes.empty()) header[notes_name] = metadata;
  std::string numbers;
  for (const auto& [name, array] : arrays) {
    if (name == notes_name) {
      fail_input("{}: an array can't be called '{}', which is what notes are called in this format",
                 path.string(), name);
    }
    const std::size_t begin = numbers.size();
    numbers += in_float ? float32_bytes_of(array) : bytes_of(array);
    header[name] = {{"dtype", in_float ? "F32" : "F64"},
                    {"shape", json::array(array.shape().begin(), array.shape().end())},
                    {"data_offsets", {begin, numbers.size()}}};
  }
  std::string text = json::serialize(header), bytes;
  text.append((8 - text.size() % 8) % 8, ' ');  // the numbers begin at a multiple of 8 bytes
  append_little_endian(bytes, std::uint64_t{text.size()});
  write_text(path, bytes + text + numbers);
}

}  // namespace carousel
