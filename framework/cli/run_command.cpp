#include "cli/run_command.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cell/cell_file.hpp"
#include "cell/changed_cell.hpp"
#include "cli/run_input.hpp"
#include "io/npz.hpp"
#include "program/scan.hpp"

namespace carousel {
namespace {

void expect_names_apart(const StepProgram& program, const std::vector<std::string>& probes) {
  std::vector<std::string> names = result_names(program, probes);
  for (const ProgramParameter& parameter : program.parameters) names.push_back(parameter.name);
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice == names.end()) return;
  fail_input(
      "cell {}: two of the arrays to write have the name '{}': give the cell's own one "
      "another name",
      program.name, *twice);
}

// A cell on a tape, and what it gives.
class CellRun {
 public:
  CellRun(const Scan& scan, const std::vector<Tensor<double>>& parameters, const RunInput& input,
          const RunArguments& arguments)
      : scan_(scan), input_(input), arguments_(arguments) {
    for (const auto& value : parameters) parameters_.push_back(put(value));
    for (const auto& value : input.inputs) inputs_.push_back(put(value));
  }

  // By the names under which they are written. Throws NonFiniteError.
  NamedArrays results() {
    run();
    const StepProgram& program = scan_.program();
    NamedArrays all{{"outputs", tape_.value(result_.outputs)}};
    for (std::size_t s = 0; s < states_.size(); ++s) {
      const std::string& name = program.states[s].name;
      all["initial_" + name] = tape_.value(states_[s]);
      all["final_" + name] = tape_.value(result_.final_states[s]);
    }
    for (std::size_t p = 0; p < result_.probes.size(); ++p) {
      all["probe_" + arguments_.probes[p]] = tape_.value(result_.probes[p]);
    }
    for (const auto& [name, array] : all) {
      if (!is_finite(array)) explain_not_finite(name);
    }
    if (arguments_.gradients) add_gradients(all);
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      all[program.parameters[k].name] = tape_.value(parameters_[k]);
    }
    return all;
  }

 private:
  // What needs no gradient is not kept for a way back.
  Var put(const Tensor<double>& value) {
    return arguments_.gradients ? tape_.leaf(value) : tape_.constant(value);
  }

  static bool is_finite(const Tensor<double>& array) {
    return std::ranges::all_of(array.values(), [](double v) { return std::isfinite(v); });
  }

  void run() {
    const Index batch = input_.inputs[0].shape()[1];
    states_ = initial_states(scan_.program(), tape_, parameters_, batch);
    for (std::size_t s = 0; s < states_.size(); ++s) {
      if (input_.states[s]) states_[s] = put(*input_.states[s]);
      else if (!tape_.needs_gradient(states_[s])) states_[s] = put(tape_.value(states_[s]));
    }
    const ScanOptions options{.lengths = input_.lengths, .probes = arguments_.probes};
    result_ = scan_.run(tape_, parameters_, inputs_, states_, options);
  }

  // A tape that checks its values says which step and line of the cell is at fault.
  [[noreturn]] void explain_not_finite(const std::string& name) {
    tape_.set_check_finite(true);
    run();
    throw NonFiniteError(fmt::format("array '{}' is not finite", name));
  }

  void add_gradients(NamedArrays& all) {
    const StepProgram& program = scan_.program();
    std::vector<Var> targets;
    std::vector<std::string> names;
    const auto add = [&](Var target, const std::string& name) {
      targets.push_back(target);
      names.push_back("gradient_" + name);
    };
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      add(parameters_[k], program.parameters[k].name);
    }
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      add(inputs_[k], program.nodes[static_cast<std::size_t>(program.inputs[k])].name);
    }
    for (std::size_t s = 0; s < states_.size(); ++s) {
      add(states_[s], "initial_" + program.states[s].name);
    }
    const Var outputs = result_.outputs;
    Var loss =
        sum(input_.output_gradient ? outputs * tape_.constant(*input_.output_gradient) : outputs);
    for (std::size_t s = 0; s < states_.size(); ++s) {
      const auto& weights = input_.final_gradients[s];
      if (weights) loss = loss + sum(result_.final_states[s] * tape_.constant(*weights));
    }
    const std::vector<Tensor<double>> gradients = tape_.gradients(loss, targets);
    for (std::size_t k = 0; k < targets.size(); ++k) {
      all[names[k]] = gradients[k];
      if (is_finite(gradients[k])) continue;
      throw NonFiniteError(fmt::format("cell {}: array '{}' is not finite, though all outputs are",
                                       program.name, names[k]));
    }
  }

  const Scan& scan_;
  const RunInput& input_;
  const RunArguments& arguments_;
  Tape<double> tape_;
  std::vector<Var> parameters_, inputs_, states_;
  ScanResult result_;
};

// Names and shapes; of arrays that are as others are, how many.
void print_summary(const StepProgram& program, const NamedArrays& arrays,
                   const RunArguments& arguments, const std::string& out) {
  const Shape& outputs = arrays.at("outputs").shape();
  const std::string source = arguments.weights.empty()
                                 ? fmt::format("drawn with seed {}", arguments.seed)
                                 : "from " + arguments.weights;
  std::printf("%s, hidden %td, on %td x %td steps\n%td parameters %s\n", program.name.c_str(),
              *arguments.cell.hidden, outputs[1], outputs[0], program.parameter_count(),
              source.c_str());
  const auto line = [](const std::string& name, const std::string& what) {
    std::printf("  %-24s %s\n", name.c_str(), what.c_str());
  };
  for (const auto& [name, array] : arrays) {
    const bool is_shown =
        name == "outputs" || name.starts_with("final_") || name.starts_with("probe_");
    if (is_shown) line(name, array.shape().to_string());
  }
  for (const char* front : {"initial_", "gradient_"}) {
    const auto count = std::ranges::count_if(
        arrays, [&](const auto& entry) { return entry.first.starts_with(front); });
    if (count > 0) line(std::string(front) + "NAME", fmt::format("{} arrays", count));
  }
  line("parameters by name", fmt::format("{} arrays", program.parameters.size()));
  std::printf("written: %s\n", out.c_str());
}

}  // namespace

int run_command(CellRegistry& registry, const RunArguments& arguments,
                const CommonOptions& common) {
  if (std::filesystem::path(common.out).extension() != ".npz") {
    fail_input("--out {}: expected the file to write, which ends in .npz", common.out);
  }
  const NamedArrays arrays = read_x(arguments.x);
  CellArguments wanted = arguments.cell;
  wanted.input = arrays.at("x").shape().back();
  const CellSizes sizes = sizes_of(wanted, {});
  const Cell cell = changed_cell(find_or_load(registry, wanted.cell), sizes.hyper, "");
  const Scan scan(cell.build(sizes));
  const StepProgram& program = scan.program();
  expect_names_apart(program, arguments.probes);
  find_probes(program, arguments.probes);
  const std::string whom = described(program, sizes);
  const RunInput input = run_input(program, whom, arguments.x, arrays);
  std::vector<Tensor<double>> values = drawn_values(cell, sizes, arguments.seed);
  if (!arguments.weights.empty()) {
    values = read_weights(program, whom, arguments.weights, arguments.layer, values);
  }
  const NamedArrays results = CellRun(scan, values, input, arguments).results();
  write_npz(common.out, results);
  if (!common.quiet) print_summary(program, results, arguments, common.out);
  return 0;
}

}  // namespace carousel
