#include "train/cell_check.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "cell/nearest_sizes.hpp"
#include "layer/linear.hpp"
#include "layer/losses.hpp"
#include "layer/recurrent_stack.hpp"
#include "optim/optimiser.hpp"
#include "tape/gradient_check.hpp"

namespace carousel {
namespace {

constexpr Index steps = 5, batch = 3;
const std::vector<Index> lengths = {5, 2, 4};

template <class T>
Tensor<T> normal(const Shape& shape, const std::string& stream, double deviation = 0.5) {
  return initialise<T>(Initialiser::normal(deviation), shape, Random(3, stream));
}

// Elements of all values of a step for one sequence, and of all parameters.
Index elements_of(const StepProgram& program) {
  Index all = 0;
  for (const ProgramNode& node : program.nodes) all += std::abs(node.shape.numel());
  return all;
}

// How many elements of a gradient are compared with differences, each by a few passes: fewer where
// a pass takes long, by its nodes, states (a cell that looks far back has very many) and elements.
Index compared_elements(const StepProgram& program) {
  constexpr Index work = 300'000, least = 64, most = 1500;
  const Index pass =
      std::ssize(program.nodes) + 10 * std::ssize(program.states) + elements_of(program) / 100;
  return std::clamp(work / std::max<Index>(pass, 1), least, most);
}

void expect_small(const StepProgram& program, const CellSizes& sizes) {
  const Index got = elements_of(program);
  if (got <= most_checked_elements) return;
  fail_input(
      "cell {}: its values and parameters have {} elements at input {}, hidden {}, expected at "
      "most {} for a check: give smaller --input and --hidden, or smaller sizes in the cell",
      program.name, got, sizes.input, sizes.hidden, most_checked_elements);
}

// A parameter as training would draw it, moved a little, so that no bias is zero.
template <class T>
std::vector<Tensor<T>> parameter_values(const StepProgram& program) {
  std::vector<ParameterSpec> specs;
  for (const auto& p : program.parameters) specs.push_back({p.name, p.shape, p.init});
  const ParameterSet<double> drawn(specs, 3);
  std::vector<Tensor<T>> values;
  for (std::size_t k = 0; k < specs.size(); ++k) {
    const auto noise = normal<double>(specs[k].shape, specs[k].name, 0.1);
    auto value = Tensor<T>::uninitialised(specs[k].shape);
    const bool trained = program.parameters[k].trained;
    for (Index i = 0; i < value.numel(); ++i) {
      value.data()[i] = T(drawn.value(k).data()[i] + (trained ? noise.data()[i] : 0.0));
    }
    values.push_back(value);
  }
  return values;
}

// What a scan is run on: parameters, then inputs, then initial states.
template <class T>
struct ScanArguments {
  explicit ScanArguments(const StepProgram& program)
      : values(parameter_values<T>(program)),
        parameters(program.parameters.size()),
        inputs(program.inputs.size()),
        states(program.states.size()) {
    for (const auto& p : program.parameters) names.push_back(p.name);
    for (const int input : program.inputs) {
      const ProgramNode& node = program.nodes[static_cast<std::size_t>(input)];
      add({steps, batch, node.shape.back()}, node.name, node.otherwise.value_or(0.0));
    }
    for (const auto& state : program.states) {
      Shape shape = state.shape;
      shape[0] = batch;
      add(shape, state.name + "[0]", state.initial);
    }
  }

  void add(const Shape& shape, const std::string& name, double mean) {
    auto value = normal<T>(shape, name);
    for (T& v : value.values()) v += T(mean);
    values.push_back(value);
    names.push_back(name);
  }

