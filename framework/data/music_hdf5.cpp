#include "data/music_hdf5.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>

#include "data/music.hpp"
#include "io/hdf5_file.hpp"
#include "io/isolated.hpp"

namespace carousel {
namespace {

constexpr auto keys = static_cast<hsize_t>(piano_keys);
// What deflate makes of a byte at its best: 258 bytes from 2 bits.
constexpr hsize_t most_from_a_byte = 1032;

// A data set, and how messages begin.
struct Stored {
  H5::DataSet data;
  std::string place;
  std::uint64_t file_size = 0;
};

// Dimensions of a data set that must have so many.
template <std::size_t rank>
std::array<hsize_t, rank> extent_of(const Stored& stored) {
  const H5::DataSpace space = stored.data.getSpace();
  const int got = space.getSimpleExtentType() == H5S_SIMPLE ? space.getSimpleExtentNdims() : 0;
  if (got != static_cast<int>(rank)) {
    fail_input("{} has {} dimensions, expected {}", stored.place, got, rank);
  }
  std::array<hsize_t, rank> extent{};
  space.getSimpleExtentDims(extent.data());
  return extent;
}

// a * b, or the largest number
hsize_t product(hsize_t a, hsize_t b) {
  hsize_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? std::numeric_limits<hsize_t>::max() : result;
}

template <std::size_t rank>
hsize_t product_of(const std::array<hsize_t, rank>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), hsize_t{1}, product);
}

// Chunks that were never written would read as zeros.
template <std::size_t rank>
void expect_all_chunks(const Stored& stored, const std::array<hsize_t, rank>& extent,
                       const std::array<hsize_t, rank>& chunk) {
  hsize_t wanted = 1, got = 0;
  for (std::size_t d = 0; d < rank; ++d) {
    wanted = product(wanted, extent[d] / chunk[d] + (extent[d] % chunk[d] != 0));
  }
  const H5::DataSpace space = stored.data.getSpace();
  if (H5Dget_num_chunks(stored.data.getId(), space.getId(), &got) < 0 || got != wanted) {
    fail_input("{}: {} of its {} chunks were written; the file is damaged or was never finished",
               stored.place, got, wanted);
  }
}

// Values and chunks must not be more than the bytes in the file can hold.
template <std::size_t rank>
void expect_room(const Stored& stored, const std::array<hsize_t, rank>& extent) {
  const H5::DSetCreatPropList made = stored.data.getCreatePlist();
  const H5D_layout_t layout = made.getLayout();
  if (layout == H5D_VIRTUAL || made.getExternalCount() > 0) {
    fail_input("{}: its values are in other files, expected them in this one", stored.place);
  }
  const hsize_t width = stored.data.getDataType().getSize();
  const hsize_t in_file = std::min<hsize_t>(stored.data.getStorageSize(), stored.file_size);
  const bool packed = layout == H5D_CHUNKED && made.getNfilters() > 0;
  const hsize_t most = product(in_file, packed ? most_from_a_byte : 1);
  const auto expect_below = [&](const char* what, const std::array<hsize_t, rank>& sizes) {
    if (product(product_of(sizes), width) <= most) return;
    fail_input(
        "{}: {} of {} values of {} bytes from {} bytes in the file; it is damaged, or the "
        "values were never written",
        stored.place, what, fmt::join(sizes, " x "), width, in_file);
  };
  expect_below("an array", extent);
  if (layout != H5D_CHUNKED) return;
  std::array<hsize_t, rank> chunk{};
  if (made.getChunk(static_cast<int>(rank), chunk.data()) != static_cast<int>(rank) ||
      product_of(chunk) == 0) {
    fail_input("{}: its chunks have other dimensions than itself; the file is damaged",
               stored.place);
  }
  expect_below("a chunk", chunk);
  expect_all_chunks(stored, extent, chunk);
}

// What a value may be.
struct Allowed {
  std::int64_t low, high;
  std::string in_words;
};

template <class Value, class File>
std::vector<Value> checked(const std::vector<File>& raw, const Stored& stored, hsize_t columns,
                           const Allowed& allowed) {
  std::vector<Value> values(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    // Compared as they are: a conversion makes 0 of -255, of NaN and of 0.5.
    const auto whole = [&] {
      if constexpr (std::is_floating_point_v<File>) return std::trunc(raw[i]) == raw[i];
      else return true;
    };
    const auto inside = [&] {
      if constexpr (std::is_floating_point_v<File>) {
        return raw[i] >= static_cast<File>(allowed.low) &&
               raw[i] <= static_cast<File>(allowed.high);
      } else {
        return std::cmp_greater_equal(raw[i], allowed.low) &&
               std::cmp_less_equal(raw[i], allowed.high);
      }
    };
    if (!whole() || !inside()) {
      const std::string at =
          columns > 1 ? fmt::format("{}, {}", i / columns, i % columns) : std::to_string(i);
      fail_input("{}[{}] is {}, expected {}", stored.place, at, raw[i], allowed.in_words);
    }
    values[i] = static_cast<Value>(+raw[i]);
  }
  return values;
}

