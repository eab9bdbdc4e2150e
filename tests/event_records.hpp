#pragma once
// Files for TensorBoard, read without the code that writes them.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "command_line.hpp"
#include "io/array_bytes.hpp"
#include "io/files.hpp"

namespace carousel {

/// CRC-32C bit by bit (RFC 3720, B.4), masked as TFRecord does.
inline std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78U : 0U);
  }
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

/// The events of a file between their frames, which must hold.
inline std::vector<std::string> events_of(const std::filesystem::path& file) {
  const std::string bytes = read_text(file);
  std::vector<std::string> events;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto size = little_endian<std::uint64_t>(bytes, at);
    EXPECT_EQ(little_endian<std::uint32_t>(bytes, at + 8), checksum(bytes.substr(at, 8)));
    const std::string event = bytes.substr(at + 12, size);
    EXPECT_EQ(little_endian<std::uint32_t>(bytes, at + 12 + size), checksum(event));
    events.push_back(event);
    at += 16 + size;
  }
  EXPECT_EQ(at, bytes.size());
  return events;
}

/// What protoc makes of an event; folder: for a file of its own.
inline std::string decoded(const std::string& event, const std::filesystem::path& folder) {
  write_text(folder / "event", event);
  const CommandResult result =
      run_shell("protoc --decode=carousel_tensorboard.Event -I '" CAROUSEL_SOURCE_DIR
                "/framework/io' tensorboard.proto < '" +
                (folder / "event").string() + "'");
  EXPECT_EQ(result.code, 0) << result.text;
  return result.text;
}

}  // namespace carousel
