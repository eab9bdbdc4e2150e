// CSV by RFC 4180: what is written reads back to the same texts and numbers.

#include "io/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "csv.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;

TEST(Csv, IsAHeaderAndRowsOfAsManyFields) {
  CsvText csv({"cell", "epochs"});
  EXPECT_FALSE(csv.has_rows());
  EXPECT_EQ(csv.text(), "cell,epochs\n");
  csv.add({"gru", "20"});
  csv.add({"", ""});
  EXPECT_TRUE(csv.has_rows());
  EXPECT_EQ(csv.text(), "cell,epochs\ngru,20\n,\n");
  EXPECT_THROW(csv.add({"gru"}), BugError);
  EXPECT_THROW(csv.add({"gru", "20", "30"}), BugError);
  EXPECT_EQ(csv.text(), "cell,epochs\ngru,20\n,\n") << "nothing is left of a row that did not fit";
}

TEST(Csv, QuotesWhereAFieldNeedsIt) {
  CsvText csv({"a,b", "plain name", "say \"x\"", "two\nlines", "return\r"});
  EXPECT_EQ(csv.text(), "\"a,b\",plain name,\"say \"\"x\"\"\",\"two\nlines\",\"return\r\"\n");
}

TEST(Csv, HostileTextsReadBack) {
  const std::vector<std::string> texts = {"a,b",  "\"",  "\"\"", ",\"\n\"",    "gru \"of\"\nmine",
                                          "\r\n", " x ", ";",    "größe 漢字", "'=1+1"};
  CsvText csv(texts);
  csv.add(std::vector<std::string>(texts.rbegin(), texts.rend()));
  EXPECT_THAT(csv_fields(csv.text()),
              ElementsAre(texts, std::vector<std::string>(texts.rbegin(), texts.rend())));
}

TEST(Csv, RowsAreReadByTheNamesOfTheirColumns) {
  EXPECT_THAT(csv_rows("cell,note\r\ngru,\"a \"\"b\"\", c\"\nlstm,", "file"),
              ElementsAre(CsvRow{{"cell", "gru"}, {"note", "a \"b\", c"}},
                          CsvRow{{"cell", "lstm"}, {"note", ""}}));
  EXPECT_THAT(csv_rows("cell\n", "file"), testing::IsEmpty());
}

TEST(Csv, WhatIsNoCsvIsRefusedWithItsRow) {
  const auto message_of = [](const std::string& text) {
    return error_of<InputError>([&] { csv_rows(text, "results.csv"); });
  };
  EXPECT_EQ(message_of(""), "results.csv: is empty, expected a line of names");
  EXPECT_EQ(message_of("a,b\n1\n"),
            "results.csv: row 2 has 1 fields, expected 2, as many as there are names in row 1");
  EXPECT_EQ(message_of("a,a\n1,2\n"), "results.csv: 'a' stands twice in row 1");
  EXPECT_EQ(message_of("a,b\n1,\"2\n"), "results.csv: row 2: a quote is not closed");
  const std::string inside =
      "results.csv: row 2: a quote stands inside a field, expected the whole field in quotes";
  EXPECT_EQ(message_of("a\nx\"y\"\n"), inside);
  EXPECT_EQ(message_of("a\n\"x\"y\n"), inside);
  EXPECT_EQ(message_of("a\n\"x\" \"y\"\n"), inside);
}

TEST(CsvNumber, ReadsBackToTheSameBits) {
  using Limits = std::numeric_limits<double>;
  for (const double value :
       {0.0, -0.0, 1.0, 0.1, 1.0 / 3.0, -8.612345678901234, 6.25e-6, 123456789012.0, Limits::max(),
        Limits::min(), Limits::denorm_min(), Limits::lowest()}) {
    const std::string text = csv_number(value);
    const double read = std::strtod(text.c_str(), nullptr);
    EXPECT_EQ(read, value) << text;
    EXPECT_EQ(std::signbit(read), std::signbit(value)) << text;
  }
  EXPECT_EQ(csv_number(0.1), "0.1") << "the shortest of the texts";
}

TEST(CsvNumber, WhatIsNoNumberIsAnEmptyField) {
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(csv_number(std::nan("")), "");
  EXPECT_EQ(csv_number(std::nan(""), 3), "");
  EXPECT_EQ(csv_number(infinite, 3), "");
  EXPECT_EQ(csv_number(-infinite, 3), "");
}

TEST(CsvNumber, HasSoManyDecimals) {
  EXPECT_EQ(csv_number(12.34567, 3), "12.346");
  EXPECT_EQ(csv_number(12.0, 3), "12.000");
  EXPECT_EQ(csv_number(2.6, 0), "3");
}

}  // namespace
}  // namespace carousel
