#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "cell/language/expressions.hpp"

namespace carousel {

/// What of complex arguments a function is to work on.
enum class ComplexPart { all, real, imaginary };

/// A call of a function of the language. Arguments are evaluated when they are asked for.
class FunctionCall {
 public:
  /// Both must outlive it. in: turns the arguments into values.
  FunctionCall(Expressions& in, const Expression& e);
  /// Number of arguments without a name.
  std::size_t count() const { return arguments_.size(); }
  /// Argument i of these as it is written, from 0.
  const Expression& argument(std::size_t i) const { return *arguments_.at(i); }
  /// The axis that the call names (axis = k), from the end: -rank to -1. Throws LanguageError where
  /// an array of this rank has none such. otherwise: where none is named.
  int axis(int rank, int otherwise);
  /// Whether the call asks that an axis of one element stays (keep = 1).
  bool keeps();
  /// Where the result is made.
  Graph& graph() { return in_.graph(); }

  /// The value of argument i, which is real: of a function that works part by part, the part in
  /// work of a complex one.
  Value value(std::size_t i);
  /// The value of argument i, real or complex.
  const Value& any_value(std::size_t i);
  /// Whether any argument is complex; evaluates all that are values.
  bool any_complex();
  /// From now on value() gives these parts of complex arguments. A real one has the imaginary
  /// part 0.
  void take_part(ComplexPart part) { part_ = part; }
  /// In the graph, with at least one axis.
  Var array(std::size_t i) { return as_array(graph(), value(i)); }
  /// Argument i, a whole number known when the cell is built.
  Index whole(std::size_t i) { return in_.whole(argument(i)); }
  /// Argument i, a number known when the cell is built.
  double number(std::size_t i) { return in_.number(argument(i)); }
  /// A whole number from 1 to the largest size.
  Index size(std::size_t i);
  /// [n, m]: a list of sizes.
  Shape shape(std::size_t i);
  /// An array of the given rank. Throws LanguageError where it has another one.
  Var of_rank(std::size_t i, int rank);
  /// The values of all arguments.
  std::vector<Value> values();
  /// All arguments, which fit each other by NumPy's rule, and what they broadcast to.
  std::vector<Value> fitting(Shape& shape);
  /// Throws a LanguageError at the place of the call.
  [[noreturn]] void fail(const std::string& message) { fail_at(e_.place, message); }
  /// Throws one that names the arguments with their shapes.
  [[noreturn]] void fail_shapes(const std::vector<Value>& values);

 private:
  Expressions& in_;
  const Expression& e_;
  std::vector<const Expression*> arguments_;
  const Expression* axis_ = nullptr;
  const Expression* keep_ = nullptr;
  std::map<std::size_t, Value> known_;
  ComplexPart part_ = ComplexPart::all;
};

/// A function of the cell language: either one that works element by element, or any other.
struct Function {
  std::string name;  ///< "softmax"
  int least,         ///< fewest arguments
      most;          ///< most arguments; -1: any number
  /// Element by element: from arguments of one shape; else null.
  Var (*each)(std::span<const Var> arguments) = nullptr;
  Value (*any)(FunctionCall& call) = nullptr;  ///< any other function; else null
  /// Arguments with names: none, `axis = k`, or `keep = 1` too.
  enum class Named { none, axis, axis_and_keep };
  Named named = Named::none;  ///< which of them it understands
  bool by_parts = false;      ///< of complex values: each part by itself
};

/// Whether a function understands an argument of that name.
bool takes_named(const Function& function, const std::string& name);

/// All functions, in the order of docs/language.md.
const std::vector<Function>& functions();
/// Null when there is none.
const Function* find_function(const std::string& name);
/// The function of that name, where it can be called with one value: what a hyperparameter can
/// stand for. Null when there is none.
const Function* find_function_of_one(const std::string& name);
/// A call. Throws LanguageError where the number of arguments does not fit.
Value call_function(const Function& function, Expressions& in, const Expression& e);

}  // namespace carousel
