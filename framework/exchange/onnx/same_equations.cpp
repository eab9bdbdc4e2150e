#include "exchange/onnx/same_equations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>

#include "program/rewrite.hpp"

namespace carousel {
namespace {

constexpr std::size_t most_states = 4;

// Numbers for expressions: two that are the same but for the names of their parameters, and the
// order of terms, have one number.
using Numbers = std::map<std::string, int>;

std::string text_of(const Attributes& a) {
  return fmt::format("{} {} {} {} {} {} {} {}", a.shape.to_string(), a.value, a.axis, a.begin,
                     a.size, a.transpose_a, a.transpose_b, a.reverse);
}

class Expressions {
 public:
  // states: the number of each state, by which it is known.
  Expressions(const StepProgram& program, const std::vector<std::size_t>& states, Numbers& numbers)
      : program_(program),
        numbers_(numbers),
        uses_(program.nodes.size(), 0),
        known_(program.nodes.size(), -1) {
    for (const ProgramNode& node : program.nodes) {
      for (const int input : node.inputs) ++uses_[at(input)];
    }
    for (std::size_t k = 0; k < program.inputs.size(); ++k) leaf(program.inputs[k], "input", k);
    for (std::size_t k = 0; k < states.size(); ++k) {
      leaf(program.states[k].previous, "state", states[k]);
    }
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
      const ProgramNode& node = program.nodes[i];
      if (known_[i] >= 0) continue;
      if (node.kind == ProgramNode::Kind::parameter) {
        known_[i] = number("parameter " + node.shape.to_string());
      } else if (node.kind == ProgramNode::Kind::op) {
        std::string text = fmt::format("{} {}:", node.op->name, text_of(node.attributes));
        for (const int term : terms(static_cast<int>(i))) text += fmt::format(" {}", of(term));
        known_[i] = number(text);
      }
    }
  }

  int of(int node) const { return known_[at(node)]; }

  // The operands of a node; of a sum or a product all terms, by the numbers of their expressions.
  std::vector<int> terms(int node) const {
    const ProgramNode& n = program_.nodes[at(node)];
    if (!is_op(program_, node, "add") && !is_op(program_, node, "mul")) return n.inputs;
    std::vector<int> all;
    collect(node, n.op, all);
    std::ranges::stable_sort(all, {}, [&](int term) { return of(term); });
    return all;
  }

 private:
  static std::size_t at(int node) { return static_cast<std::size_t>(node); }

  int number(const std::string& text) {
    return numbers_.try_emplace(text, static_cast<int>(numbers_.size())).first->second;
  }
  void leaf(int node, const char* kind, std::size_t k) {
    known_[at(node)] =
        number(fmt::format("{} {} {}", kind, k, program_.nodes[at(node)].shape.to_string()));
  }
  // A sum inside a sum is a part of it where nothing else reads it.
  void collect(int node, const Op* op, std::vector<int>& all) const {
    for (const int input : program_.nodes[at(node)].inputs) {
      const ProgramNode& n = program_.nodes[at(input)];
      if (n.kind == ProgramNode::Kind::op && n.op == op && uses_[at(input)] == 1) {
        collect(input, op, all);
      } else {
        all.push_back(input);
      }
    }
  }

  const StepProgram& program_;
  Numbers& numbers_;
  std::vector<int> uses_, known_;
};

// Walks two programs side by side and notes which node stands for which.
class Pairs {
 public:
  Pairs(const StepProgram& pattern, const Expressions& of_pattern, const StepProgram& program,
        const Expressions& of_program)
      : pattern_(pattern),
        of_pattern_(of_pattern),
        of_program_(of_program),
        other_(pattern.nodes.size(), -1),
        back_(program.nodes.size(), -1) {}

  // False where one node would have to stand for two.
  bool add(int a, int b) {
    int &other = other_[static_cast<std::size_t>(a)], &back = back_[static_cast<std::size_t>(b)];
    if (pattern_.nodes[static_cast<std::size_t>(a)].kind == ProgramNode::Kind::parameter) {
      if (other >= 0 || back >= 0) return other == b && back == a;
    } else if (other == b) {
      return true;
    }
    other = b;
    back = a;
    const std::vector<int> of_a = of_pattern_.terms(a), of_b = of_program_.terms(b);
    for (std::size_t k = 0; k < of_a.size(); ++k) {
      if (!add(of_a[k], of_b[k])) return false;
    }
    return true;
  }

  int other(int node) const { return other_[static_cast<std::size_t>(node)]; }

 private:
  const StepProgram& pattern_;
  const Expressions &of_pattern_, &of_program_;
  std::vector<int> other_, back_;
};

// states: of each state of the program, that of the pattern which it is to be.
std::optional<SameEquations> with_states(const StepProgram& pattern, const StepProgram& program,
                                         const std::vector<std::size_t>& states) {
  std::vector<std::size_t> own(states.size());
  std::iota(own.begin(), own.end(), 0U);
  Numbers numbers;
  const Expressions of_pattern(pattern, own, numbers), of_program(program, states, numbers);
  Pairs pairs(pattern, of_pattern, program, of_program);
  const auto same = [&](int a, int b) {
    return of_pattern.of(a) == of_program.of(b) && pairs.add(a, b);
  };
  if (!same(pattern.output, program.output)) return {};
  SameEquations found{{}, std::vector<std::size_t>(states.size())};
  for (std::size_t k = 0; k < states.size(); ++k) {
    if (!same(pattern.states[states[k]].next, program.states[k].next)) return {};
    found.states[states[k]] = k;
  }
  for (const ProgramParameter& parameter : pattern.parameters) {
    const int node = pairs.other(parameter.node);
    const auto place = std::ranges::find(program.parameters, node, &ProgramParameter::node);
    if (place == program.parameters.end()) return {};  // no step of the pattern reads it
    found.parameters.push_back(
        static_cast<std::size_t>(std::distance(program.parameters.begin(), place)));
  }
  return found;
}

}  // namespace

std::optional<SameEquations> same_equations(const StepProgram& pattern,
                                            const StepProgram& program) {
  const std::size_t count = program.states.size();
  if (count != pattern.states.size() || count > most_states ||
      program.inputs.size() != pattern.inputs.size()) {
    return {};
  }
  std::vector<std::size_t> states(count);
  std::iota(states.begin(), states.end(), 0U);
  do {
    if (auto found = with_states(pattern, program, states)) return found;
  } while (std::ranges::next_permutation(states).found);
  return {};
}

}  // namespace carousel
