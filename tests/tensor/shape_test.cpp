#include "tensor/shape.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Shape, CountsDimensionsAndElements) {
  const Shape shape{2, 3, 4};
  EXPECT_EQ(shape.rank(), 3);
  EXPECT_EQ(shape[1], 3);
  EXPECT_EQ(shape.back(), 4);
  EXPECT_EQ(shape.numel(), 24);
  EXPECT_EQ(std::vector<Index>(shape.begin(), shape.end()), (std::vector<Index>{2, 3, 4}));
}

TEST(Shape, AScalarHasOneElementAndAnEmptyAxisNone) {
  EXPECT_EQ(Shape().rank(), 0);
  EXPECT_EQ(Shape().numel(), 1);
  EXPECT_EQ((Shape{3, 0, 5}).numel(), 0);
}

TEST(Shape, TakesEightDimensionsAndNoMore) {
  Shape shape{1, 2, 1, 2, 1, 2, 1, 2};
  EXPECT_EQ(shape.numel(), 16);
  EXPECT_THAT(error_of<InputError>([&] { shape.push_back(2); }), HasSubstr("at most 8 dimensions"));
  EXPECT_EQ(shape.rank(), 8);
  EXPECT_THROW((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), InputError);
}

TEST(Shape, PrintsTheBatchDimensionAsB) {
  EXPECT_EQ(Shape().to_string(), "[]");
  EXPECT_EQ((Shape{7}).to_string(), "[7]");
  EXPECT_EQ((Shape{batch_dim, 3, 10}).to_string(), "[B, 3, 10]");
}

TEST(Shape, EqualityLooksAtRankAndSizes) {
  EXPECT_EQ((Shape{2, 3}), (Shape{2, 3}));
  EXPECT_FALSE((Shape{2, 3}) == (Shape{3, 2}));
  EXPECT_FALSE((Shape{2}) == (Shape{2, 1}));
  Shape changed{2, 3};
  changed[0] = 5;
  EXPECT_EQ(changed, (Shape{5, 3}));
}

TEST(BroadcastShapes, FollowsNumpy) {
  const auto broadcast = [](const Shape& a, const Shape& b) {
    return broadcast_shapes(a, b, "test").to_string();
  };
  EXPECT_EQ(broadcast({2, 3}, {2, 3}), "[2, 3]");
  EXPECT_EQ(broadcast({2, 3}, {}), "[2, 3]");
  EXPECT_EQ(broadcast({3}, {2, 3}), "[2, 3]");
  EXPECT_EQ(broadcast({4, 1}, {3}), "[4, 3]");
  EXPECT_EQ(broadcast({5, 1, 3, 1}, {4, 1, 6}), "[5, 4, 3, 6]");
  EXPECT_EQ(broadcast({1, 3}, {0, 3}), "[0, 3]");
  EXPECT_EQ(broadcast({batch_dim, 3}, {3}), "[B, 3]");
}

TEST(BroadcastShapes, TheErrorNamesTheOperationAndBothShapes) {
  EXPECT_THAT(error_of<InputError>([] {
                broadcast_shapes({2, 3}, {4, 3}, "add");
              }),
              AllOf(HasSubstr("add"), HasSubstr("[2, 3]"), HasSubstr("[4, 3]"),
                    HasSubstr("dimension 0 is 2 against 4")));
  // Axes count from the end: these differ in the last one.
  EXPECT_THAT(error_of<InputError>([] {
                broadcast_shapes({2, 3}, {2}, "add");
              }),
              HasSubstr("dimension 1 is 3 against 2"));
  EXPECT_THROW(broadcast_shapes({batch_dim, 3}, {4, 3}, "add"), InputError);
  EXPECT_THROW(broadcast_shapes({0}, {2}, "add"), InputError);
}

TEST(NormaliseAxis, CountsFromEitherEnd) {
  for (int axis = 0; axis < 3; ++axis) {
    EXPECT_EQ(normalise_axis(axis, 3, "test"), axis);
    EXPECT_EQ(normalise_axis(axis - 3, 3, "test"), axis);
  }
}

TEST(NormaliseAxis, TheErrorTellsTheRange) {
  EXPECT_THAT(error_of<InputError>([] { normalise_axis(3, 3, "slice"); }),
              AllOf(HasSubstr("slice"), HasSubstr("axis 3"), HasSubstr("[-3, 3)")));
  EXPECT_THROW(normalise_axis(-4, 3, "slice"), InputError);
  EXPECT_THROW(normalise_axis(0, 0, "slice"), InputError);
}

TEST(DidYouMean, SuggestsTheNearestName) {
  const std::vector<std::string> known = {"sigmoid", "softplus", "tanh"};
  EXPECT_EQ(did_you_mean("sigmod", known), "; did you mean 'sigmoid'?");
  EXPECT_EQ(did_you_mean("tahn", known), "; did you mean 'tanh'?");
  EXPECT_EQ(did_you_mean("softplus", known), "; did you mean 'softplus'?");
}

TEST(DidYouMean, TakesTheNearerOfTwo) {
  EXPECT_EQ(did_you_mean("rate", {"rats!", "rates"}), "; did you mean 'rates'?");
  EXPECT_EQ(did_you_mean("learning_rat", {"learning_rule", "learning_rate"}),
            "; did you mean 'learning_rate'?");
}

TEST(DidYouMean, ABeginningMeansAllThatGoOnWithIt) {
  const std::vector<std::string> known{"goru", "gru1", "gru_cho", "gru_reset_after", "min_gru"};
  EXPECT_EQ(did_you_mean("gru", known), "; did you mean 'gru_cho' or 'gru_reset_after'?");
  EXPECT_EQ(did_you_mean("", {"_x"}), "");
}

TEST(DidYouMean, LetterCaseIsNoDifferenceAndAnExchangeIsOne) {
  EXPECT_EQ(did_you_mean("LSTM", {"lstn", "lstm"}), "; did you mean 'lstm'?");
  EXPECT_EQ(did_you_mean("adma", {"adam"}), "; did you mean 'adam'?");
  EXPECT_EQ(did_you_mean("nope", {"noaf", "node"}), "; did you mean 'node'?");
  EXPECT_EQ(did_you_mean("nope", {"noaf"}), "");
}

TEST(DidYouMean, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(did_you_mean("convolution", {"sigmoid", "tanh"}), "");
  EXPECT_EQ(did_you_mean("x", {}), "");
  EXPECT_EQ(did_you_mean("abc", {"xyz"}), "");
}

// A longer name may have more slips: a third of its letters.
TEST(DidYouMean, AllowsMoreSlipsInLongNames) {
  EXPECT_EQ(did_you_mean("momentun_decai_raet", {"momentum_decay_rate"}),
            "; did you mean 'momentum_decay_rate'?");
}

TEST(Errors, ABugAsksToBeReported) {
  try {
    fail_bug("odd value {}", 3);
  } catch (const BugError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("report it"), HasSubstr("odd value 3")));
  }
  EXPECT_THROW(fail_bug("x"), BugError);
  EXPECT_THROW(fail_input("x"), InputError);
}

}  // namespace
}  // namespace carousel
