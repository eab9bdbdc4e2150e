#include "report/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/effect_sheets.hpp"
#include "report/format.hpp"
#include "study/study_plan.hpp"

namespace carousel {
namespace {

constexpr std::size_t most_names = 5;

using Texts = std::vector<std::string>;

std::string p_text(const PValue& p) {
  const std::string text = format_p(p.corrected);
  return (text.front() == '<' ? "p " : "p = ") + text;
}

std::string counted(int count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// "Better than a, b and c."; nothing without entries.
void add_line(Texts& lines, const std::string& begin, const Texts& entries,
              const std::string& end = "") {
  if (!entries.empty()) lines.push_back(begin + listed(entries, most_names) + end + ".");
}

double mean_of(const SummaryRow& row, const MetricInfo& metric) {
  return row.figure(metric.name, Split::test).mean;
}

// "NLL 8.530 ± 0.020 nats per step".
std::string figure_text(const SummaryRow& row, const MetricInfo& metric) {
  const std::string figure =
      metric.title + " " + format_figure(row.figure(metric.name, Split::test), metric.decimals);
  return metric.unit.empty() ? figure : figure + " " + metric.unit;
}

// How much better one row is than another, and what the test says.
struct Lead {
  const SummaryRow* over;
  Statistic by;  // above zero: better, in either direction of the metric
  PValue p;
};

Statistic negative(const Statistic& s) { return {-s.mean, s.deviation, -s.high, -s.low}; }

Lead lead_of(const SummaryRow& row, const SummaryRow& over, const Report& report) {
  const MetricInfo& metric = report.results.problem(row.dataset).chooses();
  for (const Comparison& pair : report.pairs) {
    const bool first = pair.first == row.label && pair.second == over.label;
    const bool second = pair.second == row.label && pair.first == over.label;
    if (pair.dataset != row.dataset || (!first && !second)) continue;
    const bool falls = first == (metric.better == Better::lower);
    return {&over, falls ? negative(pair.difference) : pair.difference, pair.paired_t};
  }
  return {&over, {}, {}};
}

// "rnn_tanh by 0.210 [0.100, 0.330]".
std::string lead_text(const Lead& lead, const Statistic& by, int decimals) {
  return fmt::format("{} by {} [{}, {}]", lead.over->label, format_figure(by.mean, decimals),
                     format_figure(by.low, decimals), format_figure(by.high, decimals));
}

// The rows of a data set that compete: a changed cell is compared with the cell as it is alone.
struct Field {
  std::vector<const SummaryRow*> ranked;  // that have a figure, the best first
  std::vector<const SummaryRow*> without;
};

Field field_of(const StudyProblem& problem, const std::vector<SummaryRow>& rows) {
  Field field;
  for (const SummaryRow* row : ranked(rows, problem)) {
    if (is_change(*row, rows)) continue;
    (std::isfinite(mean_of(*row, problem.chooses())) ? field.ranked : field.without).push_back(row);
  }
  return field;
}

// What the first row is told apart from, and what not.
Texts lead_lines(const std::vector<Lead>& leads, int decimals) {
  Texts better, worse, same, untested;
  for (const Lead& lead : leads) {
    if (std::isnan(lead.p.corrected)) {
      untested.push_back(lead.over->label);
    } else if (!is_told_apart(lead.p)) {
      same.push_back(fmt::format("{} ({})", lead.over->label, p_text(lead.p)));
    } else if (lead.by.mean > 0.0) {
      better.push_back(lead_text(lead, lead.by, decimals));
    } else {
      worse.push_back(lead_text(lead, negative(lead.by), decimals));
    }
  }
  Texts lines;
  add_line(lines, "Not told apart from ", same);
  add_line(lines, "Better than ", better);
  add_line(lines, "Worse, on the seeds that finished in both, than ", worse);
  if (untested.size() == leads.size()) {
    lines.push_back("There is no test: that takes two seeds that finished in both cells.");
  } else {
    add_line(lines, "Not tested against ", untested, ": fewer than two seeds finished in both");
  }
  return lines;
}

// The whole order, and how many of its pairs are told apart.
void add_order(Texts& lines, const Field& field, const MetricInfo& metric, const Report& report) {
  if (field.ranked.size() < 3) return;
  Texts order;
  std::set<std::string> labels;
  for (const SummaryRow* row : field.ranked) {
    order.push_back(row->label + " " + format_figure(mean_of(*row, metric), metric.decimals));
    labels.insert(row->label);
  }
  int tests = 0, apart = 0;
  for (const Comparison& pair : report.pairs) {
    const bool here = pair.dataset == field.ranked.front()->dataset &&
                      labels.count(pair.first) > 0 && labels.count(pair.second) > 0;
    if (!here || std::isnan(pair.paired_t.corrected)) continue;
    ++tests;
    apart += is_told_apart(pair.paired_t) ? 1 : 0;
  }
  const bool cut = order.size() > most_names + 1;
  add_line(lines, "In order: ", order, cut ? ", the last of them " + order.back() : "");
  if (tests > 0) lines.push_back(fmt::format("Of {} pairs {} are told apart.", tests, apart));
}

void add_missing(Texts& lines, const Field& field) {
  Texts names;
  for (const SummaryRow* row : field.without) {
    const std::string why = row->finished > 0   ? "not finite"
                            : row->diverged > 0 ? counted(row->diverged, "seed") + " diverged"
                                                : "not finished";
    names.push_back(fmt::format("{} ({})", row->label, why));
  }
  add_line(lines, "Without a figure: ", names);
}

// The best baseline, and what papers have of the same cell.
void add_context(Texts& lines, const SummaryRow& row, const StudyResults& results) {
  const StudyProblem& problem = results.problem(row.dataset);
  const MetricInfo& metric = problem.chooses();
  const auto test = [&](const Figures& figures) {
    return figure_of(figures, metric.name, Split::test);
  };
  if (const Baseline* best = best_baseline(problem)) {
    const double mean = mean_of(row, metric), figure = test(best->figures);
    lines.push_back(fmt::format("The best baseline, {}, has {}: {} is {} by {}.", best->name,
                                format_figure(figure, metric.decimals), row.label,
                                metric.prefers(figure, mean) ? "worse" : "better",
                                format_figure(std::abs(mean - figure), metric.decimals)));
  }
  Texts published;
  for (const PublishedResult& one : results.published) {
    const double figure = test(one.figures);
    if (one.dataset != row.dataset || one.cell != row.name() || !std::isfinite(figure)) continue;
    published.push_back(format_figure(figure, metric.decimals) + " (" + one.source + ")");
  }
  add_line(lines, "Published for " + row.label + ": ", published);
}

Texts alone_lines(const SummaryRow& row) {
  if (row.finished > 1)
    return {fmt::format("Nothing to compare it with; {}.", counted(row.finished, "seed"))};
  return {"Nothing to compare it with; one seed gives no interval."};
}

Verdict ranking_of(const StudyProblem& problem, const Field& field, const Report& report) {
  Verdict verdict;
  const MetricInfo& metric = problem.chooses();
  if (field.ranked.empty()) {
    verdict.headline = fmt::format("No cell has a figure on {}.", problem.name);
    add_missing(verdict.lines, field);
    return verdict;
  }
  const SummaryRow& first = *field.ranked.front();
  std::vector<Lead> leads;
  for (std::size_t k = 1; k < field.ranked.size(); ++k) {
    leads.push_back(lead_of(first, *field.ranked[k], report));
  }
  const bool wins = std::ranges::any_of(
      leads, [](const Lead& lead) { return is_told_apart(lead.p) && lead.by.mean > 0.0; });
  const char* place = wins                    ? "is best"
                      : !leads.empty()        ? "is ahead"
                      : field.without.empty() ? "is the only cell"
                                              : "is the only cell with a figure";
  verdict.headline =
      fmt::format("{} {} on {}: {}.", first.label, place, problem.name, figure_text(first, metric));
  if (leads.empty()) verdict.lines = alone_lines(first);
  if (!leads.empty()) verdict.lines = lead_lines(leads, metric.decimals);
  add_order(verdict.lines, field, metric, report);
  add_missing(verdict.lines, field);
  add_context(verdict.lines, first, report.results);
  return verdict;
}

// The changes of a cell by what they do.
struct Sorted {
  Texts hurt, help, same, untested;
};

Sorted sorted(const Effects& effects, const MetricInfo& metric) {
  Sorted sorted;
  std::vector<const Effect*> same;
  for (const Effect& e : effects.changes) {
    const std::string text = e.change + " " + format_effect(e.difference, metric.decimals);
    switch (outcome_of(e, metric)) {
      case EffectOutcome::hurts: sorted.hurt.push_back(text); break;
      case EffectOutcome::helps: sorted.help.push_back(text); break;
      case EffectOutcome::not_different: same.push_back(&e); break;
      case EffectOutcome::not_tested:
        sorted.untested.push_back(
            e.diverged > 0 ? fmt::format("{} ({} diverged)", e.change, counted(e.diverged, "seed"))
            : std::isfinite(e.difference.mean) ? text
                                               : e.change);
    }
  }
  std::ranges::reverse(sorted.help);  // the worst stand first
  std::ranges::stable_sort(same, [](const Effect* a, const Effect* b) {
    return a->paired_t.corrected < b->paired_t.corrected;
  });
  for (const Effect* e : same) {
    sorted.same.push_back(fmt::format("{} ({})", e->change, p_text(e->paired_t)));
  }
  return sorted;
}

Verdict ablation_of(const Effects& effects, const Report& report) {
  const MetricInfo& metric = report.results.problem(effects.dataset).chooses();
  const Sorted by = sorted(effects, metric);
  Texts counts = {
      fmt::format("{} hurt{}", by.hurt.size(), by.hurt.size() == 1 ? "s" : ""),
      fmt::format("{} help{}", by.help.size(), by.help.size() == 1 ? "s" : ""),
      fmt::format("{} {} not told apart", by.same.size(), by.same.size() == 1 ? "is" : "are")};
  if (!by.untested.empty()) counts.push_back(fmt::format("{} not tested", by.untested.size()));
  Verdict verdict;
  verdict.headline = fmt::format("Of {} of {} on {}: {}.",
                                 counted(static_cast<int>(effects.changes.size()), "change"),
                                 effects.intact, effects.dataset, listed(counts, counts.size()));
  add_line(verdict.lines, "Hurt: ", by.hurt);
  add_line(verdict.lines, "Help: ", by.help);
  add_line(verdict.lines, "Not told apart from the cell as it is: ", by.same);
  add_line(verdict.lines,
           "Not tested, since that takes two seeds that finished in both: ", by.untested);
  for (const SummaryRow& row : report.rows) {
    if (row.dataset != effects.dataset || row.label != effects.intact) continue;
    verdict.lines.push_back(fmt::format("As it is: {}.", figure_text(row, metric)));
    add_context(verdict.lines, row, report.results);
  }
  return verdict;
}

// Of two labels over several data sets: how often a seed of the first is the better one.
Estimate win_rate(const std::string& label, const std::string& other, const PooledResults& pooled) {
  for (const PooledPair& pair : pooled.pairs) {
    const Estimate& e = pair.improvement;
    if (pair.first == label && pair.second == other) return e;
    if (pair.second == label && pair.first == other) {
      return {1.0 - e.value, 1.0 - e.high, 1.0 - e.low};
    }
  }
  return {};
}

Texts labels_of(const PooledResults& pooled) {
  Texts labels;
  const auto add = [&](const std::string& label) {
    if (std::ranges::count(labels, label) == 0) labels.push_back(label);
  };
  for (const PooledPair& pair : pooled.pairs) {
    add(pair.first);
    add(pair.second);
  }
  return labels;
}

Verdict over_data_sets(const PooledResults& pooled) {
  const Texts labels = labels_of(pooled);
  const auto sum = [&](const std::string& label) {
    double total = 0.0;
    for (const std::string& other : labels) {
      if (other != label) total += win_rate(label, other, pooled).value;
    }
    return total;
  };
  const std::string first = *std::ranges::max_element(labels, {}, sum);
  Texts better, same;
  for (const std::string& other : labels) {
    if (other == first) continue;
    const Estimate e = win_rate(first, other, pooled);
    std::string text = fmt::format("{} {:.2f}", other, e.value);
    if (std::isfinite(e.low)) text += fmt::format(" [{:.2f}, {:.2f}]", e.low, e.high);
    (e.low > 0.5 ? better : same).push_back(text);
  }
  Verdict verdict;
  verdict.headline =
      fmt::format("Over {} data sets together {} is ahead.", pooled.datasets.size(), first);
  add_line(verdict.lines, "Probability that a seed of it is better than one of ", better);
  add_line(verdict.lines, "Not told apart from ", same);
  return verdict;
}

}  // namespace

std::vector<Verdict> verdicts(const Report& report) {
  const StudyResults& results = report.results;
  std::vector<Verdict> all;
  const auto waiting =
      std::ranges::count_if(results.trials, [](const TrialRecord& r) { return !has_ended(r); });
  if (waiting > 0) {
    all.push_back({fmt::format("Preliminary: {} of {} trials have not ended.", waiting,
                               results.trials.size()),
                   {}});
  }
  for (const StudyProblem& problem : results.problems) {
    const Field field = field_of(problem, report.rows);
    if (field.ranked.empty() && field.without.empty()) continue;
    const auto here = [&](const Effects& e) { return e.dataset == problem.name; };
    const bool changed = std::ranges::any_of(report.effects, here);
    if (!changed || field.ranked.size() + field.without.size() > 1) {
      all.push_back(ranking_of(problem, field, report));
    }
    for (const Effects& effects : report.effects) {
      if (here(effects)) all.push_back(ablation_of(effects, report));
    }
  }
  if (!report.pooled.pairs.empty()) all.push_back(over_data_sets(report.pooled));
  return all;
}

}  // namespace carousel
