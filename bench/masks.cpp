// What masks cost: a training step of one layer (forward, backward, all gradients, that of the
// input included) with masks and without, timed in turn. `plain_ms` and `masked_ms` are medians;
// `share` is the first over the second. Arguments are T, B, I, H.

#include <benchmark/benchmark.h>

#include <chrono>

#include "bench/turns.hpp"
#include "cells/catalogue.hpp"
#include "layer/recurrent_stack.hpp"
#include "op/composites.hpp"

namespace carousel {
namespace {

struct Form {
  const char* name;
  ModelOptions options;
};

std::vector<Form> forms() {
  ModelOptions zoneout, recurrent, variational, every;
  zoneout.zoneout = {{"all", 0.1}};
  recurrent.recurrent_dropout = 0.25;
  variational.dropout_input = variational.dropout_output = 0.25;
  variational.dropout_mask = "sequence";
  every = variational;
  every.dropout_mask = "step";
  return {{"zoneout", zoneout},
          {"recurrent_dropout", recurrent},
          {"variational", variational},
          {"dropout", every}};
}

// A layer with its parameters, that is trained on noise.
class Trained {
 public:
  Trained(const Cell& cell, const benchmark::State& sizes, const ModelOptions& options)
      : stack_(cell, {.input = sizes.range(2), .hidden = sizes.range(3), .model = options}) {
    const auto normal = [](const Shape& shape, const std::string& name) {
      return initialise<float>(Initialiser::normal(0.3), shape, Random(1, name));
    };
    for (const ParameterSpec& spec : stack_.parameters()) {
      values_.push_back(normal(spec.shape, spec.name));
    }
    values_.push_back(normal({sizes.range(0), sizes.range(1), sizes.range(2)}, "x"));
    cotangent_ = normal({sizes.range(0), sizes.range(1), stack_.output_size()}, "cotangent");
  }

  // Milliseconds of a step.
  double step() {
    const auto begun = std::chrono::steady_clock::now();
    tape_.clear();
    const std::vector<Var> vars = leaves(tape_, values_);
    const MaskSeed seed{1, update_++};
    const Masks masks(seed, 0);
    const Pass pass(tape_, {stack_.parameters(), std::span(vars).first(vars.size() - 1)}, &masks);
    const Var outputs = stack_.forward(pass, vars.back()).outputs;
    const auto gradients = tape_.gradients(sum(outputs * pass.constant(cotangent_)), vars);
    benchmark::DoNotOptimize(gradients.data());
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begun;
    return time.count();
  }

 private:
  RecurrentStack stack_;
  std::vector<Tensor<float>> values_;  // of the parameters, then x
  Tensor<float> cotangent_;
  Tape<float> tape_;
  std::int64_t update_ = 0;
};

void masked_step(benchmark::State& state, const Cell& cell, const ModelOptions& options) {
  Trained plain(cell, state, {}), masked(cell, state, options);
  time_in_turn(state, plain, masked, "masked");
}

}  // namespace
}  // namespace carousel

int main(int argc, char** argv) {
  carousel::CellRegistry registry;
  carousel::register_catalogue(registry);
  for (const char* cell : {"lstm", "gru_reset_before", "rnn_tanh"}) {
    for (const auto& form : carousel::forms()) {
      auto* bench =
          benchmark::RegisterBenchmark((form.name + std::string("/") + cell).c_str(),
                                       carousel::masked_step, registry.find(cell), form.options);
      for (const auto& sizes : std::vector<std::vector<std::int64_t>>{
               {50, 32, 128, 128}, {35, 20, 200, 200}, {35, 20, 650, 650}, {100, 32, 512, 512}}) {
        bench->Args(sizes);
      }
      bench->UseManualTime()->Unit(benchmark::kMillisecond);
    }
  }
  return carousel::run_benchmarks(argc, argv);
}
