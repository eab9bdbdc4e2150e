#include "data/series.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "data/data_sets.hpp"
#include "io/files.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class SeriesFile : public testing::Test {
 protected:
  Series read(const std::string& text, const std::vector<std::string>& columns = {}) const {
    std::ofstream(folder_ / "mine.csv", std::ios::binary) << text;
    return read_series(folder_ / "mine.csv", columns);
  }
  std::string error(const std::string& text, const std::vector<std::string>& columns = {}) const {
    return error_of<InputError>([&] { read(text, columns); });
  }

  TemporaryFolder folder_;
};

TEST_F(SeriesFile, HasALineAStep) {
  const Series series = read("a,b\n1,-2.5\n3e2, 4 \n");
  EXPECT_THAT(series.names, ElementsAre("a", "b"));
  EXPECT_EQ(series.steps, 2);
  EXPECT_THAT(series.values, ElementsAre(1, -2.5, 300, 4));
  EXPECT_EQ(series.at(1, 0), 300);
}

TEST_F(SeriesFile, DatesAndRowNumbersInFrontAreNoSeries) {
  for (const char* text : {"date,a\n2016-07-01 00:00:00,1\n2016-07-01 01:00:00,2\n",
                           "\"Month\",\"a\"\n\"1949-01\",1\n\"1949-02\",2\n", ",a\n0,1\n1,2\n"}) {
    const Series series = read(text);
    EXPECT_THAT(series.names, ElementsAre("a"));
    EXPECT_THAT(series.values, ElementsAre(1, 2));
  }
  EXPECT_THAT(read("year,a\n1949,1\n").names, ElementsAre("year", "a")) << "numbers are a series";
}

TEST_F(SeriesFile, ANameMayBeANumber) {
  const Series series = read("a,2\n5,6\n");
  EXPECT_THAT(series.names, ElementsAre("a", "2"));
  EXPECT_THAT(series.values, ElementsAre(5, 6));
}

TEST_F(SeriesFile, ColumnsAreTakenByName) {
  const std::string text = "a,weather,c\n1,rain,3\n4,sun,6\n";
  const Series series = read(text, {"c", "a"});
  EXPECT_THAT(series.names, ElementsAre("c", "a"));
  EXPECT_THAT(series.values, ElementsAre(3, 1, 6, 4));
  EXPECT_THAT(error(text), AllOf(HasSubstr("mine.csv, line 2, column 'weather': got 'rain'"),
                                 HasSubstr("name the columns to take without it")));
  EXPECT_THAT(
      error(text, {"wether"}),
      AllOf(HasSubstr("mine.csv, line 1: there is no column 'wether'; did you mean 'weather'"),
            HasSubstr("there are: a, weather, c")));
  EXPECT_THAT(error("a,b,a\n1,2,3\n", {"a"}),
              HasSubstr("line 1: more than one column is named 'a'"));
  EXPECT_THAT(error("a,,c\n1,2,3\n"), HasSubstr("column 2 has no name"));
}

TEST_F(SeriesFile, QuotesMarksAndLineEndsOfOtherProgramsAreRead) {
  const Series series = read("\xef\xbb\xbf\"a, \"\"b\"\"\",c\r\n\"1\",2\r\n3,4\r\n\r\n");
  EXPECT_THAT(series.names, ElementsAre("a, \"b\"", "c"));
  EXPECT_THAT(series.values, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read("\"c\",\"a, \"\"b\"\"\"\n1,2\n").names, ElementsAre("c", "a, \"b\""));
  EXPECT_THAT(read("say \"a\",\"\"\"\"\n1,2\n").names, ElementsAre("say \"a\"", "\""))
      << "a mark inside a plain field is a letter";
  EXPECT_THAT(error("a,b\n\"1,2\n"), HasSubstr("line 2: got a quotation mark without its second"));
}

TEST_F(SeriesFile, LongMessagesAreCut) {
  std::string names, values;
  for (int k = 0; k < 21; ++k) {
    names += fmt::format("{}s{}", k > 0 ? "," : "", k);
    values += k > 0 ? ",1" : "1";
  }
  const std::string some =
      "s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, "
      "s16, s17, s18, s19";
  EXPECT_THAT(error(names + "\n" + values + "\n", {"another"}),
              testing::EndsWith("(there are: " + some + ", ...)"));
  names.resize(names.find(",s20"));
  values.resize(values.size() - 2);
  EXPECT_THAT(error(names + "\n" + values + "\n", {"another"}),
              testing::EndsWith("(there are: " + some + ")"));
  const std::string most(40, 'x');
  EXPECT_THAT(error("a\n1\n" + most + "\n"), HasSubstr("got '" + most + "',"));
  EXPECT_THAT(error("a\n1\n" + most + "x\n"), HasSubstr("got '" + most + "...',"));
}

