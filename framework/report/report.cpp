#include "report/report.hpp"

#include <utility>

#include "report/effect_sheets.hpp"
#include "report/search_sheets.hpp"
#include "report/table_sheets.hpp"

namespace carousel {

Report::Report(const StudyResults& study_results)
    : results(study_results),
      rows(summarise(results)),
      effects(effects_of(results, rows)),
      pairs(comparisons(results, rows)),
      pooled(pooled_results(results, rows)),
      sheets(effect_sheets(results, effects)),
      plots(plots_of(results, rows)) {
  for (Sheet& sheet : table_sheets(results, rows, pairs, pooled))
    sheets.push_back(std::move(sheet));
  for (Sheet& sheet : search_sheets(results, rows)) sheets.push_back(std::move(sheet));
}

}  // namespace carousel
