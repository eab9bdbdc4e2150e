#include "program/reserved_words.hpp"

#include <algorithm>

namespace carousel {

const std::vector<std::string>& keywords() {
  static const std::vector<std::string> words = {
      "cell",  "extends", "ref",   "group",   "conventions", "param",   "init",
      "fixed", "hyper",   "input", "default", "state",       "initial", "output",
      "def",   "use",     "as",    "repeat",  "in"};
  return words;
}

bool is_reserved(std::string_view word) {
  return std::ranges::find(keywords(), word) != keywords().end() || word == "t" || word == "x" ||
         word == "hidden";
}

}  // namespace carousel
