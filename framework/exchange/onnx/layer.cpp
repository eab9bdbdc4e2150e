#include "exchange/onnx/layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "exchange/onnx/op_table.hpp"
#include "exchange/onnx/recurrent_operator.hpp"
#include "program/steps.hpp"
#include "tape/tape.hpp"

namespace carousel {
namespace {

using Kind = ProgramNode::Kind;

std::size_t at(int node) { return static_cast<std::size_t>(node); }

// The equation that a node is in, for messages.
std::string equation_of(const StepProgram& program, std::size_t node) {
  std::vector<char> reads(program.nodes.size(), 0);
  reads[node] = 1;
  std::size_t named = node;
  for (std::size_t i = node + 1; program.nodes[named].name.empty() && i < reads.size(); ++i) {
    for (const int input : program.nodes[i].inputs) reads[i] |= reads[at(input)];
    if (reads[i] && !program.nodes[i].name.empty()) named = i;
  }
  const std::string& name = program.nodes[named].name;
  std::istringstream lines(to_text(program));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + " = ")) return "'" + line + "'";
  }
  return name.empty() ? "its equations" : "the value '" + name + "'";
}

[[noreturn]] void fail_without_counterpart(const StepProgram& program, std::size_t node) {
  fail_input(
      "cell {}: ONNX (opset 17) has nothing for the op {} in {}; write its weights alone, to a "
      ".safetensors or .npz file, or write the equation with other ops",
      program.name, program.nodes[node].op->name, equation_of(program, node));
}

// Values of a cell that hold for every sequence: first states, and what is made of parameters.
class FixedValues {
 public:
  explicit FixedValues(const OnnxLayer& layer) : program_(layer.program) {
    const std::size_t count = program_.parameters.size();
    if (layer.parameters.size() != count) {
      fail_input("cell {}: got {} parameters, expected {}", program_.name, layer.parameters.size(),
                 count);
    }
    for (std::size_t k = 0; k < count; ++k) {
      const ProgramParameter& parameter = program_.parameters[k];
      if (!(layer.parameters[k].shape() == parameter.shape)) {
        fail_input("cell {}: parameter {} has shape {}, expected {}", program_.name, parameter.name,
                   layer.parameters[k].shape().to_string(), parameter.shape.to_string());
      }
      parameters_.push_back(tape_.constant(layer.parameters[k]));
    }
    states_ = initial_states(program_, tape_, parameters_, 1);
  }

  // [1, ..]
  Tensor<double> first_state(std::size_t state) const { return tape_.value(states_[state]); }

  // Of a node that reads no input and no state.
  Tensor<double> node(std::size_t node) {
    if (nodes_.empty()) {
      std::vector<Var> inputs;
      for (const int input : program_.inputs) {
        inputs.push_back(
            tape_.constant(Tensor<double>::zeros(with_batch(program_.nodes[at(input)].shape, 1))));
      }
      nodes_ = run_nodes(program_, parameters_, inputs, states_);
    }
    return tape_.value(nodes_[node]);
  }

 private:
  const StepProgram& program_;
  Tape<double> tape_;
  std::vector<Var> parameters_, states_, nodes_;
};

// The nodes of a step on their way into graphs: what is the same for all sequences into the
// outermost one, all else into the body.
class Step {
 public:
  Step(OnnxSequences& sequences, const OnnxLayer& layer, FixedValues& fixed)
      : sequences_(sequences),
        outer_(sequences.graph()),
        program_(layer.program),
        place_(layer.place),
        fixed_(fixed),
        values_(layer.program.nodes.size()) {
    const std::vector<char> read = nodes_read(Folded::looked_into);
    for (std::size_t k = 0; k < program_.parameters.size(); ++k) {
      const ProgramParameter& parameter = program_.parameters[k];
      if (!read[at(parameter.node)]) continue;  // by what a state is before the first step alone
      const std::string name = outer_.unique(place_ + parameter.name);
      outer_.initialiser(name, layer.parameters[k]);
      set(parameter.node, name);
    }
  }

  void set(int node, const std::string& value) { values_[at(node)] = value; }
  const std::string& value(int node) const { return values_[at(node)]; }
  const ProgramNode& node(int node) const { return program_.nodes[at(node)]; }

