#pragma once

#include <optional>

#include "layer/linear.hpp"
#include "task/text_problem.hpp"

namespace carousel {

/// A language model: vectors for symbols, a recurrent stack, and a softmax over the symbols. Tied,
/// its logits are products with the symbols' vectors, behind a linear layer where the stack gives
/// another number of elements than a vector has.
class TextModel final : public Model {
 public:
  /// `problem` must outlive it.
  TextModel(Recurrence& recurrence, const TextProblem& problem);

  Var loss(const Pass& pass, Split split, Ids ids) const override;
  void count(const Pass& pass, Split split, Ids ids, Tally& tally) const override;

  /// A text that the model writes with a temperature of 0.8.
  std::vector<Exhibit> exhibits(const TrainedModel& model) const override;
  /// Draws symbols one after the other, each of which is the model's next input: behind the text
  /// that is given, or the first `prime` symbols of the test part, or nothing. A model of lines
  /// stops where it draws the end of a line. Depends on the arguments alone.
  Sample sample(const TrainedModel& model, const SampleRequest& request) const override;

  /// Logits of the next symbol at each step.
  StackResult forward(const Pass& pass, Var x, const StackArguments& arguments = {}) const override;
  ModelForm form() const override;

 private:
  /// [T, batch], zero for padding.
  Var step_nll(const Pass& pass, const TextBatch& batch) const;

  const TextProblem& problem_;
  Embedding symbols_;
  RecurrentStack stack_;
  std::optional<Linear> to_vector_;  // tied
  std::optional<Linear> output_;     // not tied
};

}  // namespace carousel
