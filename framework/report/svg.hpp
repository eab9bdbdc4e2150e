#pragma once

#include <string>
#include <vector>

#include "metric/metric.hpp"
#include "study/statistics.hpp"

namespace carousel {

/// A `<text>` element at a place. anchor: start, middle or end; more: further attributes, with a
/// blank in front of each.
std::string svg_text(double x, double y, const char* anchor, const std::string& words,
                     const std::string& more = "");

/// A chart of rows as SVG: each has a name, marks over an axis that all rows share, and its figure
/// in words. Colours are those of the page's style: `kind` is a class of it.
class RowChart {
 public:
  /// Sets the axis. It shows all means and anchors, but at the worse end those means without which
  /// it becomes four times as fine, at most three of ten; of intervals at most twice the span of
  /// these means to either side. label: what the picture is, for screen readers.
  RowChart(std::string label, const std::vector<Statistic>& figures, Better better,
           const std::vector<double>& anchors);

  /// Begins a row below the last one. Marks go to the row that was begun last.
  void add_row(const std::string& name, const std::string& figure);
  /// A line over the interval, as far as the axis goes; nothing where there is none.
  void add_interval(const Statistic& figure, const char* kind);
  /// A square at a value; a triangle at the edge where the axis ends before it.
  void add_mark(double value, const char* kind);
  /// A small circle at a value, above the middle, so that no mark hides it; nothing beyond the
  /// axis.
  void add_point(double value);
  /// An upright line through the row; nothing beyond the axis.
  void add_tick(double value, const char* kind);
  /// An upright line through all rows, named above them where it has a name. Beyond the axis the
  /// name alone, with an arrow.
  void add_level(double value, const std::string& name, const char* kind);

  /// The picture. title: of the axis.
  std::string finish(const std::string& title) const;

 private:
  struct Level {
    double value;
    std::string name, kind;
  };

  double x(double value) const;
  double y() const;
  bool shows(double value) const { return value >= low_ && value <= high_; }
  double step() const;
  std::string grid(double bottom) const;
  std::string level_svg(const Level& level, double above, double bottom) const;

  std::string label_, marks_;
  double low_ = 0.0, high_ = 1.0;  // the ends of the axis
  int rows_ = 0;
  std::vector<Level> levels_;
};

}  // namespace carousel
