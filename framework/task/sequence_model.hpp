#pragma once

#include <optional>

#include "layer/linear.hpp"
#include "task/sequence_problem.hpp"

namespace carousel {

/// The model of a SequenceProblem: vectors for symbols, where it reads symbols; a recurrent stack;
/// and a linear layer that reads it at the scored steps alone, or its mean or largest values over
/// the steps (SequenceForm::Pool). Where it reads the last step and the stack runs both ways, it
/// reads what each way ends in.
class SequenceModel final : public Model {
 public:
  /// `problem` must outlive it.
  SequenceModel(Recurrence& recurrence, const SequenceProblem& problem);

  Var loss(const Pass& pass, Split split, Ids ids) const override;
  void count(const Pass& pass, Split split, Ids ids, Tally& tally) const override;
  /// As Model::forward. Throws InputError where it goes on from states and its answer depends on
  /// the steps before them: of a mean, of the largest values, and in both directions.
  StackResult forward(const Pass& pass, Var x, const StackArguments& arguments = {}) const override;
  ModelForm form() const override;
  std::vector<Exhibit> exhibits(const TrainedModel& model) const override;

 private:
  /// The stack's outputs at each step of x.
  StackResult hidden(const Pass& pass, Var x, const StackArguments& arguments) const;
  /// What the output layer reads of the stack's outputs `all`: [1, S, size]. rows: as
  /// SequenceBatch::rows.
  Var scored(const Pass& pass, Var all, const std::vector<Index>& lengths,
             const Tensor<float>& rows) const;
  /// [1, S, outputs]
  Var outputs(const Pass& pass, const SequenceBatch& batch) const;
  /// Those of each example by itself.
  std::vector<std::vector<double>> outputs(const Pass& pass, Split split, Ids ids) const;

  const SequenceProblem& problem_;
  std::optional<Embedding> symbols_;
  RecurrentStack stack_;
  Linear output_;
};

}  // namespace carousel
