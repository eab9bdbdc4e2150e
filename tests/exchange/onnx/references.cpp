// onnx_references FOLDER [CELL ..]: ONNX files and what they must give, as JSON beside them, for
// run.mjs. Without cells: some of different groups, each op by itself, and trained models. --all:
// every cell of the catalogue; those that can't be written stand in left_out.json with the reason.

#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <set>

#include "catalogue.hpp"
#include "cell/nearest_sizes.hpp"
#include "exchange/onnx/onnx.hpp"
#include "exchange/onnx/op_table.hpp"
#include "layer/masks.hpp"
#include "program/scan.hpp"
#include "small_data.hpp"
#include "study/study.hpp"
#include "tape/parameters.hpp"
#include "tensor/convert.hpp"

namespace carousel {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr Index steps = 7, batch = 3;
const std::vector<Index> unequal = {7, 1, 4};

// Of different groups: ONNX's own operators, Scan, matrices as states, further inputs, what is
// computed when the file is written.
const std::set<std::string> some = {
    "rnn_tanh",  "rnn_relu",         "lstm",   "lstm_peephole", "cifg",  "gru_reset_after",
    "gru_cho",   "gru_reset_before", "exprnn", "ln_lstm",       "mlstm", "linear_attention",
    "mamba",     "phased_lstm",      "rwkv6",  "hyper_lstm",    "urnn",  "clockwork_rnn",
    "skip_gru",  "fast_weights",     "ntm",    "on_lstm",       "gru_d", "ttt_linear",
    "conv_lstm", "stack_rnn",        "indrnn"};

Tensor<double> drawn(const Shape& shape, const std::string& name, double low, double high) {
  Tensor<double> values = Tensor<double>::uninitialised(shape);
  Random random(1, name);
  for (double& value : values.values()) {
    value = static_cast<double>(static_cast<float>(low + (high - low) * random.uniform()));
  }
  return values;
}

Tensor<double> rounded(const Tensor<double>& values) {
  return converted<double>(converted<float>(values));
}

template <class Numbers>
json::object array_json(const char* type, const std::vector<Index>& dims, const Numbers& numbers) {
  return {{"type", type},
          {"dims", json::array(dims.begin(), dims.end())},
          {"data", json::array(numbers.begin(), numbers.end())}};
}

json::object array_json(const Tensor<double>& values) {
  return array_json("float32", {values.shape().begin(), values.shape().end()}, values.values());
}

json::object lengths_json() { return array_json("int64", {batch}, unequal); }

void write_json(const fs::path& path, const json::value& value) {
  std::ofstream(path) << json::serialize(value) << '\n';
}

// A cell with values that are no round numbers.
class Reference {
 public:
  Reference(const Cell& cell, fs::path folder)
      : name_(cell.name),
        folder_(std::move(folder)),
        program_(cell.build(nearest_sizes(cell, {3, 8}))),
        scan_(program_) {
    std::vector<ParameterSpec> specs;
    for (const ProgramParameter& p : program_.parameters)
      specs.push_back({p.name, p.shape, p.init});
    const ParameterSet<double> set(specs, 1);
    for (std::size_t k = 0; k < specs.size(); ++k) {
      Tensor<double> value = set.value(k).clone();
      if (program_.parameters[k].trained) {
        const Tensor<double> noise = drawn(value.shape(), specs[k].name, -0.1, 0.1);
        for (Index i = 0; i < value.numel(); ++i) value.data()[i] += noise.data()[i];
      }
      values_.push_back(rounded(value));
    }
  }

  void write() {
    expect("", {}, {.defaults = true});
    expect("_given", unequal, {.defaults = false});
    expect("_reverse", unequal, {.reverse = true, .defaults = false});
  }

 private:
  // What stands in for every input but x: none of the default's own.
  Tensor<double> further(const ProgramNode& node, const std::vector<Index>& lengths) const {
    const Shape shape{steps, batch, node.shape.back()};
    if (node.supply && node.supply->kind == Supply::Kind::length) {
      return lengths_at_steps<double>(shape, lengths);
    }
    return node.supply ? Tensor<double>::full(shape, *node.otherwise)
                       : drawn(shape, node.name, 0.5, 1.5);
  }

