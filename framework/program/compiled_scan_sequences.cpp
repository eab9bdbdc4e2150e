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

// The matrices of a chunk's steps are to stay in the second cache, bands of them in the first.
template <class T>
Index CompiledScan<T>::least_chunk_steps() const {
  constexpr Index most = 32, fewest = 4, elements = Index{1} << 17;
  if (!plan_.by_sequences) return 1;
  if (plan_.band_space) return most;
  Index widths = 0;
  for (const PlanBuffer& buffer : plan_.buffers) {
    if (buffer.scope == PlanBuffer::Scope::matrices) widths += buffer.width;
  }
  return std::clamp(elements / std::max<Index>(widths, 1), fewest, most);
}

template <class T>
template <class F>
void CompiledScan<T>::for_each_band(const SweepSpace& space, F f) {
  const Index band = band_rows(space);
  for (Index g = 0; g < space.groups; ++g) {
    for (Index r = 0; r < space.rows; r += band) f(Piece{g, r, std::min(band, space.rows - r)});
  }
}

// The pieces of a matrix that go through the steps of a chunk one after another: bands, or all.
template <class T>
template <class F>
void CompiledScan<T>::for_each_piece(F f) {
  if (plan_.band_space) for_each_band(*plan_.band_space, f);
  else f(Piece{0, 0, 0});
}

// The elements of a piece: of a matrix in the caller's memory, from where to where in a history.
template <class T>
void CompiledScan<T>::copy_piece(const Piece& piece, const T* from, Index width, T* to) const {
  if (piece.rows == 0) std::copy_n(from, width, to);
  else std::copy_n(from, piece.rows * plan_.band_space->width, to);
}

template <class T>
Index CompiledScan<T>::first_element(const Piece& piece) const {
  if (piece.rows == 0) return 0;
  return (piece.group * plan_.band_space->rows + piece.row) * plan_.band_space->width;
}

// What of a loop runs in front of the bands for all steps, in bands, and behind. Without bands all
// is in the middle.
template <class T>
typename CompiledScan<T>::LoopParts CompiledScan<T>::parts_of(const PlanPass& pass) const {
  const std::span<const PlanStage> all = pass.loop;
  if (!plan_.band_space) return {{}, all, {}};
  const std::size_t middle = index(pass.band_stage);
  return {all.first(middle), all.subspan(middle, 1), all.subspan(middle + 1)};
}

template <class T>
void CompiledScan<T>::prepare_bands(std::span<const PlanStage> middle, StepRange steps,
                                    Index sequence, BandStarts& starts) {
  if (!plan_.band_space || middle.empty()) return;
  const ReadyStage& work = ready(middle.front());
  starts.resize(std::max(starts.size(), index(steps.last - steps.first) * work.sweep.size()));
  for (Index t = steps.first; t < steps.last; ++t) {
    start_sweep(work, t, sequence, &starts[index(t - steps.first) * work.sweep.size()]);
  }
}

template <class T>
void CompiledScan<T>::run_piece(std::span<const PlanStage> middle, Index step, Index sequence,
                                const Piece& piece, const BandStarts& starts) {
  if (piece.rows == 0) return run_rows(middle, Part::loop, step, sequence, 1);
  for (const PlanStage& stage : middle) {
    const ReadyStage& work = ready_[index(stage.number)];
    run_band(work, *plan_.band_space, &starts[index(step - chunk_.first) * work.sweep.size()],
             piece);
  }
}

// The states in front of a stretch of the chunk that are matrices.
template <class T>
std::vector<Tensor<T>>& CompiledScan<T>::matrices_in_front(Index stretch) {
  const StepRange chunks = steps_.windows()[loaded_window_];
  if (stretch == 0 && static_cast<Index>(chunk_index_) == chunks.first) {
    return start_states_[loaded_window_];
  }
  return chunk_states_[chunk_index_ * index(stretches_of_chunk()) + index(stretch)];
}

