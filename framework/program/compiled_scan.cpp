#include "program/compiled_scan.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "tensor/interrupt.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace carousel {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }

template <class T>
void expect_shape(const StepProgram& program, std::string_view what, const Tensor<T>& got,
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

// The address sanitizer is to see what runs over the end of a buffer: each has a gap in front of
// it.
template <class T>
void forbid_gaps([[maybe_unused]] const Tensor<T>& memory,
                 [[maybe_unused]] const std::vector<Index>& first, [[maybe_unused]] Index gap) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(memory.data(), static_cast<std::size_t>(memory.numel()) * sizeof(T));
  for (const Index start : first) {
    if (start < 0) continue;
    ASAN_POISON_MEMORY_REGION(memory.data() + start - gap,
                              static_cast<std::size_t>(gap) * sizeof(T));
  }
#endif
}

template <class T>
void copy(const Tensor<T>& from, Tensor<T>& to) {
  std::copy_n(from.data(), from.numel(), to.data());
}

}  // namespace

template <class T>
CompiledScan<T>::CompiledScan(const ScanPlan& plan)
    : plan_(plan),
      base_(plan.buffers.size(), nullptr),
      unbatched_(plan.backward.program.nodes.size()),
      packed_(index(plan.packings)),
      is_packed_(index(plan.packings)),
      ready_(index(plan.stages)),
      sums_(plan.backward_pass.contractions.size()),
      products_(plan.backward_pass.contractions.size()) {
  for (std::size_t k = 0; k < sums_.size(); ++k) {
    const PlanContraction& c = plan.backward_pass.contractions[k];
    if (!c.transposed) continue;
    sums_[k] = Tensor<T>::uninitialised({plan.gathered[c.b].width, plan.gathered[c.a].width});
  }
  for (const Slot& slot : plan.gathered) gathered_.emplace_back(slot.width);
  for (const PlanRowSum& sum : plan.backward_pass.row_sums) {
    row_sums_.emplace_back(static_cast<std::size_t>(sum.a.width));
  }
  for (const int node : plan.backward_pass.swept_sums) {
    const Shape& shape = plan.backward.program.nodes[index(node)].shape;
    swept_shares_.push_back(Tensor<T>::zeros({shape.numel()}));
    swept_sums_.emplace_back(static_cast<std::size_t>(shape.numel()));
  }
  for (const PlanCall& call : plan.backward_pass.summed_calls) {
    const Shape& shape = plan.backward.program.nodes[index(call.node)].shape;
    call_sums_.emplace_back(static_cast<std::size_t>(shape.numel()));
  }
}

template <class T>
void CompiledScan<T>::check(std::span<const Tensor<T>> parameters,
                            std::span<const Tensor<T>> inputs, std::span<const Tensor<T>> states,
                            const std::vector<Index>& lengths) const {
  const StepProgram& program = plan_.forward;
  expect_count(program, "parameters", parameters.size(), program.parameters.size());
  expect_count(program, "inputs", inputs.size(), program.inputs.size());
  expect_count(program, "states", states.size(), program.states.size());
  if (lengths.empty() || lengths.front() < 1 || !std::is_sorted(lengths.rbegin(), lengths.rend()) ||
      lengths.back() < 0) {
    fail_input("cell {}: expected lengths in falling order, the first at least 1", program.name);
  }
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    expect_shape(program, program.parameters[k].name, parameters[k], program.parameters[k].shape);
  }
  const Index rows = std::accumulate(lengths.begin(), lengths.end(), Index{0});
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Slot& slot = plan_.slots[index(program.inputs[k])];
    expect_shape(program, "an input", inputs[k], {rows, slot.width});
  }
  for (std::size_t k = 0; k < states.size(); ++k) {
    const ProgramState& state = program.states[k];
    expect_shape(program, state.name, states[k],
                 with_batch(state.shape, static_cast<Index>(lengths.size())));
  }
}

template <class T>
std::size_t CompiledScan<T>::bytes_reserved() const {
  Index elements = zeros_.numel();
  elements += memory_.numel();
  return arena_.bytes_reserved() + static_cast<std::size_t>(elements) * sizeof(T);
}

