#include "report/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "io/files.hpp"
#include "report/chart_data.hpp"
#include "report/format.hpp"
#include "report/html.hpp"
#include "report/summary.hpp"

// The build turns files into these; see the page.* files of this folder.
extern "C" {
extern const unsigned char chart_js[];
extern const unsigned long chart_js_size;
extern const unsigned char report_page_css[];
extern const unsigned long report_page_css_size;
extern const unsigned char report_page_html[];
extern const unsigned long report_page_html_size;
extern const unsigned char report_page_js[];
extern const unsigned long report_page_js_size;
}

namespace carousel {
namespace {

std::string text_of(const unsigned char* bytes, unsigned long size) {
  return std::string(bytes, bytes + size);
}

std::string counts_of(const std::vector<TrialRecord>& trials) {
  const auto count = [&](std::string_view status) {
    return std::count_if(trials.begin(), trials.end(),
                         [&](const TrialRecord& t) { return t.status == status; });
  };
  std::string text = fmt::format("Trials: {} ({} finished", trials.size(), count("done"));
  if (count("diverged") > 0) text += fmt::format(", {} diverged", count("diverged"));
  if (count("running") > 0) text += fmt::format(", {} not finished yet", count("running"));
  return text + ").";
}

// Without the column of the data set, the second one, when all rows would show the same.
std::string table_of_rows(const std::string& label, const std::vector<SummaryRow>& rows,
                          std::vector<HtmlColumn> columns,
                          std::vector<std::vector<std::string>> texts) {
  if (rows.empty() || rows.front().dataset == rows.back().dataset) {
    columns.erase(columns.begin() + 1);
    for (auto& row : texts) row.erase(row.begin() + 1);
  }
  return html_table(label, columns, texts);
}

// The results come first: a narrow screen shows them without scrolling.
std::string summary_table(const std::vector<SummaryRow>& rows) {
  const std::vector<HtmlColumn> columns = {
      {"cell", false}, {"data set", false}, {"hidden units"}, {"test NLL"},    {"valid NLL"},
      {"train NLL"},   {"seeds"},           {"diverged"},     {"cell params"}, {"all params"},
      {"rate"},        {"best epoch"},      {"epochs"},       {"seconds"}};
  std::vector<std::vector<std::string>> texts;
  for (const SummaryRow& row : rows) {
    texts.push_back({row.name(), row.dataset, fmt::format("{}", row.hidden),
                     format_nll(row.test_nll), format_nll(row.valid_nll), format_nll(row.train_nll),
                     format_seeds(row), fmt::format("{}", row.diverged),
                     fmt::format("{}", row.cell_parameters), fmt::format("{}", row.parameters),
                     format_rate(row.learning_rate), format_count(row.best_epoch.mean),
                     format_count(row.epochs.mean), format_seconds(row.seconds.mean)});
  }
  return table_of_rows("Results, mean over seeds", rows, columns, std::move(texts));
}

// All trials, in the order of the summary rows.
std::string seed_table(const std::vector<SummaryRow>& rows, const StudyResults& results) {
  const std::vector<HtmlColumn> columns = {{"cell", false},   {"data set", false}, {"seed"},
                                           {"status", false}, {"test NLL"},        {"valid NLL"},
                                           {"train NLL"},     {"best epoch"},      {"epochs"},
                                           {"seconds"},       {"hidden units"},    {"rate"}};
  std::vector<std::vector<std::string>> texts;
  for (const SummaryRow& row : rows) {
    for (const std::size_t at : row.trials) {
      const TrialRecord& trial = results.trials[at];
      // Before the end of a trial its NLL fields hold no result.
      const bool done = trial.status == "done";
      const auto nll = [&](double value) { return done ? format_nll(value) : "-"; };
      texts.push_back({row.name(), row.dataset, fmt::format("{}", trial.seed), trial.status,
                       nll(trial.test_nll), nll(trial.valid_nll), nll(trial.train_nll),
                       fmt::format("{}", trial.best_epoch), fmt::format("{}", trial.epochs),
                       format_seconds(trial.seconds), fmt::format("{}", row.hidden),
                       format_rate(row.learning_rate)});
    }
  }
  return table_of_rows("Every seed", rows, columns, std::move(texts));
}

std::string cell_details(const StudyResults& results) {
  std::string html;
  for (const auto& [name, text] : results.cell_texts) html += html_details(name, text);
  return html.empty() ? "<p>No cell texts.</p>\n" : html;
}

std::string machine_table(const StudyResults& results) {
  std::vector<std::vector<std::string>> texts;
  for (const auto& [key, value] : results.machine) texts.push_back({key, value});
  return html_table("Machine", {{"what", false}, {"value", false}}, texts);
}

}  // namespace

std::string report_page(const StudyResults& results) {
  const std::vector<SummaryRow> rows = summarise(results);
  return fill_template(
      text_of(report_page_html, report_page_html_size),
      {{"study", escape_html(results.study)},
       {"style", text_of(report_page_css, report_page_css_size)},
       {"dataset_note", escape_html(fmt::format("{}", fmt::join(results.dataset_notes, " ")))},
       {"counts", counts_of(results.trials)},
       {"summary", summary_table(rows)},
       {"seeds", seed_table(rows, results)},
       {"cells", cell_details(results)},
       {"study_yaml", html_details("The study as it was run (YAML)", results.study_yaml)},
       {"machine", machine_table(results)},
       {"chart_data", escape_json_for_script(chart_json(rows, results))},
       {"chart_library", text_of(chart_js, chart_js_size)},
       {"script", text_of(report_page_js, report_page_js_size)}});
}

void write_report(const std::filesystem::path& file, const StudyResults& results) {
  write_text(file, report_page(results));
}

}  // namespace carousel
