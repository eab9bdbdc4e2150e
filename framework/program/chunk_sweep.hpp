#pragma once
// What a sweep that makes no matrices does with them, as ops on vectors.

#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "program/matrix_terms.hpp"
#include "program/plan.hpp"

namespace carousel {

/// Makes such a sweep of what its nodes give.
class ChunkSweep {
 public:
  /// What the sweep is of: a pass and the forward program, whose nodes are those below `first`.
  struct Of {
    const StepProgram& program;                     ///< of the pass
    const StepProgram& forward;                     ///< of the forward pass
    int first;                                      ///< node of the pass
    std::function<PlanOperand(int)> place_of = {};  ///< where a vector of the plan is
  };
  /// decays: of all states.
  ChunkSweep(Of of, const SweepSpace& space, Decays decays);

  /// A new value of a state, or a matrix that the caller wants. All come before the sums.
  void add_matrix(const MatrixOp& op);
  /// A node that is an elementwise op with an element for each row; tile: its kernel.
  void add_column(int node, const SweepWork& work, Tile tile);
  /// A node that is a sum of terms. total: of PlanPass::swept_sums, where it goes; -1: to its
  /// place.
  void add_sum(int node, const SweepWork& work, std::span<const MatrixTerm> terms, int total);

  /// All of it, in an order in which it can run.
  PlanSweep finish();

 private:
  using Kind = PlanVectorOp::Kind;

  PlanVector& at(int vector) { return sweep_.vectors[static_cast<std::size_t>(vector)]; }
  Index length(int vector) { return at(vector).length; }
  int vector_of(const SweepOperand& operand);
  int number(double value);
  int new_vector(Index length);
  int add(PlanVectorOp op, Index length);
  int add_elementwise(Tile tile, std::vector<int> operands, Index length);
  int product(std::span<const SweepOperand> factors, double scale);
  int rows_of(const MatrixTerm& term, double scale);
  int columns_of(const MatrixTerm& term);
  int whole(int vector, Index length);
  PlanVectorOp of_matrices(Kind kind, const MatrixTerm& term, std::vector<int> operands);
  int sum_of_two(const MatrixTerm& term);
  int value_by_rows(const MatrixTerm& term);
  int value_down_rows(const MatrixTerm& term);
  void finish_with(int vector, const SweepOperand& result, int total);

  void resolve();
  std::vector<std::vector<int>> sources(bool of_same_step) const;
  void order();

  Of of_;
  PlanSweep sweep_;
  std::map<std::pair<int, std::array<Index, 3>>, int> vectors_;  // by node and strides
  std::map<int, int> instead_;                                   // of a vector that is another one
};

}  // namespace carousel
