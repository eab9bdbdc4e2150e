#include "report/table_sheets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "report/comparisons.hpp"
#include "report/format.hpp"
#include "report/summary.hpp"

namespace carousel {
namespace {

using Texts = std::vector<std::string>;

std::string with_diverged(const std::string& count, int diverged) {
  return diverged == 0 ? count : fmt::format("{} ({} div)", count, diverged);
}

// Papers give two decimals or three.
std::string format_published(double nll) {
  std::string text = format_nll(nll);
  if (text.size() > 1 && text.back() == '0') text.pop_back();
  return text;
}

// The results on one data set, built column by column: its rows are of several kinds.
class ResultSheet {
 public:
  ResultSheet(const std::string& dataset, const std::vector<SummaryRow>& rows,
              const StudyResults& results) {
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(rows_),
                 [&](const SummaryRow& row) { return row.dataset == dataset; });
    std::copy_if(results.baselines.begin(), results.baselines.end(), std::back_inserter(baselines_),
                 [&](const Baseline& model) { return model.dataset == dataset; });
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
    if (!baselines_.empty()) add_heading("counted on the training split");
    for (const Baseline& model : baselines_) add_row({nullptr, &model, nullptr});
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
    add("units", [](Row r) { return fmt::format("{}", r.hidden); });
    add_nll(
        "test", [](Row r) { return format_nll(r.test_nll); }, &Baseline::test_nll,
        &PublishedResult::test_nll);
    add_published("published", &PublishedResult::test_nll);
    add_nll(
        "test by sequence", [](Row r) { return format_nll(r.test_nll_by_sequence); },
        &Baseline::test_nll_by_sequence);
    add_nll(
        "valid", [](Row r) { return format_nll(r.valid_nll.mean); }, &Baseline::valid_nll);
    add_nll(
        "train", [](Row r) { return format_nll(r.train_nll.mean); }, &Baseline::train_nll,
        &PublishedResult::train_nll);
    add_published("published train", &PublishedResult::train_nll);
    add("rate", [](Row r) { return format_rate(r.learning_rate); });
    add("draws", [](Row r) {
      return r.draws == 0 ? "-" : with_diverged(fmt::format("{}", r.draws), r.diverged_draws);
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

  void add_nll(const std::string& title, const OfCell& of_cell, double Baseline::*of_baseline,
               double PublishedResult::*of_other = nullptr) {
    add_column(title, [&](const Line& line) -> std::string {
      if (line.cell) return of_cell(*line.cell);
      if (line.baseline) return format_nll(line.baseline->*of_baseline);
      if (line.other && of_other) return format_published(line.other->*of_other);
      return "-";
    });
  }

  // A column for each source that has such a figure of one of our cells.
  void add_published(const std::string& title, double PublishedResult::*nll) {
    const Texts names = sources(beside_);
    for (const std::string& source : names) {
      add_column(names.size() > 1 ? title + ", " + source : title,
                 [&](const Line& line) -> std::string {
                   for (const PublishedResult& figure : beside_) {
                     if (line.cell && figure.source == source && figure.cell == line.cell->name()) {
                       return format_published(figure.*nll);
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
        "test, valid, train: NLL in nats per step at the best epoch, mean of finished seeds; ±: "
        "half of its 95 % interval by Student's t. By sequence: the mean of the sequences' own "
        "means, else of all steps together.",
        "rate: the learning rate, chosen on the validation NLL of the draws where there are any. "
        "params: those of the cell. seeds: finished / planned where they differ. div: diverged, "
        "which no mean includes. epoch: the best one, mean. sec: training time of a seed, mean. "
        "memory: of a training step."};
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

  std::vector<SummaryRow> rows_;
  std::vector<Baseline> baselines_;
  std::vector<PublishedResult> beside_;  // figures of the cells of this sheet
  std::vector<PublishedResult> others_;
  std::vector<Line> lines_;  // one a row of the sheet
  Sheet sheet_;
};

// The middle with its interval, or alone.
std::string with_interval(double value, double low, double high) {
  if (!std::isfinite(low)) return format_nll(value);
  return fmt::format("{} [{}, {}]", format_nll(value), format_nll(low), format_nll(high));
}

std::string with_interval(const Estimate& estimate) {
  return with_interval(estimate.value, estimate.low, estimate.high);
}

Sheet pair_sheet(const std::string& dataset, const std::vector<Comparison>& pairs) {
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
          with_interval(difference.mean, difference.low, difference.high),
          fmt::format("{}", pair.pairs), format_p(pair.paired_t), format_p(pair.wilcoxon),
          format_p(pair.welch), with_interval(pair.improvement)}});
  }
  sheet.notes = {
      "difference: mean over seeds of first less second in test NLL (nats per step), with its 95 % "
      "interval by Student's t; below zero, the first is better. seeds: those that finished in "
      "both.",
      "p: two-sided; in brackets corrected for all pairs of the data set (Holm 1979). Paired "
      "t-test and exact Wilcoxon signed-rank test over these seeds, Welch's t-test over all "
      "finished ones.",
      "P(first better): share of all pairs of seeds in which the first has the lower NLL, ties by "
      "half, with the 95 % interval of the bootstrap (Agarwal et al. 2021), which is too narrow "
      "for a handful of seeds."};
  return sheet;
}

// Test NLL by cell and data set, and the figure over all sets where there is one.
Sheet cells_over_sets(const std::vector<SummaryRow>& rows, const Texts& datasets,
                      const PooledResults& pooled) {
  Sheet sheet{"Cells over data sets", {{"model", false}}, {}, {}};
  for (const std::string& dataset : datasets) sheet.columns.push_back({dataset});
  sheet.columns.push_back({"relative NLL"});
  for (const SummaryRow& row : rows) {
    auto line = std::find_if(sheet.rows.begin(), sheet.rows.end(),
                             [&](const SheetRow& r) { return r.texts.front() == row.label; });
    if (line == sheet.rows.end()) {
      line = sheet.rows.insert(line, {"", Texts(sheet.columns.size(), "-")});
      line->texts.front() = row.label;
      for (const PooledCell& cell : pooled.cells) {
        if (cell.label == row.label) line->texts.back() = with_interval(cell.relative_nll);
      }
    }
    const auto set = std::find(datasets.begin(), datasets.end(), row.dataset) - datasets.begin();
    line->texts[static_cast<std::size_t>(set) + 1] = format_nll(row.test_nll);
  }
  sheet.notes = {"Test NLL in nats per step, mean ± half of its 95 % interval."};
  if (!pooled.cells.empty()) {
    sheet.notes.push_back(fmt::format(
        "Relative NLL: test NLL divided by that of independent keys on the same set; interquartile "
        "mean of all seeds of {}, with the 95 % interval of the stratified bootstrap (Agarwal et "
        "al. 2021).",
        fmt::join(pooled.relative_datasets, ", ")));
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

void drop_empty_columns(Sheet& sheet) {
  for (std::size_t column = sheet.columns.size(); column-- > 1;) {
    const auto has_value = [&](const SheetRow& row) {
      return row.heading.empty() && row.texts[column] != "-";
    };
    if (std::any_of(sheet.rows.begin(), sheet.rows.end(), has_value)) continue;
    const auto at = static_cast<std::ptrdiff_t>(column);
    sheet.columns.erase(sheet.columns.begin() + at);
    for (SheetRow& row : sheet.rows) {
      if (row.heading.empty()) row.texts.erase(row.texts.begin() + at);
    }
  }
}

}  // namespace

std::vector<Sheet> table_sheets(const StudyResults& results) {
  const std::vector<SummaryRow> rows = summarise(results);
  const std::vector<Comparison> pairs = comparisons(results);
  Texts datasets;
  for (const SummaryRow& row : rows) {
    if (datasets.empty() || datasets.back() != row.dataset) datasets.push_back(row.dataset);
  }
  std::vector<Sheet> sheets;
  for (const std::string& dataset : datasets) {
    sheets.push_back(ResultSheet(dataset, rows, results).take());
    const bool any_pair = std::any_of(pairs.begin(), pairs.end(), [&](const Comparison& pair) {
      return pair.dataset == dataset && pair.pairs > 0;
    });
    if (any_pair) sheets.push_back(pair_sheet(dataset, pairs));
  }
  if (datasets.size() > 1) {
    const PooledResults pooled = pooled_results(results);
    sheets.push_back(cells_over_sets(rows, datasets, pooled));
    if (!pooled.pairs.empty()) sheets.push_back(pairs_over_sets(pooled));
  }
  for (Sheet& sheet : sheets) drop_empty_columns(sheet);
  return sheets;
}

Sheet trial_sheet(const StudyResults& results) {
  Sheet sheet;
  sheet.title = "Every trial";
  sheet.columns = {{"cell", false}, {"data set", false}, {"seed"},          {"draw"},
                   {"rate"},        {"status", false},   {"chosen", false}, {"test NLL"},
                   {"valid NLL"},   {"train NLL"},       {"best epoch"},    {"epochs"},
                   {"overflows"},   {"seconds"},         {"units"},         {"all params"}};
  for (const TrialRecord& trial : results.trials) {
    // Before the end of a trial its NLL fields hold no result.
    const auto nll = [&](double value) { return trial.status == "done" ? format_nll(value) : "-"; };
    sheet.rows.push_back(
        {"",
         {trial.name(), trial.dataset, fmt::format("{}", trial.seed),
          trial.draw > 0 ? fmt::format("{}", trial.draw) : "-", format_rate(trial.learning_rate),
          trial.status, trial.selected ? "yes" : "", nll(trial.test_nll), nll(trial.valid_nll),
          nll(trial.train_nll), fmt::format("{}", trial.best_epoch),
          fmt::format("{}", trial.epochs), fmt::format("{}", trial.overflows),
          format_seconds(trial.seconds), fmt::format("{}", trial.hidden),
          fmt::format("{}", trial.parameters)}});
  }
  sheet.notes = {
      "“-”: the trial has no result. Chosen: it counts in the comparison. "
      "Overflows: updates whose gradient was beyond the range of float and was computed "
      "in double."};
  return sheet;
}

Sheet machine_sheet(const StudyResults& results) {
  Sheet sheet{"Machine", {{"what", false}, {"value", false}}, {}, {}};
  for (const auto& [key, value] : results.machine) sheet.rows.push_back({"", {key, value}});
  return sheet;
}

}  // namespace carousel
