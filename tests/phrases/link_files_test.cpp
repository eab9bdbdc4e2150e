// Alignments as text, and how far two agree.

#include "link_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "io/files.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel::phrases {
namespace {

using ::testing::HasSubstr;

class LinkFiles : public ::testing::Test {
 protected:
  LinkAgreement compared(const std::string& found, const std::string& expected) {
    write_text(folder_ / "found", found);
    write_text(folder_ / "expected", expected);
    return compare_links(folder_ / "found", folder_ / "expected");
  }

  std::string error(const std::string& found, const std::string& expected) {
    return error_of<InputError>([&] { compared(found, expected); });
  }

  TemporaryFolder folder_;
};

TEST_F(LinkFiles, ArePharaohs) {
  EXPECT_EQ(links_text({{{0, 1}, {10, 2}}, {}, {{3, 0}}}), "0-1 10-2\n\n3-0\n");
}

// 3 of 4 found ones are expected, and 3 of 5 are found.
TEST_F(LinkFiles, AgreementIsOfAllLinks) {
  const LinkAgreement sums = compared("0-0 1-1 2-1\n\n2-0\n", "1-1 0-0 2-2\n0-0\n2-0\n");
  EXPECT_EQ(sums.found, 4.0);
  EXPECT_EQ(sums.expected, 5.0);
  EXPECT_NEAR(sums.precision(), 0.75, 1e-12);
  EXPECT_NEAR(sums.recall(), 0.6, 1e-12);
  EXPECT_NEAR(sums.f1(), 2.0 * 0.75 * 0.6 / (0.75 + 0.6), 1e-12);
  EXPECT_NEAR(sums.error_rate(), 1.0 - 6.0 / 9.0, 1e-12);
}

TEST_F(LinkFiles, AreInNoOrderAndCountOnce) {
  const LinkAgreement sums = compared("5-1 0-0 5-1\n", "0-0 5-1\n");
  EXPECT_EQ(sums.found, 2.0);
  EXPECT_EQ(sums.both, 2.0);
  EXPECT_TRUE(std::isnan(compared("\n", "0-0\n").precision()));
}

TEST_F(LinkFiles, WrongOnesAreNamedWithTheLine) {
  for (const std::string link :
       {"1", "1-", "-1", "1-x", "1-2-3", "1--2", "1.0-2", "99999999999-1"}) {
    EXPECT_THAT(error("0-0\n0-0 " + link + "\n", "0-0\n0-0\n"),
                HasSubstr("found:2: got '" + link + "', expected a link"));
  }
  EXPECT_THAT(error("0-0\n0-0\n", "0-0\n"), HasSubstr("expected:2: got the end of the file"));
  EXPECT_THAT(error("0-0\n", "0-0\n1-1\n"), HasSubstr("expected:2: got '1-1', expected no line"));
}

}  // namespace
}  // namespace carousel::phrases
