#pragma once

#include <map>
#include <span>
#include <vector>

#include "kernel/packed_matrix.hpp"
#include "program/plan.hpp"

namespace carousel {

/// Runs a plan: forward through time, then back. It keeps the memory of its values, so a second
/// run of the same sizes allocates nothing for them. One thread uses it at a time.
///
/// Sequences are packed: sorted by length, longest first, so that those which still run at step
/// t are the first rows[t] of the batch. A packed tensor holds the rows of step 0, then of step 1,
/// and so on: [sum of rows, size]. The work is that of the sum of the lengths.
template <class T>
class CompiledScan {
 public:
  /// The plan must outlive it.
  explicit CompiledScan(const ScanPlan& plan);

  /// parameters: in the program's order; inputs: packed, one each; states: [batch, size] each;
  /// lengths: of each sequence, longest first, the first one at least 1. Throws InputError where
  /// the shapes do not fit. The inputs' memory must stay valid until backward() has run.
  void forward(std::span<const Tensor<T>> parameters, std::span<const Tensor<T>> inputs,
               std::span<const Tensor<T>> states, const std::vector<Index>& lengths);
  /// Packed, after forward().
  Tensor<T> outputs() const;
  /// [batch, size] each, after forward(): of each sequence after its own last step.
  std::vector<Tensor<T>> final_states() const;

  /// outputs: cotangent of outputs(), packed; states: cotangents of final_states().
  void backward(const Tensor<T>& outputs, std::span<const Tensor<T>> states);
  /// Gradients, after backward(): of each parameter, of each input (packed; empty handles where
  /// the plan leaves them out), and of each initial state [batch, size].
  std::vector<Tensor<T>> parameter_gradients() const;
  std::vector<Tensor<T>> input_gradients() const;
  std::vector<Tensor<T>> state_gradients() const;

 private:
  struct Place {
    T* data;
    Index stride;  // elements from row to row
  };

  // Steps [first, last) whose rows lie one behind the other in every operand.
  struct Run {
    Index first, last;
  };

  Place place(const Slot& slot, Index step) const;
  bool has_gaps(const Slot& slot) const;
  Index rows_of(const Run& run) const {
    return first_row_[std::size_t(run.last)] - first_row_[std::size_t(run.first)];
  }
  void start(const std::vector<Index>& lengths);
  void run_pass(const StepProgram& program, const PlanPass& pass, bool reverse);
  void run_all_steps(const std::vector<PlanStage>& stages);
  void run_tiles(const std::vector<PlanTile>& tiles, Index step, Index rows);
  void run_tile(const PlanTile& tile, Index step, Index first_row, Index rows);
  void run_gemm(const PlanGemm& product, Index step, Index rows);
  void run_contraction(const PlanContraction& contraction);
  void run_row_sum(const PlanRowSum& sum);
  void run_unbatched(const StepProgram& program, int node);
  const PackedMatrix<T>& packed(const PlanGemm& product);
  Tensor<T> packed_values(const Slot& slot) const;
  Tensor<T> state_values(const Slot& history, bool at_the_end) const;

  const ScanPlan& plan_;
  Index steps_ = 0, batch_ = 0;
  std::vector<Index> lengths_;
  std::vector<Index> rows_;                            // of each step
  std::vector<Index> first_row_;                       // of each step, and the sum
  std::vector<Run> whole_;                             // one run of all steps
  std::vector<Run> runs_;                              // cut where a sequence ends
  std::vector<Tensor<T>> memory_;                      // of each buffer
  std::vector<const T*> external_;                     // of each external buffer
  std::vector<Tensor<T>> unbatched_;                   // of each unbatched node
  std::map<const PlanGemm*, PackedMatrix<T>> packed_;  // of each product, for one run
};

extern template class CompiledScan<float>;
extern template class CompiledScan<double>;

}  // namespace carousel
