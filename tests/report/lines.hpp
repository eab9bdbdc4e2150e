#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "report/format.hpp"

namespace carousel {

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline void expect_80_columns(const std::string& table) {
  for (const std::string& line : lines_of(table)) EXPECT_LE(display_width(line), 80) << line;
}

}  // namespace carousel
