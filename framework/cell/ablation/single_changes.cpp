#include <algorithm>
#include <cmath>
#include <map>

#include "cell/ablation/ablation.hpp"
#include "cell/ablation/structure.hpp"
#include "program/rewrite.hpp"

namespace carousel {
namespace {

using Kind = Ablation::Kind;

std::size_t at(int id) { return static_cast<std::size_t>(id); }

// No division by 0, no number that is not finite, and an output that depends on the input.
bool is_sound(const StepProgram& program) {
  for (const ProgramNode& node : program.nodes) {
    if (node.kind != ProgramNode::Kind::op) continue;
    if (node.op->name == "constant" && !std::isfinite(node.attributes.value)) return false;
    if (node.op->name != "div") continue;
    const ProgramNode& divisor = program.nodes[at(node.inputs[1])];
    if (divisor.kind == ProgramNode::Kind::op && divisor.op->name == "constant" &&
        divisor.attributes.value == 0.0) {
      return false;
    }
  }
  const std::vector<char> behind = nodes_behind_output(program);
  return std::any_of(program.inputs.begin(), program.inputs.end(),
                     [&](int input) { return behind[at(input)] != 0; });
}

class Enumerator {
 public:
  explicit Enumerator(StepProgram program)
      : program_(std::move(program)), counts_(nodes_behind_output(program_)) {
    for (const int gate : gates_of(program_)) {
      if (counts_[at(gate)]) gates_.push_back(gate);
    }
    if (const auto parts = lstm_parts(program_)) parts_ = *parts;
  }

  std::vector<Ablation> run() {
    gate_constants();
    coupled_gates();
    activations();
    parameters();
    old_states();
    if (!gates_.empty()) gate_recurrence();
    return std::move(changes_);
  }

 private:
  const std::string& name_of(int id) const { return program_.nodes[at(id)].name; }
  const Shape& shape_of(int id) const { return program_.nodes[at(id)].shape; }

  void add(Ablation change) {
    if (is_sound(apply_ablation(program_, change))) changes_.push_back(std::move(change));
  }

  void gate_constants() {
    const std::map<int, std::string> aliases = {
        {parts_.input_gate, "NIG"}, {parts_.forget_gate, "NFG"}, {parts_.output_gate, "NOG"}};
    for (const int value : {1, 0}) {
      for (const int gate : gates_) {
        const auto alias = aliases.find(gate);
        add({.kind = Kind::constant,
             .targets = {name_of(gate)},
             .value = static_cast<double>(value),
             .name = fmt::format("{}={}", name_of(gate), value),
             .alias = value == 1 && alias != aliases.end() ? alias->second : ""});
      }
    }
  }

  // Two gates that weigh terms of one sum: the one of an old state becomes 1 minus the other.
  void coupled_gates() {
    for (const ProgramNode& sum : program_.nodes) {
      if (sum.kind != ProgramNode::Kind::op || sum.op->name != "add") continue;
      const auto [a, keeps_a] = weight_of(sum.inputs[0]);
      const auto [b, keeps_b] = weight_of(sum.inputs[1]);
      if (a < 0 || b < 0 || a == b || shape_of(a) != shape_of(b)) continue;
      const bool first = keeps_a != keeps_b ? keeps_a : a > b;
      if (!couple(first ? a : b, first ? b : a)) couple(first ? b : a, first ? a : b);
    }
  }

  bool couple(int gate, int other) {
    if (ancestors(program_, other)[at(gate)]) return false;
    const bool cifg = gate == parts_.forget_gate && other == parts_.input_gate;
    Ablation change{.kind = Kind::couple,
                    .targets = {name_of(gate), name_of(other)},
                    .name = fmt::format("{}=1-{}", name_of(gate), name_of(other)),
                    .alias = cifg ? "CIFG" : ""};
    const auto same = [&](const Ablation& known) { return known.name == change.name; };
    if (std::none_of(changes_.begin(), changes_.end(), same)) add(std::move(change));
    return true;
  }

  // The gate that multiplies a term (-1: none), and whether it multiplies an old state.
  std::pair<int, bool> weight_of(int term) const {
    const ProgramNode& node = program_.nodes[at(term)];
    if (node.kind != ProgramNode::Kind::op || node.op->name != "mul") return {-1, false};
    for (const std::size_t k : {0u, 1u}) {
      if (std::find(gates_.begin(), gates_.end(), node.inputs[k]) == gates_.end()) continue;
      const ProgramNode& other = program_.nodes[at(node.inputs[1 - k])];
      return {node.inputs[k], other.kind == ProgramNode::Kind::state};
    }
    return {-1, false};
  }

  void activations() {
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
      const ProgramNode& node = program_.nodes[i];
      if (node.kind != ProgramNode::Kind::op || node.name.empty()) continue;
      const int value = static_cast<int>(i);
      for (int place = 0;; ++place) {
        const int activation = activation_at(program_, value, place);
        if (activation < 0 && place > 0) break;
        if (activation < 0 || !counts_[at(activation)]) continue;
        changes_of_activation(node.name, place, activation);
      }
    }
  }

  void changes_of_activation(const std::string& value, int place, int id) {
    const std::string op(program_.nodes[at(id)].op->name);
    const std::string where = place == 0   ? fmt::format("({})", value)
                              : place == 1 ? fmt::format("_in({})", value)
                                           : fmt::format("_in({}, {})", value, place);
    Ablation change{.targets = {value}, .place = place};
    const auto add_as = [&](Kind kind, const std::string& name, const std::string& alias) {
      change.kind = kind;
      change.name = name + where;
      change.alias = alias;
      add(change);
    };
    if (op != "sigmoid") {
      add_as(Kind::drop_activation, "no_" + op,
             id == parts_.content_activation  ? "NIAF"
             : id == parts_.output_activation ? "NOAF"
                                              : "");
    }
    change.activation = op == "tanh" ? "relu" : op == "relu" ? "tanh" : "hard_sigmoid";
    add_as(Kind::swap_activation, op + "->" + change.activation, "");
    change.activation.clear();
    if (has_product(program_.nodes[at(id)].inputs[0])) add_as(Kind::layer_norm, "layer_norm", "");
  }