template <class T>
void CompiledScan<T>::allocate_buffers() {
  Index window_rows = 0;
  for (const StepRange& window : steps_.windows()) {
    window_rows = std::max(window_rows, steps_.rows(steps_.steps_of(window)));
  }
  // One block of memory: only large ones have large pages. The buffers begin a little more than a
  // multiple of the size of a cache's way apart, so that their rows do not fight for the same
  // places.
  constexpr Index apart = (8192 + 320) / sizeof(T);
  std::vector<Index>& first = buffer_starts_;  // keeps its memory
  first.assign(plan_.buffers.size(), -1);
  Index all = 0;
  for (std::size_t b = 0; b < plan_.buffers.size(); ++b) {
    const PlanBuffer& buffer = plan_.buffers[b];
    const bool elsewhere =
        buffer.scope == PlanBuffer::Scope::external || buffer.scope == PlanBuffer::Scope::sequence;
    if (elsewhere) continue;
    Index rows = buffer.scope == PlanBuffer::Scope::window  ? window_rows
                 : buffer.scope == PlanBuffer::Scope::chunk ? steps_.chunk_rows()
                                                            : steps_.batch();
    if (buffer.history) rows += steps_.batch();
    Index size = rows * buffer.width;
    using Scope = PlanBuffer::Scope;
    const Index entry = row_width({static_cast<int>(b), 0, buffer.width});
    if (buffer.scope == Scope::block) {
      size = std::max(block_elements, buffer.width);
    } else if (buffer.scope == Scope::band) {
      size = most_in_band(buffer.width);
    } else if (buffer.scope == Scope::matrix) {
      size = buffer.width;
    } else if (buffer.scope == Scope::turn) {
      size = 2 * entry;
    } else if (buffer.scope == Scope::matrices) {
      size = (steps_.chunk_steps() + (buffer.history ? 1 : 0)) * entry;
    }
    first[b] = all + apart;
    all = first[b] + (size + 63) / 64 * 64;
  }
  if (memory_.numel() < all) memory_ = Tensor<T>::uninitialised({all});
  for (std::size_t b = 0; b < first.size(); ++b) {
    if (first[b] >= 0) base_[b] = memory_.data() + first[b];
  }
  forbid_gaps(memory_, first, apart);
}

template <class T>
typename CompiledScan<T>::Line CompiledScan<T>::line_of(const Slot& slot) const {
  const PlanBuffer& buffer = plan_.buffers[index(slot.buffer)];
  switch (buffer.scope) {
    case PlanBuffer::Scope::sequence:
    case PlanBuffer::Scope::band:
    case PlanBuffer::Scope::matrix:
    case PlanBuffer::Scope::block:
    case PlanBuffer::Scope::step: return Line::still;
    case PlanBuffer::Scope::turn: return slot.shift == 0 ? Line::turn : Line::turn_behind;
    case PlanBuffer::Scope::matrices:
      return slot.shift == 0 ? Line::of_chunk : Line::behind_of_chunk;
    case PlanBuffer::Scope::external:
      return slot.buffer == zero_buffer_ ? Line::chunk : Line::external;
    case PlanBuffer::Scope::chunk:
      if (!buffer.history) return Line::chunk;
      return slot.shift == 0 ? Line::chunk_in_front : Line::chunk_behind;
    case PlanBuffer::Scope::window:
      if (!buffer.history) return Line::window;
      return slot.shift == 0 ? Line::window_in_front : Line::window_behind;
  }
  return Line::still;
}

template <class T>
Index CompiledScan<T>::row_at(Line line, Index step) const {
  const auto rows_from = [&](const StepRange& range) {
    return steps_.first_row(step) - steps_.first_row(range.first);
  };
  // The first block of a state is that of the batch at the start; then come those of the steps.
  const auto in_front = [&](const StepRange& range) {
    if (step == range.first) return Index{0};
    return steps_.batch() + steps_.first_row(step - 1) - steps_.first_row(range.first);
  };
  switch (line) {
    case Line::still: return 0;
    case Line::external: return steps_.first_row(step);
    case Line::chunk: return rows_from(chunk_);
    case Line::chunk_in_front: return in_front(chunk_);
    case Line::chunk_behind: return steps_.batch() + rows_from(chunk_);
    case Line::window: return rows_from(window_);
    case Line::window_in_front: return in_front(window_);
    case Line::window_behind: return steps_.batch() + rows_from(window_);
    case Line::turn: return step % 2;
    case Line::turn_behind: return (step + 1) % 2;
    case Line::of_chunk: return step - chunk_.first;
    case Line::behind_of_chunk: return step - chunk_.first + 1;
  }
  return 0;
}

template <class T>
typename CompiledScan<T>::Place CompiledScan<T>::place(const Slot& slot, Index step) const {
  const Index row = row_at(line_of(slot), step) * row_width(slot);
  return {base_[index(slot.buffer)] + row + slot.column,
          is_of_one_sequence(slot) ? 0 : row_width(slot)};
}

