#pragma once

#include <span>
#include <string>
#include <vector>

#include "cell/language/expressions.hpp"

namespace carousel {

/// A call of a function of the language. Arguments are evaluated when they are asked for.
class FunctionCall {
 public:
  /// Both must outlive it. in: turns the arguments into values.
  FunctionCall(Expressions& in, const Expression& e) : in_(in), e_(e) {}
  /// Number of arguments.
  std::size_t count() const { return e_.parts.size(); }
  /// Argument i as it is written, from 0.
  const Expression& argument(std::size_t i) const { return e_.parts.at(i); }
  /// Where the result is made.
  Graph& graph() { return in_.graph(); }

  /// The value of argument i.
  Value value(std::size_t i) { return in_.evaluate(argument(i)); }
  /// In the graph, with at least one axis.
  Var array(std::size_t i) { return as_array(graph(), value(i)); }
  /// Argument i, a whole number known when the cell is built.
  Index whole(std::size_t i) { return in_.whole(argument(i)); }
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
};

/// A function of the cell language: either one that works element by element, or any other.
struct Function {
  std::string name;  ///< "softmax"
  int least,         ///< fewest arguments
      most;          ///< most arguments; -1: any number
  /// Element by element: from arguments of one shape; else null.
  Var (*each)(std::span<const Var> arguments) = nullptr;
  Value (*any)(FunctionCall& call) = nullptr;  ///< any other function; else null
};

/// All functions, in the order of docs/language.md.
const std::vector<Function>& functions();
/// Null when there is none.
const Function* find_function(const std::string& name);
/// A call with a number of arguments that fits.
Value call_function(const Function& function, Expressions& in, const Expression& e);

}  // namespace carousel