TEST_F(SeriesFile, WhatIsNoFiniteNumberIsNamedWithItsPlace) {
  for (const char* field : {"", " ", "?0.2", "nan", "inf", "1e999", "1,5\"", "0x10", "1 2"}) {
    const bool quoted = std::string(field).find(',') != std::string::npos;
    EXPECT_THAT(error(std::string("a,b\n1,2\n3,") + (quoted ? "\"" : "") + field + "\n"),
                AllOf(HasSubstr("mine.csv, line 3, column 'b': got "),
                      HasSubstr("expected a finite number such as 12.5")))
        << field;
  }
  EXPECT_THAT(error("a,b\n1,2\n3,\n"), HasSubstr("got nothing"));
  EXPECT_THAT(error("a,b\n1,2\n3," + std::string(5000, 'x')), testing::SizeIs(testing::Lt(400U)));
}

// Reports and checkpoints hold the names.
TEST_F(SeriesFile, OtherTextThanUtf8IsRefused) {
  EXPECT_THAT(read("d\u00e9bit\n1\n").names, ElementsAre("d\u00e9bit"));
  EXPECT_THAT(error("d\xe9\x62it\n1\n"),
              AllOf(HasSubstr("mine.csv:1: the byte 0xe9"), HasSubstr("save the file as UTF-8")));
  EXPECT_THAT(error(std::string("a,b\n1,2\n3,\0\n", 12)), HasSubstr("mine.csv:3: the byte 0x00"));
  EXPECT_THAT(error(std::string("a\0b\n1\n", 6)), HasSubstr("mine.csv:1: the byte 0x00"));
}

TEST_F(SeriesFile, RaggedAndEmptyFilesAreRefused) {
  EXPECT_THAT(error("a,b\n1,2\n3\n"), HasSubstr("line 3: got 1 fields, expected 2"));
  EXPECT_THAT(error("a,b\n1,2\n3,4,5\n"), HasSubstr("line 3: got 3 fields, expected 2"));
  EXPECT_THAT(error("a,b\n1,2\n\n3,4\n"), HasSubstr("line 3: got 1 fields, expected 2"));
  EXPECT_THAT(error("a\n1\n\n3\n"), HasSubstr("line 3, column 'a': got nothing"));
  EXPECT_THAT(error(""), HasSubstr("got 0 lines, expected a line of names"));
  EXPECT_THAT(error("a,b\n"), HasSubstr("got 1 lines"));
  EXPECT_THAT(error("1,2\n3,4\n"), HasSubstr("line 1: got numbers alone, expected the names"));
  EXPECT_THAT(error("day\nmonday\n"), HasSubstr("there is no other column"));
  EXPECT_THAT(error_of<InputError>([&] { read_series(folder_ / "none.csv"); }),
              HasSubstr("none.csv"));
}

// The example of docs/data.md.
TEST_F(SeriesFile, TheDocumentedFormIsRead) {
  const std::string docs = file_text(std::string(CAROUSEL_SOURCE_DIR) + "/docs/data.md");
  const std::string open = "```csv\n";
  const std::size_t from = docs.find(open);
  ASSERT_NE(from, std::string::npos);
  const std::size_t begin = from + open.size();
  const Series series = read(docs.substr(begin, docs.find("```", begin) - begin));
  EXPECT_THAT(series.names, ElementsAre("load", "temperature"));
  EXPECT_EQ(series.steps, 3);
  EXPECT_EQ(series.at(2, 1), -0.5);
}

// Where the sets are on this machine.
TEST(SeriesSets, AreReadWhole) {
  const char* folder = std::getenv("CAROUSEL_DATA");
  if (folder == nullptr || !is_there(std::string(folder) + "/time_series")) {
    GTEST_SKIP() << "no series in $CAROUSEL_DATA";
  }
  const auto set = [&](const char* name) {
    return read_series(find_data(name, DataKind::series, folder));
  };
  const Series etth1 = set("etth1"), temperatures = set("temperatures");
  EXPECT_EQ(etth1.steps, 17420);
  EXPECT_THAT(etth1.names, ElementsAre("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"));
  EXPECT_EQ(etth1.at(0, 6), 30.5310001373291);
  EXPECT_EQ(temperatures.steps, 3650);
  EXPECT_EQ(temperatures.at(3649, 0), 13.0);
  EXPECT_EQ(set("sunspots").steps, 2820);
  EXPECT_EQ(set("airline").steps, 144);
}

}  // namespace
}  // namespace carousel
