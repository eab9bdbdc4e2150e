#include "task/sequence_model.hpp"

#include "layer/losses.hpp"

namespace carousel {

SequenceModel::SequenceModel(Recurrence& recurrence, const GeneratedProblem& problem)
    : problem_(problem),
      stack_(with(recurrence.stack("layers", problem.form().width))),
      output_(with(Linear("output", stack_.output_size(), problem.outputs()))) {}

Var SequenceModel::outputs(const Pass& pass, const GeneratedBatch& batch) const {
  const Var all = stack_.forward(pass, pass.constant(batch.x), {batch.lengths, {}, {}}).outputs;
  const Shape& shape = all.shape();
  const Var flat = reshape(all, {shape[0] * shape[1], shape[2]});
  return output_.forward(pass, gather_rows(flat, pass.constant(batch.rows)));
}

Var SequenceModel::loss(const Pass& pass, Split split, Ids ids) const {
  const GeneratedBatch batch = problem_.batch(split, ids);
  const Var given = outputs(pass, batch), targets = pass.constant(batch.targets);
  const Var all = pass.constant(Tensor<float>::full(batch.targets.shape(), 1.0f));
  if (problem_.form().classes > 0) return sum(softmax_nll(given, targets, all));
  return sum(squared_error(given, reshape(targets, given.shape()), all));
}

void SequenceModel::count(const Pass& pass, Split split, Ids ids, Tally& tally) const {
  const std::vector<double> given = pass.values(outputs(pass, problem_.batch(split, ids)));
  std::span<const double> rest = given;
  for (const ExampleId id : ids) {
    const auto own = static_cast<std::size_t>(problem_.terms(split, id) * problem_.outputs());
    problem_.count(split, id, rest.first(own), tally);
    rest = rest.subspan(own);
  }
}

}  // namespace carousel
