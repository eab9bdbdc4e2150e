#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "op/functions.hpp"
#include "tensor/initialiser.hpp"

namespace carousel {

/// What a layer gives an input that no data holds. Where a model is evaluated the input has its
/// default, which stands for the mean, or for what a schedule comes to; a length is given always.
struct Supply {
  /// What the elements are.
  enum class Kind {
    normal,    ///< standard normal numbers
    uniform,   ///< uniform in 0 to 1
    keep,      ///< 1 with probability `rate`, else 0
    drop,      ///< 0 with probability `rate`, else 1 / (1 - rate)
    training,  ///< 1: the model is trained
    length,    ///< the steps of the sequence
    schedule   ///< from `first` to `last` in equal steps over so many `updates`, then `last`
  };
  /// How often they are drawn.
  enum class Often { step, sequence };
  Kind kind = Kind::keep;     ///< which of them
  double rate = 0.0;          ///< probability, in [0, 1]
  Often often = Often::step;  ///< for each step, or once for all steps of a sequence
  double first = 0.0,         ///< of a schedule, before the first update
      last = 0.0,             ///< of a schedule, and its default
      updates = 1.0;          ///< of a schedule, 1 or more

  /// The word by which any cell reads it without a line of its own: "training", "length"; else
  /// empty.
  std::string_view word() const;
};

/// One value of a step program.
struct ProgramNode {
  /// What gives a node its value: data, the step before, a parameter, or an op.
  enum class Kind { input, state, parameter, op };
  Kind kind = Kind::op;     ///< which it is
  const Op* op = nullptr;   ///< for Kind::op
  std::vector<int> inputs;  ///< earlier nodes
  Attributes attributes;    ///< of the op
  Shape shape;              ///< leading batch_dim for what differs from sequence to sequence
  std::string name;         ///< empty for a value inside an expression
  std::optional<double> otherwise = {};  ///< of an input: its value where none is given
  std::optional<Supply> supply = {};     ///< of an input: the layer gives it, not the data
};

/// Whether a value of a step program differs from sequence to sequence.
inline bool is_batched(const Shape& shape) { return shape.rank() > 0 && shape[0] < 0; }

/// Elements of one sequence: 12 for [batch, 3, 4], and for [-3, 4], which is its matrices' rows.
inline Index row_size(const Shape& shape) { return -shape.numel(); }

/// The shape for a batch of this size.
inline Shape with_batch(Shape shape, Index batch) {
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] < 0) shape[i] *= -batch;
  }
  return shape;
}

/// The shape of one sequence's part: without the first axis.
inline Shape without_batch(const Shape& shape) {
  Shape rest;
  for (int i = 1; i < shape.rank(); ++i) rest.push_back(shape[i]);
  return rest;
}

/// A parameter of a cell: shape [..] without a batch.
struct ProgramParameter {
  std::string name;     ///< "W_z"
  Shape shape;          ///< [out, in] of a matrix
  Initialiser init;     ///< how its first value is drawn
  int node = -1;        ///< that stands for it in the program
  bool trained = true;  ///< false: it keeps its first value
};

/// A value carried from step to step: shape [batch, ..].
struct ProgramState {
  std::string name;       ///< "h"
  Shape shape;            ///< [batch, ..]
  double initial = 0.0;   ///< each element before the first step
  int previous = -1;      ///< node that reads the old value
  int next = -1;          ///< node that gives the new one
  int initial_node = -1;  ///< unbatched node of its value before the first step; -1: `initial`
  /// Of a sum that is a loss of the cell's own, [batch, 1]: its weight in the loss of training.
  std::optional<double> loss_weight = {};

  /// Whether no step changes it: it belongs to the sequence, as an encoder's memory does, and a run
  /// gets it as the state's first value.
  bool is_given() const { return next == previous; }
};

/// The equations of one time step in single static assignment: nodes in an order in which they
/// can be run. The tape runs it one op at a time; scheduling and differentiation read it.
struct StepProgram {
  std::string name;                ///< of the cell
  std::vector<ProgramNode> nodes;  ///< each reads earlier ones alone
  std::vector<int> inputs;  ///< x, then further ones of the data, then those that a layer gives
  std::vector<ProgramParameter> parameters;  ///< in the order in which they are given to a run
  std::vector<ProgramState> states;          ///< likewise
  int output = -1;                           ///< node

