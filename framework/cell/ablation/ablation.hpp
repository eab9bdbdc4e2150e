#pragma once

#include <string>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// One change of a cell's equations.
struct Ablation {
  /// What is changed.
  enum class Kind {
    constant,              ///< gate targets[0] becomes `value`
    couple,                ///< gate targets[0] becomes 1 - targets[1]
    drop_activation,       ///< of value targets[0], at `place`
    swap_activation,       ///< the same, for `activation`
    layer_norm,            ///< the same, on what goes into the activation
    drop_parameters,       ///< targets become 0
    diagonal,              ///< matrix targets[0] [n, n] becomes a vector [n]
    old_state,             ///< value targets[0] reads state targets[1] as it was before the step
    full_gate_recurrence,  ///< gates targets read the old values of all of them through matrices
  };
  Kind kind = Kind::constant;  ///< which change it is
  /// Names of values, states or parameters, as the kind says.
  std::vector<std::string> targets = {};
  double value = 0.0;  ///< constant: what the gate is set to
  /// 0: the value is the activation itself; k: the k-th activation inside its expression.
  int place = 0;
  std::string activation = {};  ///< swap_activation: the name of the new one, "relu"
  /// "i=1", "f=1-i", "no_tanh(g)", "no_tanh_in(h)", "tanh->relu(g)", "no_p_i", "no_peepholes",
  /// "diagonal_U_i", "layer_norm(i)", "old_c(o)", "full_gate_recurrence". The same for each build
  /// of a cell, whatever its sizes.
  std::string name = {};
  /// NIG, NFG, NOG, NIAF, NOAF, CIFG, NP or FGR of Greff et al. 2015 (arXiv:1503.04069), where the
  /// program is an LSTM by its structure; else empty.
  std::string alias = {};
};

/// Every change of one thing that leaves a cell whose output depends on its input. A gate is a
/// named value that is sigmoid(..) or hard_sigmoid(..). What does nothing, such as a factor of 1,
/// is left out before one looks: see simplified().
std::vector<Ablation> single_changes(const StepProgram& program);

/// The single change of that name or alias. Throws InputError with a suggestion when there is none.
Ablation find_ablation(const StepProgram& program, const std::string& name);

/// The program with the change. What the change leaves without a reader (nodes, parameters, states)
/// is gone; the rest keeps its name, and the program is called "NAME ABLATION". Layer norm is that
/// of Ba et al. 2016 (arXiv:1607.06450): a bias goes behind it, and it has a gain, gain_VALUE. The
/// matrices of full gate recurrence are R_TO_FROM, drawn by glorot; gates are 0 before the first
/// step. A parameter whose name is taken gets a number behind it. A diagonal is drawn uniformly
/// from -1 to 1. Throws InputError when the program lacks what the change names.
StepProgram apply_ablation(const StepProgram& program, const Ablation& ablation);

}  // namespace carousel
