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

  /// Whether it holds a matrix.
  bool has_matrix() const { return !matrices.empty(); }
  /// Whether it holds two.
  bool is_of_two() const { return matrices.size() == 2; }
};

/// What an op of a sweep that makes no matrices gives.
struct MatrixOp {
  /// A vector with an element for each row, of others; a sum of terms over rows, columns or both;
  /// the new value of a state, of the pass or of the forward pass; a matrix that the caller wants.
  enum class Kind { column, sum, update, known_update, probe };
  Kind kind = Kind::column;            ///< which of them
  int number = -1;                     ///< of updates: the state; of a probe: which it is
  std::vector<MatrixTerm> terms = {};  ///< that are summed; of all but columns

  /// Whether it gives a state its new value.
  bool is_update() const { return kind == Kind::update || kind == Kind::known_update; }
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
