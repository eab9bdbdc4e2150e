#include "report/table_sheets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

#include "report/comparisons.hpp"
#include "report/format.hpp"
#include "report/summary.hpp"
#include "study/settings.hpp"

namespace carousel {
namespace {

using Texts = std::vector<std::string>;

std::string with_diverged(const std::string& count, int diverged, int pruned = 0) {
  Texts others;
  if (diverged > 0) others.push_back(fmt::format("{} div", diverged));
  if (pruned > 0) others.push_back(fmt::format("{} pruned", pruned));
  return others.empty() ? count : fmt::format("{} ({})", count, fmt::join(others, ", "));
}

// Papers often give a decimal less than we do.
std::string format_published(double figure, int decimals) {
  std::string text = format_figure(figure, decimals);
  if (decimals > 2 && text.back() == '0' && text.find('e') == std::string::npos) text.pop_back();
  return text;
}

// The results on one data set, built column by column: its rows are of several kinds.
class ResultSheet {
 public:
  ResultSheet(const StudyProblem& problem, const std::vector<SummaryRow>& rows,
              const StudyResults& results)
      : problem_(problem) {
    const std::string& dataset = problem.name;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(rows_),
                 [&](const SummaryRow& row) { return row.dataset == dataset; });
    for (const PublishedResult& figure : results.published) {
      if (figure.dataset != dataset) continue;
      const bool of_a_cell = std::any_of(rows_.begin(), rows_.end(), [&](const SummaryRow& row) {
        return row.name() == figure.cell;
      });
      (of_a_cell ? beside_ : others_).push_back(figure);
    }
    sheet_.title = "Results on " + dataset;
    add_rows();
    add_columns();
    add_notes();
  }

  Sheet take() && { return std::move(sheet_); }

 private:
  // What a row of the sheet shows: one of these, or a heading, which has none.
  struct Line {
    const SummaryRow* cell = nullptr;
    const Baseline* baseline = nullptr;
    const PublishedResult* other = nullptr;
  };

  void add_heading(const std::string& text) {
    sheet_.rows.push_back({text, {}});
    lines_.push_back({});
  }

  void add_row(const Line& line) {
    sheet_.rows.push_back({});
    lines_.push_back(line);
  }

  void add_rows() {
    add_heading("this study");
    for (const SummaryRow& row : rows_) add_row({&row, nullptr, nullptr});
    if (!problem_.baselines.empty()) add_heading("baselines");
    for (const Baseline& model : problem_.baselines) add_row({nullptr, &model, nullptr});
    for (const std::string& source : sources(others_)) {
      add_heading(source);
      for (const PublishedResult& figure : others_) {
        if (figure.source == source) add_row({nullptr, nullptr, &figure});
      }
    }
  }

  void add_columns() {
    using Row = const SummaryRow&;
    add_column("model", [](const Line& line) {
      return line.cell ? line.cell->label : line.baseline ? line.baseline->name : line.other->cell;
    });
    sheet_.columns[0].number = false;
    add("units", [](Row r) { return r.hidden > 0 ? fmt::format("{}", r.hidden) : "-"; });
    const MetricInfo& chooses = problem_.chooses();
    add_figure("test", chooses, Split::test);
    add_published("published", chooses, Split::test);
    if (goal_of(problem_)) {
      add("solved", [](Row r) { return format_solved(r); });
      add("updates to goal", [](Row r) { return format_count(r.updates_to_goal.mean); });
    }
    for (const MetricInfo& metric : problem_.metrics) {
      if (&metric == &chooses) continue;
      add_figure("test " + metric.title, metric, Split::test);
      add_published("published " + metric.title, metric, Split::test);
    }
    add_figure("valid", chooses, Split::valid);
    add_published("published valid", chooses, Split::valid);
    add_figure("train", chooses, Split::train);
    add_published("published train", chooses, Split::train);
    add("rate", [](Row r) { return format_rate(r.learning_rate); });
    add("draws", [](Row r) {
      return r.draws == 0
                 ? "-"
                 : with_diverged(fmt::format("{}", r.draws), r.diverged_draws, r.pruned_draws);
    });
    add("seeds", [](Row r) { return with_diverged(format_seeds(r), r.diverged); });
    add("params",
        [](Row r) { return r.cell_parameters == 0 ? "-" : fmt::format("{}", r.cell_parameters); });
    add("epoch", [](Row r) { return format_count(r.best_epoch.mean); });
    add("sec", [](Row r) { return format_seconds(r.seconds.mean); });
    add("memory", [](Row r) { return format_bytes(r.memory); });
  }

