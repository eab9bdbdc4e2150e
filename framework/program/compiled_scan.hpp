#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "kernel/packed_matrix.hpp"
#include "kernel/row_panels.hpp"
#include "kernel/updated_matrix.hpp"
#include "program/packed_steps.hpp"
#include "program/part_times.hpp"
#include "program/plan.hpp"
#include "program/shared_packings.hpp"

namespace carousel {

/// Runs a plan: forward through time, then back. It keeps its memory, so a second run of the same
/// sizes allocates nothing. One thread uses it at a time.
template <class T>
class CompiledScan {
 public:
  /// The plan must outlive it.
  explicit CompiledScan(const ScanPlan& plan);

  /// parameters: in the program's order; inputs: packed (see PackedSteps), one each; states:
  /// [batch, size] each; lengths: of each sequence, longest first, the first one at least 1.
  /// segments: see ScanOptions. Throws InputError where the shapes do not fit. The inputs' memory
  /// must stay valid until backward() has run.
  void forward(std::span<const Tensor<T>> parameters, std::span<const Tensor<T>> inputs,
               std::span<const Tensor<T>> states, const std::vector<Index>& lengths,
               Index segments = 1, bool with_outputs = true);
  /// Packed, after forward(); an empty handle when they were not asked for.
  const Tensor<T>& outputs() const { return outputs_; }
  /// Packed, after forward(): the plan's probes.
  const std::vector<Tensor<T>>& probes() const { return probes_; }
  /// [batch, size] each, after forward(): of each sequence after its own last step.
  const std::vector<Tensor<T>>& final_states() const { return final_states_; }

  /// outputs: cotangent of outputs(), packed, or an empty handle for zeros; states: cotangents of
  /// final_states().
  void backward(const Tensor<T>& outputs, std::span<const Tensor<T>> states);
  /// Gradients, after backward(): of each parameter, of each input (packed; empty handles where
  /// the plan leaves them out), and of each initial state [batch, size]. The caller may move them
  /// out.
  std::vector<Tensor<T>>& parameter_gradients() { return parameter_gradients_; }
  /// As parameter_gradients(): of each input, packed [rows, size], or empty.
  std::vector<Tensor<T>>& input_gradients() { return input_gradients_; }
  /// As parameter_gradients(): of each initial state.
  std::vector<Tensor<T>>& state_gradients() { return carried_; }

  /// What the operands of products with parameters are rounded to in the runs that follow, both
  /// ways. bf16: where has_bf16() alone.
  void round_operands(Rounding rounding) { rounding_ = rounding; }
  /// Where the packed matrices of the next run are, both ways; null: of its own. The parameters
  /// must be those that all others have who use them. It holds matrices of them until the next
  /// call.
  void share(SharedPackings<T>* packings);
  /// When on, backward() notes the gradient that reaches each state: of each state, packed, the
  /// squared norm of the row in front of a step.
  void record_gradient_norms(bool on) { records_norms_ = on; }
  /// What record_gradient_norms() asked for: a list for each state, a number for each packed row.
  const std::vector<std::vector<double>>& squared_gradient_norms() const { return squared_norms_; }

  /// Time by part, since it was switched on.
  PartTimes& times() { return times_; }

  /// Memory taken from the system so far, but for packed matrices and panels of rows.
  std::size_t bytes_reserved() const;

