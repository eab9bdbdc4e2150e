#pragma once

#include <span>
#include <variant>
#include <vector>

#include "tape/parameters.hpp"

namespace carousel {

/// One run of a model: a tape in either precision, and the model's parameters on it. What is
/// written with a pass is written once for both.
class Pass {
 public:
  Pass(Tape<float>& tape, ParameterView parameters) : tape_(&tape), parameters_(parameters) {}
  Pass(Tape<double>& tape, ParameterView parameters) : tape_(&tape), parameters_(parameters) {}

  const ParameterView& parameters() const { return parameters_; }
  /// The tape, for functions that make values without an operand, such as constant(graph, 1.0).
  Graph& graph() const;
  /// Puts data on the tape; no gradient flows to it.
  Var constant(const Tensor<float>& data) const;
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
};

}  // namespace carousel
