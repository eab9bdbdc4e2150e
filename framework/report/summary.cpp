#include "report/summary.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace carousel {
namespace {

bool belongs(const SummaryRow& row, const TrialRecord& trial) {
  return row.cell == trial.cell && row.variant == trial.variant && row.dataset == trial.dataset &&
         row.hidden == trial.hidden && row.learning_rate == trial.learning_rate;
}

SummaryRow row_for(const TrialRecord& trial) {
  SummaryRow row;
  row.cell = trial.cell;
  row.variant = trial.variant;
  row.dataset = trial.dataset;
  row.hidden = trial.hidden;
  row.learning_rate = trial.learning_rate;
  row.parameters = trial.parameters;
  row.cell_parameters = trial.cell_parameters;
  return row;
}

void fill_statistics(SummaryRow& row, const std::vector<TrialRecord>& trials) {
  const auto over_finished = [&](auto value) {
    std::vector<double> values;
    for (const std::size_t at : row.trials) {
      if (trials[at].status == "done") values.push_back(static_cast<double>(value(trials[at])));
    }
    return statistic_of(values);
  };
  row.train_nll = over_finished([](const TrialRecord& t) { return t.train_nll; });
  row.valid_nll = over_finished([](const TrialRecord& t) { return t.valid_nll; });
  row.test_nll = over_finished([](const TrialRecord& t) { return t.test_nll; });
  row.epochs = over_finished([](const TrialRecord& t) { return t.epochs; });
  row.best_epoch = over_finished([](const TrialRecord& t) { return t.best_epoch; });
  row.seconds = over_finished([](const TrialRecord& t) { return t.seconds; });
}

void keep_datasets_together(std::vector<SummaryRow>& rows) {
  std::map<std::string, std::size_t> rank;
  for (const SummaryRow& row : rows) rank.emplace(row.dataset, rank.size());
  std::stable_sort(rows.begin(), rows.end(), [&](const SummaryRow& a, const SummaryRow& b) {
    return rank.at(a.dataset) < rank.at(b.dataset);
  });
}

}  // namespace

Statistic statistic_of(const std::vector<double>& values) {
  Statistic result;
  if (values.empty()) return result;
  const double count = static_cast<double>(values.size());
  double sum = 0.0;
  for (const double value : values) sum += value;
  result.mean = sum / count;
  if (values.size() < 2) return result;
  double squares = 0.0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.deviation = std::sqrt(squares / (count - 1.0));
  return result;
}

std::string SummaryRow::name() const { return variant.empty() ? cell : cell + "+" + variant; }

std::vector<SummaryRow> summarise(const StudyResults& results) {
  std::vector<SummaryRow> rows;
  for (std::size_t at = 0; at < results.trials.size(); ++at) {
    const TrialRecord& trial = results.trials[at];
    auto row = std::find_if(rows.begin(), rows.end(),
                            [&](const SummaryRow& r) { return belongs(r, trial); });
    if (row == rows.end()) row = rows.insert(rows.end(), row_for(trial));
    row->trials.push_back(at);
    ++row->seeds;
    if (trial.status == "done") ++row->finished;
    if (trial.status == "diverged") ++row->diverged;
  }
  for (SummaryRow& row : rows) fill_statistics(row, results.trials);
  keep_datasets_together(rows);
  return rows;
}

}  // namespace carousel
