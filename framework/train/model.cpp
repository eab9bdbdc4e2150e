#include "train/model.hpp"

#include "layer/losses.hpp"

namespace carousel {
namespace {

Index outputs_of(const FrameTask& task) {
  switch (task.outputs) {
    case OutputKind::bernoulli: return task.width;
    case OutputKind::gaussian_mixture: return task.components * (1 + 2 * task.width);
  }
  fail_bug("an output kind without a size");
}

}  // namespace

NextFrameModel::NextFrameModel(const Cell& cell, const FrameTask& task, Index hidden, int depth,
                               Index segments)
    : outputs_(task.outputs),
      stack_(cell, {task.context * task.width, hidden, depth, false, segments}),
      output_("output", stack_.output_size(), outputs_of(task)),
      specs_(stack_.parameters()) {
  specs_.insert(specs_.end(), output_.parameters().begin(), output_.parameters().end());
}

Index NextFrameModel::cell_parameter_count() const {
  Index count = 0;
  for (const ParameterSpec& spec : stack_.parameters()) {
    if (spec.trained) count += spec.shape.numel();
  }
  return count;
}

template <class T>
Var NextFrameModel::step_nll(Tape<T>& tape, std::span<const Var> parameters,
                             const Batch<T>& batch) const {
  const std::size_t of_stack = stack_.parameters().size();
  const Index size = static_cast<Index>(batch.lengths.size());
  const std::span<const Var> own = parameters.first(of_stack);
  const StackResult hidden = stack_.forward(tape, own, tape.constant(batch.x),
                                            stack_.initial_states(tape, own, size), batch.lengths);
  const Var outputs = output_.forward(parameters.subspan(of_stack), hidden.outputs);
  const Var target = tape.constant(batch.target), mask = tape.constant(batch.mask);
  switch (outputs_) {
    case OutputKind::bernoulli: return bernoulli_nll(outputs, target, mask);
    case OutputKind::gaussian_mixture: return gaussian_mixture_nll(outputs, target, mask);
  }
  fail_bug("an output kind without a loss");
}

template <class T>
StackResult NextFrameModel::step(Tape<T>& tape, std::span<const Var> parameters, Var x,
                                 std::span<const Var> states) const {
  const std::span<const Var> own = parameters.first(stack_.parameters().size());
  std::vector<Var> start(states.begin(), states.end());
  if (start.empty()) start = stack_.initial_states(tape, own, x.shape()[1]);
  StackResult result = stack_.forward(tape, own, x, start, {});
  result.outputs = output_.forward(parameters.subspan(own.size()), result.outputs);
  return result;
}

template StackResult NextFrameModel::step(Tape<float>&, std::span<const Var>, Var,
                                          std::span<const Var>) const;
template StackResult NextFrameModel::step(Tape<double>&, std::span<const Var>, Var,
                                          std::span<const Var>) const;
template Var NextFrameModel::step_nll(Tape<float>&, std::span<const Var>,
                                      const Batch<float>&) const;
template Var NextFrameModel::step_nll(Tape<double>&, std::span<const Var>,
                                      const Batch<double>&) const;

}  // namespace carousel