  // Whether a vector [batch, n] is made with a matrix in its own expression.
  bool has_product(int id) const {
    const Shape& shape = shape_of(id);
    if (shape.rank() != 2 || shape[0] != batch_dim || shape.back() < 2) return false;
    if (!program_.nodes[at(id)].name.empty()) return false;
    const std::vector<int> parts = expression_of(program_, id);
    return std::any_of(parts.begin(), parts.end(), [&](int part) {
      return program_.nodes[at(part)].kind == ProgramNode::Kind::op &&
             program_.nodes[at(part)].op->name == "matmul";
    });
  }

  void parameters() {
    Ablation peepholes{.kind = Kind::drop_parameters,
                       .name = "no_peepholes",
                       .alias = parts_.input_gate >= 0 ? "NP" : ""};
    for (const ProgramParameter& parameter : program_.parameters) {
      if (!counts_[at(parameter.node)]) continue;
      add({.kind = Kind::drop_parameters,
           .targets = {parameter.name},
           .name = "no_" + parameter.name});
      if (weighs_state(parameter)) peepholes.targets.push_back(parameter.name);
    }
    if (peepholes.targets.size() > 1) add(peepholes);
    for (const ProgramParameter& parameter : program_.parameters) {
      if (!counts_[at(parameter.node)] || !is_recurrent_matrix(parameter)) continue;
      add({.kind = Kind::diagonal,
           .targets = {parameter.name},
           .name = "diagonal_" + parameter.name});
    }
  }

  // A vector that multiplies a state, old or new.
  bool weighs_state(const ProgramParameter& parameter) const {
    if (parameter.shape.rank() != 1) return false;
    for (const ProgramNode& node : program_.nodes) {
      if (node.kind != ProgramNode::Kind::op || node.op->name != "mul") continue;
      for (const std::size_t k : {0u, 1u}) {
        if (node.inputs[k] != parameter.node) continue;
        for (const ProgramState& state : program_.states) {
          const int other = node.inputs[1 - k];
          if (other == state.previous || other == state.next) return true;
        }
      }
    }
    return false;
  }

  // A square matrix that multiplies vectors that depend on a state, and nothing else.
  bool is_recurrent_matrix(const ProgramParameter& parameter) const {
    const Shape& shape = parameter.shape;
    if (shape.rank() != 2 || shape[0] != shape[1] || shape[0] < 2) return false;
    for (const ProgramState& state : program_.states) {
      if (state.initial_node >= 0 && ancestors(program_, state.initial_node)[at(parameter.node)]) {
        return false;
      }
    }
    bool any = false;
    for (const ProgramNode& node : program_.nodes) {
      const auto& in = node.inputs;
      if (std::find(in.begin(), in.end(), parameter.node) == in.end()) continue;
      if (node.op->name != "matmul" || in[1] != parameter.node || !is_recurrent(in[0])) {
        return false;
      }
      any = true;
    }
    return any;
  }

  bool is_recurrent(int id) const {
    if (shape_of(id).rank() != 2 || shape_of(id)[0] != batch_dim) return false;
    const std::vector<char> parts = ancestors(program_, id);
    return std::any_of(program_.states.begin(), program_.states.end(),
                       [&](const ProgramState& state) { return parts[at(state.previous)] != 0; });
  }

  void old_states() {
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
      const ProgramNode& node = program_.nodes[i];
      if (node.kind != ProgramNode::Kind::op || node.name.empty()) continue;
      const std::vector<int> expression = expression_of(program_, static_cast<int>(i));
      for (const ProgramState& state : program_.states) {
        if (program_.nodes[at(state.next)].kind != ProgramNode::Kind::op) continue;
        if (state.loss_weight || counts_steps(program_, state)) continue;
        const bool reads = std::any_of(expression.begin(), expression.end(), [&](int part) {
          const auto& in = program_.nodes[at(part)].inputs;
          return std::find(in.begin(), in.end(), state.next) != in.end();
        });
        if (!reads) continue;
        add({.kind = Kind::old_state,
             .targets = {node.name, state.name},
             .name = fmt::format("old_{}({})", state.name, node.name)});
      }
    }
  }

  void gate_recurrence() {
    Ablation change{.kind = Kind::full_gate_recurrence,
                    .name = "full_gate_recurrence",
                    .alias = parts_.input_gate >= 0 ? "FGR" : ""};
    for (const int gate : gates_) {
      if (shape_of(gate) != shape_of(gates_[0])) return;
      change.targets.push_back(name_of(gate));
    }
    add(change);
  }

  const StepProgram program_;
  std::vector<char> counts_;  // nodes that the output's value depends on
  std::vector<int> gates_;
  LstmParts parts_;
  std::vector<Ablation> changes_;
};

}  // namespace

std::vector<Ablation> single_changes(const StepProgram& program) {
  return Enumerator(simplified(program)).run();
}

Ablation find_ablation(const StepProgram& program, const std::string& name) {
  std::vector<std::string> known;
  for (const Ablation& change : single_changes(program)) {
    if (change.name == name || (!change.alias.empty() && change.alias == name)) return change;
    known.push_back(change.name);
    if (!change.alias.empty()) known.push_back(change.alias);
  }
  fail_input("cell {}: there is no change '{}'{}", program.name, name, did_you_mean(name, known));
}

}  // namespace carousel
