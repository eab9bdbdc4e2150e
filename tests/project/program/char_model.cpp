// Trains a character model of two LSTM layers on a text, in a loop of its own.
#include <carousel/carousel.hpp>
#include <cstdio>

using namespace carousel;

struct CharModel : Network {
  CharModel(const Cell& cell, Index symbols)
      : vectors(with(Embedding("vectors", symbols, 32))),
        stack(with(RecurrentStack(cell, {.input = 32, .hidden = 64, .depth = 2}))),
        output(with(Linear("output", stack.output_size(), symbols))) {}

  Var loss(const Pass& pass, const Tensor<float>& x, const Tensor<float>& next) const {
    const Var hidden = stack.forward(pass, vectors.forward(pass, pass.constant(x))).outputs;
    return sum(softmax_nll(output.forward(pass, hidden), pass.constant(next)));
  }

  Embedding vectors;
  RecurrentStack stack;
  Linear output;
};

int main(int, char** argv) {
  const TextSet text = read_text_set(argv[1], {.valid = 0.1, .test = 0.1});
  const std::vector<std::uint32_t>& symbols = text.parts[0].symbols;
  CellRegistry registry;
  register_catalogue(registry);
  const CharModel model(find_or_load(registry, "lstm"), text.vocabulary.size());
  ParameterSet<float> parameters(model.parameters(), 1);
  Optimiser<float> adam({.learning_rate = 0.01}, parameters);
  ShardedGradient<float> sharded;
  std::vector<Tensor<float>> gradients;
  constexpr Index steps = 20, examples = 8, shards = 2;  // of each shard: [steps, examples]
  Random random(1, "places");
  for (int update = 1; update <= 150; ++update) {
    std::vector<Tensor<float>> x(shards), next(shards);
    for (std::size_t s = 0; s < shards; ++s) {
      x[s] = next[s] = Tensor<float>::zeros({steps, examples});
      next[s] = next[s].clone();
      for (Index b = 0; b < examples; ++b) {
        const std::uint64_t begin = random.below(symbols.size() - steps - 1);
        for (Index t = 0; t < steps; ++t) {
          x[s].data()[t * examples + b] = float(symbols[begin + std::size_t(t)]);
          next[s].data()[t * examples + b] = float(symbols[begin + std::size_t(t) + 1]);
        }
      }
    }
    constexpr double mean = 1.0 / (steps * examples * shards);
    const double loss = sharded.compute(
        model.parameters(), parameters.values(), shards,
        [&](const Pass& pass, std::size_t s) { return model.loss(pass, x[s], next[s]); }, mean,
        gradients);
    clip_by_global_norm(gradients, 1.0);
    adam.update(parameters, gradients);
    if (update % 50 == 0) std::printf("update %d: %.3f nats a character\n", update, loss * mean);
  }
  save_parameters(argv[2], parameters, &adam);
}
