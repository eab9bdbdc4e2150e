#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "program/steps.hpp"
#include "tape/tape.hpp"

namespace carousel {

/// A step program made ready to run through time. It is compiled when it first runs. Copies share
/// what was compiled; several threads may run one scan at a time, each on its own tape.
class Scan {
 public:
  /// Takes a finished program.
  explicit Scan(StepProgram program);

  /// The program as it was given, without what compiling changes.
  const StepProgram& program() const;

  /// Compiles the program now, with gradients of all inputs. Throws InputError where the derivative
  /// rule of an op does not fit a batch of unknown size, as a run does.
  void compile() const;

  /// Memory that runs which have ended left for the next ones, with the values that they kept for
  /// the way back.
  std::size_t bytes_reserved() const;
  /// Time that compiled runs took so far, forward and back, with packing; of all threads together.
  double seconds() const;

  /// Runs through time as one node of the tape; gradients flow to parameters, inputs and states.
  /// Arguments and result are those of scan_on_tape(). A second derivative, and a tape that checks
  /// for finite values, runs op by op.
  template <class T>
  ScanResult run(Tape<T>& tape, std::span<const Var> parameters, std::span<const Var> inputs,
                 std::span<const Var> states, const ScanOptions& options = {}) const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace carousel
