// The work of a scan on a step or a chunk of steps: elementwise ops, products, sums over rows.

#include <algorithm>
#include <type_traits>

#include "program/compiled_scan.hpp"

namespace carousel {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }

}  // namespace

template <class T>
void CompiledScan<T>::enter_chunk(Index chunk) {
  chunk_index_ = static_cast<std::size_t>(chunk);
  chunk_ = steps_.chunks()[chunk_index_];
}

// A block of a history is as long as the step before, so where a sequence ends rows are left over.
// What belongs to a sequence has one row for all steps.
template <class T>
typename CompiledScan<T>::Cut CompiledScan<T>::cut_for(const Slot& slot) const {
  if (slot.buffer < 0) return Cut::none;
  const PlanBuffer& buffer = plan_.buffers[index(slot.buffer)];
  if (buffer.scope == PlanBuffer::Scope::sequence) return Cut::steps;
  return slot.shift == 0 && buffer.history ? Cut::where_sequences_end : Cut::none;
}

template <class T>
typename CompiledScan<T>::Cut CompiledScan<T>::cut_for(const std::vector<PlanStage>& stages) const {
  Cut cut = Cut::none;
  for (const PlanStage& stage : stages) {
    for (const PlanTile& tile : stage.tiles) {
      cut = std::max(cut, cut_for(tile.out));
      for (const PlanOperand& operand : tile.operands) cut = std::max(cut, cut_for(operand.slot));
      for (const PlanRun& run : tile.runs) cut = std::max(cut, cut_for(run.from.slot));
    }
    for (const PlanGemm& product : stage.gemms) {
      cut = std::max({cut, cut_for(product.a), cut_for(product.c)});
    }
    for (const PlanCall& work : stage.calls) cut = std::max(cut, cut_for(work));
  }
  return cut;
}

template <class T>
std::span<const StepRange> CompiledScan<T>::runs(Cut cut) const {
  switch (cut) {
    case Cut::none: break;
    case Cut::where_sequences_end: return steps_.runs(chunk_index_);
    case Cut::steps: return steps_.single_steps(chunk_);
  }
  return {&chunk_, 1};
}

// A few rows through all stages, then the next few: what one op gives, the next finds in the cache.
template <class T>
void CompiledScan<T>::run_chunk_rows(const std::vector<PlanStage>& stages, Part products) {
  constexpr Index block_rows = 64;
  if (stages.empty()) return;
  for (const StepRange& run : runs(cut_for(stages))) {
    const Index rows = steps_.rows(run);
    for (Index r = 0; r < rows; r += block_rows) {
      run_rows(stages, products, run.first, r, std::min(block_rows, rows - r));
    }
  }
}

template <class T>
void CompiledScan<T>::run_rows(std::span<const PlanStage> stages, Part products, Index step,
                               Index first_row, Index rows) {
  for (const PlanStage& stage : stages) {
    if (!stage.tiles.empty()) run_tiles(stage, step, first_row, rows);
    for (Index r = 0; r < rows && !stage.sweeps.empty(); ++r) run_sweep(stage, step, first_row + r);
    for (const PlanGemm& product : stage.gemms) {
      PackedMatrix<T>& weights = packed(product);
      const PartTimer timer(times_, products);
      const Place a = place(product.a, step);
      const Place c = place(product.c, step);
      const Index n = product.repeat;
      weights.multiply(rows * n, a.data + first_row * a.stride, a.stride / n, product.accumulate,
                       c.data + first_row * c.stride, c.stride / n);
    }
    for (const PlanCall& work : stage.calls) run_call(work, step, first_row, rows);
  }
}

template <class T>
void CompiledScan<T>::share(SharedPackings<T>* packings) {
  if (shared_) std::ranges::fill(packed_, PackedMatrix<T>());
  shared_ = packings;
}

template <class T>
PackedMatrix<T>& CompiledScan<T>::packed(const PlanGemm& product) {
  const std::size_t k = index(product.packing);
  if (!is_packed_[k]) {
    const PartTimer timer(times_, Part::packing);
    const auto make = [&](PackedMatrix<T>& matrix) { pack(product, matrix); };
    if (shared_) packed_[k] = shared_->find(k, make);
    else make(packed_[k]);
    is_packed_[k] = 1;
  }
  return packed_[k];
}

template <class T>
void CompiledScan<T>::pack(const PlanGemm& product, PackedMatrix<T>& matrix) {
  matrix_parts_.clear();
  for (const int w : product.weights) {
    const Tensor<T>& part = unbatched_[index(w)];
    matrix_parts_.push_back({part.data(), part.shape()[0], part.shape()[1], part.shape()[1]});
  }
  matrix.pack(matrix_parts_, product.transpose, rounding_);
}

// Scans that begin together pack one matrix each, rather than wait for each other.
template <class T>
void CompiledScan<T>::pack_what_is_free(const PlanPass& pass) {
  if (!shared_) return;
  const PartTimer timer(times_, Part::packing);
  for (const auto* stages : {&pass.before, &pass.loop, &pass.behind, &pass.again}) {
    for (const PlanStage& stage : *stages) {
      for (const PlanGemm& product : stage.gemms) {
        shared_->make_if_free(index(product.packing),
                              [&](PackedMatrix<T>& matrix) { pack(product, matrix); });
      }
    }
  }
}

