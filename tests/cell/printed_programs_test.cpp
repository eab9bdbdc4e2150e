// What the language makes of the cells of the catalogue does not change when the language grows:
// the printed program of each is that of tests/golden/programs.txt, a name and a SHA-256 a line.

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "catalogue.hpp"
#include "cell/nearest_sizes.hpp"
#include "io/digest.hpp"
#include "program/step_program.hpp"

namespace carousel {
namespace {

std::map<std::string, std::string> known_programs() {
  std::ifstream file(CAROUSEL_SOURCE_DIR "/tests/golden/programs.txt");
  std::map<std::string, std::string> known;
  for (std::string name, hash; file >> name >> hash;) known[name] = hash;
  return known;
}

TEST(PrintedPrograms, AreThoseThatTheyWere) {
  const std::map<std::string, std::string> known = known_programs();
  for (const Cell& cell : catalogue().cells()) {
    const std::string text = to_text(cell.build(nearest_sizes(cell, {3, 4})));
    const auto found = known.find(cell.name);
    const std::string line = cell.name + " " + sha256(text);
    if (found == known.end()) {
      ADD_FAILURE() << "a new cell: add this line to tests/golden/programs.txt:\n" << line;
      continue;
    }
    EXPECT_EQ(line, cell.name + " " + found->second) << "the program is now\n" << text;
  }
}

}  // namespace
}  // namespace carousel
