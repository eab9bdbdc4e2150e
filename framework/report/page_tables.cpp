#include "report/page_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "report/comparisons.hpp"
#include "report/format.hpp"
#include "report/html.hpp"

namespace carousel {
namespace {

using Texts = std::vector<std::string>;

std::vector<std::string> datasets_of(const std::vector<SummaryRow>& rows) {
  std::vector<std::string> names;
  for (const SummaryRow& row : rows) {
    if (names.empty() || names.back() != row.dataset) names.push_back(row.dataset);
  }
  return names;
}

std::vector<SummaryRow> rows_of(const std::vector<SummaryRow>& rows, const std::string& dataset) {
  std::vector<SummaryRow> own;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(own),
               [&](const SummaryRow& row) { return row.dataset == dataset; });
  return own;
}

bool is_of(const PublishedResult& published, const SummaryRow& row) {
  return published.dataset == row.dataset && published.cell == row.name();
}

// A table that is built column by column, for its rows are of several kinds.
struct ResultTable {
  std::vector<HtmlColumn> columns;
  std::vector<Texts> rows;

  void add(const std::string& title, const Texts& texts, bool number = true) {
    columns.push_back({title, number});
    rows.resize(texts.size());
    for (std::size_t at = 0; at < texts.size(); ++at) rows[at].push_back(texts[at]);
  }
};

// The lines of a data set's table: cells, then models that were not trained here.
class DatasetTable {
 public:
  DatasetTable(const std::vector<SummaryRow>& rows, const StudyResults& results,
               const std::string& dataset)
      : rows_(rows_of(rows, dataset)) {
    for (const Baseline& baseline : results.baselines) {
      if (baseline.dataset == dataset) baselines_.push_back(baseline);
    }
    for (const PublishedResult& published : results.published) {
      if (published.dataset != dataset) continue;
      const bool of_a_cell = std::any_of(
          rows_.begin(), rows_.end(), [&](const SummaryRow& row) { return is_of(published, row); });
      (of_a_cell ? beside_ : others_).push_back(published);
    }
  }

  std::string html(const std::string& label) const {
    ResultTable table;
    table.add("cell", names(), false);
    table.add("units", of_rows([](const SummaryRow& r) { return fmt::format("{}", r.hidden); }));
    table.add("test NLL", of_all(&SummaryRow::test_nll, &Baseline::test_nll, true));
    add_published(table, "published test", &PublishedResult::test_nll);
    table.add("test NLL, by sequence",
              of_all(&SummaryRow::test_nll_by_sequence, &Baseline::test_nll_by_sequence, true));
    table.add("valid NLL", of_all(&SummaryRow::valid_nll, &Baseline::valid_nll, true));
    table.add("train NLL", of_all(&SummaryRow::train_nll, &Baseline::train_nll, false));
    add_published(table, "published train", &PublishedResult::train_nll);
    table.add("rate", of_rows([](const SummaryRow& r) { return format_rate(r.learning_rate); }));
    table.add("seeds", of_rows([](const SummaryRow& r) { return format_seeds(r); }));
    table.add("diverged", of_rows([](const SummaryRow& r) { return diverged_text(r); }));
    table.add("params",
              of_rows([](const SummaryRow& r) { return fmt::format("{}", r.cell_parameters); }));
    table.add("best epoch",
              of_rows([](const SummaryRow& r) { return format_count(r.best_epoch.mean); }));
    table.add("seconds",
              of_rows([](const SummaryRow& r) { return format_seconds(r.seconds.mean); }));
    table.add("memory", of_rows([](const SummaryRow& r) { return format_bytes(r.memory); }));
    std::string html = html_table(label, table.columns, table.rows);
    if (!sources().empty()) {
      html += "<p class=\"note\">Published: " +
              escape_html(fmt::format("{}", fmt::join(sources(), "; "))) + ".</p>\n";
    }
    return html;
  }

 private:
  static std::string diverged_text(const SummaryRow& row) {
    if (row.draws == 0) return fmt::format("{}", row.diverged);
    return fmt::format("{}; {}/{} draws", row.diverged, row.diverged_draws, row.draws);
  }

