#include "report/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "io/files.hpp"
#include "report/html.hpp"
#include "report/page_effects.hpp"
#include "report/page_exhibits.hpp"
#include "report/plots.hpp"
#include "report/summary.hpp"
#include "report/table_sheets.hpp"

// The build turns files into these; see the page* files of this folder.
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
  for (const char* status : {"diverged", "pruned", "skipped", "running", "waiting"}) {
    if (count(status) > 0) text += fmt::format(", {} {}", count(status), status);
  }
  return text + ").";
}

// What a reader must know before the figures: they did not come from one program and one study.
std::string changes_of(const Provenance& provenance) {
  if (provenance.accepted.empty()) return "";
  return fmt::format("The run was gone on with after changes: {}.",
                     fmt::join(provenance.accepted, "; "));
}

std::string paragraphs(const std::vector<std::string>& texts) {
  std::string html;
  for (const std::string& text : texts) {
    if (!text.empty()) html += "<p>" + escape_html(text) + "</p>\n";
  }
  return html;
}

// Without a body nothing at all. `note` is HTML.
std::string section(const std::string& title, const std::string& body, const std::string& note) {
  if (body.empty()) return "";
  const std::string below = note.empty() ? "" : "<p class=\"note\">" + note + "</p>\n";
  return "<section>\n<h2>" + escape_html(title) + "</h2>\n" + body + below + "</section>\n";
}

std::string section_of(const Sheet& sheet, bool folded) {
  if (sheet.rows.empty()) return "";
  std::string note;
  for (const std::string& text : sheet.notes) note += (note.empty() ? "" : " ") + escape_html(text);
  const std::string table = html_table(sheet);
  return section(sheet.title, folded ? html_fold("The table", table) : table, note);
}

std::string sections_of(const std::vector<Sheet>& sheets) {
  constexpr std::size_t kMostRows =
      30;  // twelve cells have 66 pairs, which would hide what follows
  std::string html;
  for (const Sheet& sheet : sheets) html += section_of(sheet, sheet.rows.size() > kMostRows);
  return html;
}

constexpr const char* kSearchNote =
    "Draws of the search, by each key that it draws: a full mark is the chosen one, a half one was "
    "pruned; × in the strip at the edge is a draw that diverged, a triangle there one beyond the "
    "axis. Expected best: what a search with fewer draws would have found on average, if not all "
    "of them diverged; a pruned draw counts with the best figure that it had reached. ";
constexpr const char* kEffectsNote =
    "A row a change, the worst above: mark and line are the mean and its 95 % interval over seeds, "
    "full where the p corrected for all changes (Holm) is below 0.05. The cell as it is stands at "
    "zero.";
constexpr const char* kLinesNote =
    "Of each cell the lines of its best trial; the truth is drawn with them. A click on a name "
    "hides "
    "its line.";
constexpr const char* kMatrixNote =
    "Of each cell the counts of its best trial. Shade: the share of a row, empty for none of it "
    "and "
    "full for all of it. Where the pointer rests, a cell shows its count and that of the row.";
constexpr const char* kTextNote =
    "What the best trial of each cell wrote; the text that it was given to go on from is marked.";
constexpr const char* kRollNote =
    "Shade: the probability that the network gave to a key before it saw the step, empty for 0 and "
    "full for 1. Outline: the note sounds. An empty outline is a note that was not expected, a "
    "shade without outline one that did not come. Steps to the right, pitch upwards.";

}  // namespace

std::string report_page(const Report& report) {
  const StudyResults& results = report.results;
  const std::vector<SummaryRow>& rows = report.rows;
  std::vector<std::string> data;
  for (const StudyProblem& problem : results.problems) data.push_back(problem.description);
  const bool search =
      std::any_of(rows.begin(), rows.end(), [](const SummaryRow& row) { return row.draws > 0; });
  const std::string yaml =
      results.study_yaml.empty() ? "" : html_details("study.yaml", results.study_yaml);
  return fill_template(
      text_of(report_page_html, report_page_html_size),
      {{"study", escape_html(results.study)},
       {"style", text_of(report_page_css, report_page_css_size)},
       {"description", paragraphs({results.description, changes_of(results.provenance)})},
       {"counts", counts_of(results.trials)},
       {"effects", section("Changes", forests_html(results, report.effects), kEffectsNote)},
       {"tables", sections_of(report.sheets)},
       {"search_note", search ? kSearchNote : ""},
       {"rolls",
        section("Piano roll", report.plots.rolls.empty() ? "" : "<div id=\"rolls\"></div>\n",
                kRollNote)},
       {"lines",
        section("Values step by step",
                report.plots.lines.empty() ? "" : "<div id=\"lines\" class=\"pair\"></div>\n",
                kLinesNote)},
       {"matrices",
        section("Matrices of counts", matrices_html(report.plots.matrices), kMatrixNote)},
       {"texts", section("Written text", texts_html(report.plots.texts), kTextNote)},
       {"trials", section_of(trial_sheet(results), true)},
       {"datasets", section("Data", paragraphs(data), "")},
       {"cells", section("Cells", equations_html(results), "")},
       {"protocol", section("Protocol", yaml, "The study as it was run, every key.")},
       {"machine", section_of(machine_sheet(results), false)},
       {"chart_data", escape_json_for_script(plots_json(report.plots))},
       {"chart_library", text_of(chart_js, chart_js_size)},
       {"script", text_of(report_page_js, report_page_js_size)}});
}

void write_report(const std::filesystem::path& file, const Report& report) {
  write_text(file, report_page(report));
}

}  // namespace carousel
