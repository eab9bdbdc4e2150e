#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "task/model.hpp"
#include "task/recurrence.hpp"

namespace carousel {

/// Where the training examples of an epoch come from.
enum class Order {
  shuffled,  ///< all of the training split, once each
  fresh,     ///< as many new examples, never seen before
  streams,   ///< the examples of a split are the pieces of one long sequence, in its order: a batch
             ///< holds pieces of as many streams, and the next batch the pieces after them, with
             ///< what the model carries (Pass::carried)
};

/// A simple model to judge the figures of networks by.
struct Baseline {
  std::string name;  ///< "independent keys"
  Figures figures;   ///< as those of networks, by metric
};

/// A task with its options set: its data, its figures, and the model that it makes around a cell.
/// The cell is free; everything else is fixed here, which makes a comparison of cells fair. Nothing
/// of it depends on the cell. Const functions may be called by several threads at a time.
class Problem {
 public:
  virtual ~Problem() = default;

  /// What tables and columns call it: the data set, or the task with its main option.
  virtual std::string name() const = 0;
  /// A line for reports: where the data came from, sizes, what is scored.
  virtual std::string description() const = 0;
  /// SHA-256 of the data, by which a run knows it again; empty for a task that makes its own.
  virtual std::string digest() const { return ""; }

  /// Examples of a split; of `fresh` training examples: those of an epoch.
  virtual Index size(Split split) const = 0;
  /// Steps of an example: batches are made of examples of like length.
  virtual Index length(Split split, ExampleId id) const = 0;
  /// Terms of the loss that an example has, such as scored steps.
  virtual Index terms(Split split, ExampleId id) const = 0;
  /// Where the training examples of an epoch come from; shuffled by default.
  virtual Order order() const { return Order::shuffled; }

  /// The figures. The first one chooses: the best epoch, the rate of a search.
  virtual const std::vector<Metric>& metrics() const = 0;
  /// The place among them of the loss, as a mean over terms.
  virtual std::size_t loss_metric() const { return 0; }

  /// The model around a cell. `this` and the stacks of `recurrence` must outlive it.
  virtual std::unique_ptr<Model> model(Recurrence& recurrence) const = 0;
  /// Simple models to judge networks by; none by default.
  virtual std::vector<Baseline> baselines() const { return {}; }
};

/// The problem's metrics, then one for each loss of the model's cells.
std::vector<Metric> metrics_of(const Problem& problem, const Model& model);
/// The counts that a problem's metrics read, of a split, all zero.
Tally tally_of(const Problem& problem, Split split);
/// The figures of a filled tally.
void set_figures(std::span<const Metric> metrics, Split split, const Tally& tally,
                 Figures& figures);
/// The same, of the problem's metrics.
void set_figures(const Problem& problem, Split split, const Tally& tally, Figures& figures);

}  // namespace carousel
