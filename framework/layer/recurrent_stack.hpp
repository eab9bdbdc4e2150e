#pragma once

#include <span>
#include <string>
#include <vector>

#include "cell/cell.hpp"
#include "program/scan.hpp"
#include "tape/parameters.hpp"

namespace carousel {

/// The size and form of a recurrent stack.
struct StackOptions {
  Index input = 0;
  Index hidden = 0;
  int depth = 1;
  bool bidirectional = false;  // a second scan of each layer from end to start, joined behind
  Index segments = 1;          // of each scan, see ScanOptions
};

/// What a stack gives.
struct StackResult {
  Var outputs;              // [T, batch, output size], zero beyond a sequence's length
  std::vector<Var> states;  // final states: layer by layer, forward then backward, then the
                            // program's order; [batch, size] each
};

/// Layers of one cell on top of each other, each run through time by a scan.
class RecurrentStack {
 public:
  /// Throws InputError when a size is not positive.
  RecurrentStack(const Cell& cell, const StackOptions& options);

  /// "layers/0/forward/W_z" and so on, in the order that forward() takes them.
  const std::vector<ParameterSpec>& parameters() const { return specs_; }
  /// Elements of the output at each step.
  Index output_size() const { return output_size_; }
  /// Memory of the scans, see Scan.
  std::size_t bytes_reserved() const;
  /// The program of one layer and direction; all layers but the first share sizes.
  const StepProgram& program(int layer) const {
    return scans_[static_cast<std::size_t>(layer)].program();
  }
  /// Real zeros (or the cell's own initial values, to which gradients flow), in the order of
  /// StackResult::states. parameters: as parameters().
  template <class T>
  std::vector<Var> initial_states(Tape<T>& tape, std::span<const Var> parameters,
                                  Index batch) const;

  /// x: [T, batch, input]; lengths: steps of each sequence, empty for all T; states: as
  /// initial_states() gives them; further: the cell's inputs besides x, [T, batch, size] each,
  /// which every layer gets. One that is an empty var or beyond the end takes the cell's default.
  /// Throws InputError where these do not fit, or where there is no default.
  template <class T>
  StackResult forward(Tape<T>& tape, std::span<const Var> parameters, Var x,
                      std::span<const Var> states, const std::vector<Index>& lengths,
                      std::span<const Var> further = {}) const;

 private:
  void check_parameters(std::span<const Var> parameters) const;

  StackOptions options_;
  std::vector<Scan> scans_;  // one a layer
  std::vector<ParameterSpec> specs_;
  Index output_size_ = 0;
};

}  // namespace carousel
