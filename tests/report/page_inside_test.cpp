// Gates as pictures.

#include "report/page_inside.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

StudyExhibit heat(const std::string& cell, const std::string& title, const Shape& shape,
                  const std::vector<float>& values) {
  return {"tunes",
          cell,
          {"heat",
           title,
           {{"values", Tensor<float>::from(shape, values)}},
           {},
           {{"row_title", "unit"}, {"column_title", "step"}}}};
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Heats, HaveASquareOfItsShadeForEachValue) {
  const std::string html =
      heats_html({heat("lstm", "Gate f", {2, 3}, {0.0F, 0.5F, 1.0F, 1.0F, 0.52F, 0.04F})});
  // Row 0, columns 1 and 2; row 1, columns 0 and 1. Less than a twentieth is no shade.
  EXPECT_THAT(html, HasSubstr("<path fill-opacity=\"0.5\" d=\"M26 0h6v6h-6zM26 6h6v6h-6z\"/>"));
  EXPECT_THAT(html, HasSubstr("<path fill-opacity=\"1.0\" d=\"M32 0h6v6h-6zM20 6h6v6h-6z\"/>"));
  EXPECT_EQ(count_of(html, "<path"), 2U);
  EXPECT_THAT(html, AllOf(HasSubstr(">unit</text>"), HasSubstr(">step</text>"),
                          HasSubstr(">3</text>"), HasSubstr("aria-label=\"tunes, lstm: Gate f\"")));
}

TEST(Heats, OfOneTitleStandSideBySide) {
  const std::string html =
      heats_html({heat("lstm", "Gate f", {1, 1}, {1.0F}), heat("lstm", "Gate <i>", {1, 1}, {1.0F}),
                  heat("gru", "Gate f", {1, 1}, {1.0F})});
  EXPECT_EQ(count_of(html, "<h3>"), 2U);
  EXPECT_EQ(count_of(html, "<svg"), 3U);
  EXPECT_LT(html.find("gru"), html.find("Gate &lt;i&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("<i>")));
}

TEST(Points, HaveACircleForEachUnit) {
  const StudyExhibit shares{"tunes",
                            "lstm",
                            {"points",
                             "Saturation",
                             {{"f", Tensor<float>::from({2, 2}, {0.0F, 1.0F, 0.5F, 0.25F})},
                              {"o", Tensor<float>::from({1, 2}, {1.0F, 0.0F})}},
                             {},
                             {{"x_title", "open"}, {"y_title", "closed"}}}};
  const std::string html = points_html({shares});
  EXPECT_THAT(html, HasSubstr("<circle class=\"g0\" cx=\"56.0\" cy=\"10.0\""));
  EXPECT_THAT(html, HasSubstr("<circle class=\"g0\" cx=\"186.0\" cy=\"205.0\""));
  EXPECT_THAT(html, HasSubstr("<circle class=\"g1\" cx=\"316.0\" cy=\"270.0\""));
  EXPECT_EQ(count_of(html, "<circle"), 5U);  // two of them in the legend
  EXPECT_THAT(html, AllOf(HasSubstr(">open</text>"), HasSubstr(">closed</text>"),
                          HasSubstr(">f</text>"), HasSubstr(">o</text>")));
  EXPECT_EQ(heats_html({shares}), "");
}

TEST(PageInside, WhatIsNotOfItsFormIsABug) {
  EXPECT_THAT(error_of<BugError>([] {
                heats_html({heat("a", "b", {2}, {1.0F, 1.0F})});
              }),
              HasSubstr("values"));
  StudyExhibit none = heat("a", "b", {1, 1}, {NAN});
  EXPECT_THAT(error_of<BugError>([&] { heats_html({none}); }), HasSubstr("nan"));
  none.exhibit.arrays.clear();
  EXPECT_THAT(error_of<BugError>([&] { heats_html({none}); }), HasSubstr("values"));
}

}  // namespace
}  // namespace carousel
