#include "report/report_files.hpp"

#include "inspect/inspected_run.hpp"
#include "io/files.hpp"
#include "report/page.hpp"
#include "report/plots.hpp"
#include "report/table.hpp"

namespace carousel {

StudyResults with_inspection(StudyResults results, const std::filesystem::path& folder) {
  add_inspection(folder, results);
  return results;
}

void write_report_files(const Report& report, const std::filesystem::path& folder) {
  write_report(folder / "report.html", report);
  write_text(folder / "table.md", table_markdown(report));
  write_text(folder / "table.tex", table_latex(report));
  make_folder(folder / "plots");
  for (const PlotFile& file : plots_csv(report.plots)) {
    write_text(folder / "plots" / file.name, file.text);
  }
}

}  // namespace carousel
