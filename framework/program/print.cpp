#include <algorithm>
#include <map>

#include "program/step_program.hpp"

namespace carousel {
namespace {

struct Infix {
  std::string_view sign;
  int strength;  // a stronger operator binds its operands first
};

const std::map<std::string_view, Infix> infix = {
    {"add", {"+", 1}}, {"sub", {"-", 1}}, {"mul", {"*", 2}}, {"div", {"/", 2}}};
constexpr int product_strength = 3;
constexpr int name_strength = 9;

class Printer {
 public:
  explicit Printer(const StepProgram& program) : program_(program) {}

  std::string run() {
    std::string text = fmt::format("cell {}\n", program_.name);
    for (const auto& p : program_.parameters) {
      text +=
          fmt::format("param {} : {} init {}\n", p.name, p.shape.to_string(), p.init.to_string());
    }
    for (const auto& s : program_.states) {
      if (s.initial != 0.0) text += fmt::format("initial {} = {}\n", s.name, s.initial);
    }
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
      const ProgramNode& node = program_.nodes[i];
      if (node.kind != ProgramNode::Kind::op || node.name.empty()) continue;
      text += fmt::format("{} = {}\n", node.name, expression(node, 0));
    }
    return text + fmt::format("output {}\n", node_at(program_.output).name);
  }

 private:
  const ProgramNode& node_at(int id) const { return program_.nodes[static_cast<std::size_t>(id)]; }

  std::string operand(const ProgramNode& node, int strength) const {
    return node.name.empty() ? expression(node, strength) : node.name;
  }

  // In brackets when the surrounding operator binds at least as strongly.
  std::string expression(const ProgramNode& node, int surrounding) const {
    int own = name_strength;
    std::string text;
    const std::string_view op = node.op->name;
    if (const auto found = infix.find(op); found != infix.end()) {
      own = found->second.strength;
      text = fmt::format("{} {} {}", operand(node_at(node.inputs[0]), own - 1), found->second.sign,
                         operand(node_at(node.inputs[1]), own));
    } else if (op == "matmul" && !node.attributes.transpose_a && node.attributes.transpose_b) {
      own = product_strength;
      text = fmt::format("{} @ {}", operand(node_at(node.inputs[1]), own),
                         operand(node_at(node.inputs[0]), own));
    } else if (op == "constant") {
      text = fmt::format("{}", node.attributes.value);
    } else if (op == "broadcast_to" && node.shape == node_at(node.inputs[0]).shape) {
      text = operand(node_at(node.inputs[0]), 0);
    } else {
      for (const int input : node.inputs) {
        text += (text.empty() ? "" : ", ") + operand(node_at(input), 0);
      }
      text = fmt::format("{}({})", op, text);
    }
    return own <= surrounding ? "(" + text + ")" : text;
  }

  const StepProgram& program_;
};

}  // namespace

std::string to_text(const StepProgram& program) { return Printer(program).run(); }

}  // namespace carousel
