#pragma once

#include <memory>
#include <span>
#include <vector>

#include "program/plan.hpp"

namespace carousel {

/// Runs a plan: forward through time, then back. It keeps the memory of its values, so a second
/// run of the same sizes allocates nothing for them. One thread uses it at a time.
template <class T>
class CompiledScan {
 public:
  /// The plan must outlive it.
  explicit CompiledScan(const ScanPlan& plan);

  /// parameters: in the program's order; inputs: [steps, batch, size] each; states: [batch, size]
  /// each. Throws InputError where the shapes do not fit. The inputs' memory must stay valid until
  /// backward() has run.
  void forward(std::span<const Tensor<T>> parameters, std::span<const Tensor<T>> inputs,
               std::span<const Tensor<T>> states);
  /// [steps, batch, size], after forward().
  Tensor<T> outputs() const;
  /// [batch, size] each, after forward().
  std::vector<Tensor<T>> final_states() const;

  /// outputs: cotangent of outputs(); states: cotangents of final_states().
  void backward(const Tensor<T>& outputs, std::span<const Tensor<T>> states);
  /// Gradients, after backward(): of each parameter, of each input (empty handles where the plan
  /// leaves them out), and of each initial state.
  std::vector<Tensor<T>> parameter_gradients() const;
  std::vector<Tensor<T>> input_gradients() const;
  std::vector<Tensor<T>> state_gradients() const;

 private:
  struct Place {
    T* data;
    Index stride;  // elements from row to row
  };

  Place place(const Slot& slot, Index step) const;
  void reserve(Index steps, Index batch);
  void run_pass(const StepProgram& program, const PlanPass& pass, bool reverse);
  void run_stages(const std::vector<PlanStage>& stages, Index step, Index rows);
  void run_tile(const PlanTile& tile, Index step, Index rows);
  void run_gemm(const PlanGemm& product, Index step, Index rows);
  void run_contraction(const PlanContraction& contraction);
  void run_row_sum(const PlanRowSum& sum);
  void run_unbatched(const StepProgram& program, int node);
  const T* stacked(const std::vector<int>& weights);
  void copy_in(const Slot& slot, Index step, const Tensor<T>& value);
  Tensor<T> copy_out(const Slot& slot, Index step, Index steps) const;

  const ScanPlan& plan_;
  Index steps_ = 0, batch_ = 0;
  std::vector<Tensor<T>> memory_;     // of each buffer
  std::vector<const T*> external_;    // of each external buffer
  std::vector<Tensor<T>> unbatched_;  // of each unbatched node
  std::vector<std::pair<std::vector<int>, Tensor<T>>> stacks_;
};

extern template class CompiledScan<float>;
extern template class CompiledScan<double>;

}  // namespace carousel
