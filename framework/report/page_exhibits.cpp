#include "report/page_exhibits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "io/characters.hpp"
#include "report/html.hpp"

namespace carousel {
namespace {

template <class Plot, class HtmlOf>
std::string figures_html(const std::vector<Plot>& plots, const char* box, HtmlOf html_of) {
  std::vector<CellFigure> figures;
  for (const Plot& plot : plots) {
    figures.push_back({plot.dataset, plot.title,
                       fmt::format("<figure>\n<figcaption>{}</figcaption>\n{}</figure>\n",
                                   escape_html(plot.cell), html_of(plot))});
  }
  return side_by_side(figures, box);
}

std::string matrix_head(const PlotMatrix& matrix) {
  const std::size_t columns = matrix.columns.size();
  std::string html = fmt::format(
      "<colgroup></colgroup><colgroup span=\"{}\"></colgroup>\n<thead>\n<tr><td></td>"
      "<th class=\"group\" colspan=\"{}\" scope=\"colgroup\"><span>{}</span></th></tr>\n"
      "<tr><th scope=\"col\">{}</th>",
      columns, columns, escape_html(matrix.column_title), escape_html(matrix.row_title));
  for (const std::string& name : matrix.columns) {
    html += "<th class=\"number\" scope=\"col\"><span>" + escape_html(name) + "</span></th>";
  }
  return html + "</tr>\n</thead>\n";
}

std::string matrix_cell(const PlotMatrix& matrix, std::size_t row, std::size_t column,
                        double row_sum) {
  const double count = matrix.counts[row][column];
  if (count == 0.0) return "<td class=\"number none\">0</td>";
  const std::string place =
      fmt::format("{} {}, {} {}: {} of {}", matrix.row_title, matrix.rows[row], matrix.column_title,
                  matrix.columns[column], count, row_sum);
  return fmt::format("<td class=\"number\" style=\"--share:{:.3f}\" title=\"{}\">{}</td>",
                     count / row_sum, escape_html(place), count);
}

std::string matrix_html(const PlotMatrix& matrix) {
  constexpr std::size_t most_with_numbers = 20;
  const bool numbers = std::max(matrix.rows.size(), matrix.columns.size()) <= most_with_numbers;
  std::string html = fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n"
      "<table class=\"matrix{}\">\n",
      escape_html(fmt::format("{}, {}: {}", matrix.dataset, matrix.cell, matrix.title)),
      numbers ? "" : " shades");
  html += matrix_head(matrix) + "<tbody>\n";
  for (std::size_t row = 0; row < matrix.rows.size(); ++row) {
    const std::vector<double>& counts = matrix.counts[row];
    const double sum = std::accumulate(counts.begin(), counts.end(), 0.0);
    html += "<tr><th scope=\"row\">" + escape_html(matrix.rows[row]) + "</th>";
    for (std::size_t column = 0; column < counts.size(); ++column) {
      html += matrix_cell(matrix, row, column, sum);
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

// A browser drops some characters, and others would not be seen.
std::string visible(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const Character c = first_character(text);
    if (c.printable() || (c.valid && c.code == '\n')) {
      shown += text.substr(0, c.bytes);
    } else if (c.valid && c.code < 0x20) {
      shown += {'\xe2', '\x90', static_cast<char>(0x80 + c.code)};  // U+2400 + code, in UTF-8
    } else {
      shown += "\uFFFD";
    }
    text.remove_prefix(c.bytes);
  }
  return escape_html(shown);
}

std::string text_html(const PlotText& text) {
  // A browser drops the line end behind <pre>, so one is there that is none of the text.
  std::string html = "<pre class=\"written\" dir=\"auto\">\n";
  if (!text.prime.empty()) html += "<mark>" + visible(text.prime) + "</mark>";
  return html + visible(text.text) + "</pre>\n";
}

}  // namespace

std::string matrices_html(const std::vector<PlotMatrix>& matrices) {
  return figures_html(matrices, "row", matrix_html);
}

std::string texts_html(const std::vector<PlotText>& texts) {
  return figures_html(texts, "pair", text_html);
}

}  // namespace carousel
