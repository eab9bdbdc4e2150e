#pragma once
// Mutations of a step program (Jozefowicz, Zaremba and Sutskever 2015, An Empirical Exploration of
// Recurrent Network Architectures, section 3).

#include <optional>
#include <string>

#include "program/step_program.hpp"
#include "tensor/random.hpp"

namespace carousel {

/// A program with one thing changed.
struct Mutant {
  StepProgram program;  ///< simplified()
  std::string change;   ///< in words: "z: sigmoid -> tanh"
};

/// Draws a mutation of a simplified() program: an activation exchanged, put in or left out; a term
/// or factor left out; a sum for a product; a linear term of x or a state; a state's old value or
/// another value of the same shape added (a skip); a gate in front of a value; 1 - a value; an
/// operand exchanged; or one of single_changes() (cell/ablation/ablation.hpp). It reads nodes and
/// no names: the program of a cell at other sizes gets the same mutation from the same numbers. New
/// parameters are called W_1, U_2, b_3, .. and drawn by glorot, orthogonal where they are the
/// square matrix of a state, and ones as the bias of a gate, which so begins open. Nothing where
/// what was drawn is no sound program.
std::optional<Mutant> mutated(const StepProgram& program, Random& random);

/// What a mutant may be.
struct MutantLimits {
  double growth = 2.0;  ///< at most so many times the parameters of the program it comes from
  int nodes = 100;      ///< at most so many ops
};

/// Why a mutant is not trained.
enum class MutantFault {
  none,
  malformed,  ///< the output depends on no input, on no state that goes on through time, or is not
              ///< finite after a few steps; or it has fewer than 1 / (4 growth) of the parameters
  too_large   ///< beyond a limit
};

/// Looks at a mutant of `origin`, both built at telling_sizes() (symbolic_cell.hpp). text: the
/// mutant's symbolic_text(), of which a small one is run for some steps in double.
MutantFault fault_of(const StepProgram& mutant, const std::string& text, const StepProgram& origin,
                     const MutantLimits& limits);

}  // namespace carousel
