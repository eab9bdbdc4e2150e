#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernel/updated_matrix.hpp"
#include "program/differentiate.hpp"
#include "program/sweep.hpp"

namespace carousel {

/// How often a node of a step program must run.
enum class Rate {
  invariant,  ///< parameters only: once
  input,      ///< no state: all steps at once, in front of the loop
  recurrent,  ///< on a path from a state to a state: the loop
  output      ///< feeds no state: all steps at once, behind the loop
};

/// Rates of the nodes. Nodes below `first` are known for all steps (the forward values, in a
/// backward program). in_loop: by node, whether it is to be made in the loop although it needs no
/// state; empty: none.
std::vector<Rate> rates_of(const StepProgram& program, int first = 0,
                           const std::vector<char>& in_loop = {});

/// The kernel of a batched op that is elementwise, repeats, or is a matrix of one element times
/// another.
std::optional<Tile> tile_of(const StepProgram& program, int node);

/// Whether a node is elementwise by the tile kernels: a batched value whose operands have its
/// shape, one element for each sequence, or, unbatched, one element or those of a row.
bool has_tile(const StepProgram& program, int node);

/// Where the values of a batched node are kept while a scan runs.
struct Slot {
  int buffer = -1;   ///< of ScanPlan::buffers; -1: none
  Index column = 0;  ///< first element in a row of the buffer
  Index width = 0;   ///< elements of a row
  int shift = 0;     ///< in a history: 0 for the value in front of a step, 1 for the one behind it
  /// Whether all agree.
  friend bool operator==(const Slot&, const Slot&) = default;
};

/// Memory for values side by side, a row for each sequence that runs at a step.
struct PlanBuffer {
  /// For how long values are kept. A sequence is a row for each sequence of the batch, the same at
  /// all steps. A block is a few rows, whose values the elementwise ops of one
  /// stage pass to each other; a band is that of a sweep, rows of one sequence's matrix. A matrix
  /// is that of the one sequence that is at work, a turn holds it for a step and the step behind
  /// it, matrices are those of the steps of a chunk. A window holds what the way back will read; a
  /// chunk is a few steps, whose values are still in the caches when the work behind the loop reads
  /// them.
  enum class Scope {
    sequence,
    band,
    matrix,
    turn,
    matrices,
    block,
    step,
    chunk,
    window,
    external  ///< all steps, in the caller's memory
  };
  Scope scope = Scope::step;  ///< how long its values are kept
  Index width = 0;            ///< elements of a row
  bool history = false;       ///< a state: before the rows of the steps come those of the start
};

/// An operand of an elementwise op: a slot, or an unbatched node (a vector over the columns, or
/// a number).
struct PlanOperand {
  Slot slot;           ///< where a batched operand is
  int unbatched = -1;  ///< node, when slot.buffer is -1
  /// Whether both are the same value.
  friend bool operator==(const PlanOperand&, const PlanOperand&) = default;
};

/// Elements of a row that move together from one value to another.
struct PlanRun {
  PlanOperand from;                    ///< neither slot nor node: zeros
  Index first = 0,                     ///< element that is taken first
      to = 0,                          ///< where it goes
      count = 0;                       ///< of elements that lie side by side in both
  std::vector<std::int32_t> elements,  ///< else: these
      places;  ///< and where each goes; empty: one behind the other, from `to` on
};

/// out = op(operands), elementwise over [rows, width].
struct PlanTile {
  Tile tile = Tile::copy;               ///< the kernel
  std::array<PlanOperand, 3> operands;  ///< of which operand_count are there
  int operand_count = 0;                ///< 1 to 3
  Slot out;                             ///< where the result goes
  std::vector<PlanRun> runs;            ///< not empty: no kernel, but these elements
};

/// c (+)= a op(weights): the weights are unbatched nodes stacked by rows, [sum of rows, columns].
struct PlanGemm {
  Slot a,                    ///< left side
      c;                     ///< sum
  std::vector<int> weights;  ///< nodes, stacked in this order
  bool transpose = true;     ///< c = a weights^T; else c = a weights
  bool accumulate = false;   ///< adds to c; else replaces it
  /// Rows of a matrix that lie side by side in a row: [batch, repeat, ..]. Where there are several,
  /// both slots are all of their buffers.
  Index repeat = 1;
  int packing = -1;  ///< number of the packed matrix; equal matrices have the same
};

/// Sum over all rows of a^T b: gradients of matrices, stacked by rows; each node gets its part.
struct PlanContraction {
  std::size_t a,            ///< left side, of ScanPlan::gathered
      b;                    ///< right side
  std::vector<int> nodes;   ///< gradients of the matrices, in the order of the rows
  bool transposed = false;  ///< made as b^T a, whose rows fill the processor's vectors better
};

/// Sum over all rows of a, or of a b where b has a buffer: the gradient of a value of that size.
struct PlanRowSum {
  Slot a,         ///< what is summed
      b;          ///< its factor; no buffer: none
  int node = -1;  ///< unbatched, which gets the sum
};

/// An op of the table on the rows of a step or a chunk, by its own kernel.
struct PlanCall {
  int node = -1;                      ///< of the program
  const Op* op = nullptr;             ///< whose kernel runs
  Attributes attributes;              ///< with batch_dim for the number of rows
  std::vector<PlanOperand> operands;  ///< gathered as tensors
  std::vector<Shape> shapes;          ///< of the operands
  Shape shape;                        ///< of the result
  Slot out;  ///< no buffer: the result is unbatched, and summed over all rows
};

/// An operand or the result of an op in a sweep.
struct PlanSweepOperand {
  PlanOperand at;   ///< where it is; neither slot nor node: a sum over the rows of a scan
  Strides strides;  ///< over the space of the sweep
  /// Whether both agree.
  friend bool operator==(const PlanSweepOperand&, const PlanSweepOperand&) = default;
};

/// An op of a sweep.
struct PlanSweepOp {
  int node = -1;  ///< whose value it makes
  /// An elementwise op; the sums of the elements of each row; other sums, which add to their place.
  enum class Kind { elementwise, row_sums, sum };
  Kind kind = Kind::elementwise;             ///< which of them
  Tile tile = Tile::copy;                    ///< an elementwise op's kernel
  std::array<PlanSweepOperand, 4> operands;  ///< of sums: what is summed, and its factor
  int operand_count = 0;  ///< 1 to 3; 2 for sums of products; 4: two products are added
  PlanSweepOperand out;   ///< where the result goes
  int total = -1;         ///< of PlanPass::swept_sums, where a sum over the batch goes
};

/// A vector that a sweep by chunks has of each step.
struct PlanVector {
  PlanSweepOperand at;  ///< where it is read or goes; neither slot nor node: it stays in the sweep
  Index length = 1;     ///< elements: those of a row or of a column; 1: a number
  std::optional<double> constant = {};  ///< a number, the same at all steps
  bool is_made = false;                 ///< by the sweep
  int total = -1;  ///< of PlanPass::swept_sums, where it is summed over all steps
  int later = -1;  ///< a state's old value: the vector that is its new one, if the sweep makes that
};

/// An op of a sweep by chunks, for all steps of a chunk at once but where steps wait for each
/// other.
struct PlanVectorOp {
  /// Each element by a kernel; the sum of the elements of a vector; a matrix times a vector; the
  /// transpose of the matrix in front of all steps times a vector; with that the transpose at each
  /// step times the vector; the sums down the columns of the product of two matrices, or the sum of
  /// all its elements; a new value of a matrix.
  enum class Kind { elementwise, total, read, start_columns, columns, two, update };
  Kind kind = Kind::elementwise;  ///< which of them
  Tile tile = Tile::copy;  ///< an elementwise op's kernel; of four operands: TileSum::products
  /// Vectors. Of columns: the vector, and what start_columns gave. Of two: what start_columns gives
  /// of the known matrix for u of each update of the pass's, then the other way round. Of update: u
  /// and k of each outer product, then the decay where there is one.
  std::vector<int> operands;
  int out = -1;                ///< vector
  int own = -1,                ///< the matrix: state of the pass; -1: none
      known = -1;              ///< the same of the forward pass, on the way back
  bool is_of_program = false;  ///< a node of the program; else a part of a sum
};

/// A matrix that the caller wants, as a sum of products.
struct PlanMatrixProbe {
  /// A state, or -1, times a vector along the rows and one down the columns.
  struct Term {
    int own = -1;     ///< the state; -1: the product of the two alone
    int row = -1;     ///< the vector along the rows
    int column = -1;  ///< the vector down the columns
  };
  int number = -1;          ///< of the plan's probes
  std::vector<Term> terms;  ///< that are summed
};

/// Ops over the matrices of one sequence at a step, a few rows through all ops before the next few.
struct PlanSweep {
  SweepSpace space;              ///< of all ops
  std::vector<PlanSweepOp> ops;  ///< in order
  /// In a loop by chunks there are none. Instead: vectors, and ops on them in order. The first ones
  /// wait for no step, the next ones run step by step, the others behind them.
  std::vector<PlanVector> vectors = {};
  std::vector<PlanVectorOp> vector_ops = {};  ///< over the vectors of a stretch
  std::size_t front_ops = 0,                  ///< ops for all steps at once that come first
      step_ops = 0;                           ///< ops step by step
  std::vector<PlanMatrixProbe> probes = {};   ///< what the caller wants
  Decays decays = Decays::none;               ///< of all states that have any

