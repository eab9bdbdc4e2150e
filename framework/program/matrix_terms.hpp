#pragma once
// Matrices of a step as sums of products of states and vectors, for scans that never make them.

#include <optional>
#include <vector>

#include "program/sweep.hpp"

namespace carousel {

/// A product over a space: matrices that are states, vectors along the rows of the space and down
/// its columns, and a number.
struct MatrixTerm {
  std::vector<int> matrices = {};       ///< nodes: the old values of states
  std::vector<SweepOperand> rows = {},  ///< the same in all rows
      columns = {};                     ///< the same in all columns
  double scale = 1.0;                   ///< of all
};

/// Writes matrices as sums of such products.
class MatrixTerms {
 public:
  /// wide: which nodes are matrices. space: of all of them.
  MatrixTerms(const StepProgram& program, const std::vector<char>& wide, const SweepSpace& space)
      : program_(program), wide_(wide), space_(space) {}

  /// The terms of a matrix; nothing where it is no such sum of at most `most_terms`.
  std::optional<std::vector<MatrixTerm>> of_matrix(int node) const;
  /// The terms of what a sum sums.
  std::optional<std::vector<MatrixTerm>> of_sum(const SweepWork& work) const;

 private:
  static constexpr std::size_t most_terms = 16;
  using Terms = std::optional<std::vector<MatrixTerm>>;
  Terms of_operand(const SweepOperand& operand) const;
  static Terms sum(const Terms& a, const Terms& b, double scale);
  static Terms product(const Terms& a, const Terms& b);

  const StepProgram& program_;
  const std::vector<char>& wide_;
  SweepSpace space_;
};

}  // namespace carousel
