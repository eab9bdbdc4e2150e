#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "layer/masks.hpp"
#include "tape/parameters.hpp"

namespace carousel {

struct Listener;

/// A loss of a cell's own (`loss` in a cell file), of one scan.
struct CellLoss {
  std::string name;     ///< as in the cell
  Var sums;             ///< [batch, 1]: over the steps of each sequence, without the weight
  double weight = 1.0;  ///< in the loss of training
};

/// One run of a model: a tape in either precision, and the model's parameters on it. What is
/// written with a pass is written once for both.
class Pass {
 public:
  /// masks: null where a model is evaluated and nothing is dropped. carried: see carried().
  Pass(Tape<float>& tape, ParameterView parameters, const Masks* masks = nullptr,
       std::vector<Var>* carried = nullptr)
      : tape_(&tape), parameters_(parameters), masks_(masks), carried_(carried) {}
  /// The same in double.
  Pass(Tape<double>& tape, ParameterView parameters, const Masks* masks = nullptr,
       std::vector<Var>* carried = nullptr)
      : tape_(&tape), parameters_(parameters), masks_(masks), carried_(carried) {}

  /// The model's parameters on the tape; a layer takes its own by name.
  const ParameterView& parameters() const { return parameters_; }
  /// Null in evaluation.
  const Masks* masks() const { return masks_; }
  /// A mask on the tape, of a shape [steps, batch, size]. Throws BugError in evaluation.
  Var mask(std::string_view name, const Shape& shape, const MaskValues& values) const;
  /// What a layer gives an input of a step in training, of a shape [steps, batch, size]; a length
  /// it knows by itself. Throws BugError in evaluation, and for a length.
  Var supplied(std::string_view name, const Shape& shape, const Supply& supply) const;
  /// One number in each element.
  Var full(const Shape& shape, double value) const;
  /// Of tasks whose examples go on from one another: the values that the pass over the examples
  /// before these left; a model puts its own in their place. Empty at the start of the streams.
  /// Null where nothing is handed on.
  std::vector<Var>* carried() const { return carried_; }
  /// Who looks on while stacks run; null: nobody.
  Listener* listener() const { return listener_; }
  /// The same pass with somebody who looks on. `listener` must outlive it.
  Pass heard_by(Listener& listener) const {
    Pass heard = *this;
    heard.listener_ = &listener;
    return heard;
  }
  /// The same pass, for which losses of cells are put into `losses`, which must outlive it.
  Pass with_losses(std::vector<CellLoss>& losses) const {
    Pass with = *this;
    with.losses_ = &losses;
    return with;
  }
  /// Hands a loss on to who asked for them by with_losses(); else it is forgotten.
  void add_loss(CellLoss loss) const {
    if (losses_) losses_->push_back(std::move(loss));
  }
  /// The tape, for functions that make values without an operand, such as constant(graph, 1.0).
  Graph& graph() const;
  /// Puts data on the tape; no gradient flows to it.
  Var constant(const Tensor<float>& data) const;
  /// The same, of data in double. Either is turned into the precision of the tape.
  Var constant(const Tensor<double>& data) const;
  /// The elements of a value.
  std::vector<double> values(Var var) const;
  /// The same in single precision, with its shape: for what people look at.
  Tensor<float> tensor(Var var) const;
  /// Calls f(tape).
  template <class F>
  auto visit(F&& f) const {
    return std::visit([&](auto* tape) { return f(*tape); }, tape_);
  }

 private:
  std::variant<Tape<float>*, Tape<double>*> tape_;
  ParameterView parameters_;
  const Masks* masks_;
  std::vector<Var>* carried_;
  Listener* listener_ = nullptr;
  std::vector<CellLoss>* losses_ = nullptr;
};

/// `loss` and what the losses of cells add to it: a scalar.
Var with_cell_losses(Var loss, const std::vector<CellLoss>& of_cells);

/// x: [steps, batch, size] with some elements 0 and the others scaled up, in training; x itself in
/// evaluation and where the rate is 0.
Var dropout(const Pass& pass, Var x, std::string_view name, const MaskValues& values);

/// x: [steps, batch, size] with Gaussian noise of this deviation on each element, in training; x
/// itself in evaluation and where the deviation is 0.
Var noisy(const Pass& pass, Var x, std::string_view name, double deviation);

}  // namespace carousel
