// From a cell file to a plan that can run: parse (with what it extends or uses), build,
// differentiate, schedule; for input 88 and hidden size 36, or the nearest that the cell takes.

#include <benchmark/benchmark.h>

#include <algorithm>

#include "cell/language/parser.hpp"
#include "cell/nearest_sizes.hpp"
#include "cells/catalogue.hpp"
#include "program/delays.hpp"
#include "program/plan.hpp"

namespace carousel {
namespace {

const CellText& text_of(const std::string& name) {
  const auto& texts = catalogue_texts();
  return *std::find_if(texts.begin(), texts.end(),
                       [&](const CellText& t) { return t.file == name + ".cell"; });
}

void add_with_needed(CellRegistry& registry, const std::string& name) {
  const CellText& text = text_of(name);
  registry.add_text(text.text, std::string(text.file));
  const CellSyntax syntax = parse_cell(text.text, std::string(text.file));
  for (const std::string& other : needed_cells(syntax)) {
    if (!registry.look_up(other)) add_with_needed(registry, other);
  }
}

void compile(benchmark::State& state, const std::string& name, const CellSizes& sizes) {
  for (auto _ : state) {
    CellRegistry registry;
    add_with_needed(registry, name);
    const StepProgram program = without_delays(registry.find(name).build(sizes)).program;
    const ScanPlan plan = plan_scan(program);
    benchmark::DoNotOptimize(&plan);
  }
}

}  // namespace
}  // namespace carousel

int main(int argc, char** argv) {
  carousel::CellRegistry registry;
  carousel::register_catalogue(registry);
  for (const carousel::Cell& cell : registry.cells()) {
    benchmark::RegisterBenchmark(("compile/" + cell.name).c_str(), carousel::compile, cell.name,
                                 carousel::nearest_sizes(cell, {88, 36}))
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
