#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace carousel {

/// An .npy file of version 1.0 as NumPy writes it, with this header and these bytes behind it.
inline std::string npy_file(std::string header, const std::string& numbers) {
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\1\0", 8);
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header + numbers;
}

/// A .safetensors file with this header and these bytes behind it.
inline std::string safetensors_file(const std::string& header, const std::string& numbers) {
  std::string bytes;
  for (std::size_t k = 0; k < 8; ++k) {
    bytes += static_cast<char>(std::uint64_t{header.size()} >> (8 * k) & 0xff);
  }
  return bytes + header + numbers;
}

/// The bytes that pairs of hexadecimal digits stand for.
inline std::string bytes_of_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t k = 0; k + 1 < digits.size(); k += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(k, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace carousel