  using OfCell = std::function<std::string(const SummaryRow&)>;

  void add(const std::string& title, const OfCell& of_cell) {
    add_column(title, [&](const Line& line) { return line.cell ? of_cell(*line.cell) : "-"; });
  }

  void add_figure(const std::string& title, const MetricInfo& metric, Split split) {
    add_column(title, [&](const Line& line) {
      if (line.cell) return format_figure(*line.cell, metric, split);
      if (line.baseline) {
        return format_figure(figure_of(line.baseline->figures, metric.name, split),
                             metric.decimals);
      }
      return format_published(figure_of(line.other->figures, metric.name, split), metric.decimals);
    });
    std::vector<double> means;
    for (const Line& line : lines_) {
      means.push_back(line.cell ? line.cell->figure(metric.name, split).mean : not_known);
    }
    mark_best(sheet_, sheet_.columns.size() - 1, means, metric.better);
  }

  // A column for each source that has such a figure of one of our cells.
  void add_published(const std::string& title, const MetricInfo& metric, Split split) {
    const Texts names = sources(beside_);
    for (const std::string& source : names) {
      add_column(names.size() > 1 ? title + ", " + source : title,
                 [&](const Line& line) -> std::string {
                   for (const PublishedResult& figure : beside_) {
                     if (line.cell && figure.source == source && figure.cell == line.cell->name()) {
                       return format_published(figure_of(figure.figures, metric.name, split),
                                               metric.decimals);
                     }
                   }
                   return "-";
                 });
    }
  }

  void add_column(const std::string& title, const std::function<std::string(const Line&)>& text) {
    sheet_.columns.push_back({title});
    for (std::size_t at = 0; at < lines_.size(); ++at) {
      if (sheet_.rows[at].heading.empty()) sheet_.rows[at].texts.push_back(text(lines_[at]));
    }
  }

  void add_notes() {
    sheet_.notes = {
        fmt::format("test, valid, train: {} at the best epoch, mean of finished seeds; ±: half of "
                    "its 95 % interval by Student's t.",
                    title_with_direction(problem_.chooses())),
        "rate: the learning rate, chosen on validation among the draws where there are any. "
        "params: those of the cell. seeds: finished / planned where they differ. div: diverged, "
        "which no mean includes. pruned: stopped by the search. epoch: the best one, mean. sec: "
        "training time of a seed, mean. "
        "memory: of a training step."};
    if (const MetricInfo* goal = goal_of(problem_)) {
      sheet_.notes.push_back(
          fmt::format("solved: finished seeds whose {} on validation came to {} or better; updates "
                      "to goal: before that, mean of these seeds.",
                      goal->title, goal->goal));
    }
    if (!beside_.empty()) {
      sheet_.notes.push_back(fmt::format("published: {}.", fmt::join(sources(beside_), "; ")));
    }
  }

  // In order of first appearance.
  static Texts sources(const std::vector<PublishedResult>& figures) {
    Texts names;
    for (const PublishedResult& figure : figures) {
      if (std::find(names.begin(), names.end(), figure.source) == names.end()) {
        names.push_back(figure.source);
      }
    }
    return names;
  }

