#include "task/sequence_model.hpp"

#include "layer/losses.hpp"

namespace carousel {
namespace {

// [T, batch, 1]: 1 at the steps of each sequence, 0 beyond its end.
Tensor<float> inside(Index steps, const std::vector<Index>& lengths) {
  const Index count = std::ssize(lengths);
  Tensor<float> mask = Tensor<float>::zeros({steps, count, 1});
  for (Index b = 0; b < count; ++b) {
    const Index length = lengths[static_cast<std::size_t>(b)];
    if (length < 1) fail_input("got a sequence of no steps, expected at least one to answer to");
    for (Index t = 0; t < length; ++t) mask.data()[t * count + b] = 1.0f;
  }
  return mask;
}

// Over the steps of each sequence. x: [T, batch, size]; out: [1, batch, size].
Var mean_over_steps(const Pass& pass, Var x, const std::vector<Index>& lengths) {
  const Index count = std::ssize(lengths);
  const std::vector<float> steps(lengths.begin(), lengths.end());
  const Var masked = x * pass.constant(inside(x.shape()[0], lengths));
  return sum_to(masked, {1, count, x.shape()[2]}) /
         pass.constant(Tensor<float>::from({1, count, 1}, steps));
}

Var max_over_steps(const Pass& pass, Var x, const std::vector<Index>& lengths) {
  constexpr double below_all = -1e30;
  const Index steps = x.shape()[0], count = x.shape()[1], size = x.shape()[2];
  const Var values =
      where(pass.constant(inside(steps, lengths)), x, constant(pass.graph(), below_all));
  const Var by_element = transpose(reshape(values, {steps, count * size}));
  return reshape(row_max(by_element), {1, count, size});
}

}  // namespace

SequenceModel::SequenceModel(Recurrence& recurrence, const SequenceProblem& problem)
    : problem_(problem),
      symbols_(problem.form().symbols > 0 ? std::optional(with(Embedding(
                                                "symbols", problem.form().symbols,
                                                problem.form().width, problem.form().symbol_scale)))
                                          : std::nullopt),
      stack_(with(recurrence.stack("layers", problem.form().width, problem.form().sight))),
      output_(with(Linear("output", stack_.output_size(), problem.form().outputs()))) {}

Var SequenceModel::scored(const Pass& pass, Var all, const std::vector<Index>& lengths,
                          const Tensor<float>& rows_scored) const {
  using enum SequenceForm::Pool;
  const SequenceForm& form = problem_.form();
  if (form.pool == mean) return mean_over_steps(pass, all, lengths);
  if (form.pool == max) return max_over_steps(pass, all, lengths);
  const Shape& shape = all.shape();
  if (form.scored == SequenceForm::Scored::last) {
    return reshape(stack_.ends(pass, all, lengths), {1, shape[1], shape[2]});
  }
  return gather_rows(reshape(all, {shape[0] * shape[1], shape[2]}), pass.constant(rows_scored));
}

StackResult SequenceModel::hidden(const Pass& pass, Var x, const StackArguments& arguments) const {
  return stack_.forward(pass, symbols_ ? symbols_->forward(pass, x) : x, arguments);
}

StackResult SequenceModel::forward(const Pass& pass, Var x, const StackArguments& arguments) const {
  const SequenceForm& form = problem_.form();
  const bool sees_all = stack_.is_bidirectional() || form.pool != SequenceForm::Pool::last;
  if (sees_all && !arguments.states.empty()) {
    fail_input(
        "this model answers to whole sequences: it reads them in both directions, or a mean or the "
        "largest values over their steps, and can't go on from states");
  }
  StackResult result = hidden(pass, x, arguments);
  if (form.scored == SequenceForm::Scored::last) {
    const Shape& shape = result.outputs.shape();
    const std::vector<Index> lengths =
        arguments.lengths.empty() ? std::vector<Index>(static_cast<std::size_t>(shape[1]), shape[0])
                                  : arguments.lengths;
    result.outputs = scored(pass, result.outputs, lengths, {});
  }
  result.outputs = output_.forward(pass, result.outputs);
  return result;
}

ModelForm SequenceModel::form() const {
  using enum SequenceForm::Pool;
  const SequenceForm& form = problem_.form();
  ModelForm made{&stack_, symbols_ ? "symbols/table" : "", {}, {{"output/W", "output/b"}}};
  if (form.scored != SequenceForm::Scored::last) return made;
  made.reads = form.pool == mean  ? ModelForm::Reads::mean
               : form.pool == max ? ModelForm::Reads::max
                                  : ModelForm::Reads::last;
  return made;
}

Var SequenceModel::outputs(const Pass& pass, const SequenceBatch& batch) const {
  const Var all = hidden(pass, pass.constant(batch.x), {.lengths = batch.lengths}).outputs;
  return output_.forward(pass, scored(pass, all, batch.lengths, batch.rows));
}

Var SequenceModel::loss(const Pass& pass, Split split, Ids ids) const {
  const SequenceBatch batch = problem_.batch(split, ids);
  const Var given = outputs(pass, batch), targets = pass.constant(batch.targets);
  return sum(problem_.form().classes > 0 ? softmax_nll(given, targets)
                                         : squared_error(given, targets));
}

std::vector<std::vector<double>> SequenceModel::outputs(const Pass& pass, Split split,
                                                        Ids ids) const {
  const std::vector<double> given = pass.values(outputs(pass, problem_.batch(split, ids)));
  std::vector<std::vector<double>> by_example;
  auto next = given.begin();
  for (const ExampleId id : ids) {
    const auto end = next + problem_.scored_steps(split, id) * problem_.form().outputs();
    by_example.emplace_back(next, end);
    next = end;
  }
  return by_example;
}

void SequenceModel::count(const Pass& pass, Split split, Ids ids, Tally& tally) const {
  const auto given = outputs(pass, split, ids);
  for (std::size_t b = 0; b < ids.size(); ++b) problem_.count(split, ids[b], given[b], tally);
}

std::vector<Exhibit> SequenceModel::exhibits(const TrainedModel& model) const {
  return problem_.exhibits([&](Split split, Ids ids) {
    std::vector<std::vector<double>> given;
    model.run([&](const Pass& pass) { given = outputs(pass, split, ids); });
    return given;
  });
}

}  // namespace carousel