 private:
  // How the row of a value follows from the step: by the scope of its buffer and, for a state, by
  // the side of the step.
  enum class Line {
    still,
    external,
    chunk,
    chunk_in_front,
    chunk_behind,
    window,
    window_in_front,
    window_behind,
    turn,
    turn_behind,
    of_chunk,        // of the one sequence at work: the step in the chunk
    behind_of_chunk  // that of the step behind it
  };
  static constexpr std::size_t lines = 12;
  struct Place {
    T* data;
    Index stride;  // elements from row to row
  };
  // Where an operand of an elementwise op lies, but for the step.
  struct Operand {
    T* base;
    Line line;
    Index row_step;      // elements from row to row
    Index block_step;    // the same from block to block: none when the blocks share a place
    Index element_step;  // 0: one element for the row
  };
  // A PlanTile with its operands looked up; the last one is the result.
  struct ReadyTile {
    TileKernel<T> kernel;
    std::array<Operand, 4> operands;
    std::size_t operand_count;
    Index width;
    bool flat;  // the rows lie side by side in all operands
    // Of a move: its runs; where their operands lie begins there in ReadyStage::moved.
    const std::vector<PlanRun>* runs = nullptr;
    std::size_t moved = 0;
  };
  // An operand in a sweep.
  struct SweptOperand {
    Operand at;
    Strides strides;
    Index band_step;  // from row to row of the matrix; 0 in a band
  };
  // A PlanSweepOp with its operands looked up; the last one is the result.
  struct ReadySweepOp {
    TileKernel<T> kernel;
    std::array<SweptOperand, 5> operands;
    std::size_t operand_count;
    bool is_column;    // an element for each row
    bool is_flat;      // the rows lie side by side in all operands
    Index clears = 0;  // elements of its place that are 0 before the sweep
  };
  // A PlanVector, looked up.
  struct ReadyVector {
    SweptOperand at;
    T constant;
    Index first;    // where its rows begin among those of all vectors
    bool goes_out;  // what the sweep made is read elsewhere
  };
  struct ReadyStage {
    std::vector<ReadyTile> tiles;
    Index widest = 1;            // elements of a row
    std::vector<Operand> moved;  // of the runs of all moves
    std::vector<ReadySweepOp> sweep;
    std::vector<ReadyVector> vectors;
    std::vector<TileKernel<T>> kernels;  // of each op on vectors
    bool is_ready = false;
    void clear() {  // but keeps its memory
      tiles.clear();
      moved.clear();
      sweep.clear();
      vectors.clear();
      kernels.clear();
      is_ready = false;
    }
  };
  class MatrixWork;

  // Rows of a matrix; no rows: all of it.
  struct Piece {
    Index group, row, rows;
  };
  using BandStarts = std::vector<std::array<T*, 5>>;  // of each step, of each op, of each operand
  struct LoopParts {
    std::span<const PlanStage> front, middle, behind;
  };

  // Into what the steps of a chunk must be cut for the rows of a value to lie one behind the other.
  enum class Cut { none, where_sequences_end, steps };

  Tensor<T> allocate(const Shape& shape) { return Tensor<T>::uninitialised(shape, &arena_); }
  Line line_of(const Slot& slot) const;
  Index row_at(Line line, Index step) const;
  Place place(const Slot& slot, Index step) const;
  bool is_of_sequence(const Slot& slot) const {
    return plan_.buffers[static_cast<std::size_t>(slot.buffer)].scope ==
           PlanBuffer::Scope::sequence;
  }
  bool is_of_one_sequence(const Slot& slot) const {
    using Scope = PlanBuffer::Scope;
    const Scope scope = plan_.buffers[static_cast<std::size_t>(slot.buffer)].scope;
    return scope == Scope::band || scope == Scope::matrix || scope == Scope::turn ||
           scope == Scope::matrices;
  }
  // f(where a value is, all its rows) for each value that a run gives: outputs and probes.
  template <class F>
  void for_each_result(F f) {
    const auto slot = [&](int node) { return plan_.slots[static_cast<std::size_t>(node)]; };
    if (outputs_.defined()) f(slot(plan_.forward.output), outputs_);
    for (std::size_t k = 0; k < probes_.size(); ++k) f(slot(plan_.probes[k]), probes_[k]);
  }
  bool is_matrix(std::size_t state) const {
    return plan_.by_sequences && plan_.matrix_states[state];
  }
  // The history of a state; shift 0 is the value in front of a step.
  Slot history_of(const ProgramState& state) const {
    Slot slot = plan_.slots[static_cast<std::size_t>(state.previous)];
    slot.shift = 0;
    return slot;
  }
  Cut cut_for(const Slot& slot) const;
  Cut cut_for(const PlanCall& work) const;
  Cut cut_for(const std::vector<PlanStage>& stages) const;
  std::span<const StepRange> runs(Cut cut) const;
  void check(std::span<const Tensor<T>> parameters, std::span<const Tensor<T>> inputs,
             std::span<const Tensor<T>> states, const std::vector<Index>& lengths) const;

  void allocate_buffers();
  void run_window(std::size_t window, bool first_time);
  void run_window_back(std::size_t window);
  void take_state(const Slot& history, StepRange range, Tensor<T>& state) const;
  void load_cotangents();
  void copy_rows(const Slot& from, Tensor<T>& to);
  void note_gradient_norms();
  void start_gradients();
  void finish_gradients();

