#include "report/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "report/cautions.hpp"
#include "report/effect_sheets.hpp"
#include "report/format.hpp"

namespace carousel {
namespace {

constexpr int kPageWidth = 80;
constexpr int kNarrowestName = 9;

struct Column {
  std::string title;
  std::vector<std::string> texts;
  int width = 0;
};

using Render = std::function<std::string(const SummaryRow&)>;

Column column_of(std::string title, const std::vector<SummaryRow>& rows, const Render& render) {
  Column column{std::move(title), {}, 0};
  column.width = display_width(column.title);
  for (const SummaryRow& row : rows) {
    column.texts.push_back(render(row));
    column.width = std::max(column.width, display_width(column.texts.back()));
  }
  return column;
}

// A name comes from a file: a line break or an escape code in it must not disturb the terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7F) c = '?';
  }
  return text;
}

std::vector<Column> columns_of(const std::vector<SummaryRow>& rows, const StudyResults& results) {
  using Row = const SummaryRow&;
  const auto figure = [&](Row row, Split split) {
    return format_figure(row, results.problem(row.dataset).chooses(), split);
  };
  const auto has_goal = [&](Row row) { return goal_of(results.problem(row.dataset)) != nullptr; };
  const auto any_diverged = [](Row row) { return row.diverged > 0; };
  const auto rate_matters = [&](Row row) {
    return row.draws > 0 || row.learning_rate != rows.front().learning_rate;
  };
  std::vector<Column> columns;
  const auto add = [&](const char* title, const Render& render) {
    columns.push_back(column_of(title, rows, render));
  };
  add("cell", [](Row row) { return printable(name_at_point(row.name(), row.setting)); });
  add("units", [](Row row) { return fmt::format("{}", row.hidden); });
  if (std::any_of(rows.begin(), rows.end(), rate_matters)) {
    // A drawn rate has no round number; two digits say enough, and the CSV has them all.
    add("rate", [](Row row) {
      const bool drawn = row.draws > 0 && row.learning_rate > 0.0;
      return drawn ? fmt::format("{:.2g}", row.learning_rate) : format_rate(row.learning_rate);
    });
  }
  add("params", [](Row row) { return fmt::format("{}", row.cell_parameters); });
  add("seeds", [](Row row) { return format_seeds(row); });
  if (std::any_of(rows.begin(), rows.end(), any_diverged)) {
    add("div", [](Row row) { return fmt::format("{}", row.diverged); });
  }
  add("train", [&](Row row) { return figure(row, Split::train); });
  add("valid", [&](Row row) { return figure(row, Split::valid); });
  add("test", [&](Row row) { return figure(row, Split::test); });
  if (std::any_of(rows.begin(), rows.end(), has_goal)) {
    add("solved", [&](Row row) { return has_goal(row) ? format_solved(row) : "-"; });
  }
  add("epoch", [](Row row) { return format_count(row.best_epoch.mean); });
  add("sec", [](Row row) { return format_seconds(row.seconds.mean); });
  return columns;
}

int total_width(const std::vector<Column>& columns, int gap) {
  int width = -gap;
  for (const Column& column : columns) width += column.width + gap;
  return width;
}

// Takes the points of the grid out of the names, which get the number that a trial's id has: "lstm
// g2". Returns what each number means. Cut in the middle, names would differ in what is cut.
std::string number_points(Column& names, const std::vector<SummaryRow>& rows) {
  std::vector<std::string> points;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (rows[k].setting.empty()) continue;
    auto place = std::ranges::find(points, rows[k].setting);
    if (place == points.end()) place = points.insert(points.end(), rows[k].setting);
    names.texts[k] = printable(fmt::format("{} g{}", rows[k].name(), place - points.begin() + 1));
  }
  if (points.empty()) return {};
  names.width = display_width(names.title);
  for (const std::string& text : names.texts)
    names.width = std::max(names.width, display_width(text));
  std::string meaning;
  for (std::size_t k = 0; k < points.size(); ++k) {
    const std::string keys = name_at_point("", points[k]).substr(2);  // behind ", "
    meaning += wrap(fmt::format("g{}: {}", k + 1, printable(keys)), kPageWidth);
  }
  return meaning;
}

// Makes the columns fit and returns the gap between them; `dropped` gets the lost titles.
int fit(std::vector<Column>& columns, std::vector<std::string>& dropped) {
  constexpr int kWideGap = 2;
  if (total_width(columns, kWideGap) <= kPageWidth) return kWideGap;
  const auto room_for_name = [&] {
    return kPageWidth - (total_width(columns, 1) - columns.front().width);
  };
  // Least needed first: what the table must not lose is not in this list.
  for (const char* title : {"train", "sec", "epoch", "params", "valid", "rate"}) {
    if (room_for_name() >= std::min(kNarrowestName, columns.front().width)) break;
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const Column& c) { return c.title == title; });
    if (found == columns.end()) continue;
    dropped.push_back(found->title);
    columns.erase(found);
  }
  Column& name = columns.front();
  name.width = std::clamp(name.width, 1, std::max(1, room_for_name()));
  for (std::string& text : name.texts) text = shorten(text, name.width);
  return 1;
}

