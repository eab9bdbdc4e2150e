// Exhibits that the page shows without script.

#include "report/page_exhibits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "text_difference.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

PlotMatrix matrix_of(const std::string& cell, const std::string& title) {
  return {"signs",  cell,         title,           "class",
          "answer", {"a", "<b>"}, {"x", "y", "z"}, {{3, 0, 1}, {0, 0, 0}}};
}

TEST(PageExhibits, AMatrixIsATableWithHeadingsForEveryRowAndColumn) {
  const std::string html = matrices_html({matrix_of("gru", "answers & more")});
  EXPECT_EQ(
      first_difference(
          html,
          "<h3>signs: answers &amp; more</h3>\n<div class=\"row\">\n<figure>\n"
          "<figcaption>gru</figcaption>\n"
          "<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
          "aria-label=\"signs, gru: answers &amp; more\">\n"
          "<table class=\"matrix\">\n"
          "<colgroup></colgroup><colgroup span=\"3\"></colgroup>\n<thead>\n"
          "<tr><td></td><th class=\"group\" colspan=\"3\" scope=\"colgroup\">"
          "<span>answer</span></th></tr>\n"
          "<tr><th scope=\"col\">class</th>"
          "<th class=\"number\" scope=\"col\"><span>x</span></th>"
          "<th class=\"number\" scope=\"col\"><span>y</span></th>"
          "<th class=\"number\" scope=\"col\"><span>z</span></th></tr>\n</thead>\n<tbody>\n"
          "<tr><th scope=\"row\">a</th>"
          "<td class=\"number\" style=\"--share:0.750\" title=\"class a, answer x: 3 of 4\">3</td>"
          "<td class=\"number none\">0</td>"
          "<td class=\"number\" style=\"--share:0.250\" title=\"class a, answer z: 1 of 4\">1</td>"
          "</tr>\n"
          "<tr><th scope=\"row\">&lt;b&gt;</th><td class=\"number none\">0</td>"
          "<td class=\"number none\">0</td><td class=\"number none\">0</td></tr>\n"
          "</tbody>\n</table>\n</div>\n</figure>\n</div>\n"),
      "");
}

TEST(PageExhibits, LargeCountsAreWholeNumbers) {
  PlotMatrix matrix = matrix_of("gru", "answers");
  matrix.counts[1] = {16777216, 0, 0};
  EXPECT_THAT(matrices_html({matrix}), HasSubstr(": 16777216 of 16777216\">16777216</td>"));
}

TEST(PageExhibits, MatricesOfOneTitleStandSideBySide) {
  PlotMatrix elsewhere = matrix_of("lstm", "first");
  elsewhere.dataset = "others";
  const std::string html = matrices_html({matrix_of("gru", "first"), matrix_of("gru", "second"),
                                          matrix_of("lstm", "first"), elsewhere});
  std::string outline;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    for (const std::string tag : {"<h3>", "<figcaption>"}) {
      if (html.compare(at, tag.size(), tag) != 0) continue;
      const std::size_t from = at + tag.size();
      outline += html.substr(from, html.find('<', from) - from) + "; ";
    }
  }
  EXPECT_EQ(outline, "signs: first; gru; lstm; signs: second; gru; others: first; lstm; ");
}

TEST(PageExhibits, OfManyClassesTheShadesAloneAreShown) {
  const auto classes = [](std::size_t count) {
    PlotMatrix matrix = matrix_of("gru", "answers");
    matrix.rows = matrix.columns = std::vector<std::string>(count, "k");
    matrix.counts.assign(count, std::vector<double>(count, 1.0));
    return matrices_html({matrix});
  };
  EXPECT_THAT(classes(20), HasSubstr("<table class=\"matrix\">"));
  EXPECT_THAT(classes(21), HasSubstr("<table class=\"matrix shades\">"));
  EXPECT_THAT(classes(21), HasSubstr("title=\"class k, answer k: 1 of 21\">1</td>"));
}

std::string html_of(const std::string& prime, const std::string& text) {
  std::string html = texts_html({{"plays", "gru", "a sample", prime, text}});
  const std::string open = "<pre class=\"written\" dir=\"auto\">\n";
  const std::size_t from = html.find(open);
  if (from == std::string::npos || !html.ends_with("</pre>\n</figure>\n</div>\n")) return html;
  const std::size_t begin = from + open.size();
  return html.substr(begin, html.find("</pre>", begin) - begin);
}

TEST(PageExhibits, ATextFollowsItsMarkedPrime) {
  EXPECT_EQ(html_of("To be", ", or\n\tnot"), "<mark>To be</mark>, or\n\tnot");
  EXPECT_EQ(html_of("", "\n  lines"), "\n  lines") << "no empty mark, and each line end is kept";
  const std::string html = texts_html({{"plays", "gru", "a <i>", "", "x"}});
  EXPECT_THAT(html, HasSubstr("<h3>plays: a &lt;i&gt;</h3>\n<div class=\"pair\">"));
  EXPECT_THAT(html, HasSubstr("<figcaption>gru</figcaption>"));
}

TEST(PageExhibits, ATextCanNotBecomeMarkup) {
  const std::string hostile = "</pre></mark><script>alert(\"1\" & '2')</script><!--\\";
  const std::string safe =
      "&lt;/pre&gt;&lt;/mark&gt;&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)"
      "&lt;/script&gt;&lt;!--\\";
  EXPECT_EQ(html_of(hostile, hostile), "<mark>" + safe + "</mark>" + safe);
}

TEST(PageExhibits, CharactersThatCanNotBeShownHaveASign) {
  const std::string zero(1, '\0');
  EXPECT_EQ(html_of("a\x1b[0m", "b" + zero + "c\r\n\x1f"),
            "<mark>a\u241b[0m</mark>b\u2400c\u240d\n\u241f");
  EXPECT_EQ(html_of("", "\x7f|\xc2\x80|\xff<\xe2\x82|"), "\ufffd|\ufffd|\ufffd&lt;\ufffd\ufffd|")
      << "delete, a control character of Unicode, and bytes that are no UTF-8";
  EXPECT_EQ(html_of("", "\u2028 σ 字 😀"), "\u2028 σ 字 😀");
}

TEST(PageExhibits, NothingOfNothing) {
  EXPECT_EQ(matrices_html({}), "");
  EXPECT_EQ(texts_html({}), "");
}

}  // namespace
}  // namespace carousel