  void enter_chunk(Index chunk);
  void run_unbatched(const StepProgram& program, const std::vector<int>& nodes);
  void run_step(std::span<const PlanStage> stages, Index step) {
    run_rows(stages, Part::loop, step, 0, steps_.rows(step));
  }
  void run_chunk_rows(const std::vector<PlanStage>& stages, Part products);
  void run_rows(std::span<const PlanStage> stages, Part products, Index step, Index first_row,
                Index rows);
  void run_tiles(const PlanStage& stage, Index step, Index first_row, Index rows);
  const ReadyStage& ready(const PlanStage& stage);
  Operand look_up(const Slot& slot) const;
  ReadySweepOp look_up(const PlanSweepOp& op, const SweepSpace& space);
  SweptOperand look_up(const PlanSweepOperand& operand) const;
  SweptOperand look_up_result(const PlanSweepOp& op);
  void look_up_vectors(const PlanSweep& sweep, ReadyStage& ready);
  void run_sweep(const PlanStage& stage, Index step, Index sequence);
  void run_sequences(bool first_time);
  void run_sequences_back();
  void start_sweep(const ReadyStage& work, Index step, Index sequence,
                   std::array<T*, 5>* starts) const;
  void run_band(const ReadyStage& work, const SweepSpace& space, const std::array<T*, 5>* starts,
                const Piece& piece) const;
  void run_pieces(const std::vector<Tensor<T>>& from, std::vector<Tensor<T>>& to, StepRange steps,
                  Index sequence, bool keeps_end);
  void run_pieces_back(const std::vector<Tensor<T>>& from, StepRange steps, Index sequence);
  // A scan by chunks goes through each in stretches of steps.
  static constexpr Index longest_stretch = ScanPlan::stretch_steps + 4;
  Index stretches_of_chunk() const { return plan_.by_chunks ? ScanPlan::stretches : 1; }
  static Index stretches_of(Index steps);
  static StepRange stretch_of(StepRange steps, Index number);
  StepRange steps_of_next(Index sequence) const;
  std::vector<Tensor<T>>& matrices_in_front(Index stretch);
  std::vector<Tensor<T>>& matrices_behind_chunk();
  void run_stretches(const PlanStage& stage, StepRange steps, Index sequence,
                     std::vector<Tensor<T>>* ends);
  void run_stretches_back(const PlanStage& stage, StepRange steps, Index sequence);
  void run_op(const ReadySweepOp& op, const std::array<T*, 5>& starts, const SweepSpace& space,
              const Piece& piece) const;
  // What runs by steps is timed by itself.
  std::unique_ptr<PartTimer> time_bands() {
    if (!plan_.band_space || !times_.on) return nullptr;
    return std::make_unique<PartTimer>(times_, Part::elementwise);
  }
  template <class F>
  static void for_each_band(const SweepSpace& space, F f);
  template <class F>
  void for_each_piece(F f);
  void copy_piece(const Piece& piece, const T* from, Index width, T* to) const;
  Index first_element(const Piece& piece) const;
  LoopParts parts_of(const PlanPass& pass) const;
  void prepare_bands(std::span<const PlanStage> middle, StepRange steps, Index sequence,
                     BandStarts& starts);
  void run_piece(std::span<const PlanStage> middle, Index step, Index sequence, const Piece& piece,
                 const BandStarts& starts);
  // A band is the more rows, the shorter they are. As many as the kernels of sums take at once, or
  // a multiple, so that cutting changes no bit.
  static Index band_rows(const SweepSpace& space) {
    return std::max(rows_at_once, band_elements / space.width / rows_at_once * rows_at_once);
  }
  static constexpr Index rows_at_once = 8, band_elements = 2048;
  static Index most_in_band(Index width) { return std::max(band_elements, rows_at_once * width); }
  // Whether no more of a value is there than the rows of a sweep that are at work.
  bool is_of_band(const Slot& slot) const {
    using Scope = PlanBuffer::Scope;
    const Scope scope = plan_.buffers[static_cast<std::size_t>(slot.buffer)].scope;
    const bool is_history = scope == Scope::turn || scope == Scope::matrices;
    return scope == Scope::band || (plan_.band_space && is_history);
  }
  // Elements from row to row of a value's buffer.
  Index row_width(const Slot& slot) const {
    const PlanBuffer& buffer = plan_.buffers[static_cast<std::size_t>(slot.buffer)];
    if (!is_of_band(slot) || buffer.scope == PlanBuffer::Scope::band) return buffer.width;
    return band_rows(*plan_.band_space) * plan_.band_space->width;
  }
  void keep_results(Index sequence);
  void note_matrix_norms(Index step, Index sequence, const Piece& piece);
  void add_swept_sums();
  Index least_chunk_steps() const;
  ReadyTile look_up(const PlanTile& tile) const;
  ReadyTile look_up_move(const PlanTile& move, std::vector<Operand>& moved) const;
  static void run_move(const PlanRun& run, const T* from, Index from_step, T* out, Index out_step,
                       Index rows);
  PackedMatrix<T>& packed(const PlanGemm& product);
  void pack(const PlanGemm& product, PackedMatrix<T>& matrix);
  void pack_what_is_free(const PlanPass& pass);
  void gather_rows();
  void multiply_gathered();
  void add_rows(const PlanRowSum& sum, std::vector<double>& total);
  void finish_sum(int node, const std::vector<double>& sum);
  void gather(const PlanCall& work, Index step, Index first_row, Index rows);
  void call_into(const PlanCall& work, Index rows, Tensor<T>& out);
  void run_call(const PlanCall& work, Index step, Index first_row, Index rows);
  void add_call(const PlanCall& work, std::vector<double>& total);

