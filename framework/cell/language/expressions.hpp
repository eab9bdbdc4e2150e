#pragma once

#include <string>
#include <vector>

#include "cell/language/language_error.hpp"
#include "cell/language/values.hpp"

namespace carousel {

/// How much a cell file may ask for, so that no file takes for ever. Each count throws a
/// LanguageError at the place beyond its limit.
class Budget {
 public:
  static constexpr Index axis = Index{1} << 20;      ///< sizes
  static constexpr Index elements = Index{1} << 28;  ///< of a value
  static constexpr Index per_step = Index{1} << 22;  ///< of a value that differs from step to step
  static constexpr Index all_elements = Index{1} << 30;  ///< of all values of the program
  static constexpr int nodes = 10'000;                   ///< values of the program
  static constexpr int nesting = 50;                     ///< cells in cells
  static constexpr int cells = 1000;                     ///< used in all
  static constexpr int delay = 256;                      ///< steps back

  /// One expression or line looked at.
  void work(const SourcePlace& place);
  /// One round of a repeat.
  void round(const SourcePlace& place);
  /// Counts how deep expressions stand in each other.
  void enter(const SourcePlace& place);
  /// The way out of enter().
  void leave() { --depth_; }
  /// One more cell used.
  void cell(const SourcePlace& place);
  /// A value made: its rank is 1 to most_rank, and it and all before it keep to the limits above.
  void value(const SourcePlace& place, const Value& value);

 private:
  Index work_ = 0, rounds_ = 0, elements_ = 0;
  int depth_ = 0, cells_ = 0, nodes_ = 0;  // nodes_: whose elements are counted
};

/// The text of a piece of a cell file, on one line, cut where it is long.
std::string text_of(const SourcePlace& place);

/// The value. Throws LanguageError at its place where it is complex.
Value expect_real(const Value& value, const SourcePlace& place);
/// Throws LanguageError at its place unless the value has one element.
void expect_one_number(const Value& value, const SourcePlace& place);

/// The numbers that each expression knows by name: pi and e. Nothing for another name.
std::optional<double> number_named(const std::string& name);

/// Turns expressions into values: the part that knows no names.
class Expressions {
 public:
  /// Both must outlive it.
  Expressions(Graph& graph, Budget& budget) : graph_(graph), budget_(budget) {}
  Expressions(const Expressions&) = delete;
  Expressions& operator=(const Expressions&) = delete;
  virtual ~Expressions() = default;

  /// The value of an expression. Throws LanguageError at its place where it is wrong.
  Value evaluate(const Expression& e);
  /// The same, which is not complex.
  Value real(const Expression& e);
  /// A number known when the cell is built.
  double number(const Expression& e);
  /// A whole number known when the cell is built. Its divisions must come out even.
  Index whole(const Expression& e);
  /// A shape of rank 1 to most_rank.
  Shape sizes(const std::vector<Expression>& list, const SourcePlace& place);

  /// Where values are made.
  Graph& graph() { return graph_; }
  /// What the file may still ask for.
  Budget& budget() { return budget_; }
  /// "a is [3], b is [4]", at the place of `whole`.
  [[noreturn]] void fail_shapes(const Expression& whole,
                                const std::vector<const Expression*>& parts,
                                const std::vector<Value>& values);

 protected:
  /// What a name stands for.
  virtual Value read(const Expression& name) = 0;
  /// What a name was some steps ago: text[t - k].
  virtual Value read_delay(const Expression& delay) = 0;
  /// Whether the cell itself has something of this name that can be called.
  virtual bool defines(const std::string& name) const = 0;
  /// A call of what is no function of the language.
  virtual Value call(const Expression& e) = 0;
  /// NAME[k] where NAME is a family of parameters; nothing where it is none.
  virtual std::optional<Value> read_family(const Expression& index) = 0;

 private:
  Value evaluate_any(const Expression& e);
  Value unary(const Expression& e);
  Value binary(const Expression& e);
  int exponent(const Expression& base, const Expression& e);
  Value index(const Expression& e);
  Value call_any(const Expression& e);

  Graph& graph_;
  Budget& budget_;
};

}  // namespace carousel
