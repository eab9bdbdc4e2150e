// train.precision as a user sets it.

#include <gmock/gmock.h>

#include "command_fixture.hpp"
#include "kernel/bf16.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Precision : public Command {
 protected:
  // Losses and figures of every epoch, with all their digits.
  std::vector<std::string> figures(const std::string& run) {
    std::vector<std::string> all;
    for (const Row& row : read_csv(file_text(folder_ / run / "curves.csv"))) {
      for (const char* column : {"train_nll", "valid_nll"}) all.push_back(row.at(column));
    }
    return all;
  }
};

// On a processor of an older kind, which a variable makes of any.
TEST_F(Precision, OfAProcessorWithoutBf16IsRefusedOrFloat) {
  setenv("CAROUSEL_ISA", "baseline", 1);
  const Finished refused = compare("refused", {"train.precision=bf16"});
  const Finished either = compare("either", {"train.precision=bf16_or_float"});
  const Finished floats = compare("float");
  unsetenv("CAROUSEL_ISA");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("train.precision is bf16"), HasSubstr("bf16_or_float")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "refused"));
  ASSERT_EQ(either.code, 0) << either.err;
  ASSERT_EQ(floats.code, 0) << floats.err;
  EXPECT_EQ(figures("either"), figures("float"));
}

TEST_F(Precision, Bf16TrainsAndEndsInTheSameBitsOnAnyThreads) {
  if (!has_bf16()) GTEST_SKIP() << "no AVX512-BF16";
  ASSERT_EQ(compare("float").code, 0);
  const Finished one = compare("one", {"train.precision=bf16", "--threads", "1"});
  ASSERT_EQ(one.code, 0) << one.err;
  ASSERT_EQ(compare("two", {"train.precision=bf16", "--threads", "2"}).code, 0);
  EXPECT_EQ(difference("two", "one"), "");
  EXPECT_NE(figures("one"), figures("float"));
  ASSERT_EQ(compare("either", {"train.precision=bf16_or_float"}).code, 0);
  EXPECT_EQ(figures("either"), figures("one"));
}

TEST_F(Precision, OfAnotherKindIsRefused) {
  const Finished refused = compare("run", {"train.precision=half"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("precision"), HasSubstr("bf16_or_float")));
}

}  // namespace
}  // namespace carousel
