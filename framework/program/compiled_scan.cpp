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
    fail_input("cell {}: {} has shape {}, expected {}", program.name, what, got.shape().to_string(),
               expected.to_string());
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
  Index row = 0;
  if (buffer.kind == PlanBuffer::Kind::sequence || buffer.kind == PlanBuffer::Kind::external) {
    row = first_row_[std::size_t(step)];
  } else if (buffer.kind == PlanBuffer::Kind::history) {
    // The start has the whole batch; block k holds what step k - 1 gives.
    const Index block = step + slot.shift;
    row = block == 0 ? 0 : batch_ + first_row_[std::size_t(block - 1)];
  }
  // External memory is read only; no op writes into it.
  T* base = buffer.kind == PlanBuffer::Kind::external
                ? const_cast<T*>(external_[index(slot.buffer)])
                : const_cast<T*>(memory_[index(slot.buffer)].data());
  return {base + row * buffer.width + slot.column, buffer.width};
}

// A block of a history is as long as the step before, so where a sequence ends rows are left over.
template <class T>
bool CompiledScan<T>::has_gaps(const Slot& slot) const {
  return slot.buffer >= 0 && slot.shift == 0 &&
         plan_.buffers[index(slot.buffer)].kind == PlanBuffer::Kind::history;
}

template <class T>
void CompiledScan<T>::start(const std::vector<Index>& lengths) {
  lengths_ = lengths;
  batch_ = static_cast<Index>(lengths.size());
  steps_ = lengths.front();
  rows_.assign(std::size_t(steps_), 0);
  first_row_.assign(std::size_t(steps_) + 1, 0);
  for (const Index length : lengths) {
    for (Index t = 0; t < length; ++t) ++rows_[std::size_t(t)];
  }
  whole_ = {{0, steps_}};
  runs_.clear();
  Index begin = 0;
  for (Index t = 0; t < steps_; ++t) {
    const Index before = t == 0 ? batch_ : rows_[std::size_t(t - 1)];
    first_row_[std::size_t(t) + 1] = first_row_[std::size_t(t)] + rows_[std::size_t(t)];
    if (rows_[std::size_t(t)] == before && t + 1 < steps_) continue;
    runs_.push_back({begin, t + 1});
    begin = t + 1;
  }
  for (std::size_t b = 0; b < plan_.buffers.size(); ++b) {
    const PlanBuffer& buffer = plan_.buffers[b];
    Index rows = batch_;
    if (buffer.kind != PlanBuffer::Kind::step) rows = first_row_.back();
    if (buffer.kind == PlanBuffer::Kind::history) rows += batch_;
    const Index size = rows * buffer.width;
    if (buffer.kind == PlanBuffer::Kind::external || memory_[b].numel() >= size) continue;
    memory_[b] = Tensor<T>::uninitialised({size});
  }
}

// All ops over a few rows, then over the next few: what one op gives, the next finds in the cache.
template <class T>
void CompiledScan<T>::run_tiles(const std::vector<PlanTile>& tiles, Index step, Index rows) {
  constexpr Index block_elements = 1024;
  Index widest = 1;
  for (const PlanTile& tile : tiles) widest = std::max(widest, tile.out.width);
  const Index block = std::max<Index>(1, block_elements / widest);
  for (Index r = 0; r < rows; r += block) {
    for (const PlanTile& tile : tiles) run_tile(tile, step, r, std::min(block, rows - r));
  }
}

