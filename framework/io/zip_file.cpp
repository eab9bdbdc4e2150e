#include "io/zip_file.hpp"

#include <zip.h>

#include "io/files.hpp"

namespace carousel {
namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using OpenArchive = std::unique_ptr<zip_t, Discard>;
using Source = std::unique_ptr<zip_source_t, Discard>;
using OpenEntry = std::unique_ptr<zip_file_t, Discard>;

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

// How an entry is packed, so far as it matters here.
ZipFile::Entry readable(const zip_stat_t& stat, const std::string& file) {
  const std::string place = fmt::format("{}: {}", file, stat.name);
  if (stat.encryption_method != ZIP_EM_NONE) fail_input("{}: is encrypted", place);
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    fail_input("{}: is packed by method {} of zip, expected 0 (stored) or 8 (deflate)", place,
               stat.comp_method);
  }
  return {stat.name, stat.size, stat.comp_method != ZIP_CM_STORE};
}

void add_entry(zip_t* archive, const std::string& name, const std::string& bytes) {
  Source source(zip_source_buffer(archive, bytes.data(), bytes.size(), 0));
  const zip_int64_t index =
      source ? zip_file_add(archive, name.c_str(), source.get(), ZIP_FL_ENC_UTF_8) : -1;
  if (index < 0) fail_bug("a file can't be put into an archive: {}", zip_strerror(archive));
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

struct ZipFile::Archive {
  OpenArchive zip;
};

ZipFile::ZipFile(const std::filesystem::path& path, const std::string& what,
                 const std::string& written_by)
    : file_(path.string()), bytes_(read_text(path)), archive_(std::make_unique<Archive>()) {
  ZipError error;
  Source source(zip_source_buffer_create(bytes_.data(), bytes_.size(), 0, error.get()));
  if (!source) throw std::bad_alloc();
  archive_->zip.reset(zip_open_from_source(source.get(), ZIP_RDONLY | ZIP_CHECKCONS, error.get()));
  zip_t* const zip = archive_->zip.get();
  if (!zip) {
    fail_input("{}: not {}, or it is damaged ({}): expected what {} writes", file_, what,
               error.text(), written_by);
  }
  static_cast<void>(source.release());
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(zip, 0));
  for (zip_uint64_t k = 0; k < count; ++k) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(zip, k, 0, &stat) != 0) {
      fail_input("{}: can't be listed; the file is damaged", file_);
    }
    entries_.push_back(readable(stat, file_));
  }
}

ZipFile::~ZipFile() = default;

std::string ZipFile::unpacked(std::size_t k, std::size_t most) const {
  const Entry& entry = entries_.at(k);
  const std::string place = fmt::format("{}: {}", file_, entry.name);
  const auto damaged = [&](const char* why) {
    fail_input("{}: can't be unpacked ({}); the file is damaged", place, why);
  };
  const auto expect_at_most = [&](std::size_t size) {
    if (size <= most) return;
    fail_input("{}: has more than {} bytes, which is more than this file may hold", place, most);
  };
  expect_at_most(entry.size);
  const OpenEntry open(zip_fopen_index(archive_->zip.get(), k, 0));
  if (!open) damaged(zip_strerror(archive_->zip.get()));
  std::string bytes;
  char piece[65536];
  for (zip_int64_t got = 1; got > 0;) {
    got = zip_fread(open.get(), piece, sizeof piece);
    if (got < 0) damaged(zip_file_strerror(open.get()));
    if (got > 0) bytes.append(piece, static_cast<std::size_t>(got));
    expect_at_most(bytes.size());  // what the file says may be wrong
  }
  if (bytes.size() != entry.size) {
    fail_input("{}: has {} bytes, expected {} as the file says; it is damaged", place, bytes.size(),
               entry.size);
  }
  return bytes;
}

std::string zip_bytes(const std::map<std::string, std::string>& files) {
  ZipError error;
  const Source target(zip_source_buffer_create(nullptr, 0, 0, error.get()));
  if (!target) throw std::bad_alloc();
  zip_source_keep(target.get());
  OpenArchive archive(zip_open_from_source(target.get(), ZIP_TRUNCATE, error.get()));
  if (!archive) fail_bug("an archive can't be begun: {}", error.text());
  for (const auto& [name, bytes] : files) add_entry(archive.get(), name, bytes);
  if (zip_close(archive.get()) != 0) {
    fail_bug("an archive can't be finished: {}", zip_strerror(archive.get()));
  }
  static_cast<void>(archive.release());
  return all_of(target.get());
}

}  // namespace carousel
