#include "task/text_model.hpp"

#include "layer/losses.hpp"

namespace carousel {

TextModel::TextModel(Recurrence& recurrence, const TextProblem& problem)
    : problem_(problem),
      symbols_(with(Embedding("symbols", problem.symbols(), problem.form().embedding,
                              problem.form().tied ? 0.1 : 1.0))),
      stack_(with(recurrence.stack("layers", problem.form().embedding))) {
  const Index outputs = stack_.output_size(), vector = problem.form().embedding;
  if (!problem.form().tied) {
    output_ = with(Linear("output", outputs, problem.symbols()));
    return;
  }
  if (outputs != vector) to_vector_ = with(Linear("to_vector", outputs, vector));
  add({"output/b", {problem.symbols()}, Initialiser::zeros()});
}

StackResult TextModel::step(const Pass& pass, Var x, const std::vector<Index>& lengths,
                            std::span<const Var> states) const {
  StackResult result = stack_.forward(pass, symbols_.forward(pass, x), {lengths, states, {}});
  if (output_) {
    result.outputs = output_->forward(pass, result.outputs);
    return result;
  }
  if (to_vector_) result.outputs = to_vector_->forward(pass, result.outputs);
  result.outputs = linear(result.outputs, pass.parameters().of("symbols")[0]) +
                   pass.parameters().of("output")[0];
  return result;
}

Var TextModel::step_nll(const Pass& pass, const TextBatch& batch) const {
  const std::span<const Var> before = pass.carried() ? *pass.carried() : std::span<const Var>{};
  const StackResult result = step(pass, pass.constant(batch.x), batch.lengths, before);
  if (pass.carried()) *pass.carried() = result.states;
  return softmax_nll(result.outputs, pass.constant(batch.targets), pass.constant(batch.mask));
}

Var TextModel::loss(const Pass& pass, Split split, Ids ids) const {
  return sum(step_nll(pass, problem_.batch(split, ids)));
}

void TextModel::count(const Pass& pass, Split split, Ids ids, Tally& tally) const {
  const TextBatch batch = problem_.batch(split, ids);
  const std::vector<double> nll = pass.values(step_nll(pass, batch));
  for (std::size_t k = 0; k < nll.size(); ++k) tally.at("nats", ids[k % ids.size()]) += nll[k];
  for (std::size_t b = 0; b < ids.size(); ++b) {
    tally.at("symbols", ids[b]) = static_cast<double>(batch.lengths[b]);
  }
}

}  // namespace carousel
