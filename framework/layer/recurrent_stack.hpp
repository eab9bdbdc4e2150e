#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cell/attention.hpp"
#include "cell/cell.hpp"
#include "cell/derived.hpp"
#include "layer/listener.hpp"
#include "layer/model_options.hpp"
#include "layer/pass.hpp"
#include "program/scan.hpp"

namespace carousel {

/// The size and form of a recurrent stack.
struct StackOptions {
  Index input = 0;             ///< elements of x at a step
  Index hidden = 0;            ///< elements of a state, unless the cell says otherwise
  int depth = 1;               ///< layers
  bool bidirectional = false;  ///< a second scan of each layer from end to start, joined behind
  Index segments = 1;          ///< of each scan, see ScanOptions
  Rounding rounding = Rounding::none;  ///< of each scan, see ScanOptions
  std::string name = "layers";         ///< of the parameters: "layers/0/forward/W_z"
  ModelOptions model = {};             ///< but for its depth and direction
  /// The first layer looks at a memory, of any number of rows. The keys of a product have the size
  /// of the cell's output, whatever this says.
  std::optional<AttentionForm> attention = {};
};

/// What an attentive stack looks at: a row for each step of another sequence.
struct AttendedMemory {
  Var rows,    ///< [batch, rows, memory]
      keys,    ///< [batch, rows, keys]
      mask,    ///< [batch, rows]: 0, and a large negative number for padding
      length;  ///< [batch, 1], rows that are no padding; for a window alone
};

/// What a stack runs on besides x.
struct StackArguments {
  std::vector<Index> lengths = {};    ///< steps of each sequence; empty: all that x has
  std::span<const Var> states = {};   ///< as initial_states() gives them; empty: those
  std::span<const Var> further = {};  ///< the cell's inputs besides x, [T, batch, size] each, for
                                      ///< every layer; an empty var, or none, is the cell's default
  std::vector<std::string> probes = {};    ///< names of values of a step to record
  const AttendedMemory* memory = nullptr;  ///< of an attentive stack
};

/// What a stack gives.
struct StackResult {
  Var outputs;              ///< [T, batch, output size], zero beyond a sequence's length; the
                            ///< bias of layer norm, where there is one
  std::vector<Var> states;  ///< final states: layer by layer, forward then backward, then the
                            ///< program's order; [batch, size] each
  /// Layer by layer, forward then backward, in the order asked for: [T, batch, ..]; no gradient
  /// flows.
  std::vector<Var> probes = {};
};

/// The parameters of one scan, "SCAN/W_z". scan: its name, "layers/0/forward".
std::vector<ParameterSpec> scan_parameters(const std::string& scan, const StepProgram& program);

/// Layers of one cell on top of each other, each run through time by a scan. Where the options ask
/// for it, the cell is a derived one (cell/derived.hpp, cell/attention.hpp), and masks are drawn in
/// training.
class RecurrentStack {
 public:
  /// Throws InputError when a size is not positive.
  RecurrentStack(const Cell& cell, const StackOptions& options);

  /// NAME/0/forward/W_z and so on: by layer, direction, and in the order of the program; behind
  /// them NAME/0/norm/gain and NAME/0/norm/bias of each layer that is normalised.
  const std::vector<ParameterSpec>& parameters() const { return specs_; }
  /// Elements of the output at each step; those of the scan from end to start are the last half.
  Index output_size() const { return output_size_; }
  /// Layers.
  int depth() const { return options_.depth; }
  /// Whether each layer also has a scan from end to start.
  bool is_bidirectional() const { return options_.bidirectional; }
  /// Memory of the scans, see Scan.
  std::size_t bytes_reserved() const;
  /// Time of the scans, see Scan.
  double scan_seconds() const;
  /// The program of one layer and direction; all layers but the first share sizes.
  const StepProgram& program(int layer) const {
    return scans_[static_cast<std::size_t>(layer)].program();
  }
  /// The states of layer `layer`, in the order of StackResult::states in one direction.
  std::span<const ProgramState> states(int layer) const;
  /// Names of the losses of the cell's own; mostly none.
  std::vector<std::string> losses() const;
  /// The attention of the first layer, with the sizes that hold.
  const std::optional<AttentionForm>& attention() const { return options_.attention; }
  /// Real zeros (or the cell's own initial values, to which gradients flow), in the order of
  /// StackResult::states.
  std::vector<Var> initial_states(const Pass& pass, Index batch) const;

  /// x: [T, batch, input]. Throws InputError where the arguments do not fit, where the cell has a
  /// further input that is not given and has no default, or no value of a probe's name, where an
  /// attentive stack gets no memory, or another one gets one, and where a cell that reads the
  /// length of its sequence gets states.
  StackResult forward(const Pass& pass, Var x, const StackArguments& arguments = {}) const;
  /// What each direction gives at its own last step: [batch, output size]. outputs: of forward();
  /// lengths: of its arguments. Throws InputError where a sequence has no steps.
  Var ends(const Pass& pass, Var outputs, const std::vector<Index>& lengths) const;

 private:
  int directions() const { return options_.bidirectional ? 2 : 1; }
  StepProgram attentive(const Cell& cell, const CellSizes& sizes);
  std::span<const Var> own_parameters(const Pass& pass) const;
  void expect_fitting(Var x, const StackArguments& arguments) const;
  MaskValues dropout_of(double rate) const;
  std::vector<Var> inputs_of(const Pass& pass, int layer, const std::string& place, Var x,
                             const StackArguments& arguments) const;
  Var normalised(std::span<const Var> parameters, int layer, Var x) const;
  const Scan& scan(int layer, const AttendedMemory* memory) const;
  ScanResult run_scan(const Pass& pass, const Scan& scan, HeardScan heard,
                      const std::vector<std::string>& probes) const;
  StackResult run(const Pass& pass, Var x, std::span<const Var> states,
                  const StackArguments& arguments) const;

  // The first layer's scans by the rows of the memory, compiled when they are first met.
  struct AttentiveScans;

  StackOptions options_;
  std::vector<Scan> scans_;                    // one a layer
  std::shared_ptr<AttentiveScans> attentive_;  // copies share what is compiled
  std::vector<ParameterSpec> specs_;
  Index output_size_ = 0;
};

}  // namespace carousel
