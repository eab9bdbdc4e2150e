#include "program/compiled_scan.hpp"

#include <algorithm>
#include <type_traits>

#include "kernel/gemm.hpp"

namespace carousel {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }

template <class T>
void expect_shape(const StepProgram& program, const char* what, const Tensor<T>& got,
                  const Shape& expected) {
  if (!(got.shape() == expected)) {
    fail_input("cell {}: {} has shape {}, expected {}", program.name, what,
               got.shape().to_string(), expected.to_string());
  }
}

void expect_count(const StepProgram& program, const char* what, std::size_t got,
                  std::size_t expected) {
  if (got != expected) {
    fail_input("cell {}: got {} {}, expected {}", program.name, got, what, expected);
  }
}

}  // namespace

template <class T>
CompiledScan<T>::CompiledScan(const ScanPlan& plan)
    : plan_(plan),
      memory_(plan.buffers.size()),
      external_(plan.buffers.size(), nullptr),
      unbatched_(plan.backward.program.nodes.size()) {}

template <class T>
typename CompiledScan<T>::Place CompiledScan<T>::place(const Slot& slot, Index step) const {
  const PlanBuffer& buffer = plan_.buffers[index(slot.buffer)];
  const bool one_step = buffer.kind == PlanBuffer::Kind::step;
  const Index offset = (one_step ? 0 : (step + slot.shift) * batch_ * buffer.width) + slot.column;
  // External memory is read only; no op writes into it.
  T* base = buffer.kind == PlanBuffer::Kind::external
                ? const_cast<T*>(external_[index(slot.buffer)])
                : const_cast<T*>(memory_[index(slot.buffer)].data());
  return {base + offset, buffer.width};
}

template <class T>
void CompiledScan<T>::reserve(Index steps, Index batch) {
  steps_ = steps;
  batch_ = batch;
  for (std::size_t b = 0; b < plan_.buffers.size(); ++b) {
    const PlanBuffer& buffer = plan_.buffers[b];
    Index count = 1;
    if (buffer.kind == PlanBuffer::Kind::sequence) count = steps;
    if (buffer.kind == PlanBuffer::Kind::history) count = steps + 1;
    const Index size = count * batch * buffer.width;
    if (buffer.kind == PlanBuffer::Kind::external || memory_[b].numel() >= size) continue;
    memory_[b] = Tensor<T>::uninitialised({size});
  }
}

template <class T>
void CompiledScan<T>::run_tile(const PlanTile& tile, Index step, Index rows) {
  const auto kernel = tile_kernel<T>(tile.tile);
  const Place out = place(tile.out, step);
  const Index width = tile.out.width;
  std::array<TileArg<T>, 3> args{};
  std::array<Index, 3> row_step{};
  bool flat = out.stride == width;
  for (int k = 0; k < tile.operand_count; ++k) {
    const PlanOperand& operand = tile.operands[index(k)];
    if (operand.unbatched >= 0) {
      const Tensor<T>& value = unbatched_[index(operand.unbatched)];
      const bool number = value.numel() == 1;
      args[index(k)] = {value.data(), number ? 0 : 1};
      flat = flat && number;
    } else {
      const Place in = place(operand.slot, step);
      const bool column = operand.slot.width == 1 && width != 1;
      args[index(k)] = {in.data, column ? 0 : 1};
      row_step[index(k)] = in.stride;
      flat = flat && !column && in.stride == width;
    }
  }
  if (flat) {
    kernel(args.data(), out.data, rows * width);
    return;
  }
  for (Index r = 0; r < rows; ++r) {
    kernel(args.data(), out.data + r * out.stride, width);
    for (std::size_t k = 0; k < 3; ++k) args[k].data += row_step[k];
  }
}

template <class T>
const T* CompiledScan<T>::stacked(const std::vector<int>& weights) {
  if (weights.size() == 1) return unbatched_[index(weights[0])].data();
  for (const auto& [key, value] : stacks_) {
    if (key == weights) return value.data();
  }
  Index rows = 0;
  const Index columns = unbatched_[index(weights[0])].shape()[1];
  for (const int w : weights) rows += unbatched_[index(w)].shape()[0];
  Tensor<T> stack = Tensor<T>::uninitialised({rows, columns});
  T* to = stack.data();
  for (const int w : weights) {
    const Tensor<T>& from = unbatched_[index(w)];
    to = std::copy_n(from.data(), from.numel(), to);
  }
  stacks_.emplace_back(weights, stack);
  return stacks_.back().second.data();
}

