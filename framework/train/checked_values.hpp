#pragma once

#include <string>
#include <vector>

#include "program/step_program.hpp"
#include "tape/tape.hpp"

namespace carousel {

/// Numbers from a normal distribution with mean 0, the same ones for each stream.
template <class T>
Tensor<T> checked_normal(const Shape& shape, const std::string& stream, double deviation = 0.5);

/// The vars that a scan takes, by kind.
struct ScanVars {
  std::vector<Var> parameters,  ///< in the program's order
      inputs,                   ///< likewise
      states;                   ///< likewise
};

/// What a cell is checked on: parameters, then inputs, then how far each state is from where the
/// cell starts it. That is 0 for a state with an `initial` line, which may have a meaning for some
/// values only (weights that add up to 1); those are the last ones.
template <class T>
class CheckedValues {
 public:
  /// Draws the values: inputs of so many steps of so many sequences.
  CheckedValues(const StepProgram& program, Index steps, Index batch);

  /// All values.
  const std::vector<Tensor<T>>& values() const { return values_; }
  /// "W", "x", "h[0]": of the value of that number.
  const std::string& name(std::size_t number) const { return names_.at(number); }
  /// How many of the values, from the first on, may be moved to take differences.
  std::size_t movable() const { return movable_; }
  /// Vars of values(), each state added to where the cell starts it, so that gradients reach what
  /// an initial value reads. program: the one of the constructor, or one with the same parameters
  /// and states.
  ScanVars vars(const StepProgram& program, Tape<T>& tape, std::span<const Var> all) const;

 private:
  void add(const Shape& shape, const std::string& name, double mean, double deviation);

  std::vector<Tensor<T>> values_;
  std::vector<std::string> names_;
  std::vector<std::size_t> states_;  // number in the program of each distance
  std::size_t parameters_, inputs_, movable_ = 0;
  Index batch_;
};

/// Which value of which step was the first that is NaN or infinite, with its equation in a line of
/// its own; where all values are finite, the same of the gradients. Empty where all are.
template <class T>
std::string first_not_finite(const StepProgram& program, const CheckedValues<T>& values,
                             const std::vector<Index>& lengths);

/// The equation that gives the value that a message names: "\nc = tanh(x)". Empty where it names
/// none.
std::string equation_of_named(const StepProgram& program, const std::string& message);

extern template class CheckedValues<float>;
extern template class CheckedValues<double>;

}  // namespace carousel
