// The loops of a scan that runs sequence by sequence, and the sweeps over their matrices.

#include <algorithm>

#include "kernel/reduce.hpp"
#include "program/compiled_scan.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }
std::size_t index(Index i) { return static_cast<std::size_t>(i); }

}  // namespace

// The matrices of a chunk's steps are to stay in the second cache.
template <class T>
Index CompiledScan<T>::least_chunk_steps() const {
  constexpr Index most = 16, fewest = 4, elements = Index{1} << 17;
  if (!plan_.by_sequences) return 1;
  Index widths = 0;
  for (const PlanBuffer& buffer : plan_.buffers) {
    if (buffer.scope == PlanBuffer::Scope::matrices) widths += buffer.width;
  }
  return std::clamp(elements / std::max<Index>(widths, 1), fewest, most);
}

template <class T>
void CompiledScan<T>::run_sequences(bool first_time) {
  const StepRange chunks = steps_.windows()[loaded_window_];
  const bool is_first = static_cast<Index>(chunk_index_) == chunks.first;
  const bool is_last = static_cast<Index>(chunk_index_) + 1 == chunks.last;
  chunk_states_.resize(std::max(chunk_states_.size(), steps_.chunks().size() + 1));
  auto& from = is_first ? start_states_[loaded_window_] : chunk_states_[chunk_index_];
  auto& to = is_last ? final_states_ : chunk_states_[chunk_index_ + 1];
  to.resize(final_states_.size());
  for (std::size_t k = 0; k < to.size(); ++k) {
    if (is_matrix(k) && !to[k].defined()) to[k] = allocate(final_states_[k].shape());
  }
  for (Index b = 0; b < steps_.rows(chunk_.first); ++b) {
    poll_stop();
    const Index length = steps_.lengths()[index(b)], end = std::min(length, chunk_.last);
    const auto history = [&](std::size_t k) { return history_of(plan_.forward.states[k]); };
    for (std::size_t k = 0; k < to.size(); ++k) {
      if (!is_matrix(k)) continue;
      const Slot slot = history(k);
      std::copy_n(from[k].data() + b * slot.width, slot.width, place(slot, chunk_.first).data);
    }
    for (Index t = chunk_.first; t < end; ++t) run_sequence_step(plan_.forward_pass.loop, t, b);
    for (std::size_t k = 0; k < to.size(); ++k) {
      const bool ends = length <= chunk_.last;
      if (!is_matrix(k) || ((ends || is_last) && !first_time)) continue;
      const Slot slot = history(k);
      T* behind = (ends ? final_states_ : to)[k].data() + b * slot.width;
      std::copy_n(place(slot, end).data, slot.width, behind);
    }
    if (first_time) keep_results(b);
  }
}

template <class T>
void CompiledScan<T>::keep_results(Index sequence) {
  const Index end = std::min(steps_.lengths()[index(sequence)], chunk_.last);
  for_each_result([&](const Slot& slot, Tensor<T>& rows) {
    if (!is_of_one_sequence(slot)) return;
    for (Index t = chunk_.first; t < end; ++t) {
      const Index row = steps_.first_row(t) + sequence;
      std::copy_n(place(slot, t).data, slot.width, rows.data() + row * slot.width);
    }
  });
}

// Forwards through the chunk for the matrices, which were not kept, then back.
template <class T>
void CompiledScan<T>::run_sequences_back() {
  const PlanPass& pass = plan_.backward_pass;
  const bool is_first = static_cast<Index>(chunk_index_) == steps_.windows()[loaded_window_].first;
  const auto& from = is_first ? start_states_[loaded_window_] : chunk_states_[chunk_index_];
  for (Index b = 0; b < steps_.rows(chunk_.first); ++b) {
    poll_stop();
    const Index end = std::min(steps_.lengths()[index(b)], chunk_.last);
    for (std::size_t k = 0; k < carried_.size(); ++k) {
      if (!is_matrix(k)) continue;
      const Slot state = history_of(plan_.forward.states[k]);
      std::copy_n(from[k].data() + b * state.width, state.width, place(state, chunk_.first).data);
      const Slot cotangent = history_of(plan_.backward.program.states[k]);
      std::copy_n(carried_[k].data() + b * state.width, state.width, place(cotangent, end).data);
    }
    for (Index t = chunk_.first; t < end; ++t) run_sequence_step(pass.again, t, b);
    for (Index t = end; t-- > chunk_.first;) {
      run_sequence_step(pass.loop, t, b);
      if (records_norms_) note_matrix_norms(t, b);
    }
    for (std::size_t k = 0; k < carried_.size(); ++k) {
      if (!is_matrix(k)) continue;
      const Slot cotangent = history_of(plan_.backward.program.states[k]);
      std::copy_n(place(cotangent, chunk_.first).data, cotangent.width,
                  carried_[k].data() + b * cotangent.width);
    }
    add_swept_sums();
  }
}

template <class T>
void CompiledScan<T>::note_matrix_norms(Index step, Index sequence) {
  for (std::size_t k = 0; k < carried_.size(); ++k) {
    if (!is_matrix(k)) continue;
    const Slot slot = history_of(plan_.backward.program.states[k]);
    squared_norms_[k][index(steps_.first_row(step) + sequence)] =
        sum_of_squares(place(slot, step).data, slot.width);
  }
}

