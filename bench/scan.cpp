// A training step of the compiled scan: forward and backward, all gradients, that of the input
// included. Arguments are T, B, I, H; gflops counts the cell's own matrix products (three times the
// forward ones).

#include <benchmark/benchmark.h>

#include <algorithm>

#include "bench/suite/compiled_step.hpp"
#include "cells/catalogue.hpp"

namespace carousel {
namespace {

double forward_flops(const StepProgram& program, Index rows) {
  double flops = 0.0;
  for (const ProgramParameter& p : program.parameters) {
    if (p.shape.rank() == 2) flops += 2.0 * double(rows * p.shape.numel());
  }
  return flops;
}

// unequal: lengths fall evenly from T to T / batch.
void training_step(benchmark::State& state, const Cell& cell, bool unequal) {
  const Index steps = state.range(0), batch = state.range(1), input = state.range(2);
  StepProgram program;
  try {
    program = cell.build({input, state.range(3)});
  } catch (const InputError& error) {
    state.SkipWithError("the cell does not take these sizes");
    return;
  }
  std::vector<Index> lengths;
  for (Index b = 0; b < batch; ++b) {
    lengths.push_back(unequal ? std::max<Index>(1, steps * (batch - b) / batch) : steps);
  }
  CompiledStep step(program, lengths);
  step.run();
  step.times().on = std::getenv("CAROUSEL_PARTS") != nullptr;
  for (auto _ : state) step.run();
  for (std::size_t p = 0; step.times().on && p < PartTimes::names.size(); ++p) {
    state.counters[PartTimes::names[p]] =
        benchmark::Counter(1e3 * step.times().seconds[p] / double(state.iterations()));
  }
  state.counters["gflops"] =
      benchmark::Counter(3e-9 * forward_flops(program, step.rows()) * double(state.iterations()),
                         benchmark::Counter::kIsRate);
}

}  // namespace
}  // namespace carousel

int main(int argc, char** argv) {
  carousel::CellRegistry registry;
  carousel::register_catalogue(registry);
  for (const carousel::Cell& cell : registry.cells()) {
    for (const bool unequal : {false, true}) {
      auto* bench =
          benchmark::RegisterBenchmark(((unequal ? "unequal/" : "scan/") + cell.name).c_str(),
                                       carousel::training_step, cell, unequal);
      for (const auto& sizes : std::vector<std::vector<std::int64_t>>{{100, 10, 88, 36},
                                                                      {50, 32, 128, 128},
                                                                      {35, 20, 200, 200},
                                                                      {35, 20, 650, 650},
                                                                      {100, 64, 256, 256},
                                                                      {100, 32, 512, 512}}) {
        bench->Args(sizes);
      }
      bench->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
