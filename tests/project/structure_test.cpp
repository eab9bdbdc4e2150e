// The promises that the project makes about itself.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "task/task.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

namespace fs = std::filesystem;
const fs::path source = CAROUSEL_SOURCE_DIR;

// Lowest floor first.
const std::vector<std::string> floors = {"tensor",  "kernel", "op",       "io",    "tape",
                                         "program", "cell",   "layer",    "optim", "data",
                                         "metric",  "task",   "train",    "study", "search",
                                         "inspect", "report", "exchange", "bench", "cli"};

std::ptrdiff_t floor_of(const std::string& room) {
  return std::find(floors.begin(), floors.end(), room) - floors.begin();
}

// Includes of `text`, a file of `room`, that lead to a higher floor.
std::vector<std::string> upward_includes(const std::string& room, const std::string& text) {
  static const std::regex include("#include\\s+[<\"](?:\\.\\./)*(?:framework/)?([a-z]+)/([^>\"]+)");
  std::vector<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), include);
       it != std::sregex_iterator(); ++it) {
    const std::string target = (*it)[1];
    const bool is_room = floor_of(target) < static_cast<std::ptrdiff_t>(floors.size());
    if (is_room && floor_of(target) > floor_of(room)) found.push_back(it->str());
    // Only the command knows the catalogue.
    if (target == "cells" && room != "cli") found.push_back(it->str());
  }
  return found;
}

bool is_source(const fs::path& path) {
  return path.extension() == ".hpp" || path.extension() == ".cpp";
}

TEST(Floors, NoFileIncludesAHigherFloor) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(source / "framework")) {
    if (!is_source(entry.path())) continue;
    ++files;
    const std::string room = fs::relative(entry.path(), source / "framework").begin()->string();
    EXPECT_LT(floor_of(room), static_cast<std::ptrdiff_t>(floors.size()))
        << "unknown room " << room;
    for (const auto& include : upward_includes(room, file_text(entry.path()))) {
      ADD_FAILURE() << entry.path() << " includes upward: " << include;
    }
  }
  EXPECT_GT(files, 50);
}

TEST(Floors, TheBenchSuiteIsOneBelowTheCommand) {
  for (const auto& entry : fs::directory_iterator(source / "bench/suite")) {
    if (!is_source(entry.path())) continue;
    for (const auto& include : upward_includes("bench", file_text(entry.path()))) {
      ADD_FAILURE() << entry.path() << " includes upward: " << include;
    }
  }
}

TEST(Floors, APeerKnowsNothingOfTheFramework) {
  static const std::regex include("#include\\s+\"([^\"]+)\"");
  for (const auto& entry : fs::directory_iterator(source / "bench/peers")) {
    if (!is_source(entry.path())) continue;
    const std::string text = file_text(entry.path());
    for (auto it = std::sregex_iterator(text.begin(), text.end(), include);
         it != std::sregex_iterator(); ++it) {
      const std::string target = (*it)[1];
      EXPECT_TRUE(target == "protocol.hpp" || target == "worker.hpp")
          << entry.path() << " includes " << target;
    }
  }
}

TEST(Floors, AnUpwardIncludeIsSeen) {
  EXPECT_EQ(upward_includes("op", "#include \"tape/tape.hpp\"\n").size(), 1u);
  EXPECT_EQ(upward_includes("op", "#include \"../tape/tape.hpp\"\n").size(), 1u);
  EXPECT_EQ(upward_includes("train", "#include \"cells/catalogue.hpp\"\n").size(), 1u);
  EXPECT_EQ(upward_includes("op", "#include \"kernel/tile.hpp\"\n#include <vector>\n").size(), 0u);
}

// That is how it is seen that each header compiles alone; the build compiles those without a
// source.
TEST(Headers, AreTheFirstIncludeOfTheirSource) {
  static const std::regex include("#include [<\"]([^>\"]+)[>\"]");
  int sources = 0;
  for (const auto& entry : fs::recursive_directory_iterator(source / "framework")) {
    fs::path header = entry.path();
    if (header.extension() != ".cpp" || !fs::exists(header.replace_extension(".hpp"))) continue;
    ++sources;
    const std::string text = file_text(entry.path());
    std::smatch first;
    ASSERT_TRUE(std::regex_search(text, first, include)) << entry.path();
    EXPECT_EQ(first[1], fs::relative(header, source / "framework").string()) << entry.path();
  }
  EXPECT_GT(sources, 100);
}

TEST(Dependencies, EachPackageHasItsLine) {
  const std::string docs = file_text(source / "docs/dependencies.md");
  int count = 0;
  for (const char* list : {"scripts/packages.txt", "scripts/packages-peers.txt",
                           "scripts/packages-docs.txt", "scripts/packages-onnx.txt"}) {
    std::ifstream packages(source / list);
    for (std::string package; std::getline(packages, package); ++count) {
      EXPECT_NE(docs.find("`" + package + "`"), std::string::npos)
          << package << " has no line in docs/dependencies.md";
    }
  }
  EXPECT_GT(count, 10);
}

TEST(Dependencies, EachLibraryThatIsIncludedIsKnown) {
  const std::vector<std::string> known = {
      "xtensor",   "xtensor-blas", "xsimd",    "tbb",     "oneapi",    "boost",
      "fmt",       "spdlog",       "yaml-cpp", "CLI",     "Random123", "sys",
      "sanitizer", "benchmark",    "torch",    "openssl", "carousel"};
  static const std::regex include("#include\\s+<([A-Za-z0-9_-]+)/");
  for (const char* folder : {"framework", "cells", "bench"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source / folder)) {
      if (!is_source(entry.path())) continue;
      const std::string text = file_text(entry.path());
      for (auto it = std::sregex_iterator(text.begin(), text.end(), include);
           it != std::sregex_iterator(); ++it) {
        EXPECT_TRUE(std::count(known.begin(), known.end(), (*it)[1]))
            << entry.path() << " includes <" << (*it)[1] << "/...>";
      }
    }
  }
}

// The name of a task as a text, or as the value of a key.
bool names_task(const std::string& text, const std::string& task) {
  return std::regex_search(text, std::regex("[\"'`]" + task + "[\"'`]|name: *" + task + "\\b")) ||
         (task.find('_') != task.npos && text.find(task) != text.npos);
}

TEST(Waist, NoFileOutsideTheTasksNamesATask) {
  EXPECT_TRUE(names_task("if (name == \"adding\")", "adding"));
  EXPECT_FALSE(names_task("by adding one", "adding"));
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(source / "framework")) {
    const bool script = entry.path().extension() == ".js" || entry.path().extension() == ".html";
    if (!is_source(entry.path()) && !script) continue;
    if (fs::relative(entry.path(), source / "framework").begin()->string() == "task") continue;
    ++files;
    const std::string text = file_text(entry.path());
    for (const Task& task : tasks()) {
      EXPECT_FALSE(names_task(text, task.name)) << entry.path() << " names the task " << task.name;
    }
  }
  EXPECT_GT(files, 50);
}

TEST(Files, StayUnder600Lines) {
  for (const char* folder : {"framework", "cells", "tests", "bench"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source / folder)) {
      if (!is_source(entry.path())) continue;
      const std::string text = file_text(entry.path());
      EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 600) << entry.path();
    }
  }
}

}  // namespace
}  // namespace carousel
