// Products with the second derivatives of a layer's loss, beside its gradient, timed in turn:
// `gradient_ms` (forward and backward) and `product_ms` (the same and the product) are medians;
// `gradients` says how many gradients the product alone takes. Arguments are T, B, I, H.

#include <benchmark/benchmark.h>

#include <chrono>

#include "bench/turns.hpp"
#include "cells/catalogue.hpp"
#include "layer/recurrent_stack.hpp"
#include "op/composites.hpp"

namespace carousel {
namespace {

Tensor<float> normal(const Shape& shape, const std::string& name) {
  return initialise<float>(Initialiser::normal(0.3), shape, Random(1, name));
}

class Trained {
 public:
  Trained(const Cell& cell, const benchmark::State& sizes)
      : stack_(cell, {.input = sizes.range(2), .hidden = sizes.range(3)}) {
    for (const ParameterSpec& spec : stack_.parameters()) {
      values_.push_back(normal(spec.shape, spec.name));
      direction_.push_back(normal(spec.shape, "direction of " + spec.name));
    }
    x_ = normal({sizes.range(0), sizes.range(1), sizes.range(2)}, "x");
  }

  // Milliseconds of forward and backward, and of the product behind them.
  std::pair<double, double> step() {
    const auto begun = std::chrono::steady_clock::now();
    tape_.clear();
    const std::vector<Var> vars = leaves(tape_, values_);
    const Pass pass(tape_, {stack_.parameters(), vars});
    const Var outputs = stack_.forward(pass, pass.constant(x_)).outputs;
    const Var loss = sum(outputs * outputs);
    const auto gradients = tape_.gradients(loss, vars);
    benchmark::DoNotOptimize(gradients.data());
    const auto middle = std::chrono::steady_clock::now();
    const auto product = tape_.hessian_product(loss, vars, direction_);
    benchmark::DoNotOptimize(product.data());
    const std::chrono::duration<double, std::milli> first = middle - begun,
                                                    second =
                                                        std::chrono::steady_clock::now() - middle;
    return {first.count(), second.count()};
  }

 private:
  RecurrentStack stack_;
  std::vector<Tensor<float>> values_, direction_;
  Tensor<float> x_;
  Tape<float> tape_;
};

void products(benchmark::State& state, const Cell& cell) {
  Trained trained(cell, state);
  trained.step();  // the first one compiles
  std::vector<double> gradient, product;
  for (auto _ : state) {
    const auto [first, second] = trained.step();
    gradient.push_back(first);
    product.push_back(second);
    state.SetIterationTime((first + second) / 1e3);
  }
  state.counters["gradient_ms"] = median(gradient);
  state.counters["product_ms"] = median(product);
  state.counters["gradients"] = median(product) / median(gradient);
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
