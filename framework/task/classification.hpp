#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "task/sequence_problem.hpp"
#include "task/task.hpp"

namespace carousel {

class ClassificationProblem;

/// What a task that gives each sequence one class has to say.
struct ClassificationForm : SequenceForm {
  std::string name;                      ///< Problem::name
  std::string description;               ///< a sentence for reports
  std::string digest;                    ///< of the data
  std::vector<std::string> class_names;  ///< by the number of the class
  std::array<Index, 3> sizes = {};       ///< examples of train, valid, test
  /// Steps of an example.
  std::function<Index(Split, ExampleId)> steps;
  /// What a network reads of an example, as SequenceExample::x.
  std::function<std::vector<float>(Split, ExampleId)> x;
  /// Its class, a number below class_names.size().
  std::function<Index(Split, ExampleId)> label;
  /// Baselines behind the most frequent class.
  std::function<std::vector<Baseline>(const ClassificationProblem&)> baselines;
};

/// One class for each sequence of a data set. The figures are `accuracy`, the share of sequences
/// whose class has the largest output, which chooses, and `nll`, the loss.
class ClassificationProblem final : public SequenceProblem {
 public:
  /// The functions of the form must bear calls by several threads at a time.
  explicit ClassificationProblem(ClassificationForm form);

  std::string name() const override { return form_.name; }
  std::string description() const override;
  std::string digest() const override { return form_.digest; }
  Index size(Split split) const override { return form_.sizes[static_cast<std::size_t>(split)]; }
  Index length(Split split, ExampleId id) const override { return form_.steps(split, id); }
  Index terms(Split, ExampleId) const override { return 1; }
  const std::vector<Metric>& metrics() const override;
  std::size_t loss_metric() const override { return 1; }
  /// The class that is the most frequent one of the training split, and the form's.
  std::vector<Baseline> baselines() const override;

  SequenceExample example(Split split, ExampleId id) const override;
  /// The class of an example.
  Index label(Split split, ExampleId id) const { return form_.label(split, id); }
  void count(Split split, ExampleId id, std::span<const double> outputs,
             Tally& tally) const override;
  /// How often the test examples of each class were given each class.
  std::vector<Exhibit> exhibits(const OutputsOf& outputs) const override;

 private:
  ClassificationForm form_;
};

/// The option `pool` of a task: SequenceForm::Pool.
TaskOption pool_option(std::string otherwise);
/// The value of that option.
SequenceForm::Pool pool_of(const TaskOptions& options);

/// What a linear classifier reads of an example: places with their values, all others are 0.
using Features = std::vector<std::pair<Index, float>>;

/// Multinomial logistic regression on `count` features of each example, without a sense of order:
/// ten epochs of AdaGrad (Duchi et al. 2011) over the training split, one example at a time; the
/// epoch with the best validation accuracy is kept.
Baseline linear_classifier(const std::string& name, const ClassificationProblem& problem,
                           Index count, const std::function<Features(Split, ExampleId)>& features);

}  // namespace carousel
