#include "bench/suite/compiled_step.hpp"

#include <numeric>

#include "program/delays.hpp"

namespace carousel {
namespace {

Tensor<float> normal(const Shape& shape, const std::string& name) {
  return initialise<float>(Initialiser::normal(0.3), shape, Random(1, name));
}

}  // namespace

CompiledStep::CompiledStep(const StepProgram& program, std::vector<Index> lengths)
    : plan_(plan_scan(without_delays(program).program)),
      scan_(plan_),
      lengths_(std::move(lengths)),
      rows_(std::accumulate(lengths_.begin(), lengths_.end(), Index{0})) {
  const StepProgram& run = plan_.forward;
  for (const auto& p : run.parameters) parameters_.push_back(normal(p.shape, p.name));
  for (const auto& s : run.states) {  // zeros, as training begins: what is symmetric stays so
    states_.push_back(Tensor<float>::zeros(with_batch(s.shape, std::ssize(lengths_))));
  }
  for (const int input : run.inputs) {
    const ProgramNode& node = run.nodes[static_cast<std::size_t>(input)];
    const Shape shape{rows_, node.shape.back()};
    inputs_.push_back(node.otherwise ? Tensor<float>::full(shape, float(*node.otherwise))
                                     : normal(shape, node.name));
  }
  cotangent_ = normal({rows_, run.output_shape().back()}, "cotangent");
}

void CompiledStep::run() {
  scan_.forward(parameters_, inputs_, states_, lengths_);
  scan_.backward(cotangent_, states_);
}

double CompiledStep::bytes_kept() const {
  double row = 0.0;
  for (const PlanBuffer& buffer : plan_.buffers) {
    if (buffer.scope == PlanBuffer::Scope::window) row += double(buffer.width);
  }
  return row * double(rows_) * sizeof(float);
}

}  // namespace carousel
