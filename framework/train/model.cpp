#include "train/model.hpp"

#include "layer/losses.hpp"

namespace carousel {

NextFrameModel::NextFrameModel(const Cell& cell, const FrameTask& task, Index hidden, int depth,
                               Index segments)
    : stack_(cell, {task.context * task.width, hidden, depth, false, segments}),
      output_("output", stack_.output_size(), task.width),
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
  const Var logits = output_.forward(parameters.subspan(of_stack), hidden.outputs);
  return bernoulli_nll(logits, tape.constant(batch.target), tape.constant(batch.mask));
}

template Var NextFrameModel::step_nll(Tape<float>&, std::span<const Var>,
                                      const Batch<float>&) const;
template Var NextFrameModel::step_nll(Tape<double>&, std::span<const Var>,
                                      const Batch<double>&) const;

}  // namespace carousel