template <class T>
std::vector<Tensor<T>>& CompiledScan<T>::matrices_behind_chunk() {
  const StepRange chunks = steps_.windows()[loaded_window_];
  if (static_cast<Index>(chunk_index_) + 1 == chunks.last) return final_states_;
  return chunk_states_[(chunk_index_ + 1) * index(stretches_of_chunk())];
}

template <class T>
void CompiledScan<T>::run_sequences(bool first_time) {
  const bool is_last =
      static_cast<Index>(chunk_index_) + 1 == steps_.windows()[loaded_window_].last;
  const std::size_t kept = (steps_.chunks().size() + 1) * index(stretches_of_chunk());
  chunk_states_.resize(std::max(chunk_states_.size(), kept));
  const auto prepare = [&](std::vector<Tensor<T>>& states) {
    states.resize(final_states_.size());
    for (std::size_t k = 0; k < states.size(); ++k) {
      if (is_matrix(k) && !states[k].defined()) states[k] = allocate(final_states_[k].shape());
    }
  };
  const Index stretches = plan_.by_chunks ? stretches_of(chunk_.last - chunk_.first) : 1;
  for (Index k = 1; k < stretches; ++k) prepare(matrices_in_front(k));
  auto& from = matrices_in_front(0);
  auto& to = matrices_behind_chunk();
  prepare(to);
  const LoopParts parts = parts_of(plan_.forward_pass);
  gives_probes_ = first_time;
  for (Index t = chunk_.first; t < chunk_.last; ++t) run_step(parts.front, t);
  for (Index b = 0; b < steps_.rows(chunk_.first); ++b) {
    poll_stop();
    const Index length = steps_.lengths()[index(b)];
    const StepRange steps{chunk_.first, std::min(length, chunk_.last)};
    const bool ends = length <= chunk_.last, keeps_end = first_time || !(ends || is_last);
    const auto timer = time_bands();
    if (plan_.by_chunks) {
      run_stretches(parts.middle.front(), steps, b,
                    keeps_end ? &(ends ? final_states_ : to) : nullptr);
    } else {
      run_pieces(from, ends ? final_states_ : to, steps, b, keeps_end);
    }
    if (first_time && !plan_.by_chunks) keep_results(b);
  }
  for (Index t = chunk_.first; t < chunk_.last; ++t) run_step(parts.behind, t);
}

// The matrices of one sequence through the steps of a chunk, piece by piece.
template <class T>
void CompiledScan<T>::run_pieces(const std::vector<Tensor<T>>& from, std::vector<Tensor<T>>& to,
                                 StepRange steps, Index sequence, bool keeps_end) {
  const std::span<const PlanStage> middle = parts_of(plan_.forward_pass).middle;
  prepare_bands(middle, steps, sequence, band_starts_);
  for_each_piece([&](const Piece& piece) {
    for (std::size_t k = 0; k < to.size(); ++k) {
      if (!is_matrix(k)) continue;
      const Slot slot = history_of(plan_.forward.states[k]);
      copy_piece(piece, from[k].data() + sequence * slot.width + first_element(piece), slot.width,
                 place(slot, steps.first).data);
    }
    for (Index t = steps.first; t < steps.last; ++t) {
      run_piece(middle, t, sequence, piece, band_starts_);
    }
    for (std::size_t k = 0; k < to.size(); ++k) {
      if (!is_matrix(k) || !keeps_end) continue;
      const Slot slot = history_of(plan_.forward.states[k]);
      T* behind = to[k].data() + sequence * slot.width + first_element(piece);
      copy_piece(piece, place(slot, steps.last).data, slot.width, behind);
    }
  });
}

