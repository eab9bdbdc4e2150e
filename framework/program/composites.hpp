#pragma once

#include <string>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// The shape of a node in the cell language: without the batch, a number as [1].
Shape language_shape(const Shape& shape);

/// Finds functions of the cell language by the ops that they are made of. `shown` holds the name of
/// each node that has one: the parts of a function have none. Each question is answered by the node
/// of the argument, or -1.
class Composites {
 public:
  Composites(const StepProgram& program, const std::vector<std::string>& shown)
      : program_(program), shown_(shown) {}

  /// Whether a node is this op.
  bool is_op(int id, std::string_view op) const;
  /// The same, of a node without a name.
  bool is_hidden(int id, std::string_view op) const;
  /// The node below all reshapes without a name.
  int under_reshapes(int id) const;

  int softmax_of(int id) const;
  int layer_norm_of(int id) const;
  int hard_sigmoid_of(int id) const;
  int gelu_of(int id) const;
  int mean_of(int id) const;
  int blocks_of(int id) const;
  /// n of roll(v, n), which is the last n elements in front of the rest; 0: it is something else.
  Index roll_of(const ProgramNode& n) const;

 private:
  const ProgramNode& node(int id) const { return program_.nodes[static_cast<std::size_t>(id)]; }
  bool has_name(int id) const { return !shown_[static_cast<std::size_t>(id)].empty(); }
  Shape shape_of(int id) const { return language_shape(node(id).shape); }
  int before_number(int id, std::string_view op, double value) const;
  int hidden_before_number(int id, std::string_view op, double value) const;

  const StepProgram& program_;
  const std::vector<std::string>& shown_;
};

}  // namespace carousel
