#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tensor/error.hpp"

namespace carousel {

/// A zip archive that is read, whole, from the bytes of a file.
class ZipFile {
 public:
  /// A file inside of it.
  struct Entry {
    std::string name;        ///< its path
    std::uint64_t size = 0;  ///< bytes, unpacked, as the archive says
    bool packed = false;     ///< false: its bytes stand in the archive as they are
  };

  /// what: the kind of file for messages, "an .npz file"; written_by: what makes such a file.
  /// Throws InputError when the file is missing, no zip archive or damaged, or when a file inside
  /// is encrypted or packed otherwise than by deflate.
  ZipFile(const std::filesystem::path& path, const std::string& what,
          const std::string& written_by);
  ~ZipFile();
  ZipFile(const ZipFile&) = delete;
  ZipFile& operator=(const ZipFile&) = delete;

  /// The files inside, in their order.
  const std::vector<Entry>& entries() const { return entries_; }
  /// Bytes of the archive itself.
  std::size_t size() const { return bytes_.size(); }
  /// Bytes that all files may have when they are weights: those hardly get smaller by packing, so
  /// 256 MiB more than the archive are enough.
  std::size_t most_weight_bytes() const { return size() + (std::size_t{1} << 28); }
  /// All bytes of file k, in [0, entries().size()). Memory is taken as bytes come, never by what
  /// the archive claims. Throws InputError when there are more than `most` or others than the
  /// archive says, or they can't be unpacked.
  std::string unpacked(std::size_t k, std::size_t most) const;

 private:
  struct Archive;

  std::string file_, bytes_;
  std::unique_ptr<Archive> archive_;
  std::vector<Entry> entries_;
};

/// The bytes of a zip archive of these files by name, at least one, none of them packed; without
/// the time of day, so that the same files give the same bytes. Names in UTF-8.
std::string zip_bytes(const std::map<std::string, std::string>& files);

}  // namespace carousel
