#pragma once
// What programs share that time two things in turn.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "bench/suite/turns.hpp"

namespace carousel {

/// Times plain.step() and other.step(), in milliseconds, in turn: the counters `plain_ms`, NAME_ms
/// and `share`, the speed of the other by that of the plain one, by medians.
template <class Plain, class Other>
void time_in_turn(benchmark::State& state, Plain& plain, Other& other, const std::string& name) {
  plain.step();  // the first one compiles
  other.step();
  std::vector<double> without, with;
  for (auto _ : state) {
    without.push_back(plain.step());
    with.push_back(other.step());
    state.SetIterationTime(with.back() / 1e3);
  }
  state.counters["plain_ms"] = median(without);
  state.counters[name + "_ms"] = median(with);
  state.counters["share"] = median(without) / median(with);
}

/// Runs what was registered. Returns the exit code.
inline int run_benchmarks(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace carousel
