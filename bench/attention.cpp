// What attention inside the step costs: a training step of one layer (forward, backward, all
// gradients, those of x and of the memory included), timed in turn with the same cell without
// attention whose products with parameters have as many multiply-adds: its x has the context's
// elements too, and so many more as stand for the product with the query. `plain_ms` and
// `attentive_ms` are medians; `share` is the first over the second. Arguments are T, B, I, H and
// the rows of the memory.

#include <benchmark/benchmark.h>

#include <chrono>

#include "bench/turns.hpp"
#include "cells/catalogue.hpp"
#include "layer/recurrent_stack.hpp"
#include "op/composites.hpp"

namespace carousel {
namespace {

using Sizes = std::vector<std::int64_t>;

Tensor<float> normal(const Shape& shape, const std::string& name) {
  return initialise<float>(Initialiser::normal(0.3), shape, Random(1, name));
}

// A layer with its parameters, that is trained on noise.
class Trained {
 public:
  Trained(const Cell& cell, const Sizes& sizes, Index input, const AttentionForm* attention)
      : stack_(cell, {.input = input,
                      .hidden = sizes[3],
                      .attention = attention ? std::optional(*attention) : std::nullopt}) {
    for (const ParameterSpec& spec : stack_.parameters()) {
      values_.push_back(normal(spec.shape, spec.name));
    }
    values_.push_back(normal({sizes[0], sizes[1], input}, "x"));
    if (attention) {
      values_.push_back(normal({sizes[1], sizes[4], attention->memory}, "rows"));
      values_.push_back(normal({sizes[1], sizes[4], attention->keys}, "keys"));
      mask_ = Tensor<float>::zeros({sizes[1], sizes[4]});
    }
    cotangent_ = normal({sizes[0], sizes[1], stack_.output_size()}, "cotangent");
  }

  // Milliseconds of a step.
  double step() {
    const auto begun = std::chrono::steady_clock::now();
    tape_.clear();
    const std::vector<Var> vars = leaves(tape_, values_);
    const std::size_t own = stack_.parameters().size();
    const Pass pass(tape_, {stack_.parameters(), std::span(vars).first(own)});
    StackArguments arguments;
    AttendedMemory memory;
    if (vars.size() > own + 1) {
      memory = {vars[own + 1], vars[own + 2], pass.constant(mask_), {}};
      arguments.memory = &memory;
    }
    const Var outputs = stack_.forward(pass, vars[own], arguments).outputs;
    const auto gradients = tape_.gradients(sum(outputs * pass.constant(cotangent_)), vars);
    benchmark::DoNotOptimize(gradients.data());
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begun;
    return time.count();
  }
  // Multiply-adds of products with the cell's matrices, a step and sequence.
  Index products() const {
    Index all = 0;
    for (const ParameterSpec& spec : stack_.parameters()) {
      if (spec.shape.rank() == 2) all += spec.shape.numel();
    }
    return all;
  }

 private:
  RecurrentStack stack_;
  std::vector<Tensor<float>> values_;  // of the parameters, then x, then of the memory
  Tensor<float> mask_, cotangent_;
  Tape<float> tape_;
};

void attentive_step(benchmark::State& state, const Cell& cell, AttentionForm form) {
  Sizes sizes;
  for (std::size_t k = 0; k < 5; ++k) sizes.push_back(state.range(k));
  form.memory = form.keys = sizes[3];
  Trained attentive(cell, sizes, sizes[2], &form);
  const Index wanted = attentive.products(), narrow = Trained(cell, sizes, 1, nullptr).products(),
              a_column = Trained(cell, sizes, 2, nullptr).products() - narrow;
  Trained plain(cell, sizes, 1 + (wanted - narrow) / a_column, nullptr);
  time_in_turn(state, plain, attentive, "attentive");
}

}  // namespace
}  // namespace carousel

int main(int argc, char** argv) {
  using carousel::AttentionPlace, carousel::AttentionScore;
  carousel::CellRegistry registry;
  carousel::register_catalogue(registry);
  for (const char* cell : {"gru_reset_before", "lstm"}) {
    for (const auto& [name, score, place] :
         {std::tuple("additive", AttentionScore::additive, AttentionPlace::before),
          std::tuple("product", AttentionScore::product, AttentionPlace::after)}) {
      carousel::AttentionForm form;
      form.score = score;
      form.place = place;
      auto* bench =
          benchmark::RegisterBenchmark((name + std::string("/") + cell).c_str(),
                                       carousel::attentive_step, registry.find(cell), form);
      for (const auto& sizes : std::vector<carousel::Sizes>{
               {15, 32, 128, 256, 16}, {15, 64, 128, 256, 16}, {30, 64, 256, 512, 32}}) {
        bench->Args(sizes);
      }
      bench->UseManualTime()->Unit(benchmark::kMillisecond);
    }
  }
  return carousel::run_benchmarks(argc, argv);
}
