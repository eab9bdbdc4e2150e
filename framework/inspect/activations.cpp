#include "inspect/activations.hpp"

#include <algorithm>
#include <cmath>

#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

// Sums of one element until all examples are behind.
struct Sums {
  double steps = 0.0, mean = 0.0, squares = 0.0;  // Welford 1962: of the distances from the mean
  double least = 0.0, greatest = 0.0;
  double low = 0.0, high = 0.0;

  void add(double value) {
    least = steps == 0.0 ? value : std::min(least, value);
    greatest = steps == 0.0 ? value : std::max(greatest, value);
    steps += 1.0;
    const double from_old = value - mean;
    mean += from_old / steps;
    squares += from_old * (value - mean);
    low += value < 0.1 ? 1.0 : 0.0;
    high += value > 0.9 ? 1.0 : 0.0;
  }

  UnitValues values() const {
    return {.mean = mean,
            .deviation = std::sqrt(squares / steps),
            .least = least,
            .greatest = greatest,
            .low = low / steps,
            .high = high / steps};
  }
};

// values: [steps, 1, ..] of one example, of which `length` steps count.
void add_steps(const Tensor<double>& values, Index length, std::vector<Sums>& sums) {
  const Index elements = values.numel() / values.shape()[0];
  sums.resize(static_cast<std::size_t>(elements));
  for (Index t = 0; t < length; ++t) {
    for (Index u = 0; u < elements; ++u) {
      sums[static_cast<std::size_t>(u)].add(values.data()[t * elements + u]);
    }
  }
}

Tensor<float> first_steps(const Tensor<double>& values, Index length) {
  const Index elements = values.numel() / values.shape()[0];
  Tensor<float> steps = Tensor<float>::uninitialised({length, elements});
  std::transform(values.data(), values.data() + length * elements, steps.data(),
                 [](double value) { return static_cast<float>(value); });
  return steps;
}

}  // namespace

std::vector<Activation> activations(const HeardModel& model, Ids ids,
                                    const std::vector<std::string>& names) {
  std::vector<Activation> all;
  std::vector<std::vector<Sums>> sums;
  for (const ExampleId& id : ids) {
    poll_stop();
    Listener listener{.probes = names};
    model.run({&id, 1}, listener, [&](const HeardPass& pass) {
      const bool first = all.empty();
      sums.resize(listener.scans.size() * names.size());
      std::size_t k = 0;
      for (const HeardScan& scan : listener.scans) {
        for (std::size_t name = 0; name < names.size(); ++name, ++k) {
          const Tensor<double> values = pass.tape.value(scan.probes[name]);
          const Index length = scan.lengths.empty() ? values.shape()[0] : scan.lengths[0];
          add_steps(values, length, sums[k]);
          if (!first) continue;
          const auto gates = gates_of(*scan.program);
          const bool is_gate = std::ranges::find(gates, names[name]) != gates.end();
          all.push_back({scan.place, names[name], is_gate, {}, first_steps(values, length)});
        }
      }
    });
  }
  for (std::size_t k = 0; k < all.size(); ++k) {
    for (const Sums& one : sums[k]) all[k].units.push_back(one.values());
  }
  return all;
}

}  // namespace carousel