// The first column is text and stands left, the others are numbers and stand right.
template <class TextOf>
std::string line_of(const std::vector<Column>& columns, int gap, TextOf text_of) {
  std::string line = pad_right(text_of(columns.front()), columns.front().width);
  for (std::size_t k = 1; k < columns.size(); ++k) {
    line += pad_left(text_of(columns[k]), columns[k].width + gap);
  }
  return line + "\n";
}

// What the search met, a line for each row with a diverged draw.
std::string notes_on_draws(const std::vector<SummaryRow>& rows, bool several_datasets) {
  std::string text;
  for (const SummaryRow& row : rows) {
    if (row.diverged_draws == 0) continue;
    const std::string end =
        fmt::format(": {} of {} draws of the search diverged.\n", row.diverged_draws, row.draws);
    const std::string name = several_datasets ? row.dataset + ", " + row.label : row.label;
    text += shorten(printable(name), kPageWidth - display_width(end)) + end;
  }
  return text;
}

// What train, valid and test are of, in lines of their own where problems differ in that.
std::string notes_on_figures(const StudyResults& results, const std::vector<SummaryRow>& rows) {
  const std::vector<NamedProblems> figures = problems_by(
      results, rows,
      [](const StudyProblem& problem) { return title_with_direction(problem.chooses()); });
  std::string text, title = figures.front().text;
  if (figures.size() > 1) {
    title = "these figures";
    for (const NamedProblems& one : figures) {
      text +=
          wrap(printable(fmt::format("{}: {}", fmt::join(one.names, ", "), one.text)), kPageWidth);
    }
  }
  return text +
         wrap(
             "train, valid, test: " + title +
                 ", at the best epoch, mean of finished seeds; ±: half of its 95 % interval by "
                 "Student's t. params: those of the cell. epoch: the best one, mean. sec: training "
                 "time of a seed in seconds, mean.",
             kPageWidth);
}

std::string notes(const std::vector<Column>& columns, const std::vector<std::string>& dropped,
                  const Report& report) {
  std::string text = notes_on_figures(report.results, report.rows);
  for (const Column& column : columns) {
    if (column.title == "rate") {
      text += "rate: the learning rate, the best draw of a search on validation.\n";
    }
    if (column.title == "solved") {
      text += "solved: finished seeds that reached the task's goal on validation.\n";
    }
    if (column.title == "div") text += "div: diverged seeds, which no mean includes.\n";
  }
  if (!dropped.empty()) {
    text += "Left out for lack of width:";
    for (const std::string& title : dropped) text += " " + title;
    text += "\n";
  }
  return text;
}

std::string cautions_text(const Report& report) {
  std::string text;
  for (const std::string& caution : cautions_of(report)) {
    text += wrap("Caution: " + printable(caution), kPageWidth);
  }
  return text;
}

// What each change of a cell does, the worst first.
std::string effects_text(const Report& report) {
  std::string text;
  for (const Effects& effects : report.effects) {
    const MetricInfo& metric = report.results.problem(effects.dataset).chooses();
    text += "\n" +
            shorten(fmt::format("Changes of {} on {}, the worst first; p: Holm",
                                printable(effects.intact), printable(effects.dataset)),
                    kPageWidth) +
            "\n";
    for (const Effect& e : effects.changes) {
      text += pad_right(shorten(printable(e.change), 24), 24) +
              pad_left(format_effect(e.difference, metric.decimals), 28) +
              fmt::format("  p {:<7} {}\n", format_p(e.paired_t.corrected), verdict(e, metric));
    }
  }
  return text;
}

}  // namespace

std::string result_table(const Report& report) {
  const StudyResults& results = report.results;
  const std::vector<SummaryRow>& rows = report.rows;
  if (rows.empty()) return "no trials\n";
  std::vector<Column> columns = columns_of(rows, results);
  std::vector<std::string> dropped;
  std::string points;
  if (total_width(columns, 1) > kPageWidth) points = number_points(columns.front(), rows);
  const int gap = fit(columns, dropped);
  const bool several_datasets = rows.front().dataset != rows.back().dataset;

  std::string text = line_of(columns, gap, [](const Column& c) { return c.title; });
  const int width = total_width(columns, gap);
  for (int k = 0; k < width; ++k) text += "─";
  text += "\n";
  for (std::size_t at = 0; at < rows.size(); ++at) {
    if (several_datasets && (at == 0 || rows[at].dataset != rows[at - 1].dataset)) {
      text += shorten("data set " + printable(rows[at].dataset) + ":", kPageWidth) + "\n";
    }
    text += line_of(columns, gap, [&](const Column& c) { return c.texts[at]; });
  }
  return text + points + notes(columns, dropped, report) + notes_on_draws(rows, several_datasets) +
         cautions_text(report) + effects_text(report);
}

}  // namespace carousel