template <class T>
void CompiledScan<T>::run_tile(const PlanTile& tile, Index step, Index first_row, Index rows) {
  const auto kernel = tile_kernel<T>(tile.tile);
  Place out = place(tile.out, step);
  out.data += first_row * out.stride;
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
      args[index(k)] = {in.data + first_row * in.stride, column ? 0 : 1};
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
const PackedMatrix<T>& CompiledScan<T>::packed(const PlanGemm& product) {
  PackedMatrix<T>& matrix = packed_[&product];
  if (matrix.rows() == 0) {
    std::vector<const Tensor<T>*> parts;
    for (const int w : product.weights) parts.push_back(&unbatched_[index(w)]);
    matrix = PackedMatrix<T>(parts, product.transpose);
  }
  return matrix;
}

template <class T>
void CompiledScan<T>::run_gemm(const PlanGemm& product, Index step, Index rows) {
  const Place a = place(product.a, step);
  const Place c = place(product.c, step);
  packed(product).multiply(rows, a.data, a.stride, product.accumulate, c.data, c.stride);
}

template <class T>
void CompiledScan<T>::run_all_steps(const std::vector<PlanStage>& stages) {
  for (const PlanStage& stage : stages) {
    bool tile_gaps = false;
    for (const PlanTile& tile : stage.tiles) {
      tile_gaps = tile_gaps || has_gaps(tile.out);
      for (const PlanOperand& operand : tile.operands) {
        tile_gaps = tile_gaps || has_gaps(operand.slot);
      }
    }
    for (const Run& run : tile_gaps ? runs_ : whole_) {
      run_tiles(stage.tiles, run.first, rows_of(run));
    }
    for (const PlanGemm& product : stage.gemms) {
      const bool gaps = has_gaps(product.a) || has_gaps(product.c);
      for (const Run& run : gaps ? runs_ : whole_) run_gemm(product, run.first, rows_of(run));
    }
  }
}

template <class T>
void CompiledScan<T>::run_contraction(const PlanContraction& contraction) {
  const Index rows = contraction.a.width;
  const Index columns = contraction.b.width;
  Tensor<T> all = Tensor<T>::uninitialised({rows, columns});
  T beta = T(0);
  for (const Run& run : has_gaps(contraction.a) || has_gaps(contraction.b) ? runs_ : whole_) {
    const Place a = place(contraction.a, run.first);
    const Place b = place(contraction.b, run.first);
    gemm<T>(true, false, rows, columns, rows_of(run), a.data, a.stride, b.data, b.stride, beta,
            all.data(), columns);
    beta = T(1);
  }
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
  Tensor<T>& total = unbatched_[index(sum.node)];
  total = Tensor<T>::uninitialised(plan_.backward.program.nodes[index(sum.node)].shape);
  // Blocks of rows in T, the blocks in double: a long sequence loses no digits.
  constexpr Index block_rows = 16;
  const Index width = sum.a.width;
  std::vector<T> block(static_cast<std::size_t>(width));
  std::vector<double> sums(block.size(), 0.0);
  for (const Run& run : has_gaps(sum.a) ? runs_ : whole_) {
    const Place a = place(sum.a, run.first);
    for (Index first = 0; first < rows_of(run); first += block_rows) {
      std::fill(block.begin(), block.end(), T(0));
      for (Index r = first; r < std::min(first + block_rows, rows_of(run)); ++r) {
        const T* row = a.data + r * a.stride;
        for (Index i = 0; i < width; ++i) block[std::size_t(i)] += row[i];
      }
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(block[i]);
    }
  }
  std::transform(sums.begin(), sums.end(), total.data(),
                 [](double v) { return static_cast<T>(v); });
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
  run_all_steps(pass.before);
  for (Index k = 0; k < steps_; ++k) {
    const Index t = reverse ? steps_ - 1 - k : k;
    const Index rows = rows_[std::size_t(t)];
    for (const PlanStage& stage : pass.loop) {
      run_tiles(stage.tiles, t, rows);
      for (const PlanGemm& product : stage.gemms) run_gemm(product, t, rows);
    }
  }
  run_all_steps(pass.behind);
  for (const auto& contraction : pass.contractions) run_contraction(contraction);
  for (const auto& sum : pass.row_sums) run_row_sum(sum);
  for (const int node : pass.final_ops) run_unbatched(program, node);
}

template <class T>
Tensor<T> CompiledScan<T>::packed_values(const Slot& slot) const {
  const Index rows = first_row_.back();
  Tensor<T> out = Tensor<T>::uninitialised({rows, slot.width});
  for (const Run& run : has_gaps(slot) ? runs_ : whole_) {
    const Place from = place(slot, run.first);
    T* to = out.data() + first_row_[std::size_t(run.first)] * slot.width;
    for (Index r = 0; r < rows_of(run); ++r) {
      std::copy_n(from.data + r * from.stride, slot.width, to + r * slot.width);
    }
  }
  return out;
}

// The blocks of a history: block 0 at the start, or each sequence's own last one.
template <class T>
Tensor<T> CompiledScan<T>::state_values(const Slot& history, bool at_the_end) const {
  Tensor<T> out = Tensor<T>::uninitialised({batch_, history.width});
  for (Index b = 0; b < batch_; ++b) {
    Slot slot = history;
    slot.shift = 0;
    const Place from = place(slot, at_the_end ? lengths_[std::size_t(b)] : 0);
    std::copy_n(from.data + b * from.stride, history.width, out.data() + b * history.width);
  }
  return out;
}

template <class T>
void CompiledScan<T>::forward(std::span<const Tensor<T>> parameters,
                              std::span<const Tensor<T>> inputs, std::span<const Tensor<T>> states,
                              const std::vector<Index>& lengths) {
  const StepProgram& program = plan_.forward;
  expect_count(program, "parameters", parameters.size(), program.parameters.size());
  expect_count(program, "inputs", inputs.size(), program.inputs.size());
  expect_count(program, "states", states.size(), program.states.size());
  if (lengths.empty() || lengths.front() < 1 || !std::is_sorted(lengths.rbegin(), lengths.rend()) ||
      lengths.back() < 0) {
    fail_input("cell {}: expected lengths in falling order, the first at least 1", program.name);
  }
  start(lengths);
  packed_.clear();
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    expect_shape(program, program.parameters[k].name.c_str(), parameters[k],
                 program.parameters[k].shape);
    unbatched_[index(program.parameters[k].node)] = parameters[k];
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Slot& slot = plan_.slots[index(program.inputs[k])];
    expect_shape(program, "an input", inputs[k], {first_row_.back(), slot.width});
    external_[index(slot.buffer)] = inputs[k].data();
  }
  for (std::size_t k = 0; k < states.size(); ++k) {
    expect_shape(program, program.states[k].name.c_str(), states[k],
                 {batch_, program.states[k].shape.back()});
    const Place to = place(plan_.slots[index(program.states[k].previous)], 0);
    std::copy_n(states[k].data(), states[k].numel(), to.data);
  }
  run_pass(program, plan_.forward_pass, false);
}

