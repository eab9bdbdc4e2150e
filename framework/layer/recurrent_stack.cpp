#include "layer/recurrent_stack.hpp"

#include <array>

namespace carousel {

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
        specs_.push_back(
            {fmt::format("layers/{}/{}/{}", layer, direction == 0 ? "forward" : "backward", p.name),
             p.shape, p.init, p.shape.rank() > 1});
      }
    }
    input = program.output_shape().back() * (options.bidirectional ? 2 : 1);
  }
  output_size_ = input;
}

template <class T>
std::vector<Var> RecurrentStack::initial_states(Tape<T>& tape, Index batch) const {
  std::vector<Var> all;
  for (const Scan& scan : scans_) {
    for (int direction = 0; direction < (options_.bidirectional ? 2 : 1); ++direction) {
      for (const Var& state : carousel::initial_states(scan.program(), tape, batch)) {
        all.push_back(state);
      }
    }
  }
  return all;
}

template <class T>
StackResult RecurrentStack::forward(Tape<T>& tape, std::span<const Var> parameters, Var x,
                                    std::span<const Var> states,
                                    const std::vector<Index>& lengths) const {
  if (parameters.size() != specs_.size()) {
    fail_input("recurrent stack: got {} parameters, expected {}", parameters.size(), specs_.size());
  }
  StackResult result{x, {}};
  std::size_t next_parameter = 0;
  std::size_t next_state = 0;
  for (std::size_t layer = 0; layer < scans_.size(); ++layer) {
    const StepProgram& program = scans_[layer].program();
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
                              result.outputs, states.subspan(next_state, program.states.size()),
                              {direction == 1, lengths, options_.segments});
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

template std::vector<Var> RecurrentStack::initial_states(Tape<float>&, Index) const;
template std::vector<Var> RecurrentStack::initial_states(Tape<double>&, Index) const;
template StackResult RecurrentStack::forward(Tape<float>&, std::span<const Var>, Var,
                                             std::span<const Var>, const std::vector<Index>&) const;
template StackResult RecurrentStack::forward(Tape<double>&, std::span<const Var>, Var,
                                             std::span<const Var>, const std::vector<Index>&) const;

}  // namespace carousel
