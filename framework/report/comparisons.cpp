#include "report/comparisons.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "report/format.hpp"

namespace carousel {
namespace {

struct Pairs {
  std::vector<double> first;
  std::vector<double> second;
};

// The test figures of the seeds that finished in both rows.
Pairs pairs_of(const SummaryRow& a, const SummaryRow& b, const StudyResults& results) {
  const std::string& metric = results.problem(a.dataset).chooses().name;
  Pairs pairs;
  for (const std::size_t i : a.trials) {
    for (const std::size_t j : b.trials) {
      const TrialRecord& first = results.trials[i];
      const TrialRecord& second = results.trials[j];
      if (first.seed != second.seed || first.status != "done" || second.status != "done") continue;
      pairs.first.push_back(first.figure(metric, Split::test));
      pairs.second.push_back(second.figure(metric, Split::test));
    }
  }
  return pairs;
}

// A test figure is unknown until the end of the search, or in an old run.
bool all_known(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

Statistic difference_of(const Pairs& pairs) {
  std::vector<double> differences;
  for (std::size_t k = 0; k < pairs.first.size(); ++k) {
    differences.push_back(pairs.first[k] - pairs.second[k]);
  }
  return statistic_of(differences);
}

// So that lower is better: what the statistics take.
std::vector<double> oriented(std::vector<double> values, const MetricInfo& metric) {
  if (metric.better == Better::higher) {
    for (double& value : values) value = -value;
  }
  return values;
}

Comparison compare(const SummaryRow& a, const SummaryRow& b, const StudyResults& results) {
  Comparison comparison;
  const MetricInfo& metric = results.problem(a.dataset).chooses();
  comparison.dataset = a.dataset;
  comparison.first = a.label;
  comparison.second = b.label;
  const std::vector<double> of_a = a.test_figures(results);
  const std::vector<double> of_b = b.test_figures(results);
  if (!all_known(of_a) || !all_known(of_b)) return comparison;
  const Pairs pairs = pairs_of(a, b, results);
  comparison.pairs = static_cast<int>(pairs.first.size());
  comparison.difference = difference_of(pairs);
  comparison.paired_t.single = paired_t_test(pairs.first, pairs.second).p;
  comparison.wilcoxon.single = wilcoxon_signed_rank_test(pairs.first, pairs.second).p;
  comparison.welch.single = welch_t_test(of_a, of_b).p;
  if (!of_a.empty() && !of_b.empty()) {
    comparison.improvement =
        probability_of_improvement({oriented(of_a, metric)}, {oriented(of_b, metric)});
  }
  return comparison;
}

void correct(std::vector<Comparison>& comparisons, PValue Comparison::*test) {
  std::vector<double> single;
  for (const Comparison& comparison : comparisons) single.push_back((comparison.*test).single);
  const std::vector<double> corrected = holm(single);
  for (std::size_t k = 0; k < corrected.size(); ++k) {
    (comparisons[k].*test).corrected = corrected[k];
  }
}

// Test figures of the finished seeds of a label, by data set.
using ScoresBySet = std::map<std::string, std::vector<double>>;

struct Pool {
  std::vector<std::string> labels;        // in order of first appearance
  std::vector<std::string> datasets;      // in order of first appearance
  std::map<std::string, ScoresBySet> of;  // by label

  Scores scores(const std::string& label, const std::vector<std::string>& sets) const {
    Scores result;
    for (const std::string& set : sets) result.push_back(of.at(label).at(set));
    return result;
  }
};

Pool pool_of(const StudyResults& results, const std::vector<SummaryRow>& rows) {
  Pool pool;
  const auto add_new = [](std::vector<std::string>& list, const std::string& name) {
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  };
  for (const SummaryRow& row : rows) {
    add_new(pool.labels, row.label);
    add_new(pool.datasets, row.dataset);
    const std::vector<double> values = row.test_figures(results);
    if (!values.empty() && all_known(values)) pool.of[row.label][row.dataset] = values;
  }
  std::erase_if(pool.datasets, [&](const std::string& set) {
    return !std::all_of(pool.labels.begin(), pool.labels.end(),
                        [&](const std::string& label) { return pool.of[label].count(set) > 0; });
  });
  return pool;
}

// The figure of each problem's first baseline, where figures can be divided by it.
std::map<std::string, double> units_of(const StudyResults& results) {
  std::map<std::string, double> units;
  for (const StudyProblem& problem : results.problems) {
    if (problem.baselines.empty() || problem.chooses().better != Better::lower) continue;
    const double unit =
        figure_of(problem.baselines.front().figures, problem.chooses().name, Split::test);
    if (unit > 0.0) units[problem.name] = unit;
  }
  return units;
}

}  // namespace

bool is_told_apart(const PValue& p) { return p.corrected < 0.05; }

std::string format_p(const PValue& p) {
  if (std::isnan(p.single)) return "-";
  return format_p(p.single) + " (" + format_p(p.corrected) + ")";
}

std::vector<Comparison> comparisons(const StudyResults& results,
                                    const std::vector<SummaryRow>& rows) {
  std::vector<Comparison> all;
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t end = first;
    while (end < rows.size() && rows[end].dataset == rows[first].dataset) ++end;
    std::vector<Comparison> of_set;
    for (std::size_t i = first; i < end; ++i) {
      for (std::size_t j = i + 1; j < end; ++j) {
        of_set.push_back(compare(rows[i], rows[j], results));
      }
    }
    correct(of_set, &Comparison::paired_t);
    correct(of_set, &Comparison::wilcoxon);
    correct(of_set, &Comparison::welch);
    all.insert(all.end(), of_set.begin(), of_set.end());
    first = end;
  }
  return all;
}

PooledResults pooled_results(const StudyResults& results, const std::vector<SummaryRow>& rows) {
  const Pool pool = pool_of(results, rows);
  const auto scores = [&](const std::string& label) {
    Scores all = pool.scores(label, pool.datasets);
    for (std::size_t k = 0; k < all.size(); ++k) {
      all[k] = oriented(all[k], results.problem(pool.datasets[k]).chooses());
    }
    return all;
  };
  const std::map<std::string, double> units = units_of(results);
  PooledResults pooled;
  pooled.datasets = pool.datasets;
  for (const std::string& set : pool.datasets) {
    if (units.count(set) > 0) pooled.relative_datasets.push_back(set);
  }
  for (std::size_t i = 0; i < pool.labels.size(); ++i) {
    if (pooled.relative_datasets.size() > 1) {
      Scores relative = pool.scores(pool.labels[i], pooled.relative_datasets);
      for (std::size_t set = 0; set < relative.size(); ++set) {
        for (double& figure : relative[set]) figure /= units.at(pooled.relative_datasets[set]);
      }
      pooled.cells.push_back({pool.labels[i], stratified_interquartile_mean(relative)});
    }
    for (std::size_t j = i + 1; j < pool.labels.size() && pooled.datasets.size() > 1; ++j) {
      pooled.pairs.push_back(
          {pool.labels[i], pool.labels[j],
           probability_of_improvement(scores(pool.labels[i]), scores(pool.labels[j]))});
    }
  }
  return pooled;
}

}  // namespace carousel