template <class T>
void CompiledScan<T>::copy_rows(const Slot& from, Tensor<T>& to) {
  const PartTimer timer(times_, Part::other);
  for (const StepRange& run : runs(cut_for(from))) {
    const Place rows = place(from, run.first);
    T* end = to.data() + steps_.first_row(run.first) * from.width;
    for (Index r = 0; r < steps_.rows(run); ++r, end += from.width) {
      std::copy_n(rows.data + r * rows.stride, from.width, end);
    }
  }
}

// Of each sequence that runs in the range: behind its own last step, or behind the range.
template <class T>
void CompiledScan<T>::take_state(const Slot& history, StepRange range, Tensor<T>& state) const {
  for (Index b = 0; b < steps_.rows(range.first); ++b) {
    const Index length = steps_.lengths()[static_cast<std::size_t>(b)];
    const Place from = place(history, std::min(length, range.last));
    std::copy_n(from.data + b * from.stride, history.width, state.data() + b * history.width);
  }
}

template <class T>
void CompiledScan<T>::forward(std::span<const Tensor<T>> parameters,
                              std::span<const Tensor<T>> inputs, std::span<const Tensor<T>> states,
                              const std::vector<Index>& lengths, Index segments,
                              bool with_outputs) {
  check(parameters, inputs, states, lengths);
  if (segments < 0) {
    fail_input("cell {}: got {} segments, expected 0 or more", plan_.forward.name, segments);
  }
  const StepProgram& program = plan_.forward;
  if (plan_.by_chunks)
    steps_.reset(lengths, segments, ScanPlan::stretches * ScanPlan::stretch_steps, 1);
  else steps_.reset(lengths, segments, least_chunk_steps());
  for (auto& of_chunk : chunk_states_) std::ranges::fill(of_chunk, Tensor<T>());
  allocate_buffers();
  std::fill(is_packed_.begin(), is_packed_.end(), char{0});
  for (ReadyStage& stage : ready_) stage.clear();
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    unbatched_[index(program.parameters[k].node)] = parameters[k];
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    // Only read; no op writes into an input.
    base_[index(plan_.slots[index(program.inputs[k])].buffer)] = const_cast<T*>(inputs[k].data());
  }
  run_unbatched(program, plan_.forward_pass.invariant_ops);
  pack_what_is_free(plan_.forward_pass);
  outputs_ = {};
  if (with_outputs) outputs_ = allocate({steps_.all_rows(), program.output_shape().back()});
  probes_.resize(plan_.probes.size());
  for (std::size_t k = 0; k < probes_.size(); ++k) {
    probes_[k] = allocate({steps_.all_rows(), plan_.slots[index(plan_.probes[k])].width});
  }
  final_states_.resize(states.size());
  for (std::size_t k = 0; k < states.size(); ++k) {
    if (const Slot slot = history_of(program.states[k]); is_of_sequence(slot)) {
      final_states_[k] = states[k];
      base_[index(slot.buffer)] = const_cast<T*>(states[k].data());  // only read
      continue;
    }
    final_states_[k] = allocate(states[k].shape());
    copy(states[k], final_states_[k]);
  }
  start_states_.resize(steps_.windows().size());
  for (std::size_t w = 0; w < start_states_.size(); ++w) {
    start_states_[w].resize(states.size());
    for (std::size_t k = 0; k < states.size(); ++k) {
      start_states_[w][k] = {};
      if (is_of_sequence(history_of(program.states[k]))) continue;
      start_states_[w][k] = allocate(states[k].shape());
      copy(final_states_[k], start_states_[w][k]);
    }
    run_window(w, true);
    for (std::size_t k = 0; k < states.size(); ++k) {
      const Slot history = history_of(program.states[k]);
      if (!is_of_sequence(history) && !is_matrix(k)) {
        take_state(history, window_, final_states_[k]);
      }
    }
  }
}

template <class T>
void CompiledScan<T>::run_window(std::size_t window, bool first_time) {
  const StepRange chunks = steps_.windows()[window];
  window_ = steps_.steps_of(chunks);
  loaded_window_ = window;
  for (std::size_t k = 0; k < start_states_[window].size(); ++k) {
    if (!start_states_[window][k].defined() || is_matrix(k)) continue;
    const Place to = place(history_of(plan_.forward.states[k]), window_.first);
    std::copy_n(start_states_[window][k].data(), start_states_[window][k].numel(), to.data);
  }
  for (Index c = chunks.first; c < chunks.last; ++c) {
    enter_chunk(c);
    run_chunk_rows(plan_.forward_pass.before, Part::front);
    if (plan_.by_sequences) {
      run_sequences(first_time);
    } else {
      for (Index t = chunk_.first; t < chunk_.last; ++t) {
        poll_stop();
        run_step(plan_.forward_pass.loop, t);
      }
    }
    run_chunk_rows(plan_.forward_pass.behind, Part::behind);
    if (!first_time) continue;
    for_each_result([&](const Slot& slot, Tensor<T>& rows) {
      if (!is_of_one_sequence(slot)) copy_rows(slot, rows);
    });
  }
}