  // Writes what the output and the new states are made of. Throws InputError.
  void write(OnnxGraph& body) {
    const std::vector<char> read = nodes_read(Folded::left_alone);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (!read[i] || !values_[i].empty()) continue;
      const ProgramNode& node = program_.nodes[i];
      if (is_folded(node)) {
        values_[i] = outer_.unique(place_ + (node.name.empty() ? "computed" : node.name));
        outer_.initialiser(values_[i], fixed_.node(i));
        continue;
      }
      if (!has_onnx(*node.op)) fail_without_counterpart(program_, i);
      OnnxGraph& graph = is_batched(node.shape) ? body : outer_;
      OnnxCall call{graph, node, {}, {}, sequences_.batch()};
      for (const int input : node.inputs) {
        call.in.push_back(values_[at(input)]);
        call.shapes.push_back(program_.nodes[at(input)].shape);
      }
      values_[i] = write_onnx_op(call);
      if (!node.name.empty()) values_[i] = graph.rename(values_[i], place_ + node.name);
    }
  }

 private:
  // Made of parameters by an op without a counterpart: it is computed now.
  static bool is_folded(const ProgramNode& node) {
    return node.kind == Kind::op && !is_batched(node.shape) && !has_onnx(*node.op);
  }

  // Whether what a folded node is made of counts as read.
  enum class Folded { looked_into, left_alone };

  // What the output and the new states are made of.
  std::vector<char> nodes_read(Folded folded) const {
    std::vector<char> read(program_.nodes.size(), 0);
    read[at(program_.output)] = 1;
    for (const ProgramState& state : program_.states) read[at(state.next)] = 1;
    for (std::size_t i = read.size(); i-- > 0;) {
      const ProgramNode& node = program_.nodes[i];
      if (!read[i] || (folded == Folded::left_alone && is_folded(node))) continue;
      for (const int input : node.inputs) read[at(input)] = 1;
    }
    return read;
  }

  OnnxSequences& sequences_;
  OnnxGraph& outer_;
  const StepProgram& program_;
  const std::string& place_;
  FixedValues& fixed_;
  std::vector<std::string> values_;
};

// The names that a state has in the graph.
struct StateNames {
  std::string first,  // value before the first step, [B, ..]
      final;          // output of the graph
};

std::vector<StateNames> declare_states(OnnxSequences& sequences, const OnnxLayer& layer,
                                       const FixedValues& fixed) {
  OnnxGraph& graph = sequences.graph();
  std::vector<StateNames> names;
  for (std::size_t k = 0; k < layer.program.states.size(); ++k) {
    const ProgramState& state = layer.program.states[k];
    const std::vector<OnnxSize> sizes = onnx_sizes(state.shape);
    const std::string given = graph.unique(layer.place + "initial_" + state.name);
    names.push_back({sequences.input(given, fixed.first_state(k), sizes),
                     graph.unique(layer.place + state.name)});
    graph.output(names.back().final, OnnxType::float32, sizes);
  }
  return names;
}

// The name of the node that runs through time.
std::string node_name(const OnnxLayer& layer) {
  return layer.place.empty() ? layer.program.name : layer.place.substr(0, layer.place.size() - 1);
}

std::string write_operator(OnnxSequences& sequences, const OnnxLayer& layer,
                           const RecurrentOperator& made, const std::vector<StateNames>& states,
                           const std::string& x) {
  OnnxGraph& graph = sequences.graph();
  const std::string name = node_name(layer);
  const auto weights = [&](const char* part, const Tensor<double>& value) {
    std::string unique = graph.unique(name + "/" + part);
    graph.initialiser(unique, value);
    return unique;
  };
  const std::string direction = graph.integers({0});
  const std::string lengths =
      graph.add("Cast", {sequences.lengths()}, {{"to", static_cast<Index>(OnnxType::int32)}});
  std::vector<std::string> inputs{x, weights("W", made.w), weights("R", made.r),
                                  weights("B", made.b), lengths};
  std::vector<std::string> outputs{graph.unique(name + "/Y")};
  for (const std::size_t state : made.states) {
    inputs.push_back(graph.add("Unsqueeze", {states[state].first, direction}));
    outputs.push_back(graph.unique(name + "/Y_" + layer.program.states[state].name));
  }
  if (made.p.defined()) inputs.push_back(weights("P", made.p));
  std::vector<OnnxAttribute> attributes = made.attributes;
  attributes.push_back({"hidden_size", layer.program.output_shape().back()});
  attributes.push_back({"direction", std::string(layer.reverse ? "reverse" : "forward")});
  graph.add(made.op, name, inputs, outputs, attributes);
  for (std::size_t k = 0; k < made.states.size(); ++k) {
    graph.add("Squeeze", "", {outputs[k + 1], direction}, {states[made.states[k]].final});
  }
  return graph.add("Squeeze", {outputs[0], graph.integers({1})});
}

// [B, 1] as [B, 1, .., 1].
std::string with_rank(OnnxGraph& graph, const std::string& column, int rank) {
  std::vector<Index> axes;
  for (int axis = 2; axis < rank; ++axis) axes.push_back(axis);
  return axes.empty() ? column : graph.add("Unsqueeze", {column, graph.integers(axes)});
}

