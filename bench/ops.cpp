// Times of the lowest floors: tile kernels, matrix products, and what the tape costs an op.

#include <benchmark/benchmark.h>

#include "cells/catalogue.hpp"
#include "kernel/gemm.hpp"
#include "kernel/packed_matrix.hpp"
#include "kernel/row_panels.hpp"
#include "program/steps.hpp"
#include "tape/parameters.hpp"

namespace carousel {
namespace {

void tile(benchmark::State& state, Tile kernel, Isa isa) {
  const Index n = state.range(0);
  const auto x = initialise<float>(Initialiser::uniform(2.0), {n}, Random(1, "x"));
  auto y = Tensor<float>::zeros({n});
  const TileArg<float> args[] = {{x.data(), 1}, {x.data(), 1}, {x.data(), 1}};
  const auto run = tile_kernel<float>(kernel, isa);
  for (auto _ : state) {
    run(args, {y.data()}, 1, n);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * n);
}

// What memory gives: reads and writes of arrays that no cache holds.
void stream_copy(benchmark::State& state) {
  const Index n = Index{1} << 24;
  const auto from = Tensor<float>::full({n}, 1.0f);
  auto to = Tensor<float>::full({n}, 0.0f);
  const TileArg<float> arg{from.data(), 1};
  const auto copy = tile_kernel<float>(Tile::copy);
  for (auto _ : state) {
    copy(&arg, {to.data()}, 1, n);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * n * 8);
}

void count_flops(benchmark::State& state) {
  const double flops = 2.0 * double(state.range(0) * state.range(1) * state.range(2));
  state.counters["flops"] =
      benchmark::Counter(flops * double(state.iterations()), benchmark::Counter::kIsRate);
}

// OpenBLAS: c = a b^T.
void gemm_float(benchmark::State& state) {
  const Index m = state.range(0), n = state.range(1), k = state.range(2);
  const auto a = Tensor<float>::full({m, k}, 1.0f);
  const auto b = Tensor<float>::full({n, k}, 1.0f);
  auto c = Tensor<float>::zeros({m, n});
  for (auto _ : state) {
    gemm<float>(false, true, m, n, k, a.data(), k, b.data(), k, 0.0f, c.data(), n);
    benchmark::ClobberMemory();
  }
  count_flops(state);
}

// The same with b packed once: LIBXSMM's kernels where there are any.
void packed_gemm(benchmark::State& state) {
  const Index m = state.range(0), n = state.range(1), k = state.range(2);
  const auto a = Tensor<float>::full({m, k}, 1.0f);
  const auto b = Tensor<float>::full({n, k}, 1.0f);
  auto c = Tensor<float>::zeros({m, n});
  PackedMatrix<float> packed;
  packed.pack(std::array{MatrixPart<float>{b.data(), b.shape()[0], b.shape()[1], b.shape()[1]}},
              true);
  for (auto _ : state) {
    packed.multiply(m, a.data(), k, false, c.data(), n);
    benchmark::ClobberMemory();
  }
  count_flops(state);
}

// A weight gradient, c = a^T b over k rows, rows gathered in panels each time.
void gathered_gemm(benchmark::State& state) {
  const Index m = state.range(0), n = state.range(1), k = state.range(2);
  const auto a = Tensor<float>::full({k, m}, 1.0f);
  const auto b = Tensor<float>::full({k, n}, 1.0f);
  auto c = Tensor<float>::zeros({m, n});
  RowPanels<float> a_rows(m), b_rows(n);
  RowProduct<float> product;
  for (auto _ : state) {
    a_rows.clear();
    b_rows.clear();
    a_rows.append(a.data(), m, k);
    b_rows.append(b.data(), n, k);
    product.run(a_rows, b_rows, false, c.data());
    benchmark::ClobberMemory();
  }
  count_flops(state);
}

// Four elements: the work is nothing, the time is the tape's.
void tape_op(benchmark::State& state) {
  Tape<float> tape;
  const auto one = Tensor<float>::full({4}, 1.0f);
  constexpr int ops = 1000;
  for (auto _ : state) {
    Var x = tape.leaf(one);
    for (int i = 0; i < ops; ++i) x = tanh(x);
    benchmark::DoNotOptimize(x.id);
    tape.clear();
  }
  state.SetItemsProcessed(state.iterations() * ops);
}

void training_step_on_the_tape(benchmark::State& state, const Cell& cell) {
  const Index steps = state.range(0), batch = state.range(1);
  const StepProgram program = cell.build({state.range(2), state.range(3)});
  std::vector<Tensor<float>> values;
  for (const auto& p : program.parameters) {
    values.push_back(initialise<float>(p.init, p.shape, Random(1, p.name)));
  }
  std::vector<Tensor<float>> inputs;
  for (const int node : program.inputs) {
    const Index size = program.nodes[static_cast<std::size_t>(node)].shape.back();
    inputs.push_back(initialise<float>(Initialiser::normal(1.0), {steps, batch, size},
                                       Random(1, std::to_string(node))));
  }
  Tape<float> tape;
  for (auto _ : state) {
    const auto parameters = leaves(tape, values);
    std::vector<Var> frames;
    for (const auto& input : inputs) frames.push_back(tape.constant(input));
    const auto result = scan_on_tape(program, tape, parameters, frames,
                                     initial_states(program, tape, parameters, batch));
    benchmark::DoNotOptimize(tape.gradients(sum(result.outputs), parameters));
    tape.clear();
  }
}

void register_all() {
  for (const Isa isa : available_isas()) {
    for (const auto& [name, kernel] : {std::pair("mul", Tile::mul),
                                       {"exp", Tile::exp},
                                       {"tanh", Tile::tanh},
                                       {"sigmoid", Tile::sigmoid},
                                       {"softplus", Tile::softplus}}) {
      benchmark::RegisterBenchmark(
          (std::string("tile/") + name + "/" + std::string(isa_name(isa))).c_str(), tile, kernel,
          isa)
          ->Arg(4096);
    }
  }
  for (const auto& [name, run] : {std::pair("gemm/openblas", &gemm_float),
                                  {"gemm/packed", &packed_gemm},
                                  {"gemm/gathered", &gathered_gemm}}) {
    benchmark::RegisterBenchmark(name, run)
        ->Args({10, 144, 36})
        ->Args({32, 512, 128})
        ->Args({32, 2048, 512})
        ->Args({20, 2600, 650})
        ->Args({64, 1024, 256})
        ->Args({512, 512, 512});
  }
  benchmark::RegisterBenchmark("stream/copy", stream_copy);
  benchmark::RegisterBenchmark("tape/op", tape_op);
  CellRegistry registry;
  register_catalogue(registry);
  for (const Cell& cell : registry.cells()) {
    benchmark::RegisterBenchmark(("tape/step/" + cell.name).c_str(), training_step_on_the_tape,
                                 cell)
        ->Args({100, 10, 88, 36})
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace
}  // namespace carousel

int main(int argc, char** argv) {
  carousel::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
