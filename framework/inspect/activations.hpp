#pragma once

#include <map>
#include <string>
#include <vector>

#include "inspect/heard_model.hpp"

namespace carousel {

/// What one element of a value of a step was, over all steps of all examples.
struct UnitValues {
  double mean = 0.0;       ///< over the steps
  double deviation = 0.0;  ///< standard, of the population
  double least = 0.0;      ///< at any step
  double greatest = 0.0;   ///< at any step
  double low = 0.0;        ///< share of the steps at which it was below 0.1
  double high = 0.0;       ///< share of the steps at which it was above 0.9

  /// Whether it never moves: its greatest and least values are less than 0.001 apart.
  bool is_dead() const { return greatest - least < 1e-3; }
};

/// A value of a step, such as a gate, in one scan.
struct Activation {
  std::string place;              ///< of the scan's parameters: "layers/0/forward"
  std::string name;               ///< of the value in the cell's equations
  bool is_gate = false;           ///< one of gates_of() the cell
  std::vector<UnitValues> units;  ///< an entry for each element
  Tensor<float> first;            ///< [steps, elements] of the first example
};

/// The named values in every scan of the model, over these examples. Values of more than one
/// dimension are taken row by row. Throws InputError where the cell has no value of a name.
std::vector<Activation> activations(const HeardModel& model, Ids ids,
                                    const std::vector<std::string>& names);

}  // namespace carousel
