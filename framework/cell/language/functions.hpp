#pragma once

#include <span>
#include <string>
#include <vector>

#include "cell/language/expressions.hpp"

namespace carousel {

/// A call of a function of the language. Arguments are evaluated when they are asked for.
class FunctionCall {
 public:
  FunctionCall(Expressions& in, const Expression& e) : in_(in), e_(e) {}
  std::size_t count() const { return e_.parts.size(); }
  const Expression& argument(std::size_t i) const { return e_.parts.at(i); }
  Graph& graph() { return in_.graph(); }

  Value value(std::size_t i) { return in_.evaluate(argument(i)); }
  /// In the graph, with at least one axis.
  Var array(std::size_t i) { return as_array(graph(), value(i)); }
  Index whole(std::size_t i) { return in_.whole(argument(i)); }
  /// A whole number from 1 to the largest size.
  Index size(std::size_t i);
  /// [n, m]: a list of sizes.
  Shape shape(std::size_t i);
  /// An array of the given rank. Throws LanguageError where it has another one.
  Var of_rank(std::size_t i, int rank);
  std::vector<Value> values();
  /// All arguments, which fit each other by NumPy's rule, and what they broadcast to.
  std::vector<Value> fitting(Shape& shape);
  [[noreturn]] void fail(const std::string& message) { fail_at(e_.place, message); }
  [[noreturn]] void fail_shapes(const std::vector<Value>& values);

 private:
  Expressions& in_;
  const Expression& e_;
};

/// A function of the cell language: either one that works element by element, or any other.
struct Function {
  std::string name;
  int least, most;  // arguments; most -1: any number
  Var (*each)(std::span<const Var> arguments) = nullptr;
  Value (*any)(FunctionCall& call) = nullptr;
};

/// All functions, in the order of docs/language.md.
const std::vector<Function>& functions();
/// Null when there is none.
const Function* find_function(const std::string& name);
/// A call with a number of arguments that fits.
Value call_function(const Function& function, Expressions& in, const Expression& e);

}  // namespace carousel
