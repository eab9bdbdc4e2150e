#include "io/npz.hpp"

#include <zip.h>

#include <algorithm>
#include <memory>

#include "io/files.hpp"
#include "io/npy.hpp"

namespace carousel {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 32;  // unpacked, of all arrays
constexpr std::string_view ending = ".npy";

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Source = std::unique_ptr<zip_source_t, Discard>;
using Entry = std::unique_ptr<zip_file_t, Discard>;

// A reason, once.
class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ~ZipError() { zip_error_fini(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  zip_error_t* get() { return &error_; }
  const char* text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_;
};

Archive open_archive(const std::string& bytes, const std::string& file) {
  ZipError error;
  Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get()));
  if (!source) throw std::bad_alloc();
  Archive archive(zip_open_from_source(source.get(), ZIP_RDONLY | ZIP_CHECKCONS, error.get()));
  if (!archive) {
    fail_input("{}: not an .npz file, or it is damaged ({}): expected what np.savez writes", file,
               error.text());
  }
  static_cast<void>(source.release());
  return archive;
}

// How an entry is packed, so far as it matters here.
void expect_readable(const zip_stat_t& stat, const std::string& place) {
  if (stat.encryption_method != ZIP_EM_NONE) fail_input("{}: is encrypted", place);
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    fail_input(
        "{}: is packed by method {} of zip, expected 0 (stored) or 8 (deflate), as np.savez "
        "and np.savez_compressed write",
        place, stat.comp_method);
  }
}

// All of an entry, but at most `most` bytes.
std::string unpacked(zip_t* archive, zip_uint64_t index, std::size_t most,
                     const std::string& place) {
  const auto damaged = [&](const char* why) {
    fail_input("{}: can't be unpacked ({}); the file is damaged", place, why);
  };
  const Entry entry(zip_fopen_index(archive, index, 0));
  if (!entry) damaged(zip_strerror(archive));
  std::string bytes;
  for (char piece[65536];;) {
    const zip_int64_t got = zip_fread(entry.get(), piece, sizeof piece);
    if (got < 0) damaged(zip_file_strerror(entry.get()));
    if (got <= 0) return bytes;
    bytes.append(piece, static_cast<std::size_t>(got));
    if (bytes.size() > most) {
      fail_input("{}: the arrays of this file are larger than {} bytes", place, most_bytes);
    }
  }
}

// Without the time of day: the same arrays give the same file.
void add_entry(zip_t* archive, const std::string& name, const std::string& bytes) {
  Source source(zip_source_buffer(archive, bytes.data(), bytes.size(), 0));
  const zip_int64_t index =
      source ? zip_file_add(archive, name.c_str(), source.get(), ZIP_FL_ENC_UTF_8) : -1;
  if (index < 0) fail_bug("an array can't be put into an archive: {}", zip_strerror(archive));
  static_cast<void>(source.release());
  const auto at = static_cast<zip_uint64_t>(index);
  constexpr zip_uint16_t midnight = 0, first_day = 1 << 5 | 1;  // 1 January 1980
  if (zip_set_file_compression(archive, at, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, at, midnight, first_day, 0) != 0) {
    fail_bug("an archive can't be set up: {}", zip_strerror(archive));
  }
}

std::string all_of(zip_source_t* source) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0) {
    fail_bug("a finished archive can't be read");
  }
  std::string bytes(static_cast<std::size_t>(stat.size), '\0');
  const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (got < 0 || static_cast<std::size_t>(got) != bytes.size()) {
    fail_bug("a finished archive can't be read");
  }
  return bytes;
}

}  // namespace

NamedArrays read_npz(const std::filesystem::path& path) {
  const std::string file = path.string(), packed = read_text(path);
  const Archive archive = open_archive(packed, file);
  NamedArrays arrays;
  std::size_t left = most_bytes;
  const auto entries = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
  if (entries == 0) fail_input("{}: holds no arrays", file);
  for (zip_uint64_t k = 0; k < entries; ++k) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive.get(), k, 0, &stat) != 0) {
      fail_input("{}: can't be listed; the file is damaged", file);
    }
    const std::string_view name = stat.name;
    const std::string place = fmt::format("{}: {}", file, name);
    if (!name.ends_with(ending)) {
      fail_input("{}: expected names that end in .npy, as np.savez writes them", place);
    }
    expect_readable(stat, place);
    const std::string bytes = unpacked(archive.get(), k, left, place);
    if (bytes.size() != stat.size) {
      fail_input("{}: has {} bytes, expected {} as the file says; it is damaged", place,
                 bytes.size(), stat.size);
    }
    left -= bytes.size();
    arrays[std::string(name.substr(0, name.size() - ending.size()))] = npy_array(bytes, place);
  }
  return arrays;
}

void write_npz(const std::filesystem::path& path, const NamedArrays& arrays) {
  std::map<std::string, std::string> files;
  for (const auto& [name, array] : arrays) files[name + std::string(ending)] = npy_bytes(array);
  ZipError error;
  const Source target(zip_source_buffer_create(nullptr, 0, 0, error.get()));
  if (!target) throw std::bad_alloc();
  zip_source_keep(target.get());
  Archive archive(zip_open_from_source(target.get(), ZIP_TRUNCATE, error.get()));
  if (!archive) fail_bug("an archive can't be begun: {}", error.text());
  for (const auto& [name, bytes] : files) add_entry(archive.get(), name, bytes);
  if (zip_close(archive.get()) != 0) {
    fail_bug("an archive can't be finished: {}", zip_strerror(archive.get()));
  }
  static_cast<void>(archive.release());
  write_text(path, all_of(target.get()));
}

}  // namespace carousel
