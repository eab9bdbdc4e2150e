#include "cell/mutation/mutation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <vector>

#include "cell/ablation/ablation.hpp"
#include "cell/ablation/structure.hpp"
#include "program/rewrite.hpp"

namespace carousel {
namespace {

using Kind = ProgramNode::Kind;

std::size_t at(int id) { return static_cast<std::size_t>(id); }

constexpr std::array<const char*, 3> activations = {"tanh", "sigmoid", "relu"};

class Mutator {
 public:
  Mutator(const StepProgram& program, Random& random)
      : program_(program), random_(random), counts_(nodes_behind_output(program)) {}

  // Changes the program, and says how; empty where the kind that was drawn finds no place.
  std::string run() {
    using Change = std::string (Mutator::*)();
    static constexpr std::array<Change, 12> changes = {&Mutator::exchange_activation,
                                                       &Mutator::add_activation,
                                                       &Mutator::leave_out_operand,
                                                       &Mutator::exchange_operator,
                                                       &Mutator::add_linear_term,
                                                       &Mutator::add_skip,
                                                       &Mutator::add_gate,
                                                       &Mutator::take_complement,
                                                       &Mutator::exchange_operand,
                                                       &Mutator::exchange_operand,
                                                       &Mutator::make_single_change,
                                                       &Mutator::add_linear_term};
    return (this->*changes[at(below(changes.size()))])();
  }

  StepProgram take() { return std::move(program_); }

 private:
  // -- what is drawn

  int below(std::size_t n) { return static_cast<int>(random_.below(n)); }

  template <class T>
  T one_of(const std::vector<T>& all) {
    return all[at(below(all.size()))];
  }

