#include "train/trial_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

namespace carousel {
namespace {

constexpr Index plain_columns = 4;  // of a curve: epoch, updates, seconds, train; then the figures

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
    points.push_back({static_cast<int>(row[0]),
                      static_cast<std::int64_t>(row[1]),
                      row[2],
                      row[3],
                      {row + plain_columns, row + columns}});
  }
  return points;
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
    else if constexpr (std::is_integral_v<V>) value = static_cast<V>(archive.counter(name));
    else value = archive.number(name);
  });
  r.loss = archive.text("loss_metric");
  for (std::int64_t k = 0; k < archive.counter("metrics"); ++k) {
    const std::string& metric = r.metrics.emplace_back(archive.text(fmt::format("metric {}", k)));
    for (const Split split : all_splits) {
      r.figures[metric][split] = archive.number(column(split, metric));
    }
  }
  r.curve = curve_of(archive.tensor<double>("curve"), r.metrics.size());
  return r;
}

}  // namespace carousel
