#pragma once
// Long texts in assertions: a failure shows the place and not the whole of them.

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace carousel {

/// The beginning of a text, on one line.
inline std::string beginning_of(std::string text, std::size_t most = 120) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text.size() > most ? text.substr(0, most) + " .." : text;
}

/// The first line in which two texts differ, in words; empty where they are the same.
inline std::string first_difference(const std::string& a, const std::string& b) {
  std::istringstream first(a), second(b);
  for (int line = 1; a != b; ++line) {
    std::string x, y;
    const bool in_first = !!std::getline(first, x), in_second = !!std::getline(second, y);
    if (!in_first && !in_second) return "the line break at the end";
    if (in_first && in_second && x == y) continue;
    // From a little in front of the first character that differs.
    std::size_t at = 0;
    while (at < std::min(x.size(), y.size()) && x[at] == y[at]) ++at;
    const std::size_t from = at > 40 ? at - 40 : 0;
    const auto shown = [&](bool there, const std::string& text) {
      return there ? "'" + beginning_of(text.substr(from)) + "'" : "missing";
    };
    return "line " + std::to_string(line) + ", column " + std::to_string(at + 1) + ": " +
           shown(in_first, x) + " and " + shown(in_second, y);
  }
  return "";
}

/// Whether a long text has this part. A failure shows how much of the part it has, and what
/// stands there instead of the rest.
inline testing::AssertionResult holds(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  std::size_t most = 0, at = 0;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    std::size_t size = 0;
    while (size < part.size() && begin + size < text.size() && text[begin + size] == part[size]) {
      ++size;
    }
    if (size > most) {
      most = size;
      at = begin;
    }
  }
  return testing::AssertionFailure()
         << "a text of " << text.size() << " characters lacks '" << part << "'; after '"
         << part.substr(0, most) << "' it has '" << beginning_of(text.substr(at + most)) << "'";
}

}  // namespace carousel