  // Nodes that matter to the output and are so.
  std::vector<int> nodes_where(const std::function<bool(int)>& is_so) const {
    std::vector<int> found;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] && is_so(static_cast<int>(i))) found.push_back(static_cast<int>(i));
    }
    return found;
  }

  const ProgramNode& node(int id) const { return program_.nodes[at(id)]; }
  const Shape& shape(int id) const { return node(id).shape; }
  bool is_vector(int id) const { return shape(id).rank() == 2 && shape(id)[0] == batch_dim; }
  bool is_value(int id) const { return node(id).kind == Kind::op && is_vector(id); }
  bool is_activation(int id) const {
    return std::any_of(activations.begin(), activations.end(),
                       [&](const char* op) { return is_op(program_, id, op); });
  }

  // Vectors of the step that a node may read: those that do not depend on it within the step.
  std::vector<int> readable(int reader, const std::function<bool(int)>& is_so) const {
    std::vector<int> found;
    for (const int id :
         nodes_where([&](int v) { return is_vector(v) && v != reader && is_so(v); })) {
      if (!ancestors(program_, id)[at(reader)]) found.push_back(id);
    }
    return found;
  }

  // -- words

  // An expression in short; what lies deep in it is "..".
  std::string word(int id, int depth = 3) const {
    const ProgramNode& n = node(id);
    if (!n.name.empty()) return n.name;
    if (is_op(program_, id, "constant")) {  // words do not depend on sizes, as lengths do
      return n.attributes.value < 8.0 ? fmt::format("{}", n.attributes.value) : "n";
    }
    if (depth == 0) return "..";
    if (is_op(program_, id, "matmul")) {
      return fmt::format("{} @ {}", word(n.inputs[1], depth - 1), word(n.inputs[0], depth - 1));
    }
    static const std::map<std::string_view, const char*> signs = {
        {"add", "+"}, {"sub", "-"}, {"mul", "*"}, {"div", "/"}};
    if (const auto sign = signs.find(n.op->name); sign != signs.end()) {
      return fmt::format("({} {} {})", word(n.inputs[0], depth - 1), sign->second,
                         word(n.inputs[1], depth - 1));
    }
    std::string arguments;
    for (const int input : n.inputs) {
      arguments += (arguments.empty() ? "" : ", ") + word(input, depth - 1);
    }
    return fmt::format("{}({})", n.op->name, arguments);
  }

  // "z" of the value itself, "in z" of a part of its expression.
  std::string place(int id) const {
    if (!node(id).name.empty()) return node(id).name;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const int value = static_cast<int>(i);
      if (node(value).kind != Kind::op || node(value).name.empty()) continue;
      const std::vector<int> parts = expression_of(program_, value);
      if (std::find(parts.begin(), parts.end(), id) != parts.end()) {
        return "in " + node(value).name;
      }
    }
    return "in a part";
  }

  // -- rewriting

  // A copy of a node, to build on what it was; redirect() then leads its readers to the new one.
  int copy_of(int id) {
    ProgramNode copy = node(id);
    copy.name.clear();
    program_.nodes.push_back(std::move(copy));
    return static_cast<int>(program_.nodes.size()) - 1;
  }

  int append(const std::string& op, const std::vector<int>& inputs) {
    return append_op(program_, op, inputs);
  }

  std::string free_name(const std::string& kind) const {
    const auto is_taken = [&](const std::string& name) {
      return std::any_of(program_.nodes.begin(), program_.nodes.end(),
                         [&](const ProgramNode& n) { return n.name == name; });
    };
    int k = 1;
    while (is_taken(fmt::format("{}_{}", kind, k))) ++k;
    return fmt::format("{}_{}", kind, k);
  }

  // W @ source, as wide as a value.
  int append_linear(int source, int value) {
    const Index rows = shape(value).back(), columns = shape(source).back();
    const bool is_state = node(source).kind == Kind::state;
    const Initialiser init =
        is_state && rows == columns ? Initialiser::orthogonal() : Initialiser::glorot();
    const int matrix =
        append_parameter(program_, free_name(is_state ? "U" : "W"), {rows, columns}, init);
    Attributes transposed;
    transposed.transpose_b = true;
    return append_op(program_, "matmul", {source, matrix}, transposed);
  }

  // x and the old values of states that are vectors.
  std::vector<int> sources() const {
    std::vector<int> found{program_.inputs[0]};
    for (const ProgramState& state : program_.states) {
      if (is_vector(state.previous)) found.push_back(state.previous);
    }
    return found;
  }

  // -- the changes

  std::string exchange_activation() {
    const auto all = nodes_where([&](int id) { return is_value(id) && is_activation(id); });
    if (all.empty()) return "";
    const int id = one_of(all);
    const std::string old(node(id).op->name), where = place(id);
    std::vector<std::string> others{"identity"};
    for (const char* op : activations) {
      if (op != old) others.emplace_back(op);
    }
    const std::string now = one_of(others);
    if (now == "identity") redirect(program_, id, node(id).inputs[0]);
    else program_.nodes[at(id)].op = &find_op(now);
    return fmt::format("{}: {} -> {}", where, old, now);
  }

  std::string add_activation() {
    const auto all = nodes_where([&](int id) { return is_value(id) && !is_activation(id); });
    if (all.empty()) return "";
    const int id = one_of(all);
    const std::string where = place(id), old = word(id);
    const std::string op = activations[at(below(activations.size()))];
    redirect(program_, id, append(op, {copy_of(id)}));
    return fmt::format("{}: {} of {}", where, op, where == old ? "it" : old);
  }

  // Of a sum a term, of a product a factor.
  std::string leave_out_operand() {
    const auto all = nodes_where([&](int id) {
      return is_value(id) && (is_op(program_, id, "add") || is_op(program_, id, "sub") ||
                              is_op(program_, id, "mul"));
    });
    if (all.empty()) return "";
    const int id = one_of(all);
    std::size_t gone = at(below(2));
    if (!is_vector(node(id).inputs[1 - gone])) gone = 1 - gone;
    const int kept = node(id).inputs[1 - gone];
    std::string text = fmt::format("{}: without {}", place(id), word(node(id).inputs[gone]));
    redirect(program_, id, kept);
    return text;
  }

  std::string exchange_operator() {
    const auto all = nodes_where([&](int id) {
      const bool fits = is_value(id) && (is_op(program_, id, "add") || is_op(program_, id, "mul"));
      return fits && is_vector(node(id).inputs[0]) && is_vector(node(id).inputs[1]);
    });
    if (all.empty()) return "";
    const int id = one_of(all);
    const bool sum = is_op(program_, id, "add");
    std::string text =
        fmt::format("{}: {} -> {} between {} and {}", place(id), sum ? "+" : "*", sum ? "*" : "+",
                    word(node(id).inputs[0]), word(node(id).inputs[1]));
    program_.nodes[at(id)].op = &find_op(sum ? "mul" : "add");
    return text;
  }

  std::string add_linear_term() {
    const auto all = nodes_where([&](int id) { return is_value(id) && !is_activation(id); });
    if (all.empty()) return "";
    const int id = one_of(all), source = one_of(sources());
    const std::string where = place(id);
    const int term = append_linear(source, id);
    std::string text = fmt::format("{}: + {}", where, word(term));
    redirect(program_, id, append("add", {copy_of(id), term}));
    return text;
  }

  std::string add_skip() {
    const auto all = nodes_where([&](int id) { return is_value(id); });
    if (all.empty()) return "";
    const int id = one_of(all);
    const auto others = readable(id, [&](int v) { return shape(v) == shape(id); });
    if (others.empty()) return "";
    const int other = one_of(others);
    std::string text = fmt::format("{}: + {}", place(id), word(other));
    redirect(program_, id, append("add", {copy_of(id), other}));
    return text;
  }

  // value * sigmoid(W @ x + U @ h[t-1] + b)
  std::string add_gate() {
    const auto all = nodes_where([&](int id) { return is_value(id); });
    const std::vector<int> from = sources();
    if (all.empty() || from.size() < 2) return "";
    const int id = one_of(all);
    const int state = from[at(1 + below(from.size() - 1))];
    const std::string where = place(id);
    const int sum = append("add", {append_linear(from[0], id), append_linear(state, id)});
    const int bias =
        append_parameter(program_, free_name("b"), {shape(id).back()}, Initialiser::ones());
    const int gate = append("sigmoid", {append("add", {sum, bias})});
    redirect(program_, id, append("mul", {gate, copy_of(id)}));
    return fmt::format("{}: times a gate of {} and {}", where, word(from[0]), word(state));
  }

  std::string take_complement() {
    const auto all = nodes_where([&](int id) { return is_value(id); });
    if (all.empty()) return "";
    const int id = one_of(all);
    const std::string where = place(id);
    redirect(program_, id, append("sub", {append_constant(program_, 1.0), copy_of(id)}));
    return fmt::format("{}: 1 minus it", where);
  }

  std::string exchange_operand() {
    const auto all = nodes_where([&](int id) {
      const auto& in = node(id).inputs;
      return node(id).kind == Kind::op &&
             std::any_of(in.begin(), in.end(), [&](int input) { return is_vector(input); });
    });
    if (all.empty()) return "";
    const int id = one_of(all);
    std::vector<std::size_t> operands;
    for (std::size_t k = 0; k < node(id).inputs.size(); ++k) {
      if (is_vector(node(id).inputs[k])) operands.push_back(k);
    }
    const std::size_t k = one_of(operands);
    const int old = node(id).inputs[k];
    const auto others = readable(id, [&](int v) { return v != old && shape(v) == shape(old); });
    if (others.empty()) return "";
    const int other = one_of(others);
    std::string text = fmt::format("{}: {} -> {}", place(id), word(old), word(other));
    program_.nodes[at(id)].inputs[k] = other;
    return text;
  }

  std::string make_single_change() {
    const std::vector<Ablation> all = single_changes(program_);
    if (all.empty()) return "";
    const Ablation change = one_of(all);
    const std::string name = program_.name;
    program_ = apply_ablation(program_, change);
    program_.name = name;
    return change.name;
  }

  StepProgram program_;
  Random& random_;
  std::vector<char> counts_;  // nodes that the output's value depends on, before the change
};

}  // namespace

std::optional<Mutant> mutated(const StepProgram& program, Random& random) {
  try {
    Mutator mutator(program, random);
    std::string change = mutator.run();
    if (change.empty()) return {};
    return Mutant{simplified(mutator.take()), std::move(change)};
  } catch (const InputError&) {  // of shapes that do not fit, or of a value that reads itself
    return {};
  }
}

}  // namespace carousel
