#pragma once

#include <algorithm>
#include <array>
#include <functional>

#include "task/sequence_problem.hpp"
#include "task/task.hpp"
#include "tensor/random.hpp"

namespace carousel {

/// x for symbols by their numbers: 1 at the number, else 0. [steps, count]
std::vector<float> one_hot(std::span<const Index> symbols, Index count);

/// A whole number in [0, count), uniform.
Index drawn(Random& random, Index count);
/// Steps of sequences that are nearly of one length: from `length` to a tenth more, uniform.
Index stretched(Random& random, Index length);

/// What a task that makes its data has to say.
struct GeneratedForm : SequenceForm {
  std::string task;         ///< its name in the table: examples of two tasks have nothing in common
  std::string name;         ///< Problem::name
  std::string description;  ///< a sentence for reports
  double tolerance = 0.0;   ///< of a value: the absolute error from which on it is wrong
  /// The steps of the example that `example` makes of the same numbers.
  std::function<Index(Random&)> steps;
  /// Draws an example.
  std::function<SequenceExample(Random&)> example;
};

/// A task that makes its data: each example is a function of its split and number and of the
/// task's options, and is never kept. Training examples are fresh.
///
/// Of values the figures are `error`, the mean squared one, and `success`, the share of sequences
/// without a wrong value. Of classes they are `nll`, `error`, the share of wrong steps, and
/// `success`. A step is right when all classes that are possible there are more active than all
/// others.
class GeneratedProblem final : public SequenceProblem {
 public:
  /// options: of an entry made by generated_task.
  GeneratedProblem(GeneratedForm form, const TaskOptions& options);

  std::string name() const override { return form_.name; }
  std::string description() const override;
  Index size(Split split) const override { return sizes_[static_cast<std::size_t>(split)]; }
  Index length(Split split, ExampleId id) const override;
  Index terms(Split split, ExampleId id) const override;
  Order order() const override { return Order::fresh; }
  const std::vector<Metric>& metrics() const override;
  /// The mean target, or the frequencies of the classes at each scored step, of the training split.
  std::vector<Baseline> baselines() const override;

  /// What the task said, with its options set.
  const GeneratedForm& generated() const { return form_; }
  SequenceExample example(Split split, ExampleId id) const override;
  void count(Split split, ExampleId id, std::span<const double> outputs,
             Tally& tally) const override;

 private:
  Random numbers(Split split, ExampleId id) const;

  GeneratedForm form_;
  std::array<Index, 3> sizes_;
};

/// The options of all such tasks, behind a task's own.
std::vector<TaskOption> generated_options(std::vector<TaskOption> own);

/// An entry of the table. Form: what the task has to say with its options set.
template <GeneratedForm (*Form)(const TaskOptions& options)>
Task generated_task(std::string name, std::string title, std::string reference,
                    std::vector<TaskOption> own_options) {
  return {std::move(name), std::move(title), std::move(reference),
          generated_options(std::move(own_options)),
          [](const TaskOptions& options, const DataSource&) -> std::unique_ptr<Problem> {
            return std::make_unique<GeneratedProblem>(Form(options), options);
          }};
}

}  // namespace carousel
