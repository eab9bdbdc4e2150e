#include "report/effect_sheets.hpp"

#include <fmt/format.h>

#include <cmath>

#include "report/format.hpp"

namespace carousel {
namespace {

std::string signed_figure(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:+.{}f}", value, decimals) : "-";
}

Sheet sheet_of(const Effects& effects, const MetricInfo& metric) {
  Sheet sheet;
  sheet.title = fmt::format("Changes of {} on {}", effects.intact, effects.dataset);
  sheet.columns = {{"change", false}, {"effect"},         {"seeds"},
                   {"p (Holm)"},      {"verdict", false}, {"params"},
                   {"units"},         {"effect by draw"}, {"draws"}};
  for (const Effect& e : effects.changes) {
    const std::string seeds = e.diverged == 0 ? fmt::format("{}", e.pairs)
                                              : fmt::format("{} ({} div)", e.pairs, e.diverged);
    sheet.rows.push_back(
        {"",
         {e.change, format_effect(e.difference, metric.decimals), seeds, format_p(e.paired_t),
          verdict(e, metric), e.parameters > 0 ? fmt::format("{}", e.parameters) : "-",
          e.hidden > 0 ? fmt::format("{}", e.hidden) : "-",
          e.draw_pairs > 0 ? format_effect(e.draw_difference, metric.decimals) : "-",
          e.draw_pairs > 0 ? fmt::format("{}", e.draw_pairs) : "-"}});
  }
  std::vector<double> means;
  for (const Effect& e : effects.changes) means.push_back(e.difference.mean);
  mark_best(sheet, 1, means, metric.better);
  sheet.notes = {
      fmt::format("effect: mean over seeds of the changed cell less the cell as it is ({} "
                  "parameters) on test ({}), with its 95 % interval by Student's t; {} zero, the "
                  "change does harm. seeds: those that finished in both.",
                  effects.parameters, title_with_unit(metric),
                  metric.better == Better::lower ? "above" : "below"),
      "p: paired t-test, two-sided; in brackets corrected for all changes of the cell on this "
      "data "
      "set (Holm 1979). hurts, helps: the corrected p is below 0.05; that nothing is shown does "
      "not "
      "mean that there is nothing. effect by draw: the same difference of the best validation "
      "figure over the draws of the search that ended in both."};
  return sheet;
}

}  // namespace

std::string format_effect(const Statistic& difference, int decimals) {
  std::string mean = signed_figure(difference.mean, decimals);
  if (!std::isfinite(difference.low)) return mean;
  return fmt::format("{} [{}, {}]", mean, signed_figure(difference.low, decimals),
                     signed_figure(difference.high, decimals));
}

std::string verdict(const Effect& effect, const MetricInfo& metric) {
  switch (outcome_of(effect, metric)) {
    case EffectOutcome::hurts: return "hurts";
    case EffectOutcome::helps: return "helps";
    case EffectOutcome::not_different: return "not shown to differ";
    case EffectOutcome::not_tested: break;
  }
  return "-";
}

std::vector<Sheet> effect_sheets(const StudyResults& results, const std::vector<Effects>& effects) {
  std::vector<Sheet> sheets;
  for (const Effects& one : effects) {
    sheets.push_back(sheet_of(one, results.problem(one.dataset).chooses()));
    drop_empty_columns(sheets.back());
  }
  return sheets;
}

}  // namespace carousel
