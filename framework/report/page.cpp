#include "report/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "io/files.hpp"
#include "report/cautions.hpp"
#include "report/html.hpp"
#include "report/page_effects.hpp"
#include "report/page_exhibits.hpp"
#include "report/page_inside.hpp"
#include "report/page_result.hpp"
#include "report/plots.hpp"
#include "report/summary.hpp"
#include "report/table_sheets.hpp"
#include "report/verdict.hpp"

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

std::string list_html(const std::vector<std::string>& texts) {
  if (texts.empty()) return "";
  std::string html = "<ul>\n";
  for (const std::string& text : texts) html += "<li>" + escape_html(text) + "</li>\n";
  return html + "</ul>\n";
}

std::string verdicts_html(const Report& report) {
  std::string html;
  for (const Verdict& verdict : verdicts(report)) {
    html += "<p class=\"headline\">" + escape_html(verdict.headline) + "</p>\n" +
            list_html(verdict.lines);
  }
  return html;
}

// Tables one after the other. What a note of an earlier table has said, it says for the later ones.
class TableSections {
 public:
  std::string add(const Sheet& sheet) {
    constexpr std::size_t most_rows =
        30;  // twelve cells have 66 pairs, which would hide what follows
    const std::string table = html_table(sheet);
    return add(sheet, sheet.rows.size() > most_rows ? html_fold("The table", table) : table);
  }
  std::string add_folded(const Sheet& sheet) {
    return add(sheet, html_fold("The table", html_table(sheet)));
  }

 private:
  std::string add(const Sheet& sheet, const std::string& body) {
    if (sheet.rows.empty()) return "";
    std::string note;
    for (const std::string& text : notes_of(sheet)) {
      if (said_.insert(text).second) note += (note.empty() ? "" : " ") + escape_html(text);
    }
    return section(sheet.title, body, note);
  }

  std::set<std::string> said_;
};

constexpr const char* kVerdictNote =
    "Figures: the mean of the finished seeds on test, with half of its 95 % interval; in brackets "
    "the 95 % interval of a difference over the seeds that finished in both, by Student's t. p: "
    "paired t-test over these seeds, corrected for all pairs of the data set or all changes of the "
    "cell (Holm 1979); below 0.05 two are told apart. What is not told apart may still differ. ";
constexpr const char* kPooledNote =
    "Over several data sets: probabilities with the 95 % interval of the stratified bootstrap, "
    "which is too narrow for a handful of seeds; two are told apart where it lies above a half.";
constexpr const char* kResultNote =
    "A row a cell, the best above. Circle: a seed. Square and line: the mean and its 95 % "
    "interval; a triangle is a mean beyond the axis. Dashed: a baseline. ";
constexpr const char* kPublishedNote = "Upright mark in a row: a published figure of that cell.";
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
constexpr const char* kGatesNote =
    "Of the best trial of each cell, as carousel inspect found it at its best epoch. A circle: a "
    "unit of a gate, by the share of the steps at which it was open and closed. Shades: the gate's "
    "value at each step of the first example, empty for 0 and full for 1.";
constexpr const char* kMatrixNote =
    "Of each cell the values of its best trial. Shade: the share of a row, empty for none of it "
    "and "
    "full for all of it. Where the pointer rests, a cell shows its count and that of the row.";
constexpr const char* kMapNote =
    "Of each cell the map of its best trial. Points near each other are alike; axes, and how far "
    "groups are apart, mean nothing. Names show where they have room, others where the pointer "
    "rests. Draw a rectangle to look closer; a double click shows the whole map again.";
constexpr const char* kTextNote =
    "What the best trial of each cell wrote, or what can be read from it in words; the text that "
    "it "
    "was given to go on from is marked.";
constexpr const char* kRollNote =
    "Shade: the probability that the network gave to a key before it saw the step, empty for 0 and "
    "full for 1. Outline: the note sounds. An empty outline is a note that was not expected, a "
    "shade without outline one that did not come. Steps to the right, pitch upwards.";

}  // namespace

std::string report_page(const Report& report) {
  const StudyResults& results = report.results;
  const std::vector<SummaryRow>& rows = report.rows;
  std::vector<std::string> data;
  for (const StudyProblem& problem : results.problems) {
    if (std::ranges::count(data, problem.description) == 0) data.push_back(problem.description);
  }
  const std::string verdict_note =
      std::string(kVerdictNote) + (report.pooled.pairs.empty() ? "" : kPooledNote);
  const std::string result_note =
      std::string(kResultNote) + (results.published.empty() ? "" : kPublishedNote);
  TableSections sections;
  std::string tables;
  for (const Sheet& sheet : report.sheets) tables += sections.add(sheet);
  const bool search =
      std::any_of(rows.begin(), rows.end(), [](const SummaryRow& row) { return row.draws > 0; });
  const std::string yaml =
      results.study_yaml.empty() ? "" : html_details("study.yaml", results.study_yaml);
  return fill_template(
      text_of(report_page_html, report_page_html_size),
      {{"study", escape_html(results.study)},
       {"style", text_of(report_page_css, report_page_css_size)},
       {"verdict", section("Verdict", verdicts_html(report), verdict_note)},
       {"cautions", section("Cautions", list_html(cautions_of(report)), "")},
       {"result", section("Results", result_figures_html(report), result_note)},
       {"description", paragraphs({results.description})},
       {"counts", counts_of(results.trials)},
       {"effects", section("Changes", forests_html(results, report.effects), kEffectsNote)},
       {"tables", tables},
       {"search_note", search ? kSearchNote : ""},
       {"rolls",
        section("Piano roll", report.plots.rolls.empty() ? "" : "<div id=\"rolls\"></div>\n",
                kRollNote)},
       {"lines",
        section("Values step by step",
                report.plots.lines.empty() ? "" : "<div id=\"lines\" class=\"pair\"></div>\n",
                kLinesNote)},
       {"inside",
        section("Gates", points_html(results.exhibits) + heats_html(results.exhibits), kGatesNote)},
       {"matrices", section("Matrices", matrices_html(report.plots.matrices), kMatrixNote)},
       {"maps",
        section("Maps", report.plots.maps.empty() ? "" : "<div id=\"maps\"></div>\n", kMapNote)},
       {"texts", section("Written text", texts_html(report.plots.texts), kTextNote)},
       {"trials", sections.add_folded(trial_sheet(results))},
       {"datasets", section("Data", paragraphs(data), "")},
       {"cells", section("Cells", equations_html(results), "")},
       {"protocol", section("Protocol", yaml, "The study as it was run, every key.")},
       {"machine", sections.add(machine_sheet(results))},
       {"chart_data", escape_json_for_script(plots_json(report.plots))},
       {"chart_library", text_of(chart_js, chart_js_size)},
       {"script", text_of(report_page_js, report_page_js_size)}});
}

std::string plain_page(const std::string& title, const std::string& body) {
  constexpr std::string_view page = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{{title}}</title>
<style>
{{style}}
</style>
</head>
<body>
<main>
<h1>{{title}}</h1>
{{body}}
</main>
</body>
</html>
)";
  return fill_template(page, {{"title", escape_html(title)},
                              {"style", text_of(report_page_css, report_page_css_size)},
                              {"body", body}});
}

void write_report(const std::filesystem::path& file, const Report& report) {
  write_text(file, report_page(report));
}

}  // namespace carousel