  void expect(const std::string& kind, const std::vector<Index>& lengths,
              const OnnxOptions& options) {
    write_onnx(folder_ / (name_ + kind + ".onnx"), program_, values_, options);
    json::object feeds, expected;
    Tape<double> tape;
    std::vector<Var> parameters, inputs;
    for (const Tensor<double>& value : values_) parameters.push_back(tape.constant(value));
    for (std::size_t k = 0; k < program_.inputs.size(); ++k) {
      const ProgramNode& node = program_.nodes[static_cast<std::size_t>(program_.inputs[k])];
      Tensor<double> value = k == 0 ? drawn({steps, batch, node.shape.back()}, "x", -1.0, 1.0)
                                    : further(node, lengths);
      if (options.defaults && k > 0 && node.otherwise && !node.supply) {
        value = Tensor<double>::full(value.shape(), *node.otherwise);
      } else if (!node.supply) {
        feeds[node.name] = array_json(value);
      }
      inputs.push_back(tape.constant(value));
    }
    std::vector<Var> states = initial_states(program_, tape, parameters, batch);
    if (!options.defaults) {
      feeds["lengths"] = lengths_json();
      // States that the cell can be in.
      states = scan_.run(tape, parameters, inputs, states).final_states;
      for (std::size_t k = 0; k < states.size(); ++k) {
        states[k] = tape.constant(rounded(tape.value(states[k])));
        feeds["initial_" + program_.states[k].name] = array_json(tape.value(states[k]));
      }
    }
    const ScanResult result = scan_.run(tape, parameters, inputs, states,
                                        {.reverse = options.reverse, .lengths = lengths});
    expected["outputs"] = array_json(tape.value(result.outputs));
    for (std::size_t k = 0; k < states.size(); ++k) {
      std::string name = program_.states[k].name;
      if (feeds.contains(name)) name += "_2";  // a state that is an input of the step before
      expected[name] = array_json(tape.value(result.final_states[k]));
    }
    write_json(folder_ / (name_ + kind + ".json"), {{"feeds", feeds}, {"expected", expected}});
  }

