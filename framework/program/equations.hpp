#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// An expression of the cell language (docs/language.md), read back from a program.
struct Term {
  /// What an expression is; behind each kind, the fields that it reads.
  enum class Kind {
    number,    ///< value
    name,      ///< text, `delay` steps ago
    negative,  ///< parts {a}
    binary,    ///< text: the operator; parts {a, b}
    call,      ///< text: the function; parts: arguments
    slice,     ///< parts {a}; sizes: begin and end of each axis
    list       ///< sizes: [n, m]
  };
  Kind kind = Kind::number;       ///< which of the fields below count
  std::string text = {};          ///< a name, operator or function
  double value = 0.0;             ///< of a number
  int delay = 0;                  ///< steps ago; 0: of this step
  bool timed = false;             ///< a name whose value differs from step to step
  std::vector<Term> parts = {};   ///< operands and arguments, in order
  std::vector<Index> sizes = {};  ///< whole numbers: ranges or lengths
  Shape shape = {};               ///< in the language: without a batch; a number is [1]
};

/// name = value.
struct Equation {
  std::string name;                        ///< as the language takes it
  bool timed = false;                      ///< whether the value differs from step to step
  Term value;                              ///< its right side
  std::optional<double> loss_weight = {};  ///< of a loss: it is no value, and this is its weight
};

/// A program as the statements of the cell language. Names are valid there: U.1 is U_1.
struct Equations {
  std::string cell;               ///< a name
  std::vector<Equation> initial;  ///< of states; none where it is zero
  std::vector<Equation> values;   ///< in an order in which they can be run
  /// Of the program's inputs, parameters, states, values.
  std::map<std::string, std::string> names;
};

/// Reads a program back as statements, which give the same values when they are built again.
Equations equations_of(const StepProgram& program);

}  // namespace carousel
