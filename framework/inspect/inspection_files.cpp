#include "inspect/inspection_files.hpp"

#include <fmt/format.h>

#include <cmath>

#include "io/csv.hpp"

namespace carousel {
namespace {

using Fields = std::vector<std::string>;

Fields whose(const InspectedModel& model) {
  return {model.trial.dataset, model.trial.name(), std::to_string(model.trial.seed), model.id,
          std::to_string(model.epoch)};
}

// A table whose rows begin with the model's columns.
class Table {
 public:
  Table(std::string name, Fields columns)
      : name_(std::move(name)),
        csv_(with({"dataset", "cell", "seed", "trial", "epoch"}, columns)) {}
  void add(const InspectedModel& model, const Fields& fields) {
    csv_.add(with(whose(model), fields));
  }
  InspectionFile file() const { return {name_, csv_.text()}; }

 private:
  static Fields with(Fields first, const Fields& more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
  }

  std::string name_;
  CsvText csv_;
};

std::string finite(double value) { return std::isfinite(value) ? csv_number(value) : ""; }

InspectionFile gradients_csv(const std::vector<InspectedModel>& models) {
  Table table("gradients.csv", {"scan", "state", "lag", "norm"});
  for (const InspectedModel& model : models) {
    for (const GradientReach& reach : model.found.gradients) {
      for (std::size_t lag = 0; lag < reach.norms.size(); ++lag) {
        table.add(model,
                  {reach.place, reach.state, std::to_string(lag + 1), finite(reach.norms[lag])});
      }
    }
  }
  return table.file();
}

InspectionFile values_csv(const std::vector<InspectedModel>& models) {
  Table table("values.csv", {"scan", "value", "unit", "mean", "deviation", "least", "greatest",
                             "below_0.1", "above_0.9", "dead"});
  for (const InspectedModel& model : models) {
    for (const Activation& one : model.found.values) {
      for (std::size_t unit = 0; unit < one.units.size(); ++unit) {
        const UnitValues& u = one.units[unit];
        table.add(model, {one.place, one.name, std::to_string(unit + 1), finite(u.mean),
                          finite(u.deviation), finite(u.least), finite(u.greatest), finite(u.low),
                          finite(u.high), u.is_dead() ? "true" : "false"});
      }
    }
  }
  return table.file();
}

InspectionFile matrices_csv(const std::vector<InspectedModel>& models) {
  Table table("matrices.csv",
              {"parameter", "rows", "columns", "largest", "smallest", "spectral_radius"});
  for (const InspectedModel& model : models) {
    for (const MatrixFigures& m : model.found.matrices) {
      table.add(model, {m.name, std::to_string(m.shape[0]), std::to_string(m.shape[1]),
                        finite(m.largest), finite(m.smallest), finite(m.spectral_radius)});
    }
  }
  return table.file();
}

InspectionFile jacobians_csv(const std::vector<InspectedModel>& models) {
  Table table("jacobians.csv",
              {"scan", "step", "spectral_radius", "largest", "median", "smallest"});
  for (const InspectedModel& model : models) {
    for (const ScanDynamics& scan : model.found.dynamics) {
      for (const JacobianFigures& j : scan.jacobians) {
        table.add(model, {scan.place, std::to_string(j.step), finite(j.spectral_radius),
                          finite(j.largest), finite(j.median), finite(j.smallest)});
      }
    }
  }
  return table.file();
}

InspectionFile exponents_csv(const std::vector<InspectedModel>& models) {
  Table table("exponents.csv", {"scan", "place", "exponent"});
  for (const InspectedModel& model : models) {
    for (const ScanDynamics& scan : model.found.dynamics) {
      for (std::size_t k = 0; k < scan.exponents.size(); ++k) {
        table.add(model, {scan.place, std::to_string(k + 1), finite(scan.exponents[k])});
      }
    }
  }
  return table.file();
}

InspectionFile memory_csv(const std::vector<InspectedModel>& models) {
  Table table("memory.csv", {"scan", "state", "unit", "keeps", "half_life"});
  for (const InspectedModel& model : models) {
    for (const ScanDynamics& scan : model.found.dynamics) {
      for (const Memory& m : scan.memory) {
        table.add(model, {scan.place, m.state, std::to_string(m.unit), finite(m.keeps),
                          std::isinf(m.half_life) ? "inf" : csv_number(m.half_life)});
      }
    }
  }
  return table.file();
}

// A column of records as an array.
template <class Record, class Number>
Tensor<double> column(const std::vector<Record>& records, Number number) {
  std::vector<double> values;
  for (const Record& record : records) values.push_back(static_cast<double>(number(record)));
  return Tensor<double>::from({std::ssize(values)}, values);
}

}  // namespace

std::vector<InspectionFile> inspection_csv(const std::vector<InspectedModel>& models) {
  return {gradients_csv(models), values_csv(models),    matrices_csv(models),
          jacobians_csv(models), exponents_csv(models), memory_csv(models)};
}

Archive inspection_archive(const InspectedModel& model) {
  Archive archive;
  archive.counters["epoch"] = model.epoch;
  auto& arrays = archive.doubles;
  const auto itself = [](double value) { return value; };
  for (const GradientReach& reach : model.found.gradients) {
    arrays[fmt::format("gradients/{}/{}", reach.place, reach.state)] = column(reach.norms, itself);
  }
  for (const Activation& one : model.found.values) {
    const std::string name = fmt::format("values/{}/{}/", one.place, one.name);
    arrays[name + "mean"] = column(one.units, [](const UnitValues& u) { return u.mean; });
    arrays[name + "deviation"] = column(one.units, [](const UnitValues& u) { return u.deviation; });
    arrays[name + "least"] = column(one.units, [](const UnitValues& u) { return u.least; });
    arrays[name + "greatest"] = column(one.units, [](const UnitValues& u) { return u.greatest; });
    arrays[name + "low"] = column(one.units, [](const UnitValues& u) { return u.low; });
    arrays[name + "high"] = column(one.units, [](const UnitValues& u) { return u.high; });
    archive.floats[name + "first"] = one.first;
  }
  for (const MatrixFigures& m : model.found.matrices) {
    arrays["matrices/" + m.name] =
        column(std::vector<double>{m.largest, m.smallest, m.spectral_radius}, itself);
  }
  for (const ScanDynamics& scan : model.found.dynamics) {
    if (scan.jacobians.empty()) continue;
    const std::string name = "jacobians/" + scan.place + "/";
    const auto& all = scan.jacobians;
    arrays[name + "spectral_radius"] =
        column(all, [](const JacobianFigures& j) { return j.spectral_radius; });
    arrays[name + "largest"] = column(all, [](const JacobianFigures& j) { return j.largest; });
    arrays[name + "median"] = column(all, [](const JacobianFigures& j) { return j.median; });
    arrays[name + "smallest"] = column(all, [](const JacobianFigures& j) { return j.smallest; });
    arrays["exponents/" + scan.place] = column(scan.exponents, itself);
    arrays["memory/" + scan.place] = column(scan.memory, [](const Memory& m) { return m.keeps; });
  }
  return archive;
}

}  // namespace carousel
