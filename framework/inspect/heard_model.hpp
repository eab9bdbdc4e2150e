#pragma once

#include <functional>
#include <vector>

#include "layer/listener.hpp"
#include "task/model.hpp"
#include "task/problem.hpp"

namespace carousel {

/// What a model was heard in: a tape, and what is on it.
struct HeardPass {
  Tape<double>& tape;               ///< lives as long as the call
  std::span<const Var> parameters;  ///< as Model::parameters()
  Var loss;                         ///< summed over the terms of the examples
};

/// A model with values in double, and examples to run it on: what an inspection is made of.
struct HeardModel {
  const Model& model;                  ///< without the values
  std::vector<Tensor<double>> values;  ///< as model.parameters()
  Split split = Split::valid;          ///< whose examples

  /// Runs the loss of these examples on a tape of its own, in evaluation (nothing is dropped, no
  /// noise), with the listener, and calls f. Vars end with the call.
  void run(Ids ids, Listener& listener, const std::function<void(const HeardPass&)>& f) const;
};

/// The values in double, whatever precision they are in.
std::vector<Tensor<double>> in_double(const ParameterValues& values);

/// Names of the values of a step that are gates: each is a sigmoid of something, and a vector for
/// each sequence.
std::vector<std::string> gates_of(const StepProgram& program);

}  // namespace carousel