template <class T>
Tensor<T> CompiledScan<T>::outputs() const {
  return packed_values(plan_.slots[index(plan_.forward.output)]);
}

template <class T>
std::vector<Tensor<T>> CompiledScan<T>::final_states() const {
  std::vector<Tensor<T>> states;
  for (const ProgramState& state : plan_.forward.states) {
    states.push_back(state_values(plan_.slots[index(state.previous)], true));
  }
  return states;
}

template <class T>
void CompiledScan<T>::backward(const Tensor<T>& outputs, std::span<const Tensor<T>> states) {
  const StepProgram& program = plan_.backward.program;
  const Slot& slot = plan_.slots[index(program.inputs.back())];
  expect_shape(program, "the cotangent of the outputs", outputs, {first_row_.back(), slot.width});
  expect_count(program, "cotangents of states", states.size(), program.states.size());
  external_[index(slot.buffer)] = outputs.data();
  for (std::size_t k = 0; k < states.size(); ++k) {
    Slot slot_of_state = plan_.slots[index(program.states[k].previous)];
    slot_of_state.shift = 0;
    expect_shape(program, "the cotangent of a state", states[k], {batch_, slot_of_state.width});
    for (Index b = 0; b < batch_; ++b) {  // behind each sequence's own last step
      const Place to = place(slot_of_state, lengths_[std::size_t(b)]);
      std::copy_n(states[k].data() + b * slot_of_state.width, slot_of_state.width,
                  to.data + b * to.stride);
    }
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
    gradients.push_back(planned ? packed_values(plan_.slots[index(node)]) : Tensor<T>());
  }
  return gradients;
}

template <class T>
std::vector<Tensor<T>> CompiledScan<T>::state_gradients() const {
  std::vector<Tensor<T>> gradients;
  for (const ProgramState& state : plan_.backward.program.states) {
    gradients.push_back(state_values(plan_.slots[index(state.previous)], false));
  }
  return gradients;
}

template class CompiledScan<float>;
template class CompiledScan<double>;

}  // namespace carousel