// Values that the caller wants and that are matrices: a loop with such does not run by bands.
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
void CompiledScan<T>::run_pieces_back(const std::vector<Tensor<T>>& from, StepRange steps,
                                      Index sequence) {
  const PlanPass& pass = plan_.backward_pass;
  const std::span<const PlanStage> middle = parts_of(pass).middle;
  prepare_bands(pass.again, steps, sequence, again_starts_);
  prepare_bands(middle, steps, sequence, band_starts_);
  for_each_piece([&](const Piece& piece) {
    const auto each_matrix = [&](auto f) {
      for (std::size_t k = 0; k < carried_.size(); ++k) {
        if (!is_matrix(k)) continue;
        const Slot state = history_of(plan_.forward.states[k]);
        const Slot cotangent = history_of(plan_.backward.program.states[k]);
        f(k, state, cotangent, sequence * state.width + first_element(piece));
      }
    };
    each_matrix([&](std::size_t k, const Slot& state, const Slot& cotangent, Index at) {
      copy_piece(piece, from[k].data() + at, state.width, place(state, steps.first).data);
      copy_piece(piece, carried_[k].data() + at, state.width, place(cotangent, steps.last).data);
    });
    for (Index t = steps.first; t < steps.last; ++t) {
      run_piece(pass.again, t, sequence, piece, again_starts_);
    }
    for (Index t = steps.last; t-- > steps.first;) {
      run_piece(middle, t, sequence, piece, band_starts_);
      if (records_norms_) note_matrix_norms(t, sequence, piece);
    }
    each_matrix([&](std::size_t k, const Slot& state, const Slot& cotangent, Index at) {
      copy_piece(piece, place(cotangent, steps.first).data, state.width, carried_[k].data() + at);
    });
  });
}

template <class T>
void CompiledScan<T>::run_sequences_back() {
  const PlanPass& pass = plan_.backward_pass;
  const auto& from = matrices_in_front(0);
  const LoopParts parts = parts_of(pass);
  for (Index t = chunk_.last; t-- > chunk_.first;) run_step(parts.front, t);
  for (Index b = 0; b < steps_.rows(chunk_.first); ++b) {
    poll_stop();
    const StepRange steps{chunk_.first, std::min(steps_.lengths()[index(b)], chunk_.last)};
    const auto timer = time_bands();
    if (plan_.by_chunks) {
      run_stretches_back(parts.middle.front(), steps, b);
    } else {
      run_pieces_back(from, steps, b);
    }
    swept_rows_ += steps.last - steps.first;
    if (swept_rows_ >= 16) add_swept_sums();
  }
  for (Index t = chunk_.last; t-- > chunk_.first;) run_step(parts.behind, t);
}

template <class T>
void CompiledScan<T>::note_matrix_norms(Index step, Index sequence, const Piece& piece) {
  for (std::size_t k = 0; k < carried_.size(); ++k) {
    if (!is_matrix(k)) continue;
    const Slot slot = history_of(plan_.backward.program.states[k]);
    const Index count = piece.rows == 0 ? slot.width : piece.rows * plan_.band_space->width;
    squared_norms_[k][index(steps_.first_row(step) + sequence)] +=
        sum_of_squares(place(slot, step).data, count);
  }
}

// A few steps in T, those in double: a long sequence loses no digits.
template <class T>
void CompiledScan<T>::add_swept_sums() {
  swept_rows_ = 0;
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
  // Of a band no more is there than the rows at work.
  if (is_of_band(operand.at.slot)) return {at, {0, strides.row, strides.element}, 0};
  return {at, strides, strides.row};
}

// Where a result goes: to its place, or to the sum over the batch.
template <class T>
typename CompiledScan<T>::SweptOperand CompiledScan<T>::look_up_result(const PlanSweepOp& op) {
  if (op.total < 0) return look_up(op.out);
  const Strides& out = op.out.strides;
  return {{swept_shares_[index(op.total)].data(), Line::still, 0, 0, out.element}, out, out.row};
}

