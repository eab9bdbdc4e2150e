#include "train/cell_check.hpp"

#include <algorithm>
#include <cmath>

#include "cell/nearest_sizes.hpp"
#include "program/scan.hpp"
#include "tape/gradient_check.hpp"
#include "tape/parameters.hpp"
#include "train/checked_values.hpp"
#include "train/learning_check.hpp"

namespace carousel {
namespace {

constexpr Index steps = 5, batch = 3;
const std::vector<Index> lengths = {5, 2, 4};

using HowFar = std::function<void(const std::string&)>;

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

// A loss that every output and final state moves.
template <class T>
Var loss_of(Tape<T>& tape, const ScanResult& result) {
  const auto weighted = [&](Var value, const std::string& stream) {
    return sum(value * tape.constant(checked_normal<T>(value.shape(), stream)));
  };
  Var total = weighted(result.outputs, "weights");
  for (std::size_t s = 0; s < result.final_states.size(); ++s) {
    total = total + weighted(result.final_states[s], "weights" + std::to_string(s));
  }
  return total;
}

// No gradient flows through stop_gradient, but differences would see its value move. So its values
// are recorded and become inputs, after those that there are: the gradient of the rest is the same.
struct Frozen {
  StepProgram program;
  std::vector<Tensor<double>> values;
};

Frozen freeze_stopped_values(const StepProgram& program, const CheckedValues<double>& own) {
  Frozen frozen{program, {}};
  ScanOptions options{.lengths = lengths};
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    ProgramNode& node = frozen.program.nodes[i];
    const bool stops =
        node.kind == ProgramNode::Kind::op && node.op->name == std::string_view("stop_gradient");
    if (!stops || node.shape.rank() != 2 || node.shape[0] != batch_dim) continue;
    if (node.name.empty()) node.name = fmt::format("stopped {}", i);
    options.probes.push_back(node.name);
  }
  Tape<double> tape;
  const ScanVars vars = own.vars(program, tape, leaves(tape, own.values()));
  const ScanResult result =
      scan_on_tape(frozen.program, tape, vars.parameters, vars.inputs, vars.states, options);
  for (const Var& probe : result.probes) frozen.values.push_back(tape.value(probe));
  for (const int node : find_probes(frozen.program, options.probes)) {
    frozen.program.nodes[static_cast<std::size_t>(node)].inputs.clear();
    frozen.program.nodes[static_cast<std::size_t>(node)].kind = ProgramNode::Kind::input;
    frozen.program.inputs.push_back(node);
  }
  return frozen;
}

CheckStep check_gradients(const StepProgram& program, const HowFar& progress) {
  constexpr double most_error = 1e-5;
  const CheckedValues<double> own(program, steps, batch);
  const Frozen frozen = freeze_stopped_values(program, own);
  const Scan scan(frozen.program);
  Index elements = 0, passes = 0;
  for (std::size_t k = 0; k < own.movable(); ++k) elements += own.values()[k].numel();
  const Index most = compared_elements(program);
  const ScalarFunction loss = [&](Tape<double>& tape, const std::vector<Var>& values) {
    progress(fmt::format("{} passes of about {}", ++passes, 4 * std::min(elements, most)));
    ScanVars vars = own.vars(frozen.program, tape, values);
    for (const auto& value : frozen.values) vars.inputs.push_back(tape.constant(value));
    return loss_of(tape,
                   scan.run(tape, vars.parameters, vars.inputs, vars.states, {.lengths = lengths}));
  };
  const GradientError error =
      carousel::check_gradients(loss, own.values(), static_cast<int>(own.movable()), most);
  const bool passed = error.worst <= most_error;
  std::string detail = fmt::format("largest error {:.1e} (limit {:.0e})", error.worst, most_error);
  if (!error.where.empty()) {
    detail += ", for " + own.name(error.input);
  }
  if (elements > most) detail += fmt::format(", in at most {} of {} elements", most, elements);
  if (!passed) detail += fmt::format("\n({})", error.where);
  if (!std::isfinite(error.worst)) {
    const std::string first = first_not_finite(program, own, lengths);
    if (!first.empty()) detail += "\n" + first;
  }
  return {"gradients", passed, detail};
}

// The largest difference, relative to the largest element of its array, and of which array.
struct ScanDifference {
  double worst = 0.0;
  std::string where;
};

// Outputs, final states and gradients, by one executor.
template <class T>
std::vector<Tensor<T>> results_of(const Scan& scan, const CheckedValues<T>& own, bool compiled) {
  Tape<T> tape;
  const std::vector<Var> all = leaves(tape, own.values());
  const ScanVars vars = own.vars(scan.program(), tape, all);
  const ScanOptions options{.lengths = lengths};
  const ScanResult result =
      compiled
          ? scan.run(tape, vars.parameters, vars.inputs, vars.states, options)
          : scan_on_tape(scan.program(), tape, vars.parameters, vars.inputs, vars.states, options);
  std::vector<Tensor<T>> results{tape.value(result.outputs)};
  for (const Var& state : result.final_states) results.push_back(tape.value(state));
  for (auto& g : tape.gradients(loss_of(tape, result), all)) results.push_back(g);
  return results;
}

template <class T>
double difference_of(const Tensor<T>& one, const Tensor<T>& other) {
  double largest = 1e-3, difference = 0.0;
  for (Index i = 0; i < one.numel(); ++i) {
    const double a = double(one.data()[i]), b = double(other.data()[i]);
    if (std::isnan(a - b)) return a - b;
    largest = std::max(largest, std::abs(b));
    difference = std::max(difference, std::abs(a - b));
  }
  return difference / largest;
}

template <class T>
ScanDifference scan_difference(const Scan& scan) {
  const CheckedValues<T> own(scan.program(), steps, batch);
  std::vector<std::string> names{"outputs"};
  for (const ProgramState& state : scan.program().states) names.push_back("final " + state.name);
  for (std::size_t k = 0; k < own.values().size(); ++k) {
    names.push_back("gradient of " + own.name(k));
  }
  const auto ours = results_of(scan, own, true), reference = results_of(scan, own, false);
  ScanDifference found{0.0, names[0]};
  for (std::size_t k = 0; k < names.size(); ++k) {
    const double difference = difference_of(ours[k], reference[k]);
    if (!(difference <= found.worst) && !std::isnan(found.worst)) found = {difference, names[k]};
  }
  if (!std::isfinite(found.worst)) {
    const std::string first = first_not_finite(scan.program(), own, lengths);
    if (!first.empty()) found.where += "\n" + first;
  }
  return found;
}

CheckStep check_scan_agrees(const StepProgram& program, const HowFar& progress) {
  constexpr double most_double = 1e-10, most_float = 1e-2;
  const Scan scan(program);
  progress("in double");
  const ScanDifference precise = scan_difference<double>(scan);
  progress("in float");
  const ScanDifference single = scan_difference<float>(scan);
  // A cell may be steep: what is wrong is wrong in double.
  return {"scan", precise.worst <= most_double && single.worst <= most_float,
          fmt::format("double differs by {:.1e} (limit {:.0e}), {}\n"
                      "float differs by {:.1e} (limit {:.0e}), {}",
                      precise.worst, most_double, precise.where, single.worst, most_float,
                      single.where)};
}

// Where a cell is checked, and why there.
struct Sizes {
  CellSizes at;
  std::string remark;
};

Sizes sizes_for(const Cell& cell, const CheckRequest& request) {
  const CellSizes wanted{request.input.value_or(checked_sizes.input),
                         request.hidden.value_or(checked_sizes.hidden)};
  CellSizes sizes = nearest_sizes(cell, wanted);
  if (sizes.input == wanted.input && sizes.hidden == wanted.hidden) return {sizes, ""};
  const std::string rule = rule_of_sizes(cell, wanted);
  const std::string takes = rule.empty() ? "" : fmt::format(": it takes sizes where {}", rule);
  const bool as_wide = rule.starts_with("input = hidden");
  if (request.input && !request.hidden && as_wide) sizes.input = sizes.hidden = *request.input;
  // A matrix of the wrong shape makes such a rule too.
  const bool is_suspect = as_wide && cell.from_file;
  const bool is_free = sizes.input == wanted.input || !request.input;
  if (is_free && !is_suspect) {
    return {sizes,
            fmt::format("\nnot at input {}, hidden {}{}", wanted.input, wanted.hidden, takes)};
  }
  try {
    cell.build(wanted);
  } catch (const InputError& error) {
    const std::string where = rule.empty() ? "at some other sizes" : "where " + rule;
    fail_input("{}\n(It can be built {}. If that is meant: --input {} --hidden {})", error.what(),
               where, sizes.input, sizes.hidden);
  }
  fail_bug("cell {} can be built at sizes at which it could not", cell.name);
}

}  // namespace

std::vector<CheckStep> check_cell(const Cell& cell, const CheckRequest& request,
                                  const CheckListener& listener) {
  std::vector<CheckStep> all;
  const auto note = [&](const CheckStep& step) {
    all.push_back(step);
    if (listener.done) listener.done(step);
    return step.passed;
  };
  const auto progress = [&](const char* step) -> HowFar {
    return [&listener, step](const std::string& how_far) {
      if (listener.progress) listener.progress(step, how_far);
    };
  };
  const Sizes sizes = sizes_for(cell, request);
  const StepProgram program = cell.build(sizes.at);
  expect_small(program, sizes.at);
  note({"builds", true,
        fmt::format("{} parameters at input {}, hidden {}{}", program.parameter_count(),
                    sizes.at.input, sizes.at.hidden, sizes.remark)});
  if (listener.built) listener.built(program);
  if (!note(check_gradients(program, progress("gradients")))) return all;
  if (!note(check_scan_agrees(program, progress("scan")))) return all;
  note(check_learning(cell, sizes.at, request.seconds, progress("learns")));
  return all;
}

}  // namespace carousel
