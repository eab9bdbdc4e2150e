// The schedule of a cell, in full: what stands in front of the loop, in it and behind.

#include "program/plan.hpp"

#include <gtest/gtest.h>

#include "catalogue.hpp"

namespace carousel {
namespace {

// One product in the loop on each way, of 5 with 20 columns; all that the inputs give is in front
// of it, and all weight gradients are behind.
TEST(Plan, ScheduleOfTheLstm) {
  const ScanPlan plan = plan_scan(catalogue().find("lstm").build({3, 5}));
  EXPECT_EQ(to_text(plan), R"(forward
  in front, wave 0
    product [rows, 3] @ [3, 20] (4 matrices as one)
  in the loop, wave 0
    product [rows, 5] @ [5, 20] (4 matrices as one)
  in the loop, wave 1
    elementwise: add_sigmoid x3, add_tanh, mul x2, mul_add, tanh
  a row: 320 operations in products (200 in the loop), 40 elementwise
backward
  in the loop, wave 0
    elementwise: add x2, mul_mul_tanh_slope x2, mul, mul_mul_sigmoid_slope x3
    product [rows, 20] @ [20, 5] (4 matrices as one)
  behind, wave 0
    product [rows, 20] @ [20, 3] (4 matrices as one)
  behind: weight gradient [20, all rows] @ [all rows, 5] (4 matrices as one)
  behind: weight gradient [20, all rows] @ [all rows, 3] (4 matrices as one)
  behind: 4 vector gradients
  a row: 640 operations in products (200 in the loop), 40 elementwise
kept for the way back, a row: 35 numbers, 140 bytes in float, 7.00 x the output
)");
}

}  // namespace
}  // namespace carousel
