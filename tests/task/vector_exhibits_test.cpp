// Maps and neighbours of vectors with names.

#include "task/vector_exhibits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tensor/random.hpp"

namespace carousel {
namespace {

struct Named {
  std::vector<std::string> names;
  Tensor<double> vectors;
};

// "a0", "b1", "a2", ..: those of a letter point the same way.
Named two_groups(Index n) {
  Named made{{}, Tensor<double>::uninitialised({n, 3})};
  Random random(1, "vectors");
  for (Index i = 0; i < n; ++i) {
    made.names.push_back((i % 2 == 0 ? "a" : "b") + std::to_string(i));
    for (Index k = 0; k < 3; ++k) made.vectors.data()[3 * i + k] = 0.1 * random.normal();
    made.vectors.data()[3 * i + i % 2] += 2.0;
  }
  return made;
}

TEST(MapOf, FillsTheUnitSquareWithItsLongerSideAndKeepsGroupsApart) {
  const Named made = two_groups(30);
  const auto map = map_of("words", made.names, made.vectors);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->kind, "map");
  EXPECT_EQ(map->title, "words");
  EXPECT_THAT(map->texts.at("labels"), testing::StartsWith("a0\nb1\na2\n"));
  const Tensor<float>& places = map->arrays.at("places");
  ASSERT_EQ(places.shape(), (Shape{30, 2}));
  float side = 0.0f;
  for (Index axis = 0; axis < 2; ++axis) {
    float low = 1.0f, high = 0.0f;
    for (Index i = 0; i < 30; ++i) {
      low = std::min(low, places.data()[2 * i + axis]);
      high = std::max(high, places.data()[2 * i + axis]);
    }
    EXPECT_NEAR(low + high, 1.0f, 1e-6f) << "in the middle";
    side = std::max(side, high - low);
  }
  EXPECT_NEAR(side, 1.0f, 1e-6f);
  const auto distance = [&](Index i, Index j) {
    return std::hypot(places.data()[2 * i] - places.data()[2 * j],
                      places.data()[2 * i + 1] - places.data()[2 * j + 1]);
  };
  for (Index i = 0; i < 30; ++i) {
    Index nearest = i == 0 ? 1 : 0;
    for (Index j = 0; j < 30; ++j) {
      if (j != i && distance(i, j) < distance(i, nearest)) nearest = j;
    }
    EXPECT_EQ(nearest % 2, i % 2);
  }
}

TEST(MapOf, IsNotMadeOfFewVectorsOrOfValuesThatAreNotFinite) {
  Named made = two_groups(15);
  EXPECT_FALSE(map_of("words", made.names, made.vectors));
  made = two_groups(16);
  EXPECT_TRUE(map_of("words", made.names, made.vectors));
  made.vectors.data()[7] = NAN;
  EXPECT_FALSE(map_of("words", made.names, made.vectors));
}

// By hand: (1, 0), (4, 0), (1, 1), (0, 2), (-1, 0) and a vector without direction.
TEST(NearestOf, AreThoseWithTheLargestCosine) {
  const Exhibit text =
      nearest_of("near", {"a", "b", "c", "d", "e", "f"},
                 Tensor<double>::from({6, 2}, {1, 0, 4, 0, 1, 1, 0, 2, -1, 0, 0, 0}));
  EXPECT_EQ(text.kind, "text");
  EXPECT_EQ(text.texts.at("prime"), "");
  EXPECT_EQ(text.texts.at("text"),
            "a: b 1.00, c 0.71, d 0.00, f 0.00, e -1.00\n"
            "b: a 1.00, c 0.71, d 0.00, f 0.00, e -1.00\n"
            "c: a 0.71, b 0.71, d 0.71, f 0.00, e -0.71\n"
            "d: c 0.71, a 0.00, b 0.00, e 0.00, f 0.00\n"
            "e: d 0.00, f 0.00, c -0.71, a -1.00, b -1.00\n"
            "f: a 0.00, b 0.00, c 0.00, d 0.00, e 0.00");
}

TEST(NearestOf, AsksForTwelveNamesOfAll) {
  const Named made = two_groups(36);
  const std::string lines = nearest_of("near", made.names, made.vectors).texts.at("text");
  EXPECT_EQ(std::ranges::count(lines, '\n'), 11);
  EXPECT_THAT(lines, testing::AllOf(testing::StartsWith("a0: a"), testing::HasSubstr("\nb33: b")));
}

}  // namespace
}  // namespace carousel