class ScanWriter {
 public:
  ScanWriter(OnnxSequences& sequences, const OnnxLayer& layer, FixedValues& fixed)
      : sequences_(sequences),
        layer_(layer),
        program_(layer.program),
        graph_(sequences.graph()),
        body_(graph_, node_name(layer) + "/step"),
        step_(sequences, layer, fixed) {}

  std::string write(const std::vector<StateNames>& states, const std::string& x) {
    std::vector<std::string> inputs, outputs, old, of_step;
    for (std::size_t k = 0; k < states.size(); ++k) {
      const ProgramState& state = program_.states[k];
      inputs.push_back(states[k].first);
      outputs.push_back(states[k].final);
      old.push_back(graph_.unique(layer_.place + previous_name(state.name)));
      body_.input(old.back(), OnnxType::float32, onnx_sizes(state.shape));
      step_.set(state.previous, old.back());
    }
    const std::string inside = graph_.unique(layer_.place + "inside");
    body_.input(inside, OnnxType::boolean, {"B", Index{1}});
    inputs.push_back(sequences_.inside());
    read_inputs(x, inputs);
    step_.write(body_);
    for (std::size_t k = 0; k < states.size(); ++k) {
      const ProgramState& state = program_.states[k];
      give(state.next, inside, old[k]);
    }
    give(program_.output, inside, graph_.number(0.0));
    outputs.push_back(graph_.unique(node_name(layer_) + "/Y"));
    const auto scanned = std::ssize(inputs) - std::ssize(states);
    const std::vector<Index> directions(static_cast<std::size_t>(scanned), Index{layer_.reverse});
    graph_.add("Scan", node_name(layer_), inputs, outputs,
               {{"body", &body_},
                {"num_scan_inputs", Index{scanned}},
                {"scan_input_directions", directions},
                {"scan_output_directions", std::vector<Index>{Index{layer_.reverse}}}});
    return outputs.back();
  }

 private:
  // An output of the body: the new value, or the other one behind a sequence's end.
  void give(int node, const std::string& inside, const std::string& otherwise) {
    const Shape& shape = step_.node(node).shape;
    const std::string name = graph_.unique("next");
    body_.add("Where", "", {with_rank(body_, inside, shape.rank()), step_.value(node), otherwise},
              {name});
    body_.output(name, OnnxType::float32, onnx_sizes(shape));
  }

  // x and what else the data holds go in step by step; what a layer gives has its default.
  void read_inputs(const std::string& x, std::vector<std::string>& inputs) {
    for (std::size_t k = 0; k < program_.inputs.size(); ++k) {
      const int input = program_.inputs[k];
      const ProgramNode& node = step_.node(input);
      if (node.supply) {
        step_.set(input, supplied(node));
        continue;
      }
      inputs.push_back(k == 0 ? x : further(node));
      const std::string now = graph_.unique(layer_.place + node.name + "[t]");
      body_.input(now, OnnxType::float32, onnx_sizes(node.shape));
      step_.set(input, now);
    }
  }

  // [B, size]
  std::string supplied(const ProgramNode& node) {
    std::string value;
    if (node.supply->kind == Supply::Kind::length) {
      const std::string number = graph_.add("Cast", {sequences_.lengths()},
                                            {{"to", static_cast<Index>(OnnxType::float32)}});
      value = graph_.add("Unsqueeze", {number, graph_.integers({-1})});
    } else {
      value = graph_.number(node.otherwise.value());
    }
    return sequences_.expanded(value, onnx_sizes(node.shape));
  }

  // [T, B, size]
  std::string further(const ProgramNode& node) {
    std::string name = graph_.unique(layer_.place + node.name);
    const std::vector<OnnxSize> sizes{"T", "B", node.shape.back()};
    if (node.otherwise) {
      return sequences_.input(
          name, Tensor<double>::full({1, 1, node.shape.back()}, *node.otherwise), sizes);
    }
    graph_.input(name, OnnxType::float32, sizes);
    return name;
  }

  OnnxSequences& sequences_;
  const OnnxLayer& layer_;
  const StepProgram& program_;
  OnnxGraph& graph_;
  OnnxGraph body_;
  Step step_;
};

}  // namespace

std::string write_onnx_rows(OnnxSequences& sequences, const OnnxLayer& layer,
                            const std::string& x) {
  FixedValues fixed(layer);
  Step step(sequences, layer, fixed);
  step.set(layer.program.inputs[0], x);
  step.write(sequences.graph());
  return step.value(layer.program.output);
}

std::string write_onnx_layer(OnnxSequences& sequences, const OnnxLayer& layer,
                             const std::string& x) {
  FixedValues fixed(layer);
  const std::vector<StateNames> states = declare_states(sequences, layer, fixed);
  if (const auto made = recurrent_operator(layer.program, layer.parameters)) {
    return write_operator(sequences, layer, *made, states, x);
  }
  return ScanWriter(sequences, layer, fixed).write(states, x);
}

}  // namespace carousel
