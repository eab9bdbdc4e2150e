#pragma once

#include <span>
#include <vector>

#include "program/step_program.hpp"
#include "tape/tape.hpp"

namespace carousel {

/// What one time step gives.
struct StepResult {
  Var output;               // [batch, ..]
  std::vector<Var> states;  // new values, in the program's order
};

/// Runs one step of a program in any graph: on a tape, or inside another program.
/// inputs: [batch, size] each; states: [batch, ..] each. Throws InputError when their number or
/// shapes do not fit, NonFiniteError (naming cell and value) when the tape checks for that.
StepResult run_step(const StepProgram& program, std::span<const Var> parameters,
                    std::span<const Var> inputs, std::span<const Var> states);

/// Values of all nodes of one step, by node id; otherwise as run_step.
std::vector<Var> run_nodes(const StepProgram& program, std::span<const Var> parameters,
                           std::span<const Var> inputs, std::span<const Var> states);

/// States of a new sequence: [batch, ..] each.
template <class T>
std::vector<Var> initial_states(const StepProgram& program, Tape<T>& tape, Index batch);

/// How a scan goes through time.
struct ScanOptions {
  bool reverse = false;        // from each sequence's last step to its first
  std::vector<Index> lengths;  // steps of each sequence of the batch; empty: all T
};

/// What a scan gives.
struct ScanResult {
  Var outputs;                    // [T, batch, ..], zero beyond a sequence's length
  std::vector<Var> final_states;  // after each sequence's own last step
};

/// Checks x [T, batch, size] and the lengths; returns x's shape. Throws InputError.
Shape check_scan(const StepProgram& program, Var x, const ScanOptions& options);

/// Checks number and shapes of states [batch, ..]. Throws InputError.
void check_states(const StepProgram& program, std::span<const Var> states, Index batch);

/// Runs a program through time, one op at a time on the tape: the reference executor.
/// x: [T, batch, input size]; states: [batch, ..] each, in the program's order.
template <class T>
ScanResult scan_on_tape(const StepProgram& program, Tape<T>& tape, std::span<const Var> parameters,
                        Var x, std::span<const Var> states, const ScanOptions& options = {});

}  // namespace carousel