  /// [batch, ..]
  const Shape& output_shape() const { return nodes[static_cast<std::size_t>(output)].shape; }
  /// Number of elements of the parameters that are trained.
  Index parameter_count() const;
  /// Number of the inputs that data can hold, x among them: the first ones.
  std::size_t data_inputs() const;
};

/// Name of the node that reads a state's old value: "h[t-1]" for "h", "h[t-2]" for "h[t-1]".
std::string previous_name(const std::string& state);

/// Writes a step program by applying ops to its vars:
/// ```
///   StepBuilder b("irnn");
///   Var x = b.input("x", 3), h = b.state("h", 5);
///   b.set_state("h", relu(linear(x, b.parameter("W", {5, 3}, Initialiser::glorot())) + h));
///   b.set_output("h");
/// ```
/// Throws InputError on shapes that do not fit, names used twice, and states never set.
class StepBuilder final : public Graph {
 public:
  /// Begins an empty program. name: of the cell, for messages and prints.
  explicit StepBuilder(std::string name);
  /// Goes on from a program: its nodes keep their ids.
  explicit StepBuilder(const StepProgram& program);

  /// A per-step input of shape [batch, size]. Data without it gives `otherwise`, where that is set.
  Var input(const std::string& name, Index size, std::optional<double> otherwise = {});
  /// An input that a layer gives, behind those of the data; `otherwise` in evaluation.
  Var supplied(const std::string& name, Index size, double otherwise, const Supply& supply);
  /// A parameter of the given shape.
  Var parameter(const std::string& name, const Shape& shape, const Initialiser& init,
                bool trained = true);
  /// The value at the previous step of a state of shape [batch, ..], which is `initial` before the
  /// first one. shape: without the batch, rank 1 to 4.
  Var state(const std::string& name, const Shape& shape, double initial = 0.0);
  /// The same for a state of shape [batch, size].
  Var state(const std::string& name, Index size, double initial = 0.0) {
    return state(name, Shape{size}, initial);
  }
  /// A state that keeps its first value: something that belongs to the sequence and is read at each
  /// step, to which gradients of all steps flow. shape: as of state().
  Var given(const std::string& name, const Shape& shape);
  /// Sets what a state is before the first step: an unbatched value of parameters and numbers,
  /// which broadcasts to the state's shape. Throws InputError when it depends on an input or a
  /// state.
  void set_initial(const std::string& state, Var value);
  /// Names a value, so that it can be printed, probed and ablated. Returns it.
  Var let(const std::string& name, Var value);
  /// Sets the new value of a state. For a delay it is an input or another state's old value.
  void set_next(const std::string& state, Var value);
  /// Sets the new value of a state, and names it.
  Var set_state(const std::string& name, Var value);
  /// The cell's output: a named value.
  void set_output(const std::string& name);
  /// The program. Throws InputError when it has no output or no input, when a state was never set,
  /// or when a value mixes the sequences of a batch, as the sum over all elements does.
  StepProgram finish();

  // For a program that is made from another one.

  /// The var of a node.
  Var at(int node) { return {this, node, 0}; }
  /// Makes an input of a node of any kind but op.
  void declare_input(int node);
  /// Forgets which nodes are inputs, states and output, and keeps the nodes.
  void forget_roles();
  /// The program so far.
  const StepProgram& program() const { return program_; }
  /// Makes the state a sum that is added to the loss of training with a weight. Throws InputError
  /// where it is not [1].
  void make_loss(const std::string& state, double weight);
  /// The program as it stands, without the checks of finish().
  StepProgram take() { return std::move(program_); }

  Var apply(const Op& op, std::span<const Var> inputs, const Attributes& attributes) override;
  Shape shape_of(Var var) const override;

 private:
  Var push(ProgramNode node);
  void add_name(const std::string& name);
  void expect_sequences_apart() const;
  ProgramState& find_state(const std::string& name);
  StepProgram program_;
  std::unordered_set<std::string> names_;  // of all nodes
};

/// The program as equations, in the notation of the cell files.
std::string to_text(const StepProgram& program);

/// The equations as a LaTeX block `aligned`, a line each (amsmath, MathJax or KaTeX).
std::string to_latex(const StepProgram& program);

}  // namespace carousel
