#include "inspect/heard_model.hpp"

#include "program/rewrite.hpp"
#include "tensor/convert.hpp"

namespace carousel {

void HeardModel::run(Ids ids, Listener& listener,
                     const std::function<void(const HeardPass&)>& f) const {
  Tape<double> tape;
  const std::vector<Var> parameters = leaves(tape, values);
  const Pass pass(tape, {model.parameters(), parameters});
  listener.scans.clear();
  const Var loss = model.loss(pass.heard_by(listener), split, ids);
  f({tape, parameters, loss});
}

std::vector<Tensor<double>> in_double(const ParameterValues& values) {
  return std::visit([](const auto& all) { return converted<double>(all); }, values);
}

std::vector<std::string> gates_of(const StepProgram& program) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const ProgramNode& node = program.nodes[i];
    const bool vector = node.shape.rank() == 2 && is_batched(node.shape);
    if (vector && !node.name.empty() && is_op(program, static_cast<int>(i), "sigmoid")) {
      names.push_back(node.name);
    }
  }
  return names;
}

}  // namespace carousel
