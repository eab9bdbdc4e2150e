#include "train/trial_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <type_traits>
#include <utility>

namespace carousel {
namespace {

constexpr Index plain_columns = 4;  // of a curve: epoch, updates, seconds, train; then the figures
constexpr std::int64_t most_metrics = 100;
constexpr std::array statuses = {"waiting", "running", "done", "diverged", "pruned", "skipped"};

std::string column(Split split, const std::string& metric) {
  return fmt::format("{}_{}", split_name(split), metric);
}

Tensor<double> curve_tensor(const TrialRecord& r) {
  const Index points = std::ssize(r.curve);
  const Index columns = plain_columns + std::ssize(r.metrics);
  Tensor<double> curve = Tensor<double>::zeros({points, columns});
  for (Index i = 0; i < points; ++i) {
    const CurvePoint& p = r.curve[static_cast<std::size_t>(i)];
    double* row = curve.data() + i * columns;
    *row++ = p.epoch;
    *row++ = static_cast<double>(p.updates);
    *row++ = p.seconds;
    *row++ = p.train;
    std::copy_n(p.valid.begin(), r.metrics.size(), row);
  }
  return curve;
}

std::vector<CurvePoint> curve_of(const Tensor<double>& curve, std::size_t metrics) {
  const Index columns = plain_columns + static_cast<Index>(metrics);
  if (curve.shape().rank() != 2 || curve.shape()[1] != columns) {
    fail_input("the checkpoint's curve has shape {}, expected [epochs, {}]",
               curve.shape().to_string(), columns);
  }
  std::vector<CurvePoint> points;
  for (Index i = 0; i < curve.shape()[0]; ++i) {
    const double* row = curve.data() + i * columns;
    if (row[0] != static_cast<double>(i + 1)) {
      fail_input("row {} of the curve is of epoch {}", i + 1, row[0]);
    }
    points.push_back({static_cast<int>(row[0]),
                      static_cast<std::int64_t>(row[1]),
                      row[2],
                      row[3],
                      {row + plain_columns, row + columns}});
  }
  return points;
}

// Throws InputError unless the value of a counter lies in a field's range.
template <class V>
V in_range(const char* name, std::int64_t value) {
  if (value < 0 || !std::in_range<V>(value)) {
    fail_input("{} is {}, expected 0 to {}", name, value, std::numeric_limits<V>::max());
  }
  return static_cast<V>(value);
}
template <>
bool in_range<bool>(const char* name, std::int64_t value) {
  if (value != 0 && value != 1) fail_input("{} is {}, expected 0 or 1", name, value);
  return value == 1;
}

void expect_sound(const TrialRecord& r) {
  if (std::ranges::find(statuses, r.status) == statuses.end()) {
    fail_input("the status is '{}', expected {}", r.status, fmt::join(statuses, ", "));
  }
  if (r.epochs != std::ssize(r.curve)) {
    fail_input("there are {} epochs, but {} points of the curve", r.epochs, r.curve.size());
  }
  if (r.best_epoch > r.epochs || (r.best_epoch == 0) != (r.epochs == 0)) {
    fail_input("the best epoch is {}, of {}", r.best_epoch, r.epochs);
  }
}

}  // namespace

void save_record(const TrialRecord& r, Archive& archive) {
  visit_trial_fields(r, [&]<class V>(const char* name, const V& value) {
    if constexpr (std::is_same_v<V, std::string>) archive.texts[name] = value;
    else if constexpr (std::is_integral_v<V>)
      archive.counters[name] = static_cast<std::int64_t>(value);
    else archive.numbers[name] = value;
  });
  archive.texts["loss_metric"] = r.loss;
  archive.counters["metrics"] = std::ssize(r.metrics);
  for (std::size_t k = 0; k < r.metrics.size(); ++k) {
    archive.texts[fmt::format("metric {}", k)] = r.metrics[k];
    for (const Split split : all_splits) {
      archive.numbers[column(split, r.metrics[k])] = r.figure(r.metrics[k], split);
    }
  }
  archive.doubles["curve"] = curve_tensor(r);
}

TrialRecord load_record(const Archive& archive) {
  TrialRecord r;
  visit_trial_fields(r, [&]<class V>(const char* name, V& value) {
    if constexpr (std::is_same_v<V, std::string>) value = archive.text(name);
    else if constexpr (std::is_integral_v<V>) value = in_range<V>(name, archive.counter(name));
    else value = archive.number(name);
  });
  r.loss = archive.text("loss_metric");
  const std::int64_t metrics = archive.counter("metrics");
  if (metrics < 0 || metrics > most_metrics) fail_input("there are {} metrics", metrics);
  for (std::int64_t k = 0; k < metrics; ++k) {
    const std::string& metric = r.metrics.emplace_back(archive.text(fmt::format("metric {}", k)));
    for (const Split split : all_splits) {
      r.figures[metric][split] = archive.number(column(split, metric));
    }
  }
  r.curve = curve_of(archive.tensor<double>("curve"), r.metrics.size());
  expect_sound(r);
  return r;
}

bool was_trained(const TrialRecord& r) {
  return r.status == "done" ||
         (r.status == "diverged" && !std::isnan(r.figure(r.metrics.front(), Split::train)));
}

void expect_same_trial(const TrialRecord& planned, const TrialRecord& saved) {
  const auto identity = [](const TrialRecord& r) {
    std::map<std::string, std::string> texts;
    visit_trial_identity(
        r, [&](const char* name, const auto& value) { texts[name] = fmt::format("{}", value); });
    return texts;
  };
  const auto got = identity(saved);
  for (const auto& [name, expected] : identity(planned)) {
    const bool open = planned.learning_rate == 0.0 &&
                      (name == "draw" || name == "drawn" || name == "learning_rate" ||
                       (name == "hidden" && planned.hidden == 0));
    if (open || got.at(name) == expected) continue;
    fail_input("it is of another trial: {} is {}, expected {}", name, got.at(name), expected);
  }
  // Behind those of the problem there may be losses of the cell's own.
  const bool same =
      saved.metrics.size() >= planned.metrics.size() &&
      std::ranges::equal(planned.metrics, std::span(saved.metrics).first(planned.metrics.size()));
  if (!same || saved.loss != planned.loss) {
    fail_input("its figures are {}, expected {}", fmt::join(saved.metrics, ", "),
               fmt::join(planned.metrics, ", "));
  }
}

}  // namespace carousel
