#pragma once
// What an expression of the cell language stands for while a step program is built, and the
// operators of the language.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// A number known when the cell is built, a value of the step program, or two of them, the parts of
/// a complex value.
struct Value {
  /// A number known when the cell is built.
  Value(double known) : number(known) {}
  /// A value of the step program.
  Value(Var value) : var(value) {}
  /// A complex value. The parts have one shape; complex_of() makes them so.
  Value(Var real_part, Var imaginary_part) : var(real_part), imaginary(imaginary_part) {}

  /// Whether it is a number known when the cell is built.
  bool is_number() const { return number.has_value(); }
  /// Whether it has two parts.
  bool is_complex() const { return imaginary.defined(); }
  /// True for what differs from sequence to sequence: its shape leads with the batch.
  bool batched() const;
  /// The shape of one sequence; [1] for a number.
  Shape shape() const;
  /// "[3, 4]", "complex [3, 4]", or "a number".
  std::string shape_text() const;

  std::optional<double> number;  ///< none: it is `var`
  Var var;                       ///< empty where it is a number; the real part of a complex value
  Var imaginary;                 ///< of a complex value, else empty
};

/// The batch before a shape.
Shape with_batch(const Shape& shape);

/// The shape that two shapes broadcast to by NumPy's rule; none when they don't fit.
std::optional<Shape> broadcast_of(const Shape& a, const Shape& b);
/// The shape of a @ b; none when they don't fit. [.., n, m] @ [.., m, k], [.., n, m] @ [.., m] and
/// [.., m] @ [.., m, k] with the same axes before them; a vector [m] may stand for one of each.
std::optional<Shape> product_of(const Shape& a, const Shape& b);

/// The value in the graph: a number becomes a constant, a scalar.
Var as_var(Graph& graph, const Value& value);
/// The value in the graph, with at least one axis.
Var as_array(Graph& graph, const Value& value);
/// The value with the batch before it; `shape` is that of one sequence.
Var as_batched(Graph& graph, const Value& value, const Shape& shape);
/// Values ready for an elementwise op: the batch leads, so those of a lower rank than the others
/// get axes of one element behind it.
std::vector<Var> aligned(Graph& graph, const std::vector<Value>& values);
/// Each value broadcast to its shape; where one is batched, all get the batch.
std::vector<Var> together(Graph& graph, const std::vector<Value>& values,
                          const std::vector<Shape>& shapes);
/// x with other sizes behind the batch, if there is one.
Var reshape_one(Var x, const Shape& shape);
/// Values in a row along an axis, counted from the end. Their other sizes are the same.
Var joined(Graph& graph, const std::vector<Value>& values, int axis);
/// Values of one shape side by side along a new axis, counted from the end.
Var stacked(Graph& graph, const std::vector<Value>& values, int axis);
/// Sum over an axis, counted from the end, which stays with one element.
Var sum_over(Var x, int axis);

/// a op b for + - * / and the comparisons. The shapes fit.
Value elementwise(Graph& graph, std::string_view op, const Value& a, const Value& b);
/// a @ b for all kinds of matrices and vectors. The shapes fit.
Value product(Var a, Var b);
/// a ^ n, n in -16 to 16.
Value power(Graph& graph, const Value& a, int n);

/// The real part; of a real value the value.
Value real_part(const Value& value);
/// The imaginary part; of a real value 0, in its shape.
Value imaginary_part(const Value& value);
/// The complex value of two real ones, which fit by NumPy's rule.
Value complex_of(Graph& graph, const Value& real, const Value& imaginary);
/// a op b for + - * / and @ where at least one is complex. The shapes fit.
Value complex_operation(Graph& graph, std::string_view op, const Value& a, const Value& b);

/// 1 where a equals b, else 0; no gradient.
Var equal(Var a, Var b);
/// 1 where a <= b, else 0; no gradient.
Var not_above(Var a, Var b);

}  // namespace carousel
