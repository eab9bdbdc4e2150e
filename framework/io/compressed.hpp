#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace carousel {

/// What zlib or gzip has packed: all of it when that is at most `most` bytes, else its first
/// `most`. Throws InputError that names `place` when it is damaged or cut short.
std::string uncompressed(std::string_view packed, std::size_t most, const std::string& place);

/// Whether bytes begin as a gzip file does.
bool is_gzip(std::string_view bytes);

}  // namespace carousel
