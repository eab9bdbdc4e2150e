// A search's file: what it takes, and what it says of what it does not take.

#include "search/search_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class SearchFile : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  CellSearchOptions read(const std::vector<std::string>& overrides = {},
                         const std::vector<std::string>& cells = {}) {
    return read_search(folder_ / "search.yaml", cells, overrides);
  }
  std::string error(const std::vector<std::string>& overrides = {}) {
    try {
      read(overrides);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
  void SetUp() override {
    write("search.yaml", text_);
    write("full.yaml", "task: parity\ncells: [mgu]\nparameters: 900\nseeds: 2\n");
  }

  const std::string text_ = R"(name: mine
cells: [lstm, gru_reset_before]
generations: 3
stages:
  memory:
    bar: 0.9
    study: {task: {name: latch, lag: 20}, parameters: 500, train: {epochs: 3}}
  full: {study: full.yaml, keep: 0.5}
)";
  TemporaryFolder folder_;
};

TEST_F(SearchFile, TakesStudiesInItAndInFilesOfTheirOwn) {
  const CellSearchOptions o = read();
  EXPECT_EQ(o.name, "mine");
  EXPECT_THAT(o.cells, ElementsAre("lstm", "gru_reset_before"));
  EXPECT_EQ(o.generations, 3);
  ASSERT_EQ(o.stages.size(), 2u);
  EXPECT_EQ(o.stages[0].name, "memory");
  EXPECT_EQ(o.stages[0].bar, 0.9);
  EXPECT_EQ(o.stages[0].keep, 1.0);
  EXPECT_EQ(o.stages[0].study.train.epochs, 3);
  EXPECT_EQ(o.stages[0].study.tasks[0].name, "latch");
  EXPECT_EQ(o.stages[1].keep, 0.5);
  EXPECT_EQ(o.stages[1].study.parameters, 900);
  EXPECT_EQ(o.stages[1].study.seeds.size(), 2u);
  ASSERT_EQ(o.stages[1].study.cells.size(), 2u) << "the first cells, and not the study's own";
  EXPECT_EQ(o.stages[1].study.cells[1].name, "gru_reset_before");
}

TEST_F(SearchFile, TakesOverridesOfEveryKeyAndCellsOfTheCommand) {
  const CellSearchOptions o =
      read({"candidates=7", "stages.full.study.train.batch=3", "stages.memory.bar=0.5"}, {"mgu"});
  EXPECT_EQ(o.candidates, 7);
  EXPECT_EQ(o.stages[1].study.train.batch, 3);
  EXPECT_EQ(o.stages[1].study.parameters, 900) << "what the file says stays";
  EXPECT_EQ(o.stages[0].bar, 0.5);
  EXPECT_THAT(o.cells, ElementsAre("mgu"));
}

TEST_F(SearchFile, ReadsBackFromWhatIsWritten) {
  const std::string written = to_yaml(read());
  write("search.yaml", written);
  EXPECT_EQ(to_yaml(read()), written);
  EXPECT_THAT(written, HasSubstr("  \"full\":\n    bar: 0\n    keep: 0.5\n    study:\n"));
}

TEST_F(SearchFile, SaysWhereAKeyIsUnknown) {
  write("search.yaml", "candidate: 3\n" + text_);
  EXPECT_THAT(error(), AllOf(HasSubstr("search.yaml:1:1: there is no key 'candidate'"),
                             HasSubstr("did you mean 'candidates'")));
  SetUp();
  write("full.yaml", "task: parity\nparameters: 900\ntrain: {epoch: 3}\n");
  EXPECT_THAT(error(), AllOf(HasSubstr("full.yaml:3:9"),
                             HasSubstr("there is no key 'stages.full.study.train.epoch'"),
                             HasSubstr("did you mean 'stages.full.study.train.epochs'")));
  SetUp();
  EXPECT_THAT(error({"stages.full.bars=3"}),
              HasSubstr("override 'stages.full.bars=3': there is no key 'stages.full.bars'"));
}

TEST_F(SearchFile, SaysWhatANumberMayBe) {
  EXPECT_THAT(
      error({"population=0"}),
      HasSubstr("override 'population=0': population is '0', expected a whole number, 1 to "));
  EXPECT_THAT(error({"stages.full.keep=0"}),
              HasSubstr("stages.full.keep is '0', expected a number, above 0 to 1"));
  write("search.yaml", "generations: 0\n" + text_.substr(text_.find("stages")));
  EXPECT_THAT(error(),
              HasSubstr("search.yaml:1:14: generations is '0', expected a whole number, 1"));
}

TEST_F(SearchFile, SaysWhichStudyIsMissingAndWhatIsExpected) {
  std::filesystem::remove(folder_ / "full.yaml");
  EXPECT_THAT(error(), AllOf(HasSubstr("search.yaml:8:17: stages.full.study: "),
                             HasSubstr("full.yaml"), HasSubstr("expected the path of a study")));
}

// Rows of docs/search.md: | `key` | .. |
TEST_F(SearchFile, HasEachKeyInTheDocuments) {
  std::istringstream docs(file_text(std::string(CAROUSEL_SOURCE_DIR) + "/docs/search.md"));
  std::set<std::string> documented, written;
  for (std::string line; std::getline(docs, line);) {
    if (line.starts_with("| `") && line.find('/') > line.find("` |")) {
      documented.insert(line.substr(3, line.find("` |") - 3));
    }
  }
  std::istringstream yaml(to_yaml(read()));
  for (std::string line; std::getline(yaml, line);) {
    const std::size_t blanks = line.find_first_not_of(' ');
    const std::string key = line.substr(blanks, line.find(':') - blanks);
    if (blanks == 0) written.insert(key);
    if (blanks == 4) written.insert("stages.NAME." + key);
  }
  for (const char* file :
       {"search.yaml", "candidates.csv", "generations.csv", "population.csv", "best.md"}) {
    documented.erase(file);
  }
  EXPECT_EQ(documented, written);
}

TEST_F(SearchFile, WantsCellsStagesAndParameters) {
  write("search.yaml", text_.substr(text_.find("generations")));
  EXPECT_THAT(error(), HasSubstr("cells: expected the cells to begin from"));
  write("search.yaml", "cells: lstm\n");
  EXPECT_THAT(error(), HasSubstr("stages: expected at least one"));
  SetUp();
  EXPECT_THAT(error({"stages.full.study.parameters=0"}),
              HasSubstr("stages.full.study: expected 'parameters'"));
  EXPECT_THAT(error({"stages.full.study.grid.model.depth=[1, 2]"}), HasSubstr("leave them out"));
  EXPECT_THAT(error({"stages.full.study.task=[]"}), HasSubstr("stages.full.study"));
}

}  // namespace
}  // namespace carousel