template <class T>
typename CompiledScan<T>::ReadySweepOp CompiledScan<T>::look_up(const PlanSweepOp& op,
                                                                const SweepSpace& space) {
  using Kind = PlanSweepOp::Kind;
  ReadySweepOp ready{nullptr, {}, index(op.operand_count), false, false, 0};
  for (std::size_t k = 0; k < ready.operand_count; ++k) ready.operands[k] = look_up(op.operands[k]);
  const Strides& out = op.out.strides;
  SweptOperand& result = ready.operands.back();
  result = look_up_result(op);
  const bool product = ready.operand_count == 2;
  bool adds = op.kind == Kind::sum;  // to its place
  if (op.kind == Kind::row_sums) {
    adds =
        op.total >= 0 || (out.row == 0 && space.rows > 1) || (out.group == 0 && space.groups > 1);
    using enum TileSum;
    ready.kernel = tile_sum_kernel<T>(adds ? (product ? add_dot : add_sum) : (product ? dot : sum));
  } else if (op.kind == Kind::sum) {
    const bool down = out.row == 0 && space.rows > 1;
    ready.kernel = down ? tile_sum_kernel<T>(product ? TileSum::dot_columns : TileSum::columns)
                        : tile_kernel<T>(product ? Tile::mul_add : Tile::add);
    if (!down) ready.operands[ready.operand_count++] = result;  // the last addend
  } else {
    ready.kernel =
        ready.operand_count == 4 ? tile_sum_kernel<T>(TileSum::products) : tile_kernel<T>(op.tile);
  }
  if (adds && op.total < 0) ready.clears = op.out.at.slot.width;
  ready.is_column = op.kind == Kind::elementwise && out.element == 0 && space.width > 1;
  ready.is_flat = op.kind == Kind::elementwise;
  for (std::size_t k = 0; k < ready.operand_count; ++k) {
    const Strides& s = ready.operands[k].strides;
    ready.is_flat = ready.is_flat && s.element == 1 && s.row == space.width;
  }
  return ready;
}

// Where the operands of each op lie for a step, and zeros where sums begin.
template <class T>
void CompiledScan<T>::start_sweep(const ReadyStage& work, Index step, Index sequence,
                                  std::array<T*, 5>* starts) const {
  std::array<Index, lines> line{};
  for (std::size_t l = 0; l < lines; ++l) line[l] = row_at(static_cast<Line>(l), step);
  for (const ReadySweepOp& op : work.sweep) {
    for (std::size_t k = 0; k < op.operands.size(); ++k) {
      const Operand& at = op.operands[k].at;
      (*starts)[k] = at.base + line[static_cast<std::size_t>(at.line)] * at.row_step +
                     sequence * at.block_step;
    }
    if (op.clears > 0) std::fill_n(starts->back(), op.clears, T(0));
    ++starts;
  }
}

// A few rows through all ops, which pass them on in the first cache.
template <class T>
void CompiledScan<T>::run_band(const ReadyStage& work, const SweepSpace& space,
                               const std::array<T*, 5>* starts, const Piece& piece) const {
  for (const ReadySweepOp& op : work.sweep) run_op(op, *starts++, space, piece);
}

template <class T>
void CompiledScan<T>::run_op(const ReadySweepOp& op, const std::array<T*, 5>& starts,
                             const SweepSpace& space, const Piece& piece) const {
  const auto data = [&](std::size_t k) {
    const SweptOperand& o = op.operands[k];
    return starts[k] + piece.group * o.strides.group + piece.row * o.band_step;
  };
  std::array<TileArg<T>, 4> args;
  for (std::size_t k = 0; k < op.operand_count; ++k) {
    const Strides& strides = op.operands[k].strides;
    args[k] = {data(k), op.is_column ? strides.row : strides.element, strides.row};
  }
  const TileOut<T> out{data(op.operands.size() - 1), op.operands.back().strides.row};
  if (op.is_column) op.kernel(args.data(), out, 1, piece.rows);
  else if (op.is_flat) op.kernel(args.data(), out, 1, piece.rows * space.width);
  else op.kernel(args.data(), out, piece.rows, space.width);
}

template <class T>
void CompiledScan<T>::run_sweep(const PlanStage& stage, Index step, Index sequence) {
  const PartTimer timer(times_, Part::elementwise);
  const ReadyStage& work = ready(stage);
  const SweepSpace& space = stage.sweeps.front().space;
  sweep_starts_.resize(std::max(sweep_starts_.size(), work.sweep.size()));
  start_sweep(work, step, sequence, sweep_starts_.data());
  for_each_band(space,
                [&](const Piece& piece) { run_band(work, space, sweep_starts_.data(), piece); });
}

template class CompiledScan<float>;
template class CompiledScan<double>;

}  // namespace carousel