// All ops over a few elements, so that they pass them on in the first cache.
template <class T>
void CompiledScan<T>::run_tiles(const PlanStage& stage, Index step, Index first_row, Index rows) {
  const PartTimer timer(times_, Part::elementwise);
  const ReadyStage& work = ready(stage);
  std::array<Index, lines> row{};
  for (std::size_t l = 0; l < lines; ++l) row[l] = row_at(static_cast<Line>(l), step);
  const Index block = std::max<Index>(1, block_elements / work.widest);
  for (Index r = first_row; r < first_row + rows; r += block) {
    const Index count = std::min(block, first_row + rows - r);
    for (const ReadyTile& tile : work.tiles) {
      const auto data = [&](const Operand& o) {
        return o.base + row[static_cast<std::size_t>(o.line)] * o.row_step + r * o.block_step;
      };
      std::array<TileArg<T>, 3> args{};
      for (std::size_t k = 0; k < tile.operand_count; ++k) {
        const Operand& o = tile.operands[k];
        args[k] = {data(o), o.element_step, o.row_step};
      }
      const Operand& o = tile.operands.back();
      if (tile.runs) {
        const Operand* from = &work.moved[tile.moved];
        for (const PlanRun& run : *tile.runs) {
          run_move(run, data(*from), from->row_step, data(o), o.row_step, count);
          ++from;
        }
        continue;
      }
      const TileOut<T> out{data(o), o.row_step};
      if (tile.flat) tile.kernel(args.data(), out, 1, count * tile.width);
      else tile.kernel(args.data(), out, count, tile.width);
    }
  }
}

template <class T>
void CompiledScan<T>::run_move(const PlanRun& run, const T* from, Index from_step, T* out,
                               Index out_step, Index rows) {
  const auto scattered = static_cast<Index>(run.elements.size());
  const std::int32_t *elements = run.elements.data(), *places = run.places.data();
  for (Index r = 0; r < rows; ++r, from += from_step, out += out_step) {
    if (!from) {
      std::fill_n(out + run.to, run.count, T(0));
    } else if (scattered == 0) {
      std::copy_n(from + run.first, run.count, out + run.to);
    }
    if (run.places.empty()) {
      for (Index k = 0; k < scattered; ++k) out[run.to + k] = from[elements[k]];
    } else {
      for (Index k = 0; k < scattered; ++k) out[places[k]] = from[elements[k]];
    }
  }
}

template <class T>
const typename CompiledScan<T>::ReadyStage& CompiledScan<T>::ready(const PlanStage& stage) {
  ReadyStage& ready = ready_[index(stage.number)];
  if (ready.is_ready) return ready;
  for (const PlanTile& tile : stage.tiles) {
    ready.tiles.push_back(tile.runs.empty() ? look_up(tile) : look_up_move(tile, ready.moved));
    ready.widest = std::max(ready.widest, tile.out.width);
  }
  for (const PlanSweep& sweep : stage.sweeps) {
    for (const PlanSweepOp& op : sweep.ops) ready.sweep.push_back(look_up(op, sweep.space));
    look_up_vectors(sweep, ready);
  }
  ready.is_ready = true;
  return ready;
}

template <class T>
typename CompiledScan<T>::Operand CompiledScan<T>::look_up(const Slot& slot) const {
  const PlanBuffer& buffer = plan_.buffers[index(slot.buffer)];
  const bool shared = buffer.scope == PlanBuffer::Scope::block || is_of_one_sequence(slot);
  return {base_[index(slot.buffer)] + slot.column, line_of(slot), row_width(slot),
          shared ? 0 : buffer.width, 1};
}

template <class T>
typename CompiledScan<T>::ReadyTile CompiledScan<T>::look_up(const PlanTile& tile) const {
  const Index width = tile.out.width;
  const auto in_slot = [&](const Slot& slot) {
    Operand o = look_up(slot);
    o.element_step = slot.width == 1 && width != 1 ? 0 : 1;
    return o;
  };
  ReadyTile ready{
      tile_kernel<T>(tile.tile), {}, index(tile.operand_count), width, true, nullptr, 0};
  ready.operands.back() = in_slot(tile.out);
  ready.flat = ready.operands.back().row_step == width;
  for (std::size_t k = 0; k < ready.operand_count; ++k) {
    const PlanOperand& operand = tile.operands[k];
    Operand& o = ready.operands[k];
    if (operand.unbatched < 0) {
      o = in_slot(operand.slot);
      ready.flat = ready.flat && o.element_step == 1 && o.row_step == width;
    } else {  // only read
      const Tensor<T>& value = unbatched_[index(operand.unbatched)];
      const bool number = value.numel() == 1;
      o = {const_cast<T*>(value.data()), Line::still, 0, 0, number ? 0 : 1};
      ready.flat = ready.flat && number;
    }
  }
  return ready;
}