  const StudyProblem& problem_;
  std::vector<SummaryRow> rows_;
  std::vector<PublishedResult> beside_;  // figures of the cells of this sheet
  std::vector<PublishedResult> others_;
  std::vector<Line> lines_;  // one a row of the sheet
  Sheet sheet_;
};

// The middle with its interval, or alone.
std::string with_interval(double value, double low, double high, int decimals = 3) {
  if (!std::isfinite(low)) return format_figure(value, decimals);
  return fmt::format("{} [{}, {}]", format_figure(value, decimals), format_figure(low, decimals),
                     format_figure(high, decimals));
}

std::string with_interval(const Estimate& estimate) {
  return with_interval(estimate.value, estimate.low, estimate.high);
}

Sheet pair_sheet(const StudyProblem& problem, const std::vector<Comparison>& pairs) {
  const std::string& dataset = problem.name;
  const MetricInfo& metric = problem.chooses();
  Sheet sheet;
  sheet.title = "Pairs on " + dataset;
  sheet.columns = {{"pair", false}, {"difference"}, {"seeds"},          {"p paired t"},
                   {"p Wilcoxon"},  {"p Welch"},    {"P(first better)"}};
  for (const Comparison& pair : pairs) {
    if (pair.dataset != dataset) continue;
    const Statistic& difference = pair.difference;
    sheet.rows.push_back(
        {"",
         {pair.first + " - " + pair.second,
          with_interval(difference.mean, difference.low, difference.high, metric.decimals),
          fmt::format("{}", pair.pairs), format_p(pair.paired_t), format_p(pair.wilcoxon),
          format_p(pair.welch), with_interval(pair.improvement)}});
  }
  sheet.notes = {
      fmt::format(
          "difference: mean over seeds of first less second on test ({}), with its 95 % "
          "interval by Student's t; {} zero, the first is better. seeds: those that finished "
          "in both.",
          title_with_unit(metric), metric.better == Better::lower ? "below" : "above"),
      "p: two-sided; in brackets corrected for all pairs of the data set (Holm 1979). Paired "
      "t-test and exact Wilcoxon signed-rank test over these seeds, Welch's t-test over all "
      "finished ones.",
      "P(first better): share of all pairs of seeds in which the first is better, ties by half, "
      "with the 95 % interval of the bootstrap (Agarwal et al. 2021), which is too narrow "
      "for a handful of seeds."};
  return sheet;
}

// "this on one set, another; that on a third".
std::string in_words(const std::vector<NamedProblems>& problems) {
  Texts words;
  for (const NamedProblems& one : problems) {
    words.push_back(fmt::format("{} on {}", one.text, fmt::join(one.names, ", ")));
  }
  return fmt::format("{}", fmt::join(words, "; "));
}

// The best of each data set, and of the figure over all of them.
void mark_best_cells(Sheet& sheet, const std::vector<SummaryRow>& rows, const Texts& datasets,
                     const PooledResults& pooled, const StudyResults& results) {
  const auto mark = [&](std::size_t column, Better better, const auto& figure_of_label) {
    std::vector<double> values;
    for (const SheetRow& row : sheet.rows) values.push_back(figure_of_label(row.texts.front()));
    mark_best(sheet, column, values, better);
  };
  for (std::size_t set = 0; set < datasets.size(); ++set) {
    const MetricInfo& metric = results.problem(datasets[set]).chooses();
    mark(set + 1, metric.better, [&](const std::string& label) {
      const auto row = std::ranges::find_if(rows, [&](const SummaryRow& r) {
        return r.label == label && r.dataset == datasets[set];
      });
      return row == rows.end() ? not_known : row->figure(metric.name, Split::test).mean;
    });
  }
  mark(datasets.size() + 1, Better::lower, [&](const std::string& label) {
    const auto cell = std::ranges::find(pooled.cells, label, &PooledCell::label);
    return cell == pooled.cells.end() ? not_known : cell->relative.value;
  });
}

// Test figures by cell and data set, and the figure over all sets where there is one.
Sheet cells_over_sets(const std::vector<SummaryRow>& rows, const Texts& datasets,
                      const PooledResults& pooled, const StudyResults& results) {
  Sheet sheet{"Cells over data sets", {{"model", false}}, {}, {}};
  for (const std::string& dataset : datasets) sheet.columns.push_back({dataset});
  sheet.columns.push_back({"relative"});
  for (const SummaryRow& row : rows) {
    auto line = std::find_if(sheet.rows.begin(), sheet.rows.end(),
                             [&](const SheetRow& r) { return r.texts.front() == row.label; });
    if (line == sheet.rows.end()) {
      line = sheet.rows.insert(line, {"", Texts(sheet.columns.size(), "-")});
      line->texts.front() = row.label;
      for (const PooledCell& cell : pooled.cells) {
        if (cell.label == row.label) line->texts.back() = with_interval(cell.relative);
      }
    }
    const auto set = std::find(datasets.begin(), datasets.end(), row.dataset) - datasets.begin();
    const MetricInfo& metric = results.problem(row.dataset).chooses();
    line->texts[static_cast<std::size_t>(set) + 1] = format_figure(row, metric, Split::test);
  }
  mark_best_cells(sheet, rows, datasets, pooled, results);
  sheet.notes = {fmt::format("On test: {}; mean ± half of its 95 % interval.",
                             in_words(problems_by(results, rows, [](const StudyProblem& problem) {
                               return title_with_direction(problem.chooses());
                             })))};
  if (!pooled.cells.empty()) {
    std::vector<SummaryRow> compared;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(compared),
                 [&](const SummaryRow& row) {
                   return std::ranges::count(pooled.relative_datasets, row.dataset) > 0;
                 });
    sheet.notes.push_back(fmt::format(
        "Relative: the test figure divided by that of {}; interquartile mean of all seeds, with "
        "the 95 % interval of the stratified bootstrap (Agarwal et al. 2021). Lower is better.",
        in_words(problems_by(results, compared, [](const StudyProblem& problem) {
          return problem.baselines.front().name;
        }))));
  }
  return sheet;
}