  Texts names() const {
    Texts texts;
    for (const SummaryRow& row : rows_) texts.push_back(row.label);
    for (const Baseline& baseline : baselines_) texts.push_back(baseline.name + " (by counting)");
    for (const PublishedResult& other : others_) {
      texts.push_back(other.cell + " (" + other.source + ")");
    }
    return texts;
  }

  // Empty for what is not a cell.
  Texts of_rows(const std::function<std::string(const SummaryRow&)>& text) const {
    Texts texts;
    for (const SummaryRow& row : rows_) texts.push_back(text(row));
    texts.resize(rows_.size() + baselines_.size() + others_.size());
    return texts;
  }

  Texts of_all(Statistic SummaryRow::*of_row, double Baseline::*of_baseline, bool interval) const {
    Texts texts = of_rows([&](const SummaryRow& row) {
      const Statistic& statistic = row.*of_row;
      return interval ? format_nll(statistic) : format_nll(statistic.mean);
    });
    for (std::size_t at = 0; at < baselines_.size(); ++at) {
      texts[rows_.size() + at] = format_nll(baselines_[at].*of_baseline);
    }
    return texts;
  }

  // The sources of the figures beside our cells, in order.
  std::vector<std::string> sources() const {
    std::vector<std::string> names;
    for (const PublishedResult& published : beside_) {
      if (std::find(names.begin(), names.end(), published.source) == names.end()) {
        names.push_back(published.source);
      }
    }
    return names;
  }

  // A column for each source, if it has such a figure. The first one has other models too: their
  // names hold their source.
  void add_published(ResultTable& table, const std::string& title,
                     double PublishedResult::*nll) const {
    std::vector<std::string> names = sources();
    if (names.empty() && !others_.empty()) names = {""};
    for (std::size_t k = 0; k < names.size(); ++k) {
      Texts texts = of_rows([&](const SummaryRow& row) {
        const auto found =
            std::find_if(beside_.begin(), beside_.end(), [&](const PublishedResult& published) {
              return published.source == names[k] && is_of(published, row);
            });
        return found == beside_.end() ? std::string() : known((*found).*nll);
      });
      for (std::size_t at = 0; k == 0 && at < others_.size(); ++at) {
        texts[rows_.size() + baselines_.size() + at] = known(others_[at].*nll);
      }
      const bool empty = std::all_of(texts.begin(), texts.end(),
                                     [](const std::string& text) { return text.empty(); });
      if (!empty) table.add(names.size() > 1 ? title + ", " + names[k] : title, texts);
    }
  }

  static std::string known(double nll) { return std::isfinite(nll) ? format_nll(nll) : ""; }

  std::vector<SummaryRow> rows_;
  std::vector<Baseline> baselines_;
  std::vector<PublishedResult> beside_;  // figures of the cells of this table
  std::vector<PublishedResult> others_;
};

// Twelve cells have 66 pairs, which would hide what comes below.
std::string folded_when_long(const std::string& label, const std::vector<HtmlColumn>& columns,
                             const std::vector<Texts>& rows) {
  constexpr std::size_t kMostRows = 30;
  const std::string html = html_table(label, columns, rows);
  return rows.size() > kMostRows ? html_fold(label, html) : html;
}

std::string format_interval(const Estimate& estimate) {
  if (!std::isfinite(estimate.value)) return "-";
  const std::string value = fmt::format("{:.3f}", estimate.value);
  if (!std::isfinite(estimate.low)) return value;
  return fmt::format("{} ({:.3f} to {:.3f})", value, estimate.low, estimate.high);
}

std::string matrix_of_sets(const std::vector<SummaryRow>& rows,
                           const std::vector<std::string>& datasets) {
  std::vector<HtmlColumn> columns = {{"cell", false}};
  for (const std::string& dataset : datasets) columns.push_back({dataset});
  std::vector<Texts> texts;
  for (const SummaryRow& row : rows) {
    auto line = std::find_if(texts.begin(), texts.end(),
                             [&](const Texts& text) { return text.front() == row.label; });
    if (line == texts.end()) {
      line = texts.insert(texts.end(), Texts(columns.size()));
      line->front() = row.label;
    }
    const auto set = std::find(datasets.begin(), datasets.end(), row.dataset) - datasets.begin();
    (*line)[static_cast<std::size_t>(set) + 1] = format_nll(row.test_nll);
  }
  return html_table("Test NLL by data set", columns, texts);
}

}  // namespace