template <class T>
typename CompiledScan<T>::ReadyTile CompiledScan<T>::look_up_move(
    const PlanTile& move, std::vector<Operand>& moved) const {
  ReadyTile ready{nullptr, {}, 0, move.out.width, false, &move.runs, moved.size()};
  ready.operands.back() = look_up(move.out);
  for (const PlanRun& run : move.runs) {
    if (run.from.unbatched >= 0) {  // only read
      T* value = const_cast<T*>(unbatched_[index(run.from.unbatched)].data());
      moved.push_back({value, Line::still, 0, 0, 1});
    } else if (run.from.slot.buffer >= 0) {
      moved.push_back(look_up(run.from.slot));
    } else {
      moved.push_back({nullptr, Line::still, 0, 0, 0});
    }
  }
  return ready;
}

// Appends the rows of the chunk to those of the chunks before; when enough are there, multiplies.
template <class T>
void CompiledScan<T>::gather_rows() {
  if (gathered_.empty()) return;
  const Index rows = steps_.rows(chunk_);
  for (Index done = 0; done < rows;) {
    const Index count = std::min(rows - done, RowPanels<T>::capacity - gathered_.front().rows());
    for (std::size_t g = 0; g < gathered_.size(); ++g) {
      const Slot& slot = plan_.gathered[g];
      Index first = 0;  // of the run, in the chunk
      for (const StepRange& run : runs(cut_for(slot))) {
        const Index begin = std::max(first, done);
        const Index end = std::min(first + steps_.rows(run), done + count);
        const Place from = place(slot, run.first);
        if (begin < end) {
          gathered_[g].append(from.data + (begin - first) * from.stride, from.stride, end - begin);
        }
        first += steps_.rows(run);
      }
    }
    done += count;
    if (gathered_.front().rows() == RowPanels<T>::capacity) multiply_gathered();
  }
}

template <class T>
void CompiledScan<T>::multiply_gathered() {
  if (gathered_.empty() || (gathered_.front().rows() == 0 && !first_product_)) return;
  const PartTimer timer(times_, Part::weights);
  for (auto& rows : gathered_) rows.pad();
  for (std::size_t k = 0; k < products_.size(); ++k) {
    const PlanContraction& c = plan_.backward_pass.contractions[k];
    if (c.transposed) {
      products_[k].run(gathered_[c.b], gathered_[c.a], !first_product_, sums_[k].data());
    } else {
      products_[k].run(gathered_[c.a], gathered_[c.b], !first_product_,
                       unbatched_[index(c.nodes[0])].data());
    }
  }
  for (auto& rows : gathered_) rows.clear(rounding_);
  first_product_ = false;
}

// Blocks of rows in T, the blocks in double: a long sequence loses no digits.
template <class T>
void CompiledScan<T>::add_rows(const PlanRowSum& sum, std::vector<double>& total) {
  constexpr Index block_rows = 16;
  const PartTimer timer(times_, Part::other);
  const bool product = sum.b.buffer >= 0;
  const TileKernel<T> begin = tile_kernel<T>(product ? Tile::mul : Tile::copy);
  const TileKernel<T> add = tile_kernel<T>(product ? Tile::mul_add : Tile::add);
  const Index width = sum.a.width;
  block_sum_.resize(static_cast<std::size_t>(width));
  for (const StepRange& run : runs(std::max(cut_for(sum.a), cut_for(sum.b)))) {
    const Place a = place(sum.a, run.first);
    const Place b = product ? place(sum.b, run.first) : a;
    const Index rows = steps_.rows(run);
    for (Index first = 0; first < rows; first += block_rows) {
      const Index count = std::min(block_rows, rows - first);
      const TileOut<T> total_of_block{block_sum_.data(), 0};
      std::array<TileArg<T>, 3> args{TileArg<T>{a.data + first * a.stride, 1, a.stride},
                                     TileArg<T>{b.data + first * b.stride, 1, b.stride}};
      begin(args.data(), total_of_block, 1, width);
      args[0].data += a.stride;
      args[1].data += b.stride;
      args[product ? 2 : 1] = {block_sum_.data(), 1, 0};
      add(args.data(), total_of_block, count - 1, width);
      for (std::size_t i = 0; i < total.size(); ++i) total[i] += static_cast<double>(block_sum_[i]);
    }
  }
}

template <class T>
void CompiledScan<T>::run_unbatched(const StepProgram& program, const std::vector<int>& nodes) {
  for (const int node : nodes) {
    const ProgramNode& n = program.nodes[index(node)];
    parts_.clear();
    for (const int input : n.inputs) parts_.push_back(&unbatched_[index(input)]);
    Tensor<T> out = allocate(n.shape);
    const KernelCall<T> call{parts_, n.attributes, out};
    if constexpr (std::is_same_v<T, float>) n.op->kernel_float(call);
    else n.op->kernel_double(call);
    unbatched_[index(node)] = out;
  }
}

template class CompiledScan<float>;
template class CompiledScan<double>;

}  // namespace carousel