  std::string name_;
  fs::path folder_;
  StepProgram program_;
  Scan scan_;
  std::vector<Tensor<double>> values_;
};

// Writes the model of a study of one cell; x: [T, B, width], or symbols [T, B].
void write_model(const fs::path& folder, const std::string& name, const std::string& study,
                 const std::string& data, const std::function<Tensor<float>(const Model&)>& x_of) {
  CellRegistry registry = catalogue();
  const fs::path run = folder / (name + "_run");
  const std::atomic<bool> stop{false};
  fs::remove_all(run);
  start_study(parse_study("name: onnx\nseeds: 1\n" + study, name,
                          {"train.epochs=1", "train.precision=double", "train.batch=4"}),
              registry, {run, data, 1, "", false}, stop, {});
  const OpenModel open = open_model(registry, {.run = run, .data_dir = data});
  write_onnx(folder / (name + ".onnx"), open, {.defaults = false});
  const Tensor<float> x = x_of(open.model().model());
  json::object feeds, expected;
  const Tensor<double> given = converted<double>(x);
  feeds["x"] = x.shape().rank() == 3
                   ? array_json(given)
                   : array_json("int64", {x.shape()[0], x.shape()[1]},
                                std::vector<Index>(x.values().begin(), x.values().end()));
  feeds["lengths"] = lengths_json();
  open.model().run([&](const Pass& pass) {
    const StackResult result =
        open.model().model().forward(pass, pass.constant(x), {.lengths = unequal});
    const RecurrentStack& stack = *open.model().model().form().stack;
    const auto of_pass = [&](Var var) { return array_json(converted<double>(pass.tensor(var))); };
    expected["outputs"] = of_pass(result.outputs);
    const std::vector<Var> first = stack.initial_states(pass, batch);
    std::size_t next = 0;
    for (int layer = 0; layer < stack.depth(); ++layer) {
      for (const char* direction : {"forward", "backward"}) {
        if (direction[0] == 'b' && !stack.is_bidirectional()) continue;
        for (const ProgramState& state : stack.states(layer)) {
          const std::string place = fmt::format("layers/{}/{}/", layer, direction);
          expected[place + state.name] = of_pass(result.states[next]);
          feeds[place + "initial_" + state.name] = of_pass(first[next++]);
        }
      }
    }
  });
  write_json(folder / (name + ".json"), {{"feeds", feeds}, {"expected", expected}});
}

Tensor<float> symbols(const Model& model) {
  const std::vector<ParameterSpec>& specs = model.parameters();
  Tensor<float> x = Tensor<float>::uninitialised({steps, batch});
  for (Index i = 0; i < x.numel(); ++i) {
    x.data()[i] = static_cast<float>(i * 5 % specs[0].shape[0]);
  }
  return x;
}

Tensor<float> values(const Model& model) {
  const StepProgram& program = model.form().stack->program(0);
  const Index width = program.nodes[static_cast<std::size_t>(program.inputs[0])].shape.back();
  return converted<float>(drawn({steps, batch, width}, "x", 0.0, 1.0));
}

void write_models(const fs::path& folder) {
  const SmallData data;
  const auto model = [&](const std::string& name, const std::string& study,
                         Tensor<float> (*x)(const Model&)) {
    write_model(folder, name, study, data.folder(), x);
  };
  model("model_text",
        "task: {name: language_model, data: tinyshakespeare, steps: 10, embedding: 6}\n"
        "cells: [{name: mgu, hidden: 5}]\nmodel: {depth: 2}\n",
        symbols);
  model("model_tied",
        "task: {name: language_model, data: tinyshakespeare, steps: 10, embedding: 6, tied: yes}\n"
        "cells: [{name: lstm, hidden: 5}]\nmodel: {layer_norm: yes}\n",
        symbols);
  model("model_frames",
        "dataset: chords\ncells: [{name: gru_reset_before, hidden: 5}]\n"
        "model: {learned_states: yes}\n",
        values);
  for (const char* pool : {"last", "mean", "max"}) {
    model(fmt::format("model_classes_{}", pool),
          fmt::format("task: {{name: sentiment, data: sst2, embedding: 6, pool: {}}}\n"
                      "cells: [{{name: {}, hidden: 5}}]\nmodel: {{direction: both}}\n",
                      pool, pool[0] == 'l' ? "lstm_peephole" : "ran"),
          symbols);
  }
  model("model_pictures",
        "task: {name: image_sequence, data: mnist, valid: 9}\ncells: [{name: ugrnn, hidden: 5}]\n",
        values);
}

// An op by itself, on one of its examples.
void write_op(const fs::path& folder, const Op& op, std::size_t number) {
  const Example& example = op.examples[number];
  const std::string name = fmt::format("op_{}_{}", op.name, number);
  OnnxGraph graph(name);
  ProgramNode node;
  node.op = &op;
  node.attributes = example.attributes;
  OnnxCall call{graph, node, {}, example.shapes, ""};
  Tape<double> tape;
  std::vector<Var> inputs;
  json::object feeds;
  const std::size_t count = example.shapes.size(), drawn_ones = count - example.fixed.size();
  for (std::size_t k = 0; k < count; ++k) {
    const Shape& shape = example.shapes[k];
    call.in.push_back(graph.unique(fmt::format("in_{}", k)));
    const Tensor<double> value =
        k < drawn_ones ? drawn(shape, name + call.in[k], op.low, op.high)
                       : rounded(Tensor<double>::from(shape, example.fixed[k - drawn_ones]));
    graph.input(call.in[k], OnnxType::float32, onnx_sizes(shape));
    feeds[call.in[k]] = array_json(value);
    inputs.push_back(tape.constant(value));
  }
  const Var out = tape.apply(op, inputs, example.attributes);
  node.shape = out.shape();
  graph.add("Identity", "", {write_onnx_op(call)}, {"outputs"});
  graph.output("outputs", OnnxType::float32, onnx_sizes(node.shape));
  graph.write(folder / (name + ".onnx"), {});
  write_json(folder / (name + ".json"),
             {{"feeds", feeds}, {"expected", {{"outputs", array_json(tape.value(out))}}}});
}

void write_ops(const fs::path& folder) {
  for (const Op& op : op_table()) {
    for (std::size_t k = 0; has_onnx(op) && k < op.examples.size(); ++k) write_op(folder, op, k);
  }
}

int write_all(const fs::path& folder, const std::set<std::string>& wanted, bool all) {
  json::object left_out;
  for (const Cell& cell : catalogue().cells()) {
    if (!all && !(wanted.empty() ? some : wanted).contains(cell.name)) continue;
    try {
      Reference(cell, folder).write();
    } catch (const InputError& error) {
      std::printf("%s\n", error.what());
      left_out[cell.name] = error.what();
    }
  }
  if (wanted.empty()) {
    write_ops(folder);
    write_models(folder);
  }
  if (all) write_json(folder / "left_out.json", left_out);
  return all || left_out.empty() ? 0 : 1;
}

}  // namespace
}  // namespace carousel

int main(int count, char** arguments) {
  const std::vector<std::string> given(arguments + 1, arguments + count);
  if (given.empty()) {
    std::puts("onnx_references FOLDER [--all | CELL ..]");
    return 2;
  }
  try {
    std::set<std::string> wanted(given.begin() + 1, given.end());
    const bool all = wanted.erase("--all") > 0;
    std::filesystem::create_directories(given[0]);
    return carousel::write_all(given[0], wanted, all);
  } catch (const carousel::Error& error) {
    std::puts(error.what());
    return 1;
  }
}