Sheet pairs_over_sets(const PooledResults& pooled) {
  Sheet sheet{"Pairs over data sets", {{"pair", false}, {"P(first better)"}}, {}, {}};
  for (const PooledPair& pair : pooled.pairs) {
    sheet.rows.push_back({"", {pair.first + " - " + pair.second, with_interval(pair.improvement)}});
  }
  sheet.notes = {
      fmt::format("P(first better): mean over {}, with the 95 % interval of the stratified "
                  "bootstrap.",
                  fmt::join(pooled.datasets, ", "))};
  return sheet;
}

}  // namespace

std::vector<Sheet> table_sheets(const StudyResults& results, const std::vector<SummaryRow>& rows,
                                const std::vector<Comparison>& pairs, const PooledResults& pooled) {
  Texts datasets;
  for (const SummaryRow& row : rows) {
    if (datasets.empty() || datasets.back() != row.dataset) datasets.push_back(row.dataset);
  }
  std::vector<Sheet> sheets;
  for (const std::string& dataset : datasets) {
    const StudyProblem& problem = results.problem(dataset);
    sheets.push_back(ResultSheet(problem, rows, results).take());
    const bool any_pair = std::any_of(pairs.begin(), pairs.end(), [&](const Comparison& pair) {
      return pair.dataset == dataset && pair.pairs > 0;
    });
    if (any_pair) sheets.push_back(pair_sheet(problem, pairs));
  }
  if (datasets.size() > 1) {
    sheets.push_back(cells_over_sets(rows, datasets, pooled, results));
    if (!pooled.pairs.empty()) sheets.push_back(pairs_over_sets(pooled));
  }
  for (Sheet& sheet : sheets) drop_empty_columns(sheet);
  return sheets;
}

