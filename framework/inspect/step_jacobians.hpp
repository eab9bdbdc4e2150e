#pragma once

#include <string>
#include <vector>

#include "inspect/heard_model.hpp"

namespace carousel {

/// The states of one sequence on its way through a scan: what each step read.
struct Trajectory {
  std::string place;                       ///< of the scan's parameters: "layers/0/forward"
  const StepProgram* program;              ///< the stack's own
  std::vector<Tensor<double>> parameters;  ///< of the scan
  std::vector<std::vector<Tensor<double>>> inputs;  ///< [steps][inputs], [1, size] each
  std::vector<std::vector<Tensor<double>>>
      states;  ///< [steps][states], [1, ..], in front of a step
};

/// The way of one example through each scan of the model, in the order in which the scan goes
/// through it, up to so many steps.
std::vector<Trajectory> trajectories(const HeardModel& model, ExampleId id, Index most_steps);

/// Elements of all states of one sequence.
Index state_size(const StepProgram& program);

/// d states after a step / d states before it, by the tape: [n, n] with n = state_size(), states
/// one behind the other in the program's order. parameters, inputs, states: as a Trajectory has
/// them for one step.
Tensor<double> step_jacobian(const StepProgram& program,
                             const std::vector<Tensor<double>>& parameters,
                             const std::vector<Tensor<double>>& inputs,
                             const std::vector<Tensor<double>>& states);

/// The program with all gradients held back in front of its matrix products: what is left of the
/// Jacobian is what a state hands on by itself, such as the forget gate of an LSTM.
StepProgram without_matrix_paths(const StepProgram& program);

/// Absolute eigenvalues of the square matrix, the largest first.
std::vector<double> absolute_eigenvalues(const Tensor<double>& matrix);

/// Singular values of a matrix, the largest first.
std::vector<double> singular_values(const Tensor<double>& matrix);

/// Lyapunov exponents of a product of Jacobians, in nats a step, the largest first: the mean
/// logarithms of the diagonals of R where each step's J Q is factored into Q R (Benettin et al.
/// 1980; Vogt et al. 2022, arXiv:2006.14123, for recurrent networks). Those of directions that a
/// step wipes out are -infinity. jacobians: [n, n] each, at least one.
std::vector<double> lyapunov_exponents(const std::vector<Tensor<double>>& jacobians);

}  // namespace carousel