template <class T>
void CompiledScan<T>::run_gemm(const PlanGemm& product, Index step, Index rows) {
  const Place a = place(product.a, step);
  const Place c = place(product.c, step);
  const T* weights = stacked(product.weights);
  const Index stride = product.transpose ? product.a.width : product.c.width;
  gemm<T>(false, product.transpose, rows, product.c.width, product.a.width, a.data, a.stride,
          weights, stride, product.accumulate ? T(1) : T(0), c.data, c.stride);
}

template <class T>
void CompiledScan<T>::run_stages(const std::vector<PlanStage>& stages, Index step, Index rows) {
  for (const PlanStage& stage : stages) {
    for (const PlanTile& tile : stage.tiles) run_tile(tile, step, rows);
    for (const PlanGemm& product : stage.gemms) run_gemm(product, step, rows);
  }
}

template <class T>
void CompiledScan<T>::run_contraction(const PlanContraction& contraction) {
  const Place a = place(contraction.a, 0);
  const Place b = place(contraction.b, 0);
  const Index rows = contraction.a.width;
  const Index columns = contraction.b.width;
  const Tensor<T> all = Tensor<T>::uninitialised({rows, columns});
  gemm<T>(true, false, rows, columns, steps_ * batch_, a.data, a.stride, b.data, b.stride, T(0),
          const_cast<T*>(all.data()), columns);
  const T* from = all.data();
  for (const int node : contraction.nodes) {
    Tensor<T>& part = unbatched_[index(node)];
    part = Tensor<T>::uninitialised(plan_.backward.program.nodes[index(node)].shape);
    std::copy_n(from, part.numel(), part.data());
    from += part.numel();
  }
}

template <class T>
void CompiledScan<T>::run_row_sum(const PlanRowSum& sum) {
  const Place a = place(sum.a, 0);
  Tensor<T>& total = unbatched_[index(sum.node)];
  total = Tensor<T>::zeros(plan_.backward.program.nodes[index(sum.node)].shape);
  T* out = total.data();
  for (Index r = 0; r < steps_ * batch_; ++r) {
    const T* row = a.data + r * a.stride;
    for (Index i = 0; i < sum.a.width; ++i) out[i] += row[i];
  }
}

template <class T>
void CompiledScan<T>::run_unbatched(const StepProgram& program, int node) {
  const ProgramNode& n = program.nodes[index(node)];
  std::vector<const Tensor<T>*> in;
  for (const int input : n.inputs) in.push_back(&unbatched_[index(input)]);
  Tensor<T> out = Tensor<T>::uninitialised(n.shape);
  const KernelCall<T> call{in, n.attributes, out};
  if constexpr (std::is_same_v<T, float>) n.op->kernel_float(call);
  else n.op->kernel_double(call);
  unbatched_[index(node)] = out;
}

template <class T>
void CompiledScan<T>::run_pass(const StepProgram& program, const PlanPass& pass, bool reverse) {
  for (const int node : pass.invariant_ops) run_unbatched(program, node);
  const Index rows = steps_ * batch_;
  run_stages(pass.before, 0, rows);
  for (Index k = 0; k < steps_; ++k) {
    run_stages(pass.loop, reverse ? steps_ - 1 - k : k, batch_);
  }
  run_stages(pass.behind, 0, rows);
  for (const auto& contraction : pass.contractions) run_contraction(contraction);
  for (const auto& sum : pass.row_sums) run_row_sum(sum);
  for (const int node : pass.final_ops) run_unbatched(program, node);
}

template <class T>
void CompiledScan<T>::copy_in(const Slot& slot, Index step, const Tensor<T>& value) {
  const Place to = place(slot, step);
  for (Index r = 0; r < batch_; ++r) {
    std::copy_n(value.data() + r * slot.width, slot.width, to.data + r * to.stride);
  }
}

template <class T>
Tensor<T> CompiledScan<T>::copy_out(const Slot& slot, Index step, Index steps) const {
  const Place from = place(slot, step);
  Tensor<T> out = Tensor<T>::uninitialised({steps, batch_, slot.width});
  for (Index r = 0; r < steps * batch_; ++r) {
    std::copy_n(from.data + r * from.stride, slot.width, out.data() + r * slot.width);
  }
  return out;
}

