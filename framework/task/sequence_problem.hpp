#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "task/problem.hpp"

namespace carousel {

/// A sequence, and what is asked of it.
struct SequenceExample {
  std::vector<float> x;        ///< [steps, width], or of each step a symbol by its number
  std::vector<float> targets;  ///< of each scored step: its values, or a class by its number
  /// Of each scored step, the classes that are right there: bit k is class k. Empty: the target's
  /// alone.
  std::vector<std::uint32_t> possible = {};
};

/// What a network reads of an example, and what it gives.
struct SequenceForm {
  /// Which steps have a target.
  enum class Scored { last, end, every };
  /// What is read where the last step alone has one.
  enum class Pool { last, mean, max };

  Index width = 0;    ///< elements of x at a step; of symbols: of the vector that stands for one
  Index symbols = 0;  ///< above 0: x holds numbers of symbols, which are below this
  double symbol_scale = 1.0;     ///< standard deviation of the first values of their vectors
  Index classes = 0;             ///< 0: targets are values
  Index values = 1;              ///< of a scored step, where there are no classes
  Scored scored = Scored::last;  ///< the last step, the last ones (an answer), or every one
  /// Where the last step alone is scored: what the output layer reads of the steps, the last one or
  /// of each element its mean or its largest value over all of them.
  Pool pool = Pool::last;
  Sight sight = Sight::past;  ///< what the network may know at a scored step

  /// Values that a network gives at a scored step.
  Index outputs() const { return classes > 0 ? classes : values; }
};

/// Examples padded to the longest of them.
struct SequenceBatch {
  Tensor<float> x;             ///< [T, batch, width], or [T, batch] of symbols
  std::vector<Index> lengths;  ///< steps of each example
  Tensor<float> rows;          ///< [1, S]: of the scored steps in [T * batch], example by example
  Tensor<float> targets;       ///< [1, S] of classes, [1, S, values] of values
};

/// The outputs of a network at the scored steps of each of the given examples, one after the other.
using OutputsOf = std::function<std::vector<std::vector<double>>(Split split, Ids ids)>;

/// A problem whose examples are sequences with targets. Its model is a recurrent stack, and a
/// linear layer that reads it at the scored steps alone. Of values the loss is the squared error,
/// of classes the negative log-likelihood of a softmax.
class SequenceProblem : public Problem {
 public:
  /// form: what its examples and its network look like.
  explicit SequenceProblem(const SequenceForm& form) : form_(form) {}

  /// What it was made with.
  const SequenceForm& form() const { return form_; }
  /// May be called by several threads at a time.
  virtual SequenceExample example(Split split, ExampleId id) const = 0;
  /// Counts an example. outputs: of its scored steps, one after the other: values, or logits.
  virtual void count(Split split, ExampleId id, std::span<const double> outputs,
                     Tally& tally) const = 0;
  /// What there is to show of a model that gives these outputs; nothing by default.
  virtual std::vector<Exhibit> exhibits(const OutputsOf&) const { return {}; }

  /// How many steps of an example have a target.
  Index scored_steps(Split split, ExampleId id) const;
  /// Throws InputError when the examples have more steps together than a float can count.
  SequenceBatch batch(Split split, Ids ids) const;
  std::unique_ptr<Model> model(Recurrence& recurrence) const override;

 private:
  SequenceForm form_;
};

/// The figures on all splits of a model that reads one example at a time. outputs: of its scored
/// steps, as SequenceProblem::count() takes them.
Figures figures_of(const SequenceProblem& problem,
                   const std::function<std::vector<double>(Split split, ExampleId id)>& outputs);

/// log(sum(exp(x))).
double log_sum(std::span<const double> x);

}  // namespace carousel
