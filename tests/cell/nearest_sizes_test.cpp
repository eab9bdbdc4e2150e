#include "cell/nearest_sizes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"

namespace carousel {
namespace {

// A cell that takes the sizes for which `takes` holds.
Cell cell_for(const std::function<bool(Index input, Index hidden)>& takes) {
  Cell cell;
  cell.name = "made";
  cell.build = [takes](const CellSizes& sizes) {
    if (!takes(sizes.input, sizes.hidden)) fail_input("not {} and {}", sizes.input, sizes.hidden);
    return StepProgram{};
  };
  return cell;
}

std::pair<Index, Index> nearest(const std::function<bool(Index, Index)>& takes) {
  const CellSizes sizes = nearest_sizes(cell_for(takes), {3, 5});
  return {sizes.input, sizes.hidden};
}

std::string rule(const std::function<bool(Index, Index)>& takes) {
  return rule_of_sizes(cell_for(takes), {});
}

TEST(NearestSizes, ALargerHiddenSizeComesFirstThenAnotherInput) {
  EXPECT_EQ(nearest([](Index, Index) { return true; }), std::pair(Index{3}, Index{5}));
  EXPECT_EQ(nearest([](Index, Index h) { return h % 4 == 0; }), std::pair(Index{3}, Index{8}));
  EXPECT_EQ(nearest([](Index i, Index) { return i % 2 == 0; }), std::pair(Index{4}, Index{5}));
  EXPECT_EQ(nearest([](Index i, Index h) { return i == h; }), std::pair(Index{5}, Index{5}));
  EXPECT_EQ(nearest([](Index i, Index h) { return i == 4 && h == 6; }),
            std::pair(Index{4}, Index{6}));
}

TEST(NearestSizes, WhereNoneIsNearTheErrorIsTheCells) {
  EXPECT_EQ(error_of<InputError>([] { nearest([](Index i, Index) { return i > 50; }); }),
            "not 3 and 5");
}

TEST(RuleOfSizes, SaysWhatHoldsForAllSizes) {
  EXPECT_EQ(rule([](Index, Index) { return true; }), "");
  EXPECT_EQ(rule([](Index, Index h) { return h % 4 == 0; }), "hidden is a multiple of 4");
  EXPECT_EQ(rule([](Index i, Index) { return i >= 3; }), "input is at least 3");
  EXPECT_EQ(rule([](Index i, Index h) { return i == h; }), "input = hidden");
  EXPECT_EQ(rule([](Index i, Index h) { return i == h || i == 1; }),
            "input = hidden, or input = 1");
  EXPECT_EQ(rule([](Index i, Index h) { return i == h && h % 2 == 0; }),
            "input = hidden, and hidden is a multiple of 2");
  EXPECT_EQ(rule([](Index i, Index h) { return i % 3 == 0 && h >= 2; }),
            "input is a multiple of 3, and hidden is at least 2");
  EXPECT_EQ(rule([](Index i, Index h) { return h % i == 0; }), "hidden is a multiple of input");
}

TEST(RuleOfSizes, IsEmptyWhereNoSimpleOneHolds) {
  EXPECT_EQ(rule([](Index, Index) { return false; }), "");
  EXPECT_EQ(rule([](Index i, Index h) { return (i + h) % 7 == 0; }), "");
}

}  // namespace
}  // namespace carousel
