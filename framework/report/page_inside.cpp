#include "report/page_inside.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/exhibit_parts.hpp"
#include "report/html.hpp"
#include "report/svg.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

// A picture of this size; label: what it is, for screen readers.
std::string svg(const char* kind, double width, double height, const std::string& label,
                const std::string& body) {
  return fmt::format(
      "<svg class=\"{0}\" viewBox=\"0 0 {1:.0f} {2:.0f}\" width=\"{1:.0f}\" height=\"{2:.0f}\" "
      "role=\"img\" aria-label=\"{3}\" xmlns=\"http://www.w3.org/2000/svg\">\n{4}</svg>\n",
      kind, width, height, escape_html(label), body);
}

std::string label_of(const StudyExhibit& one) {
  return fmt::format("{}, {}: {}", one.dataset, one.cell, one.exhibit.title);
}

// A turned title at the left of a picture, in the middle of its height.
std::string side_title(double height, const std::string& words) {
  return svg_text(-height / 2.0, 12.0, "middle", words, " transform=\"rotate(-90)\"");
}

constexpr double cell_size = 6.0, left = 20.0, below = 34.0;

// Squares of one shade as a single path.
std::string squares(const Tensor<float>& values, int shade, int shades) {
  std::string path;
  const Index columns = values.shape()[1];
  for (Index i = 0; i < values.numel(); ++i) {
    const auto value = static_cast<double>(values.data()[i]);
    if (!std::isfinite(value)) fail_bug("a picture of shades holds {}", value);
    if (std::lround(std::clamp(value, 0.0, 1.0) * shades) != shade) continue;
    path +=
        fmt::format("M{} {}h{}v{}h-{}z", left + cell_size * static_cast<double>(i % columns),
                    cell_size * static_cast<double>(i / columns), cell_size, cell_size, cell_size);
  }
  return path;
}

std::string heat_svg(const StudyExhibit& one) {
  constexpr int shades = 10;
  const Tensor<float>& values = array_in(one.exhibit, "values");
  if (values.shape().rank() != 2) {
    fail_bug("a picture of shades has values {}", values.shape().to_string());
  }
  const double height = cell_size * static_cast<double>(values.shape()[0]);
  const double width = cell_size * static_cast<double>(values.shape()[1]);
  std::string body = fmt::format(
      "<rect class=\"frame\" x=\"{}\" y=\"0\" width=\"{}\" height=\"{}\"/>\n", left, width, height);
  for (int shade = 1; shade <= shades; ++shade) {
    const std::string path = squares(values, shade, shades);
    if (path.empty()) continue;
    body += fmt::format("<path fill-opacity=\"{:.1f}\" d=\"{}\"/>\n",
                        static_cast<double>(shade) / shades, path);
  }
  body += side_title(height, text_in(one.exhibit, "row_title"));
  body += svg_text(left, height + 14.0, "start", "1");
  body += svg_text(left + width, height + 14.0, "end", std::to_string(values.shape()[1]));
  body +=
      svg_text(left + width / 2.0, height + 28.0, "middle", text_in(one.exhibit, "column_title"));
  return svg("heat", left + width + 2.0, height + below, label_of(one), body);
}

// Where a plot of shares is in its picture.
constexpr double plot_left = 56.0, plot_size = 260.0, plot_top = 10.0;
constexpr int colours = 6;  // of the page's style

double across(double share) { return plot_left + plot_size * share; }
double down(double share) { return plot_top + plot_size * (1.0 - share); }

std::string axes(const Exhibit& exhibit) {
  std::string body;
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    body += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{2:.1f}\" y2=\"{1:.1f}\"/>\n"
        "<line class=\"grid\" x1=\"{3:.1f}\" y1=\"{4:.1f}\" x2=\"{3:.1f}\" y2=\"{5:.1f}\"/>\n",
        across(0.0), down(share), across(1.0), across(share), down(0.0), down(1.0));
    body += svg_text(across(0.0) - 6.0, down(share) + 4.0, "end", fmt::format("{}", share));
    body += svg_text(across(share), down(0.0) + 16.0, "middle", fmt::format("{}", share));
  }
  body += svg_text(across(0.5), down(0.0) + 34.0, "middle", text_in(exhibit, "x_title"));
  return body + side_title(2.0 * down(0.5), text_in(exhibit, "y_title"));
}

std::string points_svg(const StudyExhibit& one) {
  std::string body = axes(one.exhibit);
  int group = 0;
  double y = down(0.0) + 54.0;
  for (const auto& [name, points] : one.exhibit.arrays) {
    if (points.shape().rank() != 2 || points.shape()[1] != 2) {
      fail_bug("points '{}' are {}, not [points, 2]", name, points.shape().to_string());
    }
    const std::string kind = fmt::format("g{}", group++ % colours);
    for (Index i = 0; i < points.shape()[0]; ++i) {
      body += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>\n", kind,
                          across(static_cast<double>(points.data()[2 * i])),
                          down(static_cast<double>(points.data()[2 * i + 1])));
    }
    body += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>\n", kind,
                        plot_left, y - 4.0);
    body += svg_text(plot_left + 10.0, y, "start", name);
    y += 16.0;
  }
  return svg("points", across(1.0) + 16.0, y, label_of(one), body);
}

template <class Draw>
std::string figures_html(const std::vector<StudyExhibit>& exhibits, const std::string& kind,
                         Draw draw) {
  std::vector<CellFigure> figures;
  for (const StudyExhibit& one : exhibits) {
    if (one.exhibit.kind != kind) continue;
    figures.push_back({one.dataset, one.exhibit.title, figure_html(one.cell, draw(one))});
  }
  return side_by_side(figures, "row");
}

}  // namespace

std::string heats_html(const std::vector<StudyExhibit>& exhibits) {
  return figures_html(exhibits, "heat", heat_svg);
}

std::string points_html(const std::vector<StudyExhibit>& exhibits) {
  return figures_html(exhibits, "points", points_svg);
}

}  // namespace carousel
