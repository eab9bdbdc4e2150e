#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "cell/language/build.hpp"
#include "cell/language/language_error.hpp"
#include "cell/language/parser.hpp"
#include "program/steps.hpp"
#include "tape/parameters.hpp"

namespace carousel {

inline const CellSyntax& no_cell(const std::string& name) {
  fail_input("there is no cell '{}'", name);
}

/// The program of a cell file that is called "t.cell".
inline StepProgram program_of(const std::string& text, const CellSizes& sizes = {2, 3}) {
  return build_program(parse_cell(text, "t.cell"), sizes, no_cell);
}

/// The message of the error that building a cell gives.
inline std::string error_of(const std::string& text, const CellSizes& sizes = {2, 3}) {
  try {
    program_of(text, sizes);
  } catch (const LanguageError& error) {
    return error.what();
  }
  return "no error";
}

/// A cell of lines, whose output is the name y.
inline std::string cell_text(const std::string& lines) {
  return "cell t\n" + lines + "\noutput y\n";
}

/// The first line of the message about lines that set y, without the place.
inline std::string says(const std::string& lines, const CellSizes& sizes = {2, 3}) {
  const std::string error = error_of(cell_text(lines), sizes);
  const std::string first = error.substr(0, error.find('\n'));
  const std::size_t at = first.find(": ");
  return at == first.npos ? first : first.substr(at + 2);
}

using Numbers = std::vector<double>;

/// What the named values of a cell are after one step of one sequence. Parameters, x and states
/// come from `given` by name (a state as "h[t-1]"); those left out are 0.
class OneStep {
 public:
  OneStep(const StepProgram& program, const std::map<std::string, Numbers>& given)
      : program_(program) {
    const auto make = [&](int node) {
      Shape shape = program.nodes[std::size_t(node)].shape;
      if (shape[0] == batch_dim) shape[0] = 1;
      const auto numbers = given.find(program.nodes[std::size_t(node)].name);
      return tape_.leaf(numbers == given.end() ? Tensor<double>::full(shape, 0.0)
                                               : Tensor<double>::from(shape, numbers->second));
    };
    std::vector<Var> parameters, inputs, states;
    for (const auto& p : program.parameters) parameters.push_back(make(p.node));
    for (const int node : program.inputs) inputs.push_back(make(node));
    for (const auto& s : program.states) states.push_back(make(s.previous));
    leaves_ = parameters;
    leaves_.insert(leaves_.end(), inputs.begin(), inputs.end());
    leaves_.insert(leaves_.end(), states.begin(), states.end());
    nodes_ = run_nodes(program, parameters, inputs, states);
  }

  Numbers value(const std::string& name) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (program_.nodes[i].name == name) return numbers(nodes_[i]);
    }
    ADD_FAILURE() << "no value " << name;
    return {};
  }
  Numbers output() { return numbers(nodes_[std::size_t(program_.output)]); }
  /// The new value of a state.
  Numbers next(const std::string& name) {
    for (const auto& state : program_.states) {
      if (state.name == name) return numbers(nodes_[std::size_t(state.next)]);
    }
    ADD_FAILURE() << "no state " << name;
    return {};
  }
  /// Gradient of the sum of the output with respect to a parameter, x or state.
  Numbers gradient(const std::string& name) {
    std::vector<std::string> names;
    for (const auto& p : program_.parameters) names.push_back(p.name);
    for (const int node : program_.inputs) names.push_back(program_.nodes[std::size_t(node)].name);
    for (const auto& s : program_.states) {
      names.push_back(program_.nodes[std::size_t(s.previous)].name);
    }
    const auto all = tape_.gradients(sum(nodes_[std::size_t(program_.output)]), leaves_);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) return {all[i].values().begin(), all[i].values().end()};
    }
    ADD_FAILURE() << "no leaf " << name;
    return {};
  }

 private:
  Numbers numbers(Var var) {
    const auto tensor = tape_.value(var);
    return {tensor.values().begin(), tensor.values().end()};
  }
  StepProgram program_;
  Tape<double> tape_;
  std::vector<Var> leaves_, nodes_;
};

inline void expect_near(const Numbers& got, const Numbers& expected, double tolerance = 1e-12) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << i;
}

/// The output y of the lines, with x = (0.5, -2) and what is given.
inline Numbers y_of(const std::string& lines, std::map<std::string, Numbers> given = {}) {
  given.insert({"x", {0.5, -2.0}});
  return OneStep(program_of(cell_text(lines)), given).output();
}

}  // namespace carousel