  const ScanPlan& plan_;
  PartTimes times_;
  Arena arena_;
  PackedSteps steps_;
  StepRange window_, chunk_;             // the steps at work
  std::size_t chunk_index_ = 0;          // of chunk_
  Tensor<T> memory_;                     // of all buffers
  std::vector<Index> buffer_starts_;     // of each buffer, in memory_; -1: elsewhere
  std::vector<T*> base_;                 // of each buffer
  std::vector<Tensor<T>> unbatched_;     // of each unbatched node
  std::vector<PackedMatrix<T>> packed_;  // of each packing
  std::vector<char> is_packed_;          // since forward() began
  SharedPackings<T>* shared_ = nullptr;
  std::vector<ReadyStage> ready_;             // of each stage; empty: not looked up
  std::vector<const Tensor<T>*> parts_;       // operands at work
  std::vector<Tensor<T>> gathered_operands_;  // of a call at work
  std::vector<MatrixPart<T>> matrix_parts_;   // of a matrix that is packed
  Tensor<T> outputs_;
  std::vector<Tensor<T>> probes_;
  int zero_buffer_ = -1;  // the external buffer that is one chunk of zeros
  Tensor<T> zeros_;
  Rounding rounding_ = Rounding::none;
  bool records_norms_ = false;
  std::vector<std::vector<double>> squared_norms_;
  std::vector<Tensor<T>> final_states_;
  std::vector<std::vector<Tensor<T>>> start_states_;  // of each window
  std::size_t loaded_window_ = 0;                     // whose values are in memory
  // Of a scan by sequences, of each stretch of a chunk but the first of a window: its states that
  // are matrices.
  std::vector<std::vector<Tensor<T>>> chunk_states_;

  std::vector<RowPanels<T>> gathered_;                     // of each of the plan's
  std::vector<Tensor<T>> sums_;                            // of each contraction that is transposed
  std::vector<RowProduct<T>> products_;                    // of each contraction
  bool first_product_ = true;                              // since backward() began
  std::vector<std::vector<double>> row_sums_, call_sums_;  // of the plan's
  std::vector<T> block_sum_;
  BandStarts sweep_starts_, band_starts_, again_starts_;
  std::vector<UpdatedMatrix<T>> own_matrices_, known_matrices_;  // by state, of a loop by chunks
  std::vector<typename UpdatedMatrix<T>::RowReads> reads_;       // of each op on vectors
  std::vector<T> panels_, dense_;                                // all vectors; a matrix at work
  std::vector<std::pair<const T*, Index>> asks_;  // what is next, a few elements each
  std::vector<TileArg<T>> views_;                 // the vectors of the stretch at work
  bool gives_probes_ = false;                     // else the values are there
  TileKernel<T> mul_ = tile_kernel<T>(Tile::mul), mul_add_ = tile_kernel<T>(Tile::mul_add),
                sum_ = tile_sum_kernel<T>(TileSum::sum),
                columns_ = tile_sum_kernel<T>(TileSum::columns);
  std::vector<Tensor<T>> swept_shares_;          // of each of the pass's swept sums, of a sequence
  Index swept_rows_ = 0;                         // in the shares
  std::vector<std::vector<double>> swept_sums_;  // the same of all
  std::vector<Tensor<T>> parameter_gradients_, input_gradients_;
  std::vector<Tensor<T>> carried_;  // cotangents of the states in front of the chunk
};

extern template class CompiledScan<float>;
extern template class CompiledScan<double>;

}  // namespace carousel