template <class T>
void CompiledScan<T>::forward(std::span<const Tensor<T>> parameters,
                              std::span<const Tensor<T>> inputs,
                              std::span<const Tensor<T>> states) {
  const StepProgram& program = plan_.forward;
  expect_count(program, "parameters", parameters.size(), program.parameters.size());
  expect_count(program, "inputs", inputs.size(), program.inputs.size());
  expect_count(program, "states", states.size(), program.states.size());
  if (inputs[0].shape().rank() != 3) {
    fail_input("cell {}: x has shape {}, expected [steps, batch, size]", program.name,
               inputs[0].shape().to_string());
  }
  reserve(inputs[0].shape()[0], inputs[0].shape()[1]);
  stacks_.clear();
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    expect_shape(program, program.parameters[k].name.c_str(), parameters[k],
                 program.parameters[k].shape);
    unbatched_[index(program.parameters[k].node)] = parameters[k];
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Slot& slot = plan_.slots[index(program.inputs[k])];
    expect_shape(program, "an input", inputs[k], {steps_, batch_, slot.width});
    external_[index(slot.buffer)] = inputs[k].data();
  }
  for (std::size_t k = 0; k < states.size(); ++k) {
    expect_shape(program, program.states[k].name.c_str(), states[k],
                 {batch_, program.states[k].shape.back()});
    copy_in(plan_.slots[index(program.states[k].previous)], 0, states[k]);
  }
  run_pass(program, plan_.forward_pass, false);
}

template <class T>
Tensor<T> CompiledScan<T>::outputs() const {
  return copy_out(plan_.slots[index(plan_.forward.output)], 0, steps_);
}

template <class T>
std::vector<Tensor<T>> CompiledScan<T>::final_states() const {
  std::vector<Tensor<T>> states;
  for (const ProgramState& state : plan_.forward.states) {
    const Slot& slot = plan_.slots[index(state.previous)];
    states.push_back(copy_out(slot, steps_, 1).reshaped({batch_, slot.width}));
  }
  return states;
}

template <class T>
void CompiledScan<T>::backward(const Tensor<T>& outputs, std::span<const Tensor<T>> states) {
  const StepProgram& program = plan_.backward.program;
  const Slot& slot = plan_.slots[index(program.inputs.back())];
  expect_shape(program, "the cotangent of the outputs", outputs, {steps_, batch_, slot.width});
  expect_count(program, "cotangents of states", states.size(), program.states.size());
  external_[index(slot.buffer)] = outputs.data();
  for (std::size_t k = 0; k < states.size(); ++k) {
    // The old value of the last step, in reverse.
    copy_in(plan_.slots[index(program.states[k].previous)], steps_ - 1, states[k]);
  }
  run_pass(program, plan_.backward_pass, true);
}

template <class T>
std::vector<Tensor<T>> CompiledScan<T>::parameter_gradients() const {
  std::vector<Tensor<T>> gradients;
  for (std::size_t k = 0; k < plan_.forward.parameters.size(); ++k) {
    const int node = plan_.backward.parameter_cotangents[k];
    gradients.push_back(node < 0 ? Tensor<T>::zeros(plan_.forward.parameters[k].shape)
                                 : unbatched_[index(node)]);
  }
  return gradients;
}

template <class T>
std::vector<Tensor<T>> CompiledScan<T>::input_gradients() const {
  std::vector<Tensor<T>> gradients;
  for (const int node : plan_.backward.input_cotangents) {
    const bool planned = node >= 0 && plan_.slots[index(node)].buffer >= 0;
    gradients.push_back(planned ? copy_out(plan_.slots[index(node)], 0, steps_) : Tensor<T>());
  }
  return gradients;
}

template <class T>
std::vector<Tensor<T>> CompiledScan<T>::state_gradients() const {
  std::vector<Tensor<T>> gradients;
  for (const ProgramState& state : plan_.backward.program.states) {
    Slot first = plan_.slots[index(state.previous)];
    first.shift = 0;  // what the first step leaves
    gradients.push_back(copy_out(first, 0, 1).reshaped({batch_, first.width}));
  }
  return gradients;
}

template class CompiledScan<float>;
template class CompiledScan<double>;

}  // namespace carousel
