// Long sequences: what segments cost in time and save in memory. Arguments: T B I H (default
// 10000 32 88 512). Trains an LSTM on its final state, and on its outputs, one thread, float.
// "memory" is the peak beyond data and parameters; "whole" keeps everything, for T / 10 steps.

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

#include "cells/catalogue.hpp"
#include "program/scan.hpp"

namespace carousel {
namespace {

// A line of /proc/self/status, in MiB.
double status_mib(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    double kib = 0.0;
    if (word == key + ":" && file >> kib) return kib / 1024.0;
  }
  return 0.0;
}

void reset_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

struct Data {
  std::vector<Tensor<float>> parameters;
  Tensor<float> x;
};

Data make_data(const StepProgram& program, Index steps, Index batch, Index input) {
  Data data;
  for (const auto& p : program.parameters) {
    data.parameters.push_back(initialise<float>(p.init, p.shape, Random(1, p.name)));
  }
  data.x = initialise<float>(Initialiser::normal(1.0), {steps, batch, input}, Random(1, "x"));
  return data;
}

// Seconds of one training step.
double train_once(const Scan& scan, Tape<float>& tape, const Data& data,
                  const ScanOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  tape.clear();
  std::vector<Var> parameters;
  for (const auto& p : data.parameters) parameters.push_back(tape.leaf(p));
  const Var x = tape.constant(data.x);
  const auto states = initial_states(scan.program(), tape, parameters, data.x.shape()[1]);
  const ScanResult result = scan.run(tape, parameters, {&x, 1}, states, options);
  const Var of = options.outputs ? result.outputs : result.final_states[0];
  static_cast<void>(tape.gradients(mean(of), parameters));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void report(const char* what, const Scan& scan, const Data& data, const ScanOptions& options) {
  const auto steps = static_cast<double>(data.x.shape()[0]);
  double best = 0.0;
  const double before = status_mib("VmRSS");
  reset_peak();
  {
    Tape<float> tape;
    for (int repeat = 0; repeat < 2; ++repeat) best = train_once(scan, tape, data, options);
  }
  fmt::print("{:<42} {:>6.0f} steps  {:>8.3f} ms a step  memory {:>6.0f} MiB\n", what, steps,
             1e3 * best / steps, status_mib("VmHWM") - before);
}

void run(Index steps, Index batch, Index input, Index hidden) {
  fmt::print("T, B, I, H = {}, {}, {}, {}\n", steps, batch, input, hidden);
  CellRegistry registry;
  register_catalogue(registry);
  const StepProgram program = registry.find("lstm").build({input, hidden});
  const Data all = make_data(program, steps, batch, input);
  const Data tenth = make_data(program, steps / 10, batch, input);
  ScanOptions options;
  for (const bool outputs : {false, true}) {
    options.outputs = outputs;
    const std::string loss = outputs ? "loss on the outputs" : "loss on the final state";
    options.segments = 0;
    report((loss + ", segments").c_str(), Scan(program), all, options);
    options.segments = 1;
    report((loss + ", whole").c_str(), Scan(program), tenth, options);
  }
}

}  // namespace
}  // namespace carousel

int main(int argc, char** argv) {
  carousel::Index sizes[] = {10000, 32, 88, 512};
  for (int k = 1; k < argc && k <= 4; ++k) {
    sizes[k - 1] = std::atol(argv[k]);
    if (sizes[k - 1] < 1 || argc > 5) {
      fmt::print(stderr, "usage: bench_long_sequence [T B I H], all positive; got '{}'\n", argv[k]);
      return 2;
    }
  }
  carousel::run(sizes[0], sizes[1], sizes[2], sizes[3]);
  return 0;
}