namespace {

// A column of the sheet of trials, with what it shows of one.
struct TrialColumn {
  SheetColumn column;
  std::function<std::string(const TrialRecord&)> text;
};

// A drawn number has more digits than a table needs.
std::string shortened(const std::string& value) {
  const auto number = number_in(value);
  return number ? fmt::format("{:.4g}", *number) : value;
}

std::vector<TrialColumn> trial_columns(const StudyResults& results) {
  using Trial = const TrialRecord&;
  // Before the end of a trial its figures are no result.
  const auto figure = [&](Split split) {
    return [&results, split](Trial trial) {
      const MetricInfo& metric = results.problem(trial.dataset).chooses();
      const double value = trial.figure(metric.name, split);
      return trial.status == "done" ? format_figure(value, metric.decimals) : "-";
    };
  };
  std::vector<TrialColumn> columns = {
      {{"cell", false}, [](Trial t) { return t.name(); }},
      {{"data set", false}, [](Trial t) { return t.dataset; }},
      {{"seed"}, [](Trial t) { return fmt::format("{}", t.seed); }},
      {{"draw"}, [](Trial t) { return t.draw > 0 ? fmt::format("{}", t.draw) : "-"; }},
      {{"rate"}, [](Trial t) { return format_rate(t.learning_rate); }}};
  for (const std::string& key : swept_keys(results)) {
    TrialColumn& column = columns.emplace_back();
    column.column.title = key;
    column.text = [key](Trial t) {
      const std::string value = swept_value(t, key);
      return value.empty() ? "-" : shortened(value);
    };
  }
  const std::vector<TrialColumn> others = {
      {{"status", false}, [](Trial t) { return t.status; }},
      {{"chosen", false}, [](Trial t) { return std::string(t.selected ? "yes" : ""); }},
      {{"test"}, figure(Split::test)},
      {{"valid"}, figure(Split::valid)},
      {{"train"}, figure(Split::train)},
      {{"updates to goal"}, [](Trial t) { return format_count(t.updates_to_goal); }},
      {{"best epoch"}, [](Trial t) { return fmt::format("{}", t.best_epoch); }},
      {{"epochs"}, [](Trial t) { return fmt::format("{}", t.epochs); }},
      {{"overflows"}, [](Trial t) { return fmt::format("{}", t.overflows); }},
      {{"seconds"}, [](Trial t) { return format_seconds(t.seconds); }},
      {{"units"}, [](Trial t) { return t.hidden > 0 ? fmt::format("{}", t.hidden) : "-"; }},
      {{"all params"}, [](Trial t) { return fmt::format("{}", t.parameters); }}};
  columns.insert(columns.end(), others.begin(), others.end());
  return columns;
}

}  // namespace

namespace {

// Of each data set the best trial by each split.
void mark_best_trials(Sheet& sheet, const StudyResults& results) {
  for (const Split split : all_splits) {
    const auto column = std::ranges::find(sheet.columns, split_name(split), &SheetColumn::title);
    for (const StudyProblem& problem : results.problems) {
      std::vector<double> values;
      for (const TrialRecord& trial : results.trials) {
        const bool counts = trial.dataset == problem.name && trial.status == "done";
        values.push_back(counts ? trial.figure(problem.chooses().name, split) : not_known);
      }
      mark_best(sheet, static_cast<std::size_t>(column - sheet.columns.begin()), values,
                problem.chooses().better);
    }
  }
}

}  // namespace

Sheet trial_sheet(const StudyResults& results) {
  Sheet sheet;
  sheet.title = "Every trial";
  const std::vector<TrialColumn> columns = trial_columns(results);
  for (const TrialColumn& column : columns) sheet.columns.push_back(column.column);
  for (const TrialRecord& trial : results.trials) {
    SheetRow& row = sheet.rows.emplace_back();
    for (const TrialColumn& column : columns) row.texts.push_back(column.text(trial));
  }
  mark_best_trials(sheet, results);
  sheet.notes = {
      "test, valid, train: the figure that chooses. “-”: the trial has no result. Chosen: it "
      "counts in "
      "the comparison. Overflows: updates whose gradient was beyond the range of float and was "
      "computed in double."};
  if (!sheet.rows.empty()) drop_empty_columns(sheet);
  return sheet;
}

Sheet machine_sheet(const StudyResults& results) {
  Sheet sheet{"Machine", {{"what", false}, {"value", false}}, {}, {}};
  for (const auto& [key, value] : machine_lines(results.provenance))
    sheet.rows.push_back({"", {key, value}});
  return sheet;
}

}  // namespace carousel
