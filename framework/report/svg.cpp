#include "report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "report/format.hpp"
#include "report/html.hpp"

namespace carousel {
namespace {

constexpr double row_height = 26.0, label_width = 215.0, plot_width = 420.0, text_width = 215.0;
constexpr double name_height = 18.0, axis_height = 42.0;
constexpr double width = label_width + plot_width + text_width;

std::string line(double x1, double y1, double x2, double y2, const std::string& kind) {
  return fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kind, x1,
      y1, x2, y2);
}

// The values that the axis must show, in order.
std::vector<double> core_of(const std::vector<Statistic>& figures, Better better) {
  constexpr double finer = 4.0, most_beyond = 0.3;
  std::vector<double> values;
  for (const Statistic& figure : figures) {
    if (std::isfinite(figure.mean)) values.push_back(figure.mean);
  }
  if (values.empty()) return values;
  std::ranges::sort(values);
  if (better == Better::higher) std::ranges::reverse(values);
  const auto span = [&](std::size_t count) { return std::abs(values[count - 1] - values[0]); };
  const std::size_t all = values.size();
  const auto most = static_cast<std::size_t>(most_beyond * static_cast<double>(all));
  std::size_t kept = all;
  for (std::size_t count = all; count-- > all - most;) {
    if (span(count) * finer <= span(kept)) kept = count;
  }
  values.resize(kept);
  return values;
}

}  // namespace

std::string svg_text(double x, double y, const char* anchor, const std::string& words,
                     const std::string& more) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                     anchor, more, escape_html(words));
}

RowChart::RowChart(std::string label, const std::vector<Statistic>& figures, Better better,
                   const std::vector<double>& anchors)
    : label_(std::move(label)) {
  constexpr double most_beyond = 2.0;  // times the span of the values
  std::vector<double> core = core_of(figures, better);
  std::ranges::copy_if(anchors, std::back_inserter(core),
                       [](double v) { return std::isfinite(v); });
  if (core.empty()) return;
  low_ = *std::ranges::min_element(core);
  high_ = *std::ranges::max_element(core);
  const double reach = high_ > low_ ? most_beyond * (high_ - low_) : HUGE_VAL;
  const double least = low_ - reach, most = high_ + reach;
  for (const Statistic& figure : figures) {
    if (!std::isfinite(figure.low) || !shows(figure.mean)) continue;
    low_ = std::min(low_, std::max(figure.low, least));
    high_ = std::max(high_, std::min(figure.high, most));
  }
  const double scale = std::max(std::abs(low_), std::abs(high_));
  const double margin = 0.05 * (high_ > low_ ? high_ - low_ : scale > 0.0 ? scale : 1.0);
  low_ -= margin;
  high_ += margin;
}

double RowChart::x(double value) const {
  return label_width + (value - low_) / (high_ - low_) * plot_width;
}

double RowChart::y() const { return row_height * (static_cast<double>(rows_) - 0.5); }

void RowChart::add_row(const std::string& name, const std::string& figure) {
  ++rows_;
  marks_ += svg_text(label_width - 10.0, y() + 4.0, "end", shorten(name, 26));
  marks_ += svg_text(label_width + plot_width + 8.0, y() + 4.0, "start", figure);
}

void RowChart::add_interval(const Statistic& figure, const char* kind) {
  if (!std::isfinite(figure.low) || figure.low > high_ || figure.high < low_) return;
  marks_ += line(x(std::max(figure.low, low_)), y(), x(std::min(figure.high, high_)), y(), kind);
}

void RowChart::add_mark(double value, const char* kind) {
  if (shows(value)) {
    marks_ +=
        fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"9\" height=\"9\"/>\n",
                    kind, x(value) - 4.5, y() - 4.5);
  } else if (std::isfinite(value)) {
    const double tip = value > high_ ? label_width + plot_width : label_width;
    const double back = value > high_ ? -9.0 : 9.0;
    marks_ += fmt::format("<path class=\"{}\" d=\"M{:.1f} {:.1f}l{:.0f} -5v10z\"/>\n", kind, tip,
                          y(), back);
  }
}

void RowChart::add_point(double value) {
  constexpr double lift = 8.5;
  if (!shows(value)) return;
  marks_ += fmt::format("<circle class=\"seed\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>\n",
                        x(value), y() - lift);
}

void RowChart::add_tick(double value, const char* kind) {
  if (!shows(value)) return;
  marks_ +=
      line(x(value), y() - row_height / 2.0 + 2.0, x(value), y() + row_height / 2.0 - 2.0, kind);
}

void RowChart::add_level(double value, const std::string& name, const char* kind) {
  levels_.push_back({value, name, kind});
}

double RowChart::step() const {
  const double rough = (high_ - low_) / 4.0, decade = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double digit : {1.0, 2.0, 5.0}) {
    if (digit * decade >= rough) return digit * decade;
  }
  return 10.0 * decade;
}

std::string RowChart::grid(double bottom) const {
  std::string svg;
  const auto last = static_cast<std::int64_t>(std::floor(high_ / step()));
  for (auto k = static_cast<std::int64_t>(std::ceil(low_ / step())); k <= last; ++k) {
    const double value = static_cast<double>(k) * step();
    svg += line(x(value), 0.0, x(value), bottom, "grid");
    svg += svg_text(x(value), bottom + 16.0, "middle", fmt::format("{:.6g}", value));
  }
  return svg;
}

// `above`: where the name stands, over the rows.
std::string RowChart::level_svg(const Level& level, double above, double bottom) const {
  std::string svg;
  if (shows(level.value)) {
    svg += line(x(level.value), level.name.empty() ? 0.0 : above + 4.0, x(level.value), bottom,
                level.kind);
  }
  if (level.name.empty()) return svg;
  if (level.value > high_) {
    return svg + svg_text(label_width + plot_width, above, "end", level.name + " →");
  }
  if (level.value < low_) return svg + svg_text(label_width, above, "start", "← " + level.name);
  const bool right = level.value > (low_ + high_) / 2.0;
  return svg + svg_text(x(level.value), above, right ? "end" : "start", level.name);
}

std::string RowChart::finish(const std::string& title) const {
  const double bottom = row_height * static_cast<double>(rows_);
  const auto named = static_cast<double>(
      std::ranges::count_if(levels_, [](const Level& level) { return !level.name.empty(); }));
  const double head = 8.0 + name_height * named;
  std::string svg = fmt::format(
      "<svg class=\"rows\" viewBox=\"0 {:.0f} {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\" "
      "xmlns=\"http://www.w3.org/2000/svg\">\n",
      -head, width, head + bottom + axis_height, escape_html(label_));
  svg += grid(bottom);
  double above = -6.0 - name_height * (named - 1.0);
  for (const Level& level : levels_) {
    svg += level_svg(level, above, bottom);
    if (!level.name.empty()) above += name_height;
  }
  return svg + marks_ + svg_text(label_width + plot_width / 2.0, bottom + 35.0, "middle", title) +
         "</svg>\n";
}

}  // namespace carousel
