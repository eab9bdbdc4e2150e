#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernel/bf16.hpp"
#include "program/step_program.hpp"
#include "tape/tape.hpp"

namespace carousel {

/// What one time step gives.
struct StepResult {
  Var output;               ///< [batch, ..]
  std::vector<Var> states;  ///< new values, in the program's order
};

/// Runs one step of a program in any graph: on a tape, or inside another program.
/// inputs: [batch, size] each; states: [batch, ..] each. Throws InputError when their number or
/// shapes do not fit, NonFiniteError (naming cell and value) when the tape checks for that.
StepResult run_step(const StepProgram& program, std::span<const Var> parameters,
                    std::span<const Var> inputs, std::span<const Var> states);

/// Values of all nodes of one step, by node id; otherwise as run_step.
std::vector<Var> run_nodes(const StepProgram& program, std::span<const Var> parameters,
                           std::span<const Var> inputs, std::span<const Var> states);

/// States of a new sequence: [batch, ..] each. Gradients reach the parameters that an initial value
/// reads. Throws InputError when the number of parameters does not fit.
template <class T>
std::vector<Var> initial_states(const StepProgram& program, Tape<T>& tape,
                                std::span<const Var> parameters, Index batch);

/// How a scan goes through time, and what it records.
struct ScanOptions {
  bool reverse = false;             ///< from each sequence's last step to its first
  std::vector<Index> lengths = {};  ///< steps of each sequence of the batch; empty: all T
  /// Parts of the sequence. What the way back reads is kept for one part and computed again for
  /// the others, so memory goes with T / segments, for a second forward pass; the gradients have
  /// the same bits. 0: the square root of T. The reference executor keeps everything.
  Index segments = 1;
  /// What the operands of products with parameters are rounded to, both ways; states, sums and all
  /// else stay as they are. The reference executor rounds nothing, but refuses what a processor
  /// can't round to.
  Rounding rounding = Rounding::none;
  bool outputs = true;                   ///< false: the final states alone are wanted
  std::vector<std::string> probes = {};  ///< names of values of a step to record
  bool gradient_norms = false;           ///< record the gradients that reach the states
};

/// The norm, over batch and features, of the gradient that reaches each state from the step that
/// reads it: norms[state][t] is that of the state in front of step t; 0 for what is given, which no
/// step hands on. Filled by each way back.
struct GradientNorms {
  std::vector<std::vector<double>> norms;  ///< [states][T]
};

/// What a scan gives.
struct ScanResult {
  Var outputs;                    ///< [T, batch, ..], zero beyond a sequence's length
  std::vector<Var> final_states;  ///< after each sequence's own last step
  std::vector<Var> probes;        ///< as outputs, in the order asked for; no gradient flows
  /// Null unless asked for; filled on the way back.
  std::shared_ptr<const GradientNorms> gradient_norms;
};

/// Nodes of the named values of a step. Throws InputError when there is no such value, or when it
/// is the same for all sequences.
std::vector<int> find_probes(const StepProgram& program, const std::vector<std::string>& names);

/// Checks the inputs [T, batch, size] and the options; returns the shape of the first, x. Throws
/// InputError.
Shape check_scan(const StepProgram& program, std::span<const Var> inputs,
                 const ScanOptions& options);

/// Checks number and shapes of states [batch, ..]. Throws InputError.
void check_states(const StepProgram& program, std::span<const Var> states, Index batch);

/// Runs a program through time, one op at a time on the tape: the reference executor.
/// inputs: [T, batch, size] each, the first is x; states: [batch, ..] each, in the program's order.
template <class T>
ScanResult scan_on_tape(const StepProgram& program, Tape<T>& tape, std::span<const Var> parameters,
                        std::span<const Var> inputs, std::span<const Var> states,
                        const ScanOptions& options = {});

}  // namespace carousel
