#pragma once

#include <map>
#include <string>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// An expression of the cell language (docs/language.md), read back from a program.
struct Term {
  enum class Kind {
    number,    // value
    name,      // text, `delay` steps ago
    negative,  // parts {a}
    binary,    // text: the operator; parts {a, b}
    call,      // text: the function; parts: arguments
    slice,     // parts {a}; sizes: begin and end of each axis
    list       // sizes: [n, m]
  };
  Kind kind = Kind::number;
  std::string text = {};
  double value = 0.0;
  int delay = 0;
  bool timed = false;  // a name whose value differs from step to step
  std::vector<Term> parts = {};
  std::vector<Index> sizes = {};
  Shape shape = {};  // in the language: without a batch; a number is [1]
};

/// name = value.
struct Equation {
  std::string name;
  bool timed = false;
  Term value;
};

/// A program as the statements of the cell language. Names are valid there: U.1 is U_1.
struct Equations {
  std::string cell;                          // a name
  std::vector<Equation> initial;             // of states; none where it is zero
  std::vector<Equation> values;              // in an order in which they can be run
  std::map<std::string, std::string> names;  // of the program's inputs, parameters, states, values
};

Equations equations_of(const StepProgram& program);

}  // namespace carousel