  std::vector<Tensor<T>> values;
  std::vector<std::string> names;
  std::size_t parameters, inputs, states;
};

// A loss that every output and final state moves.
template <class T>
Var loss_of(Tape<T>& tape, const ScanResult& result) {
  Var total = sum(result.outputs * tape.constant(normal<T>(result.outputs.shape(), "weights")));
  for (std::size_t s = 0; s < result.final_states.size(); ++s) {
    const auto weights = normal<T>(result.final_states[s].shape(), "weights" + std::to_string(s));
    total = total + sum(result.final_states[s] * tape.constant(weights));
  }
  return total;
}

template <class T>
ScanResult run(const Scan& scan, Tape<T>& tape, const ScanArguments<T>& arguments,
               const std::vector<Var>& values, bool compiled) {
  const std::span<const Var> all(values);
  const auto parameters = all.first(arguments.parameters);
  const auto inputs = all.subspan(arguments.parameters, arguments.inputs);
  const auto states = all.last(arguments.states);
  const ScanOptions options{false, lengths};
  return compiled ? scan.run(tape, parameters, inputs, states, options)
                  : scan_on_tape(scan.program(), tape, parameters, inputs, states, options);
}

// No gradient flows through stop_gradient, but differences would see its value move. So its values
// are recorded and become inputs, after those that there are: the gradient of the rest is the same.
struct Frozen {
  StepProgram program;
  std::vector<Tensor<double>> values;
};

Frozen freeze_stopped_values(const StepProgram& program, const ScanArguments<double>& arguments) {
  Frozen frozen{program, {}};
  ScanOptions options{false, lengths};
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    ProgramNode& node = frozen.program.nodes[i];
    const bool stops =
        node.kind == ProgramNode::Kind::op && node.op->name == std::string_view("stop_gradient");
    if (!stops || node.shape.rank() != 2 || node.shape[0] != batch_dim) continue;
    if (node.name.empty()) node.name = fmt::format("stopped {}", i);
    options.probes.push_back(node.name);
  }
  Tape<double> tape;
  const std::vector<Var> all = leaves(tape, arguments.values);
  const std::span<const Var> vars(all);
  const ScanResult result = scan_on_tape(frozen.program, tape, vars.first(arguments.parameters),
                                         vars.subspan(arguments.parameters, arguments.inputs),
                                         vars.last(arguments.states), options);
  for (const Var& probe : result.probes) frozen.values.push_back(tape.value(probe));
  for (const int node : find_probes(frozen.program, options.probes)) {
    frozen.program.nodes[static_cast<std::size_t>(node)].inputs.clear();
    frozen.program.nodes[static_cast<std::size_t>(node)].kind = ProgramNode::Kind::input;
    frozen.program.inputs.push_back(node);
  }
  return frozen;
}

CheckStep check_gradients(const StepProgram& program) {
  const ScanArguments<double> own(program);
  const Frozen frozen = freeze_stopped_values(program, own);
  const Scan scan(frozen.program);
  const ScalarFunction loss = [&](Tape<double>& tape, const std::vector<Var>& values) {
    const std::span<const Var> all(values);
    const auto states = all.last(own.states);
    std::vector<Var> inputs(all.begin() + std::ptrdiff_t(own.parameters),
                            all.end() - std::ptrdiff_t(own.states));
    for (const auto& value : frozen.values) inputs.push_back(tape.constant(value));
    const ScanOptions options{false, lengths};
    return loss_of(tape, scan.run(tape, all.first(own.parameters), inputs, states, options));
  };
  Index elements = 0;
  for (const auto& value : own.values) elements += value.numel();
  const Index most = compared_elements(program);
  const GradientError error = carousel::check_gradients(loss, own.values, -1, most);
  const bool passed = error.worst <= 1e-5;
  std::string detail = fmt::format("largest error {:.1e}", error.worst);
  if (elements > most) detail += fmt::format(" in at most {} of {} elements", most, elements);
  if (!passed) {
    // "input 3, ..." in the order of the arguments
    const auto input = static_cast<std::size_t>(std::atoi(error.where.c_str() + 6));
    detail += fmt::format(" for {} ({})", own.names.at(input), error.where);
  }
  return {"gradients", passed, detail};
}

// The largest difference of outputs, final states and gradients, relative to the largest element.
template <class T>
double scan_difference(const Scan& scan) {
  const ScanArguments<T> arguments(scan.program());
  std::vector<std::vector<Tensor<T>>> results;
  for (const bool compiled : {true, false}) {
    Tape<T> tape;
    const std::vector<Var> values = leaves(tape, arguments.values);
    const ScanResult result = run(scan, tape, arguments, values, compiled);
    std::vector<Tensor<T>> all{tape.value(result.outputs)};
    for (const Var& state : result.final_states) all.push_back(tape.value(state));
    for (auto& g : tape.gradients(loss_of(tape, result), values)) all.push_back(g);
    results.push_back(all);
  }
  double worst = 0.0;
  for (std::size_t k = 0; k < results[0].size(); ++k) {
    double largest = 1e-3, difference = 0.0;
    for (Index i = 0; i < results[0][k].numel(); ++i) {
      const double a = double(results[0][k].data()[i]), b = double(results[1][k].data()[i]);
      largest = std::max(largest, std::abs(b));
      // NaN counts as a difference
      difference = std::abs(a - b) <= difference ? difference : std::abs(a - b);
    }
    worst = difference / largest <= worst ? worst : difference / largest;
  }
  return worst;
}

CheckStep check_scan_agrees(const StepProgram& program) {
  const Scan scan(program);
  const double precise = scan_difference<double>(scan);
  const double single = scan_difference<float>(scan);
  // A cell may be steep: what is wrong is wrong in double.
  return {"scan", precise <= 1e-10 && single <= 1e-2,
          fmt::format("differs by {:.1e} in double, {:.1e} in float", precise, single)};
}

// Signs at random; the target is the first element of x at the step before.
struct EchoTask {
  static constexpr Index steps = 12, batch = 32;
  Tensor<float> x, targets, mask;

