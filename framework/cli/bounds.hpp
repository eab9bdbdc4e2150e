#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

namespace carousel {

/// Checks that an option is a number from `least` to `most`. T: the type that the option is read
/// into. What is said of another one: "--threads: got 0, expected 1 to 4096".
template <class T>
CLI::Validator within(T least, T most) {
  return CLI::Validator(
      [least, most](std::string& text) {
        T value{};
        const bool read = CLI::detail::lexical_cast(text, value);
        if (read && value >= least && value <= most) return std::string();
        return fmt::format("got {}, expected {} to {}", text, least, most);
      },
      fmt::format("{} to {}", least, most));
}

}  // namespace carousel
