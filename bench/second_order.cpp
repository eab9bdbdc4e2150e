// Products with the second derivatives of a layer's loss, and with the Gauss-Newton matrix, beside
// its gradient, timed in turn: `gradient_ms` (forward and backward), `hessian_ms` and
// `gauss_newton_ms` (the product alone) are medians; `hessian` and `gauss_newton` say how many
// gradients each takes. Arguments are T, B, I, H.

#include <benchmark/benchmark.h>

#include <chrono>

#include "bench/turns.hpp"
#include "cells/catalogue.hpp"
#include "layer/losses.hpp"
#include "layer/recurrent_stack.hpp"
#include "op/composites.hpp"

namespace carousel {
namespace {

Tensor<float> normal(const Shape& shape, const std::string& name) {
  return initialise<float>(Initialiser::normal(0.3), shape, Random(1, name));
}

// Milliseconds since it was made, or since the last lap.
class Clock {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double, std::milli> passed = now - begun_;
    begun_ = now;
    return passed.count();
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

class Trained {
 public:
  Trained(const Cell& cell, const benchmark::State& sizes)
      : stack_(cell, {.input = sizes.range(2), .hidden = sizes.range(3)}) {
    for (const ParameterSpec& spec : stack_.parameters()) {
      values_.push_back(normal(spec.shape, spec.name));
      direction_.push_back(normal(spec.shape, "direction of " + spec.name));
    }
    x_ = normal({sizes.range(0), sizes.range(1), sizes.range(2)}, "x");
    outputs_ = normal({sizes.range(0), sizes.range(1), sizes.range(3)}, "outputs");
  }

  struct Times {
    double gradient, hessian, gauss_newton;  // milliseconds; gradient: forward and backward
  };
  Times step() {
    Clock clock;
    tape_.clear();
    const std::vector<Var> vars = leaves(tape_, values_);
    const Pass pass(tape_, {stack_.parameters(), vars});
    const Var outputs = stack_.forward(pass, pass.constant(x_)).outputs;
    const Var loss = sum(squared_error(outputs, pass.constant(outputs_)));
    benchmark::DoNotOptimize(tape_.gradients(loss, vars).data());
    const double gradient = clock.lap();
    benchmark::DoNotOptimize(tape_.hessian_product(loss, vars, direction_).data());
    const double hessian = clock.lap();
    benchmark::DoNotOptimize(tape_.gauss_newton_product(loss, vars, direction_).data());
    return {gradient, hessian, clock.lap()};
  }

 private:
  RecurrentStack stack_;
  std::vector<Tensor<float>> values_, direction_;
  Tensor<float> x_, outputs_;
  Tape<float> tape_;
};

void products(benchmark::State& state, const Cell& cell) {
  Trained trained(cell, state);
  trained.step();  // the first one compiles
  std::vector<double> gradient, hessian, gauss_newton;
  for (auto _ : state) {
    const Trained::Times times = trained.step();
    gradient.push_back(times.gradient);
    hessian.push_back(times.hessian);
    gauss_newton.push_back(times.gauss_newton);
    state.SetIterationTime((times.gradient + times.hessian + times.gauss_newton) / 1e3);
  }
  state.counters["gradient_ms"] = median(gradient);
  state.counters["hessian_ms"] = median(hessian);
  state.counters["gauss_newton_ms"] = median(gauss_newton);
  state.counters["hessian"] = median(hessian) / median(gradient);
  state.counters["gauss_newton"] = median(gauss_newton) / median(gradient);
}

}  // namespace
}  // namespace carousel

int main(int argc, char** argv) {
  carousel::CellRegistry registry;
  carousel::register_catalogue(registry);
  for (const char* cell : {"lstm", "gru_reset_before", "rnn_tanh"}) {
    auto* bench = benchmark::RegisterBenchmark(cell, carousel::products, registry.find(cell));
    for (const auto& sizes : std::vector<std::vector<std::int64_t>>{
             {50, 32, 128, 128}, {35, 20, 200, 200}, {35, 20, 650, 650}}) {
      bench->Args(sizes);
    }
    bench->UseManualTime()->Unit(benchmark::kMillisecond);
  }
  return carousel::run_benchmarks(argc, argv);
}
