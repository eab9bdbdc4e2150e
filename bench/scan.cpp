// A training step of the compiled scan: forward and backward, all gradients, that of the input
// included. Arguments are T, B, I, H; gflops counts the cell's own matrix products (three times the
// forward ones).

#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>

#include "cells/catalogue.hpp"
#include "program/compiled_scan.hpp"
#include "program/delays.hpp"

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
    program = without_delays(cell.build({input, state.range(3)})).program;
  } catch (const InputError& error) {
    state.SkipWithError("the cell does not take these sizes");
    return;
  }
  const ScanPlan plan = plan_scan(program);
  CompiledScan<float> scan(plan);
  const auto normal = [](const Shape& shape, const std::string& name) {
    return initialise<float>(Initialiser::normal(0.3), shape, Random(1, name));
  };
  std::vector<Tensor<float>> parameters, states;
  for (const auto& p : program.parameters) parameters.push_back(normal(p.shape, p.name));
  for (const auto& s : program.states) states.push_back(normal(with_batch(s.shape, batch), s.name));
  std::vector<Index> lengths;
  for (Index b = 0; b < batch; ++b) {
    lengths.push_back(unequal ? std::max<Index>(1, steps * (batch - b) / batch) : steps);
  }
  const Index rows = std::accumulate(lengths.begin(), lengths.end(), Index{0});
  std::vector<Tensor<float>> x;
  for (const int in : program.inputs) {
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(in)];
    const Shape shape{rows, node.shape.back()};
    x.push_back(node.otherwise ? Tensor<float>::full(shape, float(*node.otherwise))
                               : normal(shape, node.name));
  }
  const auto cotangent = normal({rows, program.output_shape().back()}, "cotangent");
  // The first run makes the memory.
  scan.forward(parameters, x, states, lengths);
  scan.backward(cotangent, states);
  scan.times().on = std::getenv("CAROUSEL_PARTS") != nullptr;
  for (auto _ : state) {
    scan.forward(parameters, x, states, lengths);
    scan.backward(cotangent, states);
    benchmark::DoNotOptimize(scan.parameter_gradients().data());
  }
  for (std::size_t p = 0; scan.times().on && p < PartTimes::names.size(); ++p) {
    state.counters[PartTimes::names[p]] =
        benchmark::Counter(1e3 * scan.times().seconds[p] / double(state.iterations()));
  }
  state.counters["gflops"] =
      benchmark::Counter(3e-9 * forward_flops(program, rows) * double(state.iterations()),
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