  /// How often a sweep by chunks goes over the elements of its matrices in products, a step.
  Index passes_over_matrices() const;
};

/// Work of one wave: elementwise ops, then matrix products and calls that read their results.
struct PlanStage {
  std::vector<PlanTile> tiles;    ///< first, in order
  std::vector<PlanSweep> sweeps;  ///< at most one, in a scan by sequences; then it is alone
  std::vector<PlanGemm> gemms;    ///< then these
  std::vector<PlanCall> calls;    ///< and these
  int number = -1;                ///< among all stages of the plan
};

/// One direction of a scan, ready to run: what is done in front of the loop, in it, and behind.
struct PlanPass {
  std::vector<PlanStage> before,  ///< all steps at once, chunk by chunk, in front of the loop
      loop,                       ///< each step
      behind;                     ///< chunk by chunk, behind it
  std::vector<PlanContraction> contractions;  ///< gradients of matrices
  std::vector<PlanRowSum> row_sums;           ///< gradients of biases and the like
  std::vector<PlanCall> summed_calls;         ///< gradients of another kind
  std::vector<int> invariant_ops;             ///< unbatched nodes to run first, in order
  std::vector<int> final_ops;                 ///< unbatched nodes to run last, in order
  std::vector<int> swept_sums;  ///< unbatched nodes that are sums over what sweeps make
  /// In a backward pass by sequences: makes the matrices of the forward pass again, step by step.
  std::vector<PlanStage> again;
  /// The stage of the loop that runs by bands; -1: none does.
  int band_stage = -1;
};

/// A scan and its way back, compiled for given sizes but any number of steps and rows.
struct ScanPlan {
  StepProgram forward;              ///< the program that runs
  BackwardStep backward;            ///< its way back
  std::vector<PlanBuffer> buffers;  ///< memory of both directions
  std::vector<Slot> slots;          ///< of each node of the backward program; buffer -1: none
  PlanPass forward_pass,            ///< first to last step
      backward_pass;                ///< last to first step
  int stages = 0;                   ///< number of stages
  int packings = 0;                 ///< number of packed matrices
  std::vector<Slot> gathered;       ///< whose rows the contractions read
  std::vector<int> probes;          ///< nodes
  std::vector<bool> wanted_inputs;  ///< of which inputs gradients are made
  /// Whether the loops run sequence by sequence, each through the steps of a chunk before the next.
  /// So they do where a step makes matrices for each sequence and multiplies by none of the
  /// parameters; then the matrices are kept at the start of each chunk alone, and made again.
  bool by_sequences = false;
  std::vector<char> matrix_states;  ///< by state: whether it is kept so
  /// Where the sweep over the matrices goes through the steps of a chunk for a few rows, then for
  /// the next few, in both directions: its space. What comes in front of it in the loop, and what
  /// comes behind, runs for all steps of the chunk.
  std::optional<SweepSpace> band_space;
  /// Whether that sweep never makes its matrices but for the first and the last of a chunk, which
  /// are sums of products of vectors with the matrix in front (UpdatedMatrix).
  bool by_chunks = false;
  /// Such a loop goes through the steps of a chunk in stretches of so many: work with pairs of
  /// steps grows with them, that with matrices falls.
  static constexpr Index stretch_steps = 16;
  /// Stretches of a chunk: a sequence goes through all of them while the caches hold its matrices.
  static constexpr Index stretches = 4;
};

/// What a backward step must give: new cotangents of states, those of parameters, and of the inputs
/// for which they are wanted.
std::vector<int> backward_roots(const BackwardStep& back, const std::vector<bool>& wanted_inputs);

/// Lets the way back compute again what costs little and is made of values that are kept anyway,
/// such as 1 - z, so that it is not kept. What is probed does not count: recording a value must not
/// change how others are rounded. wide: matrices of a loop by sequences, which are made again
/// element by element whatever it costs; empty: none.
void recompute_cheap(const StepProgram& forward, BackwardStep& back,
                     const std::vector<bool>& wanted_inputs, const std::vector<char>& wide = {});

/// Compiles a program. wanted_inputs: of which inputs gradients are wanted; empty: of all. probes:
/// batched nodes whose values are wanted. Throws InputError where the derivative rule of an op does
/// not fit a batch of unknown size.
ScanPlan plan_scan(const StepProgram& program, std::vector<bool> wanted_inputs = {},
                   const std::vector<int>& probes = {});

/// Elements of a block: rows of the widest value of a stage, or one row where that is wider.
constexpr Index block_elements = 2048;

/// What runs where: waves, products with their shapes, and memory. "rows" are the sequences that
/// run at a step in the loop, and those of all steps elsewhere.
std::string to_text(const ScanPlan& plan);

}  // namespace carousel
