#include "report/search_sheets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/format.hpp"
#include "study/importance.hpp"
#include "study/settings.hpp"
#include "study/statistics.hpp"

namespace carousel {
namespace {

// Draws of one cell on one data set that have ended with a figure.
struct Draws {
  std::string label;
  int diverged = 0;
  std::vector<double> figures;                   // on validation
  std::vector<std::string> keys;                 // that they draw
  std::vector<std::vector<std::string>> values;  // [keys][draws]
};

Draws draws_of_row(const SummaryRow& row, const StudyResults& results) {
  Draws draws{row.label, 0, {}, {}, {}};
  for (const std::size_t at : row.search) {
    const TrialRecord& trial = results.trials[at];
    if (trial.status == "diverged") ++draws.diverged;
    const bool known = trial.status == "done" || trial.status == "pruned";
    if (!known || !std::isfinite(trial.chosen_by())) continue;
    draws.figures.push_back(trial.chosen_by());
    for (const auto& [key, value] : settings_of(trial.drawn)) {
      const auto found = std::ranges::find(draws.keys, key);
      const auto k = static_cast<std::size_t>(found - draws.keys.begin());
      if (found == draws.keys.end()) {
        draws.keys.push_back(key);
        draws.values.emplace_back();
      }
      draws.values[k].push_back(value);
    }
  }
  return draws;
}

// A tenth of them, the best first.
std::vector<double> best_tenth(std::vector<double> figures, Better better) {
  std::ranges::sort(figures);
  if (better == Better::higher) std::ranges::reverse(figures);
  figures.resize(figures.size() / 10);
  return figures;
}

constexpr std::size_t fewest_draws = 20;  // a tenth of which varies

Sheet tenth_sheet(const StudyProblem& problem, const std::vector<Draws>& cells) {
  const MetricInfo& metric = problem.chooses();
  Sheet sheet;
  sheet.title = "Best tenth of the draws on " + problem.name;
  sheet.columns = {{"cell", false}, {"draws"},   {"diverged"}, {"best"},
                   {"best tenth"},  {"differs"}, {"p Welch"},  {"p (Holm)"}};
  std::vector<std::vector<double>> tenths;
  std::vector<double> p, best;
  for (const Draws& cell : cells) {
    tenths.push_back(best_tenth(cell.figures, metric.better));
    p.push_back(tenths.size() > 1 ? welch_t_test(tenths.back(), tenths.front()).p : not_known);
  }
  const std::vector<double> corrected = holm(p);
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const Statistic own = statistic_of(tenths[k]);
    best.push_back(own.mean);
    sheet.rows.push_back(
        {"",
         {cells[k].label, fmt::format("{}", cells[k].figures.size()),
          fmt::format("{}", cells[k].diverged), format_figure(tenths[k].front(), metric.decimals),
          format_figure(own, metric.decimals),
          k == 0 ? "-" : fmt::format("{:+.{}f}", own.mean - best.front(), metric.decimals),
          format_p(p[k]), format_p(corrected[k])}});
  }
  mark_best(sheet, 4, best, metric.better);
  sheet.notes = {fmt::format(
      "Validation figures of draws, {}. best tenth: the mean of the best tenth of the draws, with "
      "half of its 95 % interval. differs: from that of {}. p: Welch's t-test of the two tenths, "
      "two-sided; corrected for all cells of the table (Holm 1979). The best of many draws are no "
      "fresh sample: the test says how firm the order of the draws is, and the seeds of the chosen "
      "draw how firm that of the cells is.",
      title_with_direction(metric), cells.front().label)};
  return sheet;
}

std::string percent(double share) { return fmt::format("{:.0f} %", 100.0 * share); }

// The names without their group, which several keys rarely share.
std::string short_name(const std::string& key) { return key.substr(key.rfind('.') + 1); }

// The pair of keys that explains most, and what all pairs explain.
void add_pairs(const Importance& shares, const std::vector<std::string>& keys,
               std::vector<std::string>& texts) {
  double all = 0.0, most = -1.0;
  std::string name = "-";
  for (std::size_t k = 0; k < keys.size(); ++k) {
    for (std::size_t other = k + 1; other < keys.size(); ++other) {
      const double share = shares.pairs[k][other];
      all += share;
      if (share <= most) continue;
      most = share;
      name =
          fmt::format("{} x {} {}", short_name(keys[k]), short_name(keys[other]), percent(share));
    }
  }
  texts.push_back(percent(all));
  texts.push_back(name);
}

Sheet importance_sheet(const StudyProblem& problem, const std::vector<Draws>& cells) {
  Sheet sheet;
  sheet.title = "What the spread of the draws comes from on " + problem.name;
  sheet.columns = {{"cell", false}, {"draws"}, {"foretold"}};
  const std::vector<std::string>& keys = cells.front().keys;
  for (const std::string& key : keys) sheet.columns.push_back({short_name(key)});
  sheet.columns.push_back({"pairs"});
  sheet.columns.push_back({"strongest pair", false});
  for (const Draws& cell : cells) {
    const bool whole = std::ranges::all_of(
        cell.values, [&](const auto& values) { return values.size() == cell.figures.size(); });
    if (cell.keys != keys || !whole) continue;
    std::vector<std::vector<double>> places;
    for (const auto& values : cell.values) places.push_back(places_of(values));
    const Importance shares = importance_of(places, cell.figures);
    if (!shares.is_known()) continue;
    std::vector<std::string> texts = {cell.label, fmt::format("{}", cell.figures.size()),
                                      percent(shares.foretold)};
    for (const double share : shares.alone) texts.push_back(percent(share));
    add_pairs(shares, keys, texts);
    sheet.rows.push_back({"", std::move(texts)});
  }
  sheet.notes = {
      "Shares of the variance of a polynomial of the drawn keys (of degree 2 in the rank of each, "
      "and the product of each pair), fitted to the validation figures of the draws: each key "
      "alone, and what two keys explain only together (Sudret 2008). foretold: the share of the "
      "spread that the polynomial foretells of a draw which it was not fitted to; where that is "
      "small, the shares say little."};
  return sheet;
}

}  // namespace

std::vector<Sheet> search_sheets(const StudyResults& results, const std::vector<SummaryRow>& rows) {
  std::vector<Sheet> sheets;
  for (const StudyProblem& problem : results.problems) {
    std::vector<Draws> cells, many;
    for (const SummaryRow& row : rows) {
      if (row.dataset != problem.name || row.search.empty()) continue;
      cells.push_back(draws_of_row(row, results));
      if (cells.back().figures.size() >= fewest_draws) many.push_back(cells.back());
    }
    if (many.size() > 1) sheets.push_back(tenth_sheet(problem, many));
    if (cells.empty()) continue;
    Sheet shares = importance_sheet(problem, cells);
    if (!shares.rows.empty()) sheets.push_back(std::move(shares));
  }
  return sheets;
}

}  // namespace carousel