template <class T>
void CompiledScan<T>::backward(const Tensor<T>& outputs, std::span<const Tensor<T>> states) {
  const StepProgram& program = plan_.backward.program;
  const Slot& slot = plan_.slots[index(program.inputs.back())];
  if (outputs.defined()) {
    expect_shape(program, "the cotangent of the outputs", outputs, {steps_.all_rows(), slot.width});
  }
  expect_count(program, "cotangents of states", states.size(), program.states.size());
  const PlanPass& pass = plan_.backward_pass;
  for (const auto* stages : {&pass.before, &pass.loop, &pass.behind, &pass.again}) {
    for (const PlanStage& stage : *stages) ready_[index(stage.number)].clear();
  }
  zero_buffer_ = outputs.defined() ? -1 : slot.buffer;
  if (!outputs.defined() && zeros_.numel() < steps_.chunk_rows() * slot.width) {
    zeros_ = Tensor<T>::zeros({steps_.chunk_rows() * slot.width});
  }
  base_[index(slot.buffer)] = outputs.defined() ? const_cast<T*>(outputs.data()) : zeros_.data();
  carried_.resize(states.size());
  for (std::size_t k = 0; k < states.size(); ++k) {
    expect_shape(program, "the cotangent of a state", states[k], final_states_[k].shape());
    carried_[k] = allocate(states[k].shape());
    copy(states[k], carried_[k]);
    // What gathers there all the way back is gathered in place.
    const Slot history = history_of(program.states[k]);
    if (is_of_sequence(history)) base_[index(history.buffer)] = carried_[k].data();
  }
  start_gradients();
  for (std::size_t w = steps_.windows().size(); w-- > 0;) {
    if (w != loaded_window_) run_window(w, false);
    run_window_back(w);
  }
  finish_gradients();
}

template <class T>
void CompiledScan<T>::run_window_back(std::size_t window) {
  const PlanPass& pass = plan_.backward_pass;
  const StepRange chunks = steps_.windows()[window];
  for (Index c = chunks.last; c-- > chunks.first;) {
    enter_chunk(c);
    load_cotangents();
    run_chunk_rows(pass.before, Part::front);
    if (plan_.by_sequences) {
      run_sequences_back();
    } else {
      for (Index t = chunk_.last; t-- > chunk_.first;) {
        poll_stop();
        run_step(pass.loop, t);
      }
    }
    run_chunk_rows(pass.behind, Part::behind);
    if (records_norms_) note_gradient_norms();
    gather_rows();
    for (std::size_t k = 0; k < pass.row_sums.size(); ++k) add_rows(pass.row_sums[k], row_sums_[k]);
    for (std::size_t k = 0; k < pass.summed_calls.size(); ++k) {
      add_call(pass.summed_calls[k], call_sums_[k]);
    }
    for (std::size_t k = 0; k < input_gradients_.size(); ++k) {
      if (!input_gradients_[k].defined()) continue;
      copy_rows(plan_.slots[index(plan_.backward.input_cotangents[k])], input_gradients_[k]);
    }
    for (std::size_t k = 0; k < carried_.size(); ++k) {
      const Slot history = history_of(plan_.backward.program.states[k]);
      if (is_of_sequence(history) || is_matrix(k)) continue;
      const Place from = place(history, chunk_.first);
      std::copy_n(from.data, steps_.rows(chunk_.first) * from.stride, carried_[k].data());
    }
  }
}

// Puts the cotangents behind the chunk where its steps look for them: those of a sequence that
// ends in it behind the sequence's own last step.
template <class T>
void CompiledScan<T>::load_cotangents() {
  for (std::size_t k = 0; k < carried_.size(); ++k) {
    const Slot history = history_of(plan_.backward.program.states[k]);
    if (is_of_sequence(history) || is_matrix(k)) continue;
    for (Index b = 0; b < steps_.rows(chunk_.first); ++b) {
      const Index length = steps_.lengths()[static_cast<std::size_t>(b)];
      const Place to = place(history, std::min(length, chunk_.last));
      std::copy_n(carried_[k].data() + b * history.width, history.width, to.data + b * to.stride);
    }
  }
}

