#include "report/page_effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "report/format.hpp"
#include "report/html.hpp"
#include "report/svg.hpp"

namespace carousel {
namespace {

void add_row(RowChart& chart, const Effect& e, int decimals) {
  if (!std::isfinite(e.difference.mean)) {
    chart.add_row(e.change, e.diverged > 0 ? fmt::format("{} diverged", e.diverged) : "no figure");
    return;
  }
  std::string words =
      fmt::format("{:+.{}f}, p {}", e.difference.mean, decimals, format_p(e.paired_t.corrected));
  if (e.diverged > 0) words += fmt::format(", {} div", e.diverged);
  chart.add_row(e.change, words);
  const char* kind = is_significant(e) ? "sure" : "unsure";
  chart.add_interval(e.difference, kind);
  chart.add_mark(e.difference.mean, kind);
}

std::string forest_svg(const Effects& effects, const MetricInfo& metric) {
  std::vector<Statistic> figures;
  for (const Effect& e : effects.changes) figures.push_back(e.difference);
  RowChart chart(fmt::format("Effect of each change of {} on {}; the table has the numbers",
                             effects.intact, effects.dataset),
                 figures, metric.better, {0.0});
  chart.add_level(0.0, "", "zero");
  for (const Effect& e : effects.changes) add_row(chart, e, metric.decimals);
  return chart.finish(fmt::format("{}: changed less intact; harm {}", title_with_unit(metric),
                                  metric.better == Better::lower ? "to the right" : "to the left"));
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
    html += figure_html(fmt::format("{} on {}: the effect of each change", one.intact, one.dataset),
                        forest_svg(one, results.problem(one.dataset).chooses()));
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