// All values, read in the type that they are stored in.
template <class Value>
std::vector<Value> values_of(const Stored& stored, hsize_t count, hsize_t columns,
                             const Allowed& allowed) {
  const auto as = [&]<class File>(const H5::PredType& type, File) {
    std::vector<File> raw(count);
    if (count > 0) stored.data.read(raw.data(), type);
    return checked<Value>(raw, stored, columns, allowed);
  };
  const std::size_t width = stored.data.getDataType().getSize();
  const H5T_class_t kind = stored.data.getTypeClass();
  const bool is_signed =
      kind == H5T_INTEGER && H5Tget_sign(stored.data.getDataType().getId()) == H5T_SGN_2;
  if (kind == H5T_FLOAT && width == 4) return as(H5::PredType::NATIVE_FLOAT, float{});
  if (kind == H5T_FLOAT && width == 8) return as(H5::PredType::NATIVE_DOUBLE, double{});
  if (kind == H5T_INTEGER && is_signed) {
    if (width == 1) return as(H5::PredType::NATIVE_INT8, std::int8_t{});
    if (width == 2) return as(H5::PredType::NATIVE_INT16, std::int16_t{});
    if (width == 4) return as(H5::PredType::NATIVE_INT32, std::int32_t{});
    if (width == 8) return as(H5::PredType::NATIVE_INT64, std::int64_t{});
  }
  if (kind == H5T_INTEGER && !is_signed) {
    if (width == 1) return as(H5::PredType::NATIVE_UINT8, std::uint8_t{});
    if (width == 2) return as(H5::PredType::NATIVE_UINT16, std::uint16_t{});
    if (width == 4) return as(H5::PredType::NATIVE_UINT32, std::uint32_t{});
    if (width == 8) return as(H5::PredType::NATIVE_UINT64, std::uint64_t{});
  }
  fail_input("{} holds another kind of values, expected integers or floats of 1 to 8 bytes",
             stored.place);
}

// Calls action(Stored) for a data set.
template <class Action>
void with_data(const std::filesystem::path& path, const H5::H5File& file, const std::string& name,
               Action&& action) {
  reading_hdf5(path, name, [&] {
    action(Stored{file.openDataSet(name), path.string() + ": " + name,
                  std::filesystem::file_size(path)});
  });
}

StoredMusic read_split(const std::filesystem::path& path, const H5::H5File& file,
                       const std::string& group) {
  StoredMusic music;
  hsize_t steps = 0;
  with_data(path, file, group + "/notes", [&](const Stored& stored) {
    const auto extent = extent_of<2>(stored);
    if (extent[1] != keys) {
      fail_input("{} has {} columns, expected {}", stored.place, extent[1], keys);
    }
    expect_room(stored, extent);
    steps = extent[0];
    music.notes = values_of<std::uint8_t>(stored, steps * keys, keys, {0, 1, "0 or 1"});
  });
  with_data(path, file, group + "/lengths", [&](const Stored& stored) {
    const auto extent = extent_of<1>(stored);
    expect_room(stored, extent);
    music.lengths = values_of<std::int64_t>(
        stored, extent[0], 1,
        {2, static_cast<std::int64_t>(steps),
         fmt::format("a whole number of steps, 2 or more, and {} in all", steps)});
  });
  return music;
}

void append(std::string& bytes, const void* from, std::size_t size) {
  bytes.append(static_cast<const char*>(from), size);
}

// Two counts and what is counted, for each split.
std::string packed(const StoredMusicSplits& splits) {
  std::string bytes;
  for (const StoredMusic& split : splits) {
    const std::uint64_t counts[] = {split.lengths.size(), split.notes.size()};
    append(bytes, counts, sizeof counts);
    append(bytes, split.lengths.data(), split.lengths.size() * sizeof(std::int64_t));
    append(bytes, split.notes.data(), split.notes.size());
  }
  return bytes;
}

StoredMusicSplits unpacked(const std::string& bytes) {
  StoredMusicSplits splits;
  const char* from = bytes.data();
  const auto take = [&](void* to, std::size_t size) {
    if (size > static_cast<std::size_t>(bytes.data() + bytes.size() - from)) {
      fail_bug("music from a child process ends too soon");
    }
    if (size > 0) std::memcpy(to, from, size);
    from += size;
  };
  for (StoredMusic& split : splits) {
    std::uint64_t counts[2];
    take(counts, sizeof counts);
    split.lengths.resize(counts[0]);
    take(split.lengths.data(), counts[0] * sizeof(std::int64_t));
    split.notes.resize(counts[1]);
    take(split.notes.data(), counts[1]);
  }
  return splits;
}

}  // namespace

StoredMusicSplits parse_music_hdf5(const std::filesystem::path& path) {
  const H5::H5File file = open_hdf5(path);
  StoredMusicSplits splits;
  for (std::size_t k = 0; k < splits.size(); ++k) {
    splits[k] = read_split(path, file, std::string("/") + music_splits[k]);
  }
  return splits;
}

StoredMusicSplits read_music_hdf5(const std::filesystem::path& path) {
  return unpacked(isolated(path, [&] { return packed(parse_music_hdf5(path)); }));
}

}  // namespace carousel