// A few steps in T, those in double: a long sequence loses no digits.
template <class T>
void CompiledScan<T>::add_swept_sums() {
  for (std::size_t k = 0; k < swept_sums_.size(); ++k) {
    T* share = swept_shares_[k].data();
    for (double& sum : swept_sums_[k]) {
      sum += static_cast<double>(*share);
      *share++ = T(0);
    }
  }
}

template <class T>
typename CompiledScan<T>::SweptOperand CompiledScan<T>::look_up(
    const PlanSweepOperand& operand) const {
  const Strides& strides = operand.strides;
  if (operand.at.unbatched >= 0) {  // only read
    T* value = const_cast<T*>(unbatched_[index(operand.at.unbatched)].data());
    return {{value, Line::still, 0, 0, strides.element}, strides, strides.row};
  }
  Operand at = look_up(operand.at.slot);
  at.element_step = strides.element;
  const PlanBuffer& buffer = plan_.buffers[index(operand.at.slot.buffer)];
  const bool band = buffer.scope == PlanBuffer::Scope::band;
  return {at, strides, band ? 0 : strides.row};
}

template <class T>
typename CompiledScan<T>::ReadySweepOp CompiledScan<T>::look_up(const PlanSweepOp& op,
                                                                const SweepSpace& space) {
  using Kind = PlanSweepOp::Kind;
  ReadySweepOp ready{op.kind, nullptr, {}, index(op.operand_count), true, false, 0};
  for (std::size_t k = 0; k < ready.operand_count; ++k) ready.operands[k] = look_up(op.operands[k]);
  const Strides& out = op.out.strides;
  SweptOperand& result = ready.operands.back();
  if (op.total >= 0) {
    result = {
        {swept_shares_[index(op.total)].data(), Line::still, 0, 0, out.element}, out, out.row};
  } else {
    result = look_up(op.out);
  }
  const bool product = ready.operand_count == 2;
  if (op.kind == Kind::row_sums) {
    ready.adds =
        op.total >= 0 || (out.row == 0 && space.rows > 1) || (out.group == 0 && space.groups > 1);
    using enum TileSum;
    ready.kernel =
        tile_sum_kernel<T>(ready.adds ? (product ? add_dot : add_sum) : (product ? dot : sum));
  } else if (op.kind == Kind::sum) {
    ready.adds = true;
    const bool down = out.row == 0 && space.rows > 1;
    ready.kernel = down ? tile_sum_kernel<T>(product ? TileSum::dot_columns : TileSum::columns)
                        : tile_kernel<T>(product ? Tile::mul_add : Tile::add);
    if (!down) ready.operands[ready.operand_count++] = result;  // the last addend
  } else {
    ready.kernel = tile_kernel<T>(op.tile);
  }
  if (ready.adds && op.total < 0) ready.clears = op.out.at.slot.width;
  ready.flat = op.kind == Kind::elementwise;
  for (std::size_t k = 0; k < ready.operand_count; ++k) {
    const Strides& s = ready.operands[k].strides;
    ready.flat = ready.flat && s.element == 1 && s.row == space.width;
  }
  return ready;
}

// A few rows through all ops, which pass them on in the first cache, then the next few.
template <class T>
void CompiledScan<T>::run_sweep(const PlanStage& stage, Index step, Index sequence) {
  const PartTimer timer(times_, Part::elementwise);
  const ReadyStage& work = ready(stage);
  const SweepSpace& space = stage.sweeps.front().space;
  std::array<Index, lines> line{};
  for (std::size_t l = 0; l < lines; ++l) line[l] = row_at(static_cast<Line>(l), step);
  sweep_starts_.resize(std::max(sweep_starts_.size(), work.sweep.size()));
  for (std::size_t i = 0; i < work.sweep.size(); ++i) {
    const ReadySweepOp& op = work.sweep[i];
    for (std::size_t k = 0; k < op.operands.size(); ++k) {
      const Operand& at = op.operands[k].at;
      sweep_starts_[i][k] = at.base + line[static_cast<std::size_t>(at.line)] * at.row_step +
                            sequence * at.block_step;
    }
    if (op.clears > 0) std::fill_n(sweep_starts_[i].back(), op.clears, T(0));
  }
  const Index band = std::max<Index>(1, block_elements / space.width);
  for (Index g = 0; g < space.groups; ++g) {
    for (Index r = 0; r < space.rows; r += band) {
      const Index count = std::min(band, space.rows - r);
      for (std::size_t i = 0; i < work.sweep.size(); ++i) {
        const ReadySweepOp& op = work.sweep[i];
        const auto data = [&](std::size_t k) {
          const SweptOperand& o = op.operands[k];
          return sweep_starts_[i][k] + g * o.strides.group + r * o.band_step;
        };
        std::array<TileArg<T>, 3> args{};
        for (std::size_t k = 0; k < op.operand_count; ++k) {
          args[k] = {data(k), op.operands[k].strides.element, op.operands[k].strides.row};
        }
        const TileOut<T> out{data(3), op.operands[3].strides.row};
        if (op.flat) op.kernel(args.data(), out, 1, count * space.width);
        else op.kernel(args.data(), out, count, space.width);
      }
    }
  }
}

template class CompiledScan<float>;
template class CompiledScan<double>;

}  // namespace carousel
