#include "cell/mutation/structure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace carousel {
namespace {

std::size_t at(int id) { return static_cast<std::size_t>(id); }

// Numbers nodes in the order in which a walk from the output meets them, and writes each once.
class Walk {
 public:
  explicit Walk(const StepProgram& program) : program_(program) {}

  std::string run() {
    const int output = visit(program_.output);
    // A state's new value is walked when all that leads to the state is behind.
    for (std::size_t k = 0; k < states_.size(); ++k) {
      const ProgramState& state = *states_[k];
      const int next = visit(state.next);
      text_ += fmt::format("state {} next {} {}", k, next, state.initial);
      if (state.initial_node >= 0) text_ += fmt::format(" from {}", visit(state.initial_node));
      text_ += '\n';
    }
    return text_ + fmt::format("output {}\n", output);
  }

 private:
  int visit(int id) {
    if (const auto known = numbers_.find(id); known != numbers_.end()) return known->second;
    const ProgramNode& node = program_.nodes[at(id)];
    std::string line;
    switch (node.kind) {
      case ProgramNode::Kind::input: line = input_line(id, node); break;
      case ProgramNode::Kind::parameter: line = parameter_line(id); break;
      case ProgramNode::Kind::state: line = state_line(id); break;
      case ProgramNode::Kind::op: line = op_line(node); break;
    }
    const int number = static_cast<int>(numbers_.size());
    numbers_[id] = number;
    text_ += fmt::format("{} {} {}\n", number, line, node.shape.to_string());
    return number;
  }

  std::string input_line(int id, const ProgramNode& node) const {
    const auto place = std::find(program_.inputs.begin(), program_.inputs.end(), id);
    const auto otherwise = node.otherwise ? fmt::format("{}", *node.otherwise) : std::string("-");
    return fmt::format("input {} {}", place - program_.inputs.begin(), otherwise);
  }

  std::string parameter_line(int id) {
    for (const ProgramParameter& parameter : program_.parameters) {
      if (parameter.node != id) continue;
      std::string init = parameter.init.to_string();
      if (parameter.init.kind == Initialiser::Kind::minus) {
        init = fmt::format("minus {}", visit(node_of(parameter.init.other)));
      }
      return fmt::format("parameter {}{}", init, parameter.trained ? "" : " fixed");
    }
    fail_bug("a parameter of {} is not declared", program_.name);
  }

  int node_of(const std::string& parameter) const {
    const auto& all = program_.parameters;
    return std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.name == parameter; })
        ->node;
  }

  std::string state_line(int id) {
    for (const ProgramState& state : program_.states) {
      if (state.previous != id) continue;
      states_.push_back(&state);
      return fmt::format("state {}", states_.size() - 1);
    }
    fail_bug("a state of {} is not declared", program_.name);
  }

  std::string op_line(const ProgramNode& node) {
    std::string line(node.op->name);
    for (const int input : node.inputs) line += fmt::format(" {}", visit(input));
    const Attributes& a = node.attributes;
    return line + fmt::format(" ({} {} {} {} {}{}{})", a.value, a.axis, a.begin, a.size,
                              a.transpose_a ? "A" : "", a.transpose_b ? "B" : "",
                              a.reverse ? "R" : "");
  }

  const StepProgram& program_;
  std::map<int, int> numbers_;               // of each node met so far
  std::vector<const ProgramState*> states_;  // in the order in which they were met
  std::string text_;
};

}  // namespace

std::string structure_text(const StepProgram& program) { return Walk(program).run(); }

}  // namespace carousel
