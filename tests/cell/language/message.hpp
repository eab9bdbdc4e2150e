#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cell/language/language_error.hpp"
#include "cell/language/parser.hpp"

namespace carousel {

/// What is said of a file `a.cell`; "no error" when nothing is wrong.
inline std::string message_of(const std::string& source) {
  try {
    parse_cell(source, "a.cell");
  } catch (const LanguageError& error) {
    return error.what();
  }
  return "no error";
}

/// A file and what is said of it, word for word.
struct Wrong {
  std::string source, message;
};

inline void expect_messages(const std::vector<Wrong>& table) {
  for (const Wrong& wrong : table) EXPECT_EQ(message_of(wrong.source), wrong.message);
}

}  // namespace carousel
