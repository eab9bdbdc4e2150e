#include "layer/recurrent_stack.hpp"

#include <array>

namespace carousel {

namespace {

// x and the further inputs of a program; the default of each one that is not given.
template <class T>
std::vector<Var> all_inputs(const StepProgram& program, Tape<T>& tape, Var x,
                            std::span<const Var> further) {
  if (further.size() >= program.inputs.size()) {
    fail_input("cell {}: got {} further inputs, it has {}", program.name, further.size(),
               program.inputs.size() - 1);
  }
  std::vector<Var> all{x};
  for (std::size_t k = 1; k < program.inputs.size(); ++k) {
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(program.inputs[k])];
    if (k <= further.size() && further[k - 1].defined()) {
      all.push_back(further[k - 1]);
    } else if (node.otherwise) {
      const Shape like = x.shape();
      all.push_back(tape.constant(
          Tensor<T>::full({like[0], like[1], node.shape.back()}, static_cast<T>(*node.otherwise))));
    } else {
      fail_input("cell {}: the data has no input '{}', and the cell gives no default", program.name,
                 node.name);
    }
  }
  return all;
}

}  // namespace

RecurrentStack::RecurrentStack(const Cell& cell, const StackOptions& options) : options_(options) {
  if (options.input < 1 || options.hidden < 1 || options.depth < 1) {
    fail_input("recurrent stack: got input size {}, hidden size {}, depth {}; expected at least 1",
               options.input, options.hidden, options.depth);
  }
  Index input = options.input;
  for (int layer = 0; layer < options.depth; ++layer) {
    scans_.emplace_back(cell.build({input, options.hidden}));
    const StepProgram& program = scans_.back().program();
    for (int direction = 0; direction < (options.bidirectional ? 2 : 1); ++direction) {
      for (const ProgramParameter& p : program.parameters) {
        specs_.push_back({fmt::format("{}/{}/{}/{}", options.name, layer,
                                      direction == 0 ? "forward" : "backward", p.name),
                          p.shape, p.init, p.shape.rank() > 1 && p.trained, p.trained});
      }
    }
    input = program.output_shape().back() * (options.bidirectional ? 2 : 1);
  }
  output_size_ = input;
}

std::size_t RecurrentStack::bytes_reserved() const {
  std::size_t bytes = 0;
  for (const Scan& scan : scans_) bytes += scan.bytes_reserved();
  return bytes;
}

// A cell may have none.
std::span<const Var> RecurrentStack::own_parameters(const Pass& pass) const {
  if (specs_.empty()) return {};
  return pass.parameters().of(options_.name);
}

std::vector<Var> RecurrentStack::initial_states(const Pass& pass, Index batch) const {
  std::span<const Var> parameters = own_parameters(pass);
  std::vector<Var> all;
  for (const Scan& scan : scans_) {
    const StepProgram& program = scan.program();
    for (int direction = 0; direction < (options_.bidirectional ? 2 : 1); ++direction) {
      const auto own = parameters.first(program.parameters.size());
      parameters = parameters.subspan(own.size());
      const std::vector<Var> states = pass.visit(
          [&](auto& tape) { return carousel::initial_states(program, tape, own, batch); });
      all.insert(all.end(), states.begin(), states.end());
    }
  }
  return all;
}

StackResult RecurrentStack::forward(const Pass& pass, Var x,
                                    const StackArguments& arguments) const {
  std::vector<Var> start(arguments.states.begin(), arguments.states.end());
  if (start.empty()) start = initial_states(pass, x.shape()[1]);
  const std::span<const Var> own = own_parameters(pass);
  return pass.visit([&](auto& tape) { return run(tape, own, x, start, arguments); });
}

template <class T>
StackResult RecurrentStack::run(Tape<T>& tape, std::span<const Var> parameters, Var x,
                                std::span<const Var> states,
                                const StackArguments& arguments) const {
  StackResult result{x, {}};
  std::size_t next_parameter = 0;
  std::size_t next_state = 0;
  for (std::size_t layer = 0; layer < scans_.size(); ++layer) {
    const StepProgram& program = scans_[layer].program();
    const std::vector<Var> inputs = all_inputs(program, tape, result.outputs, arguments.further);
    std::array<Var, 2> outputs;
    const std::size_t directions = options_.bidirectional ? 2 : 1;
    for (std::size_t direction = 0; direction < directions; ++direction) {
      if (next_state + program.states.size() > states.size()) {
        fail_input("recurrent stack: got {} initial states, too few for layer {}", states.size(),
                   layer);
      }
      ScanResult scanned;
      try {
        scanned =
            scans_[layer].run(tape, parameters.subspan(next_parameter, program.parameters.size()),
                              inputs, states.subspan(next_state, program.states.size()),
                              {direction == 1, arguments.lengths, options_.segments});
      } catch (const NonFiniteError& error) {
        throw NonFiniteError(fmt::format("layer {}, {}", layer, error.what()));
      }
      next_parameter += program.parameters.size();
      next_state += program.states.size();
      outputs[direction] = scanned.outputs;
      result.states.insert(result.states.end(), scanned.final_states.begin(),
                           scanned.final_states.end());
    }
    result.outputs = directions == 2 ? concat(std::span<const Var>(outputs), -1) : outputs[0];
  }
  return result;
}

}  // namespace carousel
