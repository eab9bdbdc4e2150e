#include "train/checked_values.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "layer/masks.hpp"
#include "layer/pass.hpp"
#include "program/scan.hpp"
#include "tape/parameters.hpp"

namespace carousel {
namespace {

// A parameter as training would draw it, moved a little, so that no bias is zero.
template <class T>
std::vector<Tensor<T>> parameter_values(const StepProgram& program) {
  std::vector<ParameterSpec> specs;
  for (const auto& p : program.parameters) specs.push_back({p.name, p.shape, p.init});
  const ParameterSet<double> drawn(specs, 3);
  std::vector<Tensor<T>> values;
  for (std::size_t k = 0; k < specs.size(); ++k) {
    const auto noise = checked_normal<double>(specs[k].shape, specs[k].name, 0.1);
    auto value = Tensor<T>::uninitialised(specs[k].shape);
    const bool trained = program.parameters[k].trained;
    for (Index i = 0; i < value.numel(); ++i) {
      value.data()[i] = T(drawn.value(k).data()[i] + (trained ? noise.data()[i] : 0.0));
    }
    values.push_back(value);
  }
  return values;
}

bool has_initial_line(const ProgramState& state) {
  return state.initial_node >= 0 || state.initial != 0.0;
}

// As it is printed, where dots of names are underscores.
std::string equation_of(const StepProgram& program, std::string name) {
  std::ranges::replace(name, '.', '_');
  std::istringstream lines(to_text(program));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + " = ")) return "\n" + line;
  }
  return "";
}

// The state whose gradient is the first, on the way back, that is not finite.
std::string first_on_the_way_back(const StepProgram& program, const GradientNorms& norms) {
  const std::size_t steps = norms.norms.empty() ? 0 : norms.norms[0].size();
  for (std::size_t t = steps; t-- > 0;) {
    for (std::size_t s = 0; s < norms.norms.size(); ++s) {
      if (std::isfinite(norms.norms[s][t])) continue;
      const std::string& name = program.states[s].name;
      return fmt::format(": that of {} at step {}{}", previous_name(name), t,
                         equation_of(program, name));
    }
  }
  return "";
}

// As a layer draws it in training.
template <class T>
Tensor<T> supplied_values(const ProgramNode& input, const Shape& shape) {
  if (input.supply->kind == Supply::Kind::length) return lengths_at_steps<T>(shape, {});
  static const std::vector<ParameterSpec> none;
  Tape<T> tape;
  const Masks masks({3, 0}, 0);
  const Pass pass(tape, {none, {}}, &masks);
  return tape.value(pass.supplied(input.name, shape, *input.supply)).clone();
}

}  // namespace

template <class T>
Tensor<T> checked_normal(const Shape& shape, const std::string& stream, double deviation) {
  return initialise<T>(Initialiser::normal(deviation), shape, Random(3, stream));
}

template <class T>
CheckedValues<T>::CheckedValues(const StepProgram& program, Index steps, Index batch)
    : values_(parameter_values<T>(program)),
      parameters_(program.parameters.size()),
      inputs_(program.inputs.size()),
      batch_(batch) {
  for (const auto& p : program.parameters) names_.push_back(p.name);
  for (const int input : program.inputs) {
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(input)];
    const Shape shape{steps, batch, node.shape.back()};
    if (node.supply) {
      values_.push_back(supplied_values<T>(node, shape));
      names_.push_back(node.name);
    } else {
      add(shape, node.name, node.otherwise.value_or(0.0), 0.5);
    }
  }
  for (const bool stays : {false, true}) {
    if (stays) movable_ = values_.size();
    for (std::size_t s = 0; s < program.states.size(); ++s) {
      const ProgramState& state = program.states[s];
      if (has_initial_line(state) != stays) continue;
      add(with_batch(state.shape, batch), state.name + "[0]", 0.0, stays ? 0.0 : 0.5);
      states_.push_back(s);
    }
  }
}

template <class T>
void CheckedValues<T>::add(const Shape& shape, const std::string& name, double mean,
                           double deviation) {
  auto value = checked_normal<T>(shape, name, deviation);
  for (T& v : value.values()) v += T(mean);
  values_.push_back(value);
  names_.push_back(name);
}

template <class T>
ScanVars CheckedValues<T>::vars(const StepProgram& program, Tape<T>& tape,
                                std::span<const Var> all) const {
  const auto parameters = all.first(parameters_), inputs = all.subspan(parameters_, inputs_);
  ScanVars vars{{parameters.begin(), parameters.end()},
                {inputs.begin(), inputs.end()},
                initial_states(program, tape, parameters, batch_)};
  for (std::size_t k = 0; k < states_.size(); ++k) {
    Var& state = vars.states[states_[k]];
    state = state + all[parameters_ + inputs_ + k];
  }
  return vars;
}

template <class T>
std::string first_not_finite(const StepProgram& program, const CheckedValues<T>& values,
                             const std::vector<Index>& lengths) {
  Tape<T> tape;
  tape.set_check_finite(true);
  const std::vector<Var> all = leaves(tape, values.values());
  const ScanOptions options{.lengths = lengths, .gradient_norms = true};
  ScanResult result;
  try {
    const ScanVars vars = values.vars(program, tape, all);
    result = scan_on_tape(program, tape, vars.parameters, vars.inputs, vars.states, options);
  } catch (const NonFiniteError& error) {
    return error.what() + equation_of_named(program, error.what());
  }
  tape.set_check_finite(false);
  Var total = sum(result.outputs);
  for (const Var& state : result.final_states) total = total + sum(state);
  const std::vector<Tensor<T>> gradients = tape.gradients(total, all);
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    const auto numbers = gradients[k].values();
    if (std::ranges::all_of(numbers, [](T v) { return std::isfinite(v); })) continue;
    return fmt::format("all values are finite, but not the gradient of {}{}", values.name(k),
                       first_on_the_way_back(program, *result.gradient_norms));
  }
  return "";
}

std::string equation_of_named(const StepProgram& program, const std::string& message) {
  for (const ProgramNode& node : program.nodes) {
    const bool is_named = message.find(fmt::format("value '{}' of", node.name)) != message.npos;
    if (!node.name.empty() && is_named) return equation_of(program, node.name);
  }
  return "";
}

template class CheckedValues<float>;
template class CheckedValues<double>;
template Tensor<float> checked_normal(const Shape&, const std::string&, double);
template Tensor<double> checked_normal(const Shape&, const std::string&, double);
template std::string first_not_finite(const StepProgram&, const CheckedValues<float>&,
                                      const std::vector<Index>&);
template std::string first_not_finite(const StepProgram&, const CheckedValues<double>&,
                                      const std::vector<Index>&);

}  // namespace carousel
