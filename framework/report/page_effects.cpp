#include "report/page_effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "report/format.hpp"
#include "report/html.hpp"

namespace carousel {
namespace {

constexpr double row_height = 26.0, label_width = 190.0, plot_width = 420.0, text_width = 210.0;
constexpr double top = 8.0, axis_height = 42.0;
constexpr double width = label_width + plot_width + text_width;

// The numbers of the axis and where they are.
struct Axis {
  double low = 0.0, high = 0.0;

  double at(double value) const { return label_width + (value - low) / (high - low) * plot_width; }
  double step() const {
    const double rough = (high - low) / 4.0, decade = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double digit : {1.0, 2.0, 5.0}) {
      if (digit * decade >= rough) return digit * decade;
    }
    return 10.0 * decade;
  }
};

// All effects; of intervals at most so far that the effects stay apart.
Axis axis_of(const std::vector<Effect>& changes) {
  constexpr double most_beyond = 2.0;  // times the span of the effects
  double low = 0.0, high = 0.0;
  for (const Effect& e : changes) {
    if (!std::isfinite(e.difference.mean)) continue;
    low = std::min(low, e.difference.mean);
    high = std::max(high, e.difference.mean);
  }
  const double span = high > low ? high - low : 1.0;
  double least = low, most = high;
  for (const Effect& e : changes) {
    if (!std::isfinite(e.difference.low)) continue;
    least = std::min(least, std::max(e.difference.low, low - most_beyond * span));
    most = std::max(most, std::min(e.difference.high, high + most_beyond * span));
  }
  const double margin = 0.05 * (most > least ? most - least : 1.0);
  return {least - margin, most + margin};
}

std::string line(double x1, double y1, double x2, double y2, const char* kind) {
  return fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kind, x1,
      y1, x2, y2);
}

std::string text(double x, double y, const char* anchor, const std::string& words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escape_html(words));
}

std::string row_svg(const Effect& e, const Axis& axis, double y, int decimals) {
  std::string svg = text(label_width - 10.0, y + 4.0, "end", shorten(e.change, 26));
  if (!std::isfinite(e.difference.mean)) {
    return svg + text(label_width + plot_width + 8.0, y + 4.0, "start",
                      e.diverged > 0 ? fmt::format("{} diverged", e.diverged) : "no figure");
  }
  const char* kind = is_significant(e) ? "sure" : "unsure";
  if (std::isfinite(e.difference.low)) {
    svg += line(axis.at(std::max(e.difference.low, axis.low)), y,
                axis.at(std::min(e.difference.high, axis.high)), y, kind);
  }
  svg += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"9\" height=\"9\"/>\n",
                     kind, axis.at(e.difference.mean) - 4.5, y - 4.5);
  std::string words =
      fmt::format("{:+.{}f}, p {}", e.difference.mean, decimals, format_p(e.paired_t.corrected));
  if (e.diverged > 0) words += fmt::format(", {} div", e.diverged);
  return svg + text(label_width + plot_width + 8.0, y + 4.0, "start", words);
}

std::string forest_svg(const Effects& effects, const MetricInfo& metric) {
  const Axis axis = axis_of(effects.changes);
  const double bottom = top + row_height * static_cast<double>(effects.changes.size());
  std::string svg = fmt::format(
      "<svg class=\"forest\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\" "
      "xmlns=\"http://www.w3.org/2000/svg\">\n",
      width, bottom + axis_height,
      escape_html(fmt::format("Effect of each change of {} on {}; the table has the numbers",
                              effects.intact, effects.dataset)));
  const double step = axis.step();
  const auto first = static_cast<int>(std::ceil(axis.low / step));
  for (int k = first; k <= static_cast<int>(axis.high / step); ++k) {
    const double value = k * step;
    svg += line(axis.at(value), top, axis.at(value), bottom, value == 0.0 ? "zero" : "grid");
    svg += text(axis.at(value), bottom + 16.0, "middle", fmt::format("{:.4g}", value));
  }
  const char* worse = metric.better == Better::lower ? "to the right" : "to the left";
  svg += text(label_width + plot_width / 2.0, bottom + 35.0, "middle",
              fmt::format("{}: changed less intact; harm {}", title_with_unit(metric), worse));
  for (std::size_t k = 0; k < effects.changes.size(); ++k) {
    svg += row_svg(effects.changes[k], axis, top + row_height * (static_cast<double>(k) + 0.5),
                   metric.decimals);
  }
  return svg + "</svg>\n";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with('#') && !line.starts_with("cell ")) lines.push_back(line);
  }
  return lines;
}

// The longest common lines stay as they are; of the others, those of `before` are gone, and those
// of `after` are new.
std::string marked_lines(const std::vector<std::string>& before,
                         const std::vector<std::string>& after) {
  const std::size_t n = before.size(), m = after.size();
  std::vector<std::vector<std::size_t>> common(n + 1, std::vector<std::size_t>(m + 1));
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = m; j-- > 0;) {
      common[i][j] = before[i] == after[j] ? 1 + common[i + 1][j + 1]
                                           : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::string html;
  for (std::size_t i = 0, j = 0; i < n || j < m;) {
    if (i < n && j < m && before[i] == after[j]) {
      html += "  " + escape_html(before[i++]) + "\n";
      ++j;
    } else if (i < n && (j == m || common[i + 1][j] >= common[i][j + 1])) {
      html += "<del>- " + escape_html(before[i++]) + "</del>\n";
    } else {
      html += "<ins>+ " + escape_html(after[j++]) + "</ins>\n";
    }
  }
  return html;
}

// "lstm+NIG" and "lstm+NIG+NP" are changes of "lstm", "rhn+depth=3 NIG" of "rhn+depth=3".
std::string intact_name(const std::string& name) {
  const std::size_t blank = name.rfind(' ');
  const std::size_t end = blank == std::string::npos ? name.find('+') : blank;
  return end == std::string::npos ? "" : name.substr(0, end);
}

}  // namespace

std::string forests_html(const StudyResults& results, const std::vector<Effects>& effects) {
  std::string html;
  for (const Effects& one : effects) {
    html += fmt::format("<figure>\n<figcaption>{} on {}: the effect of each change</figcaption>\n",
                        escape_html(one.intact), escape_html(one.dataset));
    html += "<div class=\"scroll\">\n" + forest_svg(one, results.problem(one.dataset).chooses()) +
            "</div>\n</figure>\n";
  }
  return html;
}

std::string equations_html(const StudyResults& results) {
  std::string html;
  for (const auto& [name, text] : results.cell_texts) {
    const auto intact = std::ranges::find(results.cell_texts, intact_name(name),
                                          [](const auto& entry) { return entry.first; });
    if (intact == results.cell_texts.end()) {
      html += html_details(name, text);
      continue;
    }
    html += html_fold(fmt::format("{}, changed from {}", name, intact->first),
                      "<pre class=\"changes\">" +
                          marked_lines(lines_of(intact->second), lines_of(text)) + "</pre>");
  }
  return html;
}

}  // namespace carousel
