#pragma once
// Values whose elements are those of others: slices, joins, padding, transposes, repetitions, and
// chains of them.

#include <vector>

#include "program/plan.hpp"

namespace carousel {

/// Where an element of a value comes from.
struct Origin {
  int node = -1;      ///< that made it; -1: it is zero
  Index element = 0;  ///< which of the node's elements for one sequence, row-major
};

/// By node of a program, whether its value is made by moving elements alone, and from where.
class Moves {
 public:
  /// The nodes [first, end) are looked at as one program; those below `first` were made before, and
  /// what they moved stands in memory unless it is a part of another value. apart: by node, what is
  /// not to be looked at, nor through, but for reshapes; empty: nothing.
  Moves(const StepProgram& program, int first, const std::vector<char>& apart);

  /// Whether a node's value is made by moving elements and needs memory of its own.
  bool is_move(int node) const { return !origins_[index(node)].empty() && alias(node).node < 0; }
  /// Of each element of a node that is_move().
  const std::vector<Origin>& origins(int node) const { return origins_[index(node)]; }
  /// Where the elements of a value begin that lie side by side in the value of another node, which
  /// is none of this sort; node -1: they do not.
  const Origin& alias(int node) const { return alias_[index(node)]; }
  /// The nodes that a move reads, each once.
  std::vector<int> sources(int node) const;
  /// Adds what a move takes from one of its sources, or its zeros (source -1): long runs as they
  /// are, all else element by element. from: where the source is.
  void add_runs(int node, int source, const PlanOperand& from, std::vector<PlanRun>& runs) const;

 private:
  static std::size_t index(int node) { return static_cast<std::size_t>(node); }
  std::vector<Origin> origins_of(int node) const;
  std::vector<Origin> seen(int user, int input) const;
  std::vector<Origin> repeated(int node) const;
  std::vector<Origin> transposed(int node) const;
  std::vector<Origin> ranged(int node) const;
  std::vector<Origin> joined(int node) const;
  std::vector<Origin> added(int node) const;
  bool is_apart(int node) const { return !apart_.empty() && apart_[index(node)]; }
  bool reshapes_in_place(int node);
  void find_alias(int node);

  const StepProgram& program_;
  int first_;
  std::vector<char> apart_;
  std::vector<char> is_next_;                 // by node: the new value of a state
  std::vector<char> is_whole_;                // by node: read as rows of matrices side by side
  std::vector<std::vector<Origin>> origins_;  // by node; empty: not moved
  std::vector<Origin> alias_;                 // by node
};

}  // namespace carousel
