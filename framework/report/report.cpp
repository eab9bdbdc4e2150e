#include "report/report.hpp"

#include "report/table_sheets.hpp"

namespace carousel {

Report::Report(const StudyResults& study_results)
    : results(study_results),
      rows(summarise(results)),
      sheets(table_sheets(results, rows)),
      plots(plots_of(results, rows)) {}

}  // namespace carousel
