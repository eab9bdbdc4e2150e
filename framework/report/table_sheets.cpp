#include "report/table_sheets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/comparisons.hpp"
#include "report/format.hpp"
#include "report/summary.hpp"

namespace carousel {
namespace {

const std::vector<std::string> result_columns = {
    "model", "test",  "test by sequence", "valid", "train", "rate",
    "draws", "units", "params",           "seeds", "sec",   "memory"};

std::string with_diverged(const std::string& count, int diverged) {
  return diverged == 0 ? count : fmt::format("{} ({} div)", count, diverged);
}

SheetRow row_of(const SummaryRow& row) {
  return {"",
          {row.name(), format_nll(row.test_nll), format_nll(row.test_nll_by_sequence),
           format_nll(row.valid_nll.mean), format_nll(row.train_nll.mean),
           format_rate(row.learning_rate),
           row.draws == 0 ? "-" : with_diverged(fmt::format("{}", row.draws), row.diverged_draws),
           fmt::format("{}", row.hidden), fmt::format("{}", row.cell_parameters),
           with_diverged(format_seeds(row), row.diverged), format_seconds(row.seconds.mean),
           format_bytes(row.memory)}};
}

// A row that has figures and nothing else.
SheetRow row_of(const std::string& name, const std::string& test, const std::string& by_sequence,
                const std::string& valid, const std::string& train) {
  SheetRow row{"", {name, test, by_sequence, valid, train}};
  row.texts.resize(result_columns.size(), "-");
  return row;
}

// Papers give two decimals or three.
std::string format_published(double nll) {
  std::string text = format_nll(nll);
  if (text.size() > 1 && text.back() == '0') text.pop_back();
  return text;
}

void add_baselines(Sheet& sheet, const StudyResults& results, const std::string& dataset) {
  bool first = true;
  for (const Baseline& model : results.baselines) {
    if (model.dataset != dataset) continue;
    if (first) sheet.rows.push_back({"counted on the training split", {}});
    first = false;
    sheet.rows.push_back(row_of(model.name, format_nll(model.test_nll),
                                format_nll(model.test_nll_by_sequence), format_nll(model.valid_nll),
                                format_nll(model.train_nll)));
  }
}

void add_published(Sheet& sheet, const StudyResults& results, const std::string& dataset) {
  std::vector<std::string> sources;
  for (const PublishedResult& figure : results.published) {
    const bool seen = std::find(sources.begin(), sources.end(), figure.source) != sources.end();
    if (figure.dataset == dataset && !seen) sources.push_back(figure.source);
  }
  for (const std::string& source : sources) {
    sheet.rows.push_back({source, {}});
    for (const PublishedResult& figure : results.published) {
      if (figure.dataset != dataset || figure.source != source) continue;
      sheet.rows.push_back(row_of(figure.cell, format_published(figure.test_nll), "-", "-",
                                  format_published(figure.train_nll)));
    }
  }
}

Sheet result_sheet(const std::string& dataset, const std::vector<SummaryRow>& rows,
                   const StudyResults& results) {
  Sheet sheet;
  sheet.title = "Results on " + dataset;
  sheet.columns = result_columns;
  sheet.rows.push_back({"this study", {}});
  for (const SummaryRow& row : rows) {
    if (row.dataset == dataset) sheet.rows.push_back(row_of(row));
  }
  add_baselines(sheet, results, dataset);
  add_published(sheet, results, dataset);
  sheet.notes = {
      "test, valid, train: NLL in nats per step at the best epoch, mean of finished seeds; ±: half "
      "of its 95 % interval by Student's t. By sequence: the mean of the sequences' own means, "
      "else of all steps together.",
      "rate: the learning rate, chosen on the validation NLL of the draws where there are any. "
      "params: those of the cell. seeds: finished / planned where they differ. div: diverged, "
      "which "
      "no mean includes. sec: training time of a seed, mean. memory: of a training step."};
  return sheet;
}

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
  sheet.columns = {"pair",       "difference", "seeds",          "p paired t",
                   "p Wilcoxon", "p Welch",    "P(first better)"};
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
      "t-test "
      "and exact Wilcoxon signed-rank test over these seeds, Welch's t-test over all finished "
      "ones.",
      "P(first better): share of all pairs of seeds in which the first has the lower NLL, ties by "
      "half, with the 95 % interval of the bootstrap (Agarwal et al. 2021), which is too narrow "
      "for "
      "a handful of seeds."};
  return sheet;
}

void add_pooled(std::vector<Sheet>& sheets, const StudyResults& results) {
  const PooledResults pooled = pooled_results(results);
  if (!pooled.cells.empty()) {
    Sheet sheet{"Cells over data sets", {"model", "relative test NLL"}, {}, {}};
    for (const PooledCell& cell : pooled.cells) {
      sheet.rows.push_back({"", {cell.label, with_interval(cell.relative_nll)}});
    }
    sheet.notes = {fmt::format(
        "Test NLL divided by that of independent keys on the same set; interquartile mean of all "
        "seeds of {}, with the 95 % interval of the stratified bootstrap (Agarwal et al. 2021).",
        fmt::join(pooled.relative_datasets, ", "))};
    sheets.push_back(sheet);
  }
  if (!pooled.pairs.empty()) {
    Sheet sheet{"Pairs over data sets", {"pair", "P(first better)"}, {}, {}};
    for (const PooledPair& pair : pooled.pairs) {
      sheet.rows.push_back(
          {"", {pair.first + " - " + pair.second, with_interval(pair.improvement)}});
    }
    sheet.notes = {fmt::format("Mean over {}, with the 95 % interval of the stratified bootstrap.",
                               fmt::join(pooled.datasets, ", "))};
    sheets.push_back(sheet);
  }
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
  std::vector<std::string> datasets;
  for (const SummaryRow& row : rows) {
    if (datasets.empty() || datasets.back() != row.dataset) datasets.push_back(row.dataset);
  }
  std::vector<Sheet> sheets;
  for (const std::string& dataset : datasets) {
    sheets.push_back(result_sheet(dataset, rows, results));
    const bool any_pair = std::any_of(pairs.begin(), pairs.end(), [&](const Comparison& pair) {
      return pair.dataset == dataset && pair.pairs > 0;
    });
    if (any_pair) sheets.push_back(pair_sheet(dataset, pairs));
  }
  add_pooled(sheets, results);
  for (Sheet& sheet : sheets) drop_empty_columns(sheet);
  return sheets;
}

}  // namespace carousel
