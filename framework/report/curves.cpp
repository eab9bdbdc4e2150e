#include "report/curves.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace carousel {
namespace {

struct Gathered {
  std::int64_t updates = 0;  // seeds share the data and the size of a batch
  std::vector<double> valid;
  std::vector<double> train;
  std::vector<double> step_seconds;  // since the point before of the same seed
};

void gather(const TrialRecord& trial, std::map<int, Gathered>& epochs) {
  double before = 0.0;
  for (const CurvePoint& point : trial.curve) {
    if (!std::isfinite(point.valid.front()) || !std::isfinite(point.seconds)) continue;
    Gathered& at = epochs[point.epoch];
    at.updates = point.updates;
    at.valid.push_back(point.valid.front());
    at.train.push_back(point.train);
    at.step_seconds.push_back(point.seconds - before);
    before = point.seconds;
  }
}

}  // namespace

std::vector<BandPoint> band_of(const SummaryRow& row, const std::vector<TrialRecord>& trials) {
  std::map<int, Gathered> epochs;
  for (const std::size_t at : row.trials) {
    if (trials[at].status != "diverged") gather(trials[at], epochs);
  }
  std::vector<BandPoint> band;
  double seconds = 0.0;
  for (const auto& [epoch, gathered] : epochs) {
    seconds += statistic_of(gathered.step_seconds).mean;
    BandPoint point;
    point.epoch = epoch;
    point.updates = gathered.updates;
    point.seeds = static_cast<int>(gathered.valid.size());
    point.seconds = seconds;
    point.mean = statistic_of(gathered.valid).mean;
    point.low = *std::min_element(gathered.valid.begin(), gathered.valid.end());
    point.high = *std::max_element(gathered.valid.begin(), gathered.valid.end());
    point.train = statistic_of(gathered.train).mean;
    band.push_back(point);
  }
  return band;
}

}  // namespace carousel
