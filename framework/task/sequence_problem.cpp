#include "task/sequence_problem.hpp"

#include <cmath>

#include "task/sequence_model.hpp"

namespace carousel {
namespace {

// Of a batch of so many examples.
void expect_indices_exact(Index count, Index steps) {
  constexpr Index most_rows = Index{1} << 24;  // from which on a float is no exact index
  if (steps * count > most_rows) {
    fail_input(
        "got {} sequences of {} steps side by side, expected at most {} steps together; take a "
        "smaller train.shard",
        count, steps, most_rows);
  }
}

}  // namespace

Index SequenceProblem::scored_steps(Split split, ExampleId id) const {
  switch (form_.scored) {
    case SequenceForm::Scored::last: return 1;
    case SequenceForm::Scored::end: return std::ssize(example(split, id).targets);
    case SequenceForm::Scored::every: return length(split, id);
  }
  return 0;
}

SequenceBatch SequenceProblem::batch(Split split, Ids ids) const {
  const Index width = form_.symbols > 0 ? 1 : form_.width;
  SequenceBatch batch;
  std::vector<SequenceExample> examples;
  for (const ExampleId id : ids) {
    examples.push_back(example(split, id));
    batch.lengths.push_back(std::ssize(examples.back().x) / width);
  }
  const Index count = std::ssize(ids), steps = *std::ranges::max_element(batch.lengths);
  expect_indices_exact(count, steps);
  batch.x = Tensor<float>::zeros({steps, count, width});
  std::vector<float> rows, targets;
  for (Index b = 0; b < count; ++b) {
    const SequenceExample& example = examples[static_cast<std::size_t>(b)];
    const Index length = batch.lengths[static_cast<std::size_t>(b)];
    for (Index t = 0; t < length; ++t) {
      std::copy_n(example.x.data() + t * width, width, batch.x.data() + (t * count + b) * width);
    }
    const Index scored = std::ssize(example.targets) / (form_.classes > 0 ? 1 : form_.values);
    for (Index t = length - scored; t < length; ++t) {
      rows.push_back(static_cast<float>(t * count + b));
    }
    targets.insert(targets.end(), example.targets.begin(), example.targets.end());
  }
  if (form_.symbols > 0) batch.x = batch.x.reshaped({steps, count});
  batch.rows = Tensor<float>::from({1, std::ssize(rows)}, rows);
  batch.targets = form_.classes > 0
                      ? Tensor<float>::from({1, std::ssize(rows)}, targets)
                      : Tensor<float>::from({1, std::ssize(rows), form_.values}, targets);
  return batch;
}

std::unique_ptr<Model> SequenceProblem::model(Recurrence& recurrence) const {
  return std::make_unique<SequenceModel>(recurrence, *this);
}

Figures figures_of(const SequenceProblem& problem,
                   const std::function<std::vector<double>(Split, ExampleId)>& outputs) {
  Figures figures;
  for (const Split split : all_splits) {
    Tally tally = tally_of(problem, split);
    for (ExampleId id = 0; id < problem.size(split); ++id) {
      problem.count(split, id, outputs(split, id), tally);
    }
    set_figures(problem, split, tally, figures);
  }
  return figures;
}

double log_sum(std::span<const double> x) {
  const double largest = *std::ranges::max_element(x);
  double total = 0.0;
  for (const double v : x) total += std::exp(v - largest);
  return largest + std::log(total);
}

}  // namespace carousel
