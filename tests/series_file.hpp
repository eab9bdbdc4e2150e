#pragma once

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tensor/random.hpp"

namespace carousel {

/// A CSV file with these columns, each of a name and its values.
inline void write_columns(const std::filesystem::path& path,
                          const std::vector<std::pair<std::string, std::vector<double>>>& columns) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path);
  const auto line = [&](auto&& field) {
    for (std::size_t k = 0; k < columns.size(); ++k)
      file << (k > 0 ? "," : "") << field(columns[k]);
    file << "\n";
  };
  line([](const auto& column) { return column.first; });
  for (std::size_t t = 0; t < columns.at(0).second.size(); ++t) {
    line([t](const auto& column) { return fmt::format("{}", column.second[t]); });
  }
}

/// Two waves of 12 steps with noise: "a" and "b".
inline void write_series(const std::filesystem::path& path, int steps) {
  std::vector<double> a, b;
  Random random(1, "series");
  for (int t = 0; t < steps; ++t) {
    a.push_back(std::sin(t * 0.5236) + 0.2 * random.normal());
    b.push_back(10.0 + std::cos(t * 0.5236) + 0.2 * random.normal());
  }
  write_columns(path, {{"a", a}, {"b", b}});
}

}  // namespace carousel