template <class T>
void CompiledScan<T>::note_gradient_norms() {
  for (std::size_t k = 0; k < carried_.size(); ++k) {
    const Slot history = history_of(plan_.backward.program.states[k]);
    if (plan_.forward.states[k].is_given() || is_matrix(k)) continue;
    for (Index t = chunk_.first; t < chunk_.last; ++t) {
      const Place at = place(history, t);
      for (Index b = 0; b < steps_.rows(t); ++b) {
        const T* row = at.data + b * at.stride;
        const auto add_square = [](double sum, T v) { return sum + double(v) * double(v); };
        squared_norms_[k][static_cast<std::size_t>(steps_.first_row(t) + b)] =
            std::accumulate(row, row + history.width, 0.0, add_square);
      }
    }
  }
}

template <class T>
void CompiledScan<T>::start_gradients() {
  run_unbatched(plan_.backward.program, plan_.backward_pass.invariant_ops);
  pack_what_is_free(plan_.backward_pass);
  for (auto& rows : gathered_) rows.clear(rounding_);
  first_product_ = true;
  for (const PlanContraction& c : plan_.backward_pass.contractions) {
    for (const int node : c.nodes) {
      unbatched_[index(node)] = allocate(plan_.backward.program.nodes[index(node)].shape);
    }
  }
  squared_norms_.resize(records_norms_ ? carried_.size() : 0);
  for (auto& norms : squared_norms_) {
    norms.assign(static_cast<std::size_t>(steps_.all_rows()), 0.0);
  }
  for (auto* sums : {&row_sums_, &call_sums_, &swept_sums_}) {
    for (auto& sum : *sums) std::fill(sum.begin(), sum.end(), 0.0);
  }
  input_gradients_.resize(plan_.forward.inputs.size());
  for (std::size_t k = 0; k < input_gradients_.size(); ++k) {
    const int node = plan_.backward.input_cotangents[k];
    input_gradients_[k] = {};
    if (node < 0 || !plan_.wanted_inputs[k]) continue;
    input_gradients_[k] = allocate({steps_.all_rows(), plan_.slots[index(node)].width});
  }
}

template <class T>
void CompiledScan<T>::finish_sum(int node, const std::vector<double>& sum) {
  Tensor<T>& total = unbatched_[index(node)];
  total = allocate(plan_.backward.program.nodes[index(node)].shape);
  std::transform(sum.begin(), sum.end(), total.data(), [](double v) { return static_cast<T>(v); });
}

template <class T>
void CompiledScan<T>::finish_gradients() {
  const PlanPass& pass = plan_.backward_pass;
  multiply_gathered();
  for (std::size_t k = 0; k < sums_.size(); ++k) {
    if (!sums_[k].defined()) continue;
    const Index rows = sums_[k].shape()[0], columns = sums_[k].shape()[1];
    const T* from = sums_[k].data();
    for (const int node : pass.contractions[k].nodes) {
      Tensor<T>& part = unbatched_[index(node)];
      transpose(rows, part.shape()[0], from, columns, part.data(), rows);
      from += part.shape()[0];
    }
  }
  for (std::size_t k = 0; k < pass.row_sums.size(); ++k) {
    finish_sum(pass.row_sums[k].node, row_sums_[k]);
  }
  for (std::size_t k = 0; k < pass.summed_calls.size(); ++k)
    finish_sum(pass.summed_calls[k].node, call_sums_[k]);
  add_swept_sums();
  for (std::size_t k = 0; k < pass.swept_sums.size(); ++k) {
    finish_sum(pass.swept_sums[k], swept_sums_[k]);
  }
  run_unbatched(plan_.backward.program, pass.final_ops);
  parameter_gradients_.resize(plan_.forward.parameters.size());
  for (std::size_t k = 0; k < parameter_gradients_.size(); ++k) {
    const int node = plan_.backward.parameter_cotangents[k];
    Tensor<T>& gradient = parameter_gradients_[k];
    if (node >= 0) {
      gradient = unbatched_[index(node)];
    } else {
      gradient = allocate(plan_.forward.parameters[k].shape);
      std::fill_n(gradient.data(), gradient.numel(), T(0));
    }
  }
  // No handle stays here: a gradient with one owner is not copied on its way to the caller.
  const auto first = static_cast<std::ptrdiff_t>(plan_.backward.forward_nodes);
  std::fill(unbatched_.begin() + first, unbatched_.end(), Tensor<T>());
}

template class CompiledScan<float>;
template class CompiledScan<double>;

}  // namespace carousel