  EchoTask(Index input, std::uint64_t update)
      : x(Tensor<float>::uninitialised({steps, batch, input})),
        targets(Tensor<float>::zeros({steps, batch, 1})),
        mask(Tensor<float>::full({steps, batch}, 1.0f)) {
    Random random(7, Random::hash("echo", update));
    for (float& v : x.values()) v = random.uniform() < 0.5 ? -1.0f : 1.0f;
    for (Index t = 0; t < steps; ++t) {
      for (Index b = 0; b < batch; ++b) {
        const Index row = t * batch + b;
        if (t == 0) mask.data()[row] = 0.0f;
        else targets.data()[row] = x.data()[(row - batch) * input] > 0.0f ? 1.0f : 0.0f;
      }
    }
  }
};

// Inputs besides x: what they usually are, or numbers at random.
std::vector<Var> further_inputs(const StepProgram& program, Tape<float>& tape) {
  std::vector<Var> all;
  for (std::size_t k = 1; k < program.inputs.size(); ++k) {
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(program.inputs[k])];
    const Shape shape{EchoTask::steps, EchoTask::batch, node.shape.back()};
    all.push_back(tape.constant(
        node.otherwise ? Tensor<float>::full(shape, static_cast<float>(*node.otherwise))
                       : normal<float>(shape, node.name)));
  }
  return all;
}

CheckStep check_learns(const Cell& cell, const CellSizes& sizes, double seconds) {
  using Clock = std::chrono::steady_clock;
  StackOptions options;
  options.input = sizes.input;
  options.hidden = sizes.hidden;
  const RecurrentStack stack(cell, options);
  const Linear readout("readout", stack.output_size(), 1);
  std::vector<ParameterSpec> specs = stack.parameters();
  specs.insert(specs.end(), readout.parameters().begin(), readout.parameters().end());
  ParameterSet<float> parameters(specs, 1);
  OptimiserOptions rule;
  rule.learning_rate = 0.01;
  Optimiser<float> optimiser(rule, parameters);

  const auto begin = Clock::now();
  double first = 0.0, mean = 0.0;
  std::int64_t updates = 0;
  Tape<float> tape;
  do {
    tape.clear();
    const EchoTask task(sizes.input, static_cast<std::uint64_t>(updates));
    const std::vector<Var> all = leaves(tape, parameters.values());
    const Pass pass(tape, {parameters.specs(), all});
    const Var x = tape.constant(task.x);
    const auto further = further_inputs(stack.program(0), tape);
    const StackResult result = stack.forward(pass, x, {{}, {}, further});
    const Var logits = readout.forward(pass, result.outputs);
    const Var nll = bernoulli_nll(logits, tape.constant(task.targets), tape.constant(task.mask));
    const Var loss = sum(nll) / double((EchoTask::steps - 1) * EchoTask::batch);
    const double value = double(tape.value(loss).item());
    if (!std::isfinite(value)) {
      return {"learns", false, fmt::format("the loss is {} after {} updates", value, updates)};
    }
    first = updates == 0 ? value : first;
    mean = updates == 0 ? value : 0.9 * mean + 0.1 * value;
    auto gradients = tape.gradients(loss, all);
    clip_by_global_norm(gradients, 1.0);
    optimiser.update(parameters, gradients);
    ++updates;
  } while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds && mean > 0.05);
  // Below chance by luck of the first values is no learning: there must be a gain too.
  const bool learned = mean < 0.99 * std::log(2.0) && mean < 0.99 * first;
  constexpr std::int64_t enough = 20;  // updates, to say that a cell does not learn
  const char* const why = learned ? ""
                          : updates < enough
                              ? ": too few to say; allow more time (--seconds)"
                              : ": it can't say what the sign of x was a step before";
  return {"learns", learned,
          fmt::format("loss {:.3f} to {:.3f} in {} updates{}", first, mean, updates, why)};
}

CellSizes buildable_sizes(const Cell& cell, const CellSizes& wanted) {
  CellSizes sizes = nearest_sizes(cell, wanted);
  if (sizes.input != sizes.hidden || wanted.input == wanted.hidden) return sizes;
  try {
    cell.build(wanted);
    return wanted;
  } catch (const InputError& error) {
    fail_input(
        "{}\n(It can be built where input = hidden. If that is meant: --input {} --hidden {})",
        error.what(), sizes.input, sizes.hidden);
  }
}

}  // namespace

std::vector<CheckStep> check_cell(const Cell& cell, const CellSizes& wanted, double seconds,
                                  const std::function<void(const CheckStep&)>& done) {
  std::vector<CheckStep> all;
  const auto note = [&](const CheckStep& step) {
    all.push_back(step);
    done(step);
    return step.passed;
  };
  const CellSizes sizes = buildable_sizes(cell, wanted);
  const StepProgram program = cell.build(sizes);
  expect_small(program, sizes);
  note({"builds", true,
        fmt::format("{} parameters at input {}, hidden {}", program.parameter_count(), sizes.input,
                    sizes.hidden)});
  if (!note(check_gradients(program))) return all;
  if (!note(check_scan_agrees(program))) return all;
  note(check_learns(cell, sizes, seconds));
  return all;
}

}  // namespace carousel
