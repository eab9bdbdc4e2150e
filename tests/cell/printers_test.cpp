// What a failing test says of our types.

#include "printers.hpp"

#include <gtest/gtest.h>

#include "op/functions.hpp"

namespace carousel {
namespace {

TEST(Printers, AreShort) {
  EXPECT_EQ(testing::PrintToString(Shape{2, batch_dim}), "[2, B]");
  EXPECT_EQ(testing::PrintToString(Tensor<float>()), "no tensor");
  EXPECT_EQ(testing::PrintToString(Tensor<double>::from({2}, {0.5, -3})), "[2] {0.5, -3}");
  const auto zeros = Tensor<float>::zeros({3, 4});
  EXPECT_EQ(testing::PrintToString(zeros), "[3, 4] {0, 0, 0, 0, 0, 0, 0, 0, .. 12 in all}");
  EXPECT_EQ(testing::PrintToString(zeros.values()), "{0, 0, 0, 0, 0, 0, 0, 0, .. 12 in all}");
  EXPECT_EQ(testing::PrintToString(find_op("slice")), "slice");
  EXPECT_EQ(testing::PrintToString(Tile::sigmoid), "sigmoid");
  EXPECT_EQ(testing::PrintToString(Attributes{}), "()");
  Attributes attributes;
  attributes.axis = 0;
  attributes.begin = 2;
  attributes.transpose_b = true;
  const Example example{{{2, 3}, {3}}, attributes};
  EXPECT_EQ(testing::PrintToString(example), "[2, 3] [3] (axis 0, begin 2, transpose_b 1)");
  Cell cell;
  cell.name = "gate";
  EXPECT_EQ(testing::PrintToString(cell), "gate");
}

}  // namespace
}  // namespace carousel
