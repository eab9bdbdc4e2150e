#pragma once

#include <optional>
#include <string>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// The shape of a node in the cell language: without the batch, a number as [1].
Shape language_shape(const Shape& shape);

/// Finds functions of the cell language by the ops that they are made of. `shown` holds the name of
/// each node that has one: the parts of a function have none. Each question about an argument is
/// answered by its node, or -1.
class Composites {
 public:
  /// Both must outlive it. shown: by node; "" for a node without a name.
  Composites(const StepProgram& program, const std::vector<std::string>& shown)
      : program_(program), shown_(shown) {}

  /// Whether a node is this op.
  bool is_op(int id, std::string_view op) const;
  /// The same, of a node without a name.
  bool is_hidden(int id, std::string_view op) const;
  /// The node below all reshapes without a name.
  int under_reshapes(int id) const;

  /// A composite of the op room (layer_norm, gelu, ..), with its argument.
  struct Named {
    std::string_view name;  ///< as composite_name() gives it
    int argument;           ///< node
  };
  /// Which composite a node is the value of; empty: none.
  std::optional<Named> named(int id) const;
  /// v where a node is mean(v): a sum over the innermost axis, divided by its size.
  int mean_of(int id) const;
  /// R where a node is block_diagonal(R): its blocks, [blocks, n, m].
  int blocks_of(int id) const;
  /// n of roll(v, n), which is the last n elements in front of the rest; 0: it is something else.
  Index roll_of(const ProgramNode& n) const;

 private:
  const ProgramNode& node(int id) const { return program_.nodes[static_cast<std::size_t>(id)]; }
  bool has_name(int id) const { return !shown_[static_cast<std::size_t>(id)].empty(); }
  Shape shape_of(int id) const { return language_shape(node(id).shape); }
  int before_number(int id, std::string_view op, double value) const;
  bool is_made_as(const StepProgram& composite, int made, int id,
                  std::vector<int>& stands_for) const;

  const StepProgram& program_;
  const std::vector<std::string>& shown_;
};

}  // namespace carousel
