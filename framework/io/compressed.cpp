#include "io/compressed.hpp"

#include <zlib.h>

#include <algorithm>

#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr int of_either_kind = MAX_WBITS + 32;  // zlib's word for: the header tells which

}  // namespace

std::string uncompressed(std::string_view packed, std::size_t most, const std::string& place) {
  z_stream stream{};
  if (inflateInit2(&stream, of_either_kind) != Z_OK)
    throw EnvironmentError("zlib can't be started");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string bytes;
  int state = Z_OK;
  while (state == Z_OK && bytes.size() < most) {
    char piece[65536];
    const std::size_t room = std::min(sizeof piece, most - bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = static_cast<uInt>(room);
    state = inflate(&stream, Z_NO_FLUSH);
    bytes.append(piece, room - stream.avail_out);
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END && (state != Z_OK || bytes.size() < most)) {
    fail_input("{}: what is compressed can't be unpacked; the file is damaged", place);
  }
  return bytes;
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

}  // namespace carousel
