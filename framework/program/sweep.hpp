#pragma once
// Values of a step that are matrices for each sequence, such as the states of linear attention:
// which they are, and how an op walks over them.

#include <array>
#include <optional>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// Elements from one group, row or element of a sweep to the next; 0 where all share a value.
struct Strides {
  Index group = 0,  ///< from group to group
      row = 0,      ///< from row to row
      element = 0;  ///< in a row
  /// Whether all three agree.
  friend bool operator==(const Strides&, const Strides&) = default;
};

/// What a sweep walks over for one sequence: groups of rows of elements.
struct SweepSpace {
  Index groups = 1,  ///< matrices
      rows = 1,      ///< of each
      width = 1;     ///< elements of a row
  /// The number of elements.
  Index size() const { return groups * rows * width; }
  /// The strides of a value that fills it.
  Strides whole() const { return {groups > 1 ? rows * width : 0, rows > 1 ? width : 0, 1}; }
  /// The strides of a value with an element for each row.
  Strides column() const { return {groups > 1 ? rows : 0, rows > 1 ? 1 : 0, 0}; }
  /// Whether all three agree.
  friend bool operator==(const SweepSpace&, const SweepSpace&) = default;
};

/// An operand of an op in a sweep.
struct SweepOperand {
  int node = -1;    ///< whose memory is read: below reshapes and broadcasts
  Strides strides;  ///< of the operand in the space
};

/// An op as work on a space: elementwise, or a sum of its operand or of the product of its two.
struct SweepWork {
  SweepSpace space;                    ///< what it walks over
  bool is_sum = false;                 ///< else elementwise
  Tile tile = Tile::copy;              ///< of an elementwise op
  std::vector<SweepOperand> operands;  ///< one to three
  Strides out;                         ///< 0 where it sums
};

/// The node whose memory holds a value: below reshapes of batched values.
int memory_of(const StepProgram& program, int node);

/// A batched op, or the sum over a batch, as work on the elements of one sequence. None for ops
/// that are neither elementwise, nor sums, nor products in which one side is a vector, and for more
/// than three axes.
std::optional<SweepWork> sweep_work(const StepProgram& program, int node);

/// Products read matrices of each sequence where they lie, instead of their transposes.
void fold_transposes(StepProgram& program);

/// By node: whether it is a matrix for each sequence that is larger than what it is made of, such
/// as an outer product, or is made of such matrices element by element. States are, whose new value
/// is. known: of the first nodes, where it is known already.
std::vector<char> wide_values(const StepProgram& program, std::vector<char> known = {});

}  // namespace carousel
