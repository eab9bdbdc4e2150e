// char_model TEXT MODEL: trains two LSTM layers on a text, in a loop of its own, and saves them.
#include <carousel/carousel.hpp>
#include <cstdio>

using namespace carousel;

struct CharModel : Network {
  CharModel(const Cell& cell, Index symbols)
      : vectors(with(Embedding("vectors", symbols, 32))),
        stack(with(RecurrentStack(cell, {.input = 32, .hidden = 64, .depth = 2}))),
        output(with(Linear("output", stack.output_size(), symbols))) {}

  Var loss(const Pass& pass, const TextWindows& text) const {
    const Var x = vectors.forward(pass, pass.constant(text.x));
    const Var logits = output.forward(pass, stack.forward(pass, x).outputs);
    return sum(softmax_nll(logits, pass.constant(text.next)));
  }

  Embedding vectors;
  RecurrentStack stack;
  Linear output;
};

int main(int argc, char** argv) {
  if (argc != 3) return std::puts("expected: char_model TEXT MODEL"), 2;
  const TextSet text = read_text_set(argv[1], {.valid = 0.1, .test = 0.1});
  CellRegistry cells;
  register_catalogue(cells);
  const CharModel model(find_or_load(cells, "lstm"), text.vocabulary.size());
  ParameterSet<float> parameters(model.parameters(), 1);
  Optimiser<float> adam({.learning_rate = 0.01}, parameters);
  ShardedGradient<float> sharded;  // runs the shards in parallel: the same bits on any threads
  std::vector<Tensor<float>> gradients;
  Random random(1, "places");
  for (int update = 1; update <= 150; ++update) {
    std::vector<TextWindows> shards;
    for (int s = 0; s < 2; ++s) shards.push_back(random_windows(text.parts[0], 20, 8, random));
    constexpr double mean = 1.0 / (2 * 20 * 8);
    const double loss = sharded.compute(
        model.parameters(), parameters.values(), shards.size(),
        [&](const Pass& pass, std::size_t s) { return model.loss(pass, shards[s]); }, mean,
        gradients);
    clip_by_global_norm(gradients, 1.0);
    adam.update(parameters, gradients);
    if (update % 50 == 0) std::printf("update %d: %.3f nats a character\n", update, loss * mean);
  }
  save_parameters(argv[2], parameters, &adam);
}