std::string result_tables(const std::vector<SummaryRow>& rows, const StudyResults& results) {
  const std::vector<std::string> datasets = datasets_of(rows);
  std::string html;
  for (const std::string& dataset : datasets) {
    if (datasets.size() > 1) html += "<h3>Data set " + escape_html(dataset) + "</h3>\n";
    html += DatasetTable(rows, results, dataset).html("Results, data set " + dataset);
  }
  return html;
}

std::string pooled_tables(const std::vector<SummaryRow>& rows, const StudyResults& results) {
  const std::vector<std::string> datasets = datasets_of(rows);
  if (datasets.size() < 2) return "";
  std::string html = matrix_of_sets(rows, datasets);
  const PooledResults pooled = pooled_results(results);
  std::vector<Texts> cells;
  for (const PooledCell& cell : pooled.cells) {
    cells.push_back({cell.label, format_interval(cell.relative_nll)});
  }
  if (!cells.empty()) {
    html += html_table("Test NLL relative to independent keys",
                       {{"cell", false}, {"test NLL / NLL of independent keys"}}, cells);
  }
  std::vector<Texts> pairs;
  for (const PooledPair& pair : pooled.pairs) {
    pairs.push_back({pair.first + " / " + pair.second, format_interval(pair.improvement)});
  }
  if (!pairs.empty()) {
    html += folded_when_long("Probability of improvement over the data sets",
                             {{"first / second cell", false}, {"P(first is lower)"}}, pairs);
  }
  return html;
}

std::string comparison_table(const StudyResults& results) {
  std::vector<Texts> texts;
  for (const Comparison& pair : comparisons(results)) {
    texts.push_back({pair.first + " / " + pair.second, pair.dataset, format_nll(pair.difference),
                     format_p(pair.paired_t), format_p(pair.wilcoxon), format_p(pair.welch),
                     format_interval(pair.improvement), fmt::format("{}", pair.pairs)});
  }
  if (texts.empty()) return "";
  return folded_when_long("Comparisons of cells",
                          {{"first / second cell", false},
                           {"data set", false},
                           {"first − second"},
                           {"p, paired t"},
                           {"p, Wilcoxon"},
                           {"p, Welch"},
                           {"P(first is lower)"},
                           {"pairs"}},
                          texts);
}

std::string trial_table(const StudyResults& results) {
  const std::vector<HtmlColumn> columns = {
      {"cell", false},   {"data set", false}, {"seed"},     {"draw"},      {"rate"},
      {"status", false}, {"chosen", false},   {"test NLL"}, {"valid NLL"}, {"train NLL"},
      {"best epoch"},    {"epochs"},          {"seconds"},  {"units"},     {"all params"}};
  std::vector<Texts> texts;
  for (const TrialRecord& trial : results.trials) {
    // Before the end of a trial its NLL fields hold no result.
    const auto nll = [&](double value) { return trial.status == "done" ? format_nll(value) : "-"; };
    texts.push_back({trial.name(), trial.dataset, fmt::format("{}", trial.seed),
                     trial.draw > 0 ? fmt::format("{}", trial.draw) : "-",
                     format_rate(trial.learning_rate), trial.status, trial.selected ? "yes" : "",
                     nll(trial.test_nll), nll(trial.valid_nll), nll(trial.train_nll),
                     fmt::format("{}", trial.best_epoch), fmt::format("{}", trial.epochs),
                     format_seconds(trial.seconds), fmt::format("{}", trial.hidden),
                     fmt::format("{}", trial.parameters)});
  }
  return texts.empty() ? "" : html_table("Every trial", columns, texts);
}

std::string machine_table(const StudyResults& results) {
  std::vector<Texts> texts;
  for (const auto& [key, value] : results.machine) texts.push_back({key, value});
  return texts.empty() ? "" : html_table("Machine", {{"what", false}, {"value", false}}, texts);
}

}  // namespace carousel
