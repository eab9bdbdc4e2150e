// The sweep of a loop by chunks: what it reads of its matrices through a stretch of steps, without
// making them.

#include <algorithm>

#include "kernel/reduce.hpp"
#include "program/compiled_scan.hpp"

namespace carousel {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }
std::size_t index(Index i) { return static_cast<std::size_t>(i); }

template <class T>
T* grown(std::vector<T>& memory, Index elements) {
  if (memory.size() < index(elements)) memory.resize(index(elements));
  return memory.data();
}

using Kind = PlanVectorOp::Kind;

}  // namespace

// One sequence in a stretch of steps.
template <class T>
class CompiledScan<T>::MatrixWork {
 public:
  // What runs next, and whose matrices it begins with.
  struct Next {
    StepRange steps;
    Index sequence = 0;
    std::array<const std::vector<Tensor<T>>*, 2> matrices{};
  };

  MatrixWork(CompiledScan& scan, const PlanStage& stage, StepRange steps, Index sequence,
             Along along, const Next& next)
      : scan_(scan),
        sweep_(stage.sweeps.front()),
        ready_(scan.ready(stage)),
        space_(sweep_.space),
        range_(steps),
        count_(steps.last - steps.first),
        sequence_(sequence),
        along_(along),
        next_(next) {}

  void run(const std::vector<Tensor<T>>& own, const std::vector<Tensor<T>>* known,
           std::vector<Tensor<T>>* ends) {
    for (group_ = 0; group_ < space_.groups; ++group_) {
      gather();
      begin(own, known);
      note_what_is_next(ends);
      const std::size_t steps = sweep_.front_ops, behind = steps + sweep_.step_ops;
      for (std::size_t k = 0; k < steps; ++k) run_whole(k);
      if (behind > steps) run_steps(steps, behind);
      for (std::size_t k = behind; k < sweep_.vector_ops.size(); ++k) run_whole(k);
      scatter();
      if (scan_.records_norms_ && known) note_norms(own);
      if (scan_.gives_probes_ && !known) give_probes(own);
      if (!ends) continue;
      for (const PlanVectorOp& op : sweep_.vector_ops) {
        if (op.kind == Kind::update && op.own >= 0) {
          own_matrix(op).end(first_element((*ends)[index(op.own)]));
        }
      }
    }
  }

 private:
  Index size() const { return space_.rows * space_.width; }
  T* first_element(const Tensor<T>& all) const {  // of this group's matrix
    return const_cast<T*>(all.data()) + (sequence_ * space_.groups + group_) * size();
  }
  UpdatedMatrix<T>& own_matrix(const PlanVectorOp& op) {
    return scan_.own_matrices_[index(op.own)];
  }
  UpdatedMatrix<T>& known_matrix(const PlanVectorOp& op) {
    return scan_.known_matrices_[index(op.known)];
  }
  UpdatedMatrix<T>& matrix(const PlanVectorOp& op) {
    return op.own >= 0 ? own_matrix(op) : known_matrix(op);
  }

  // f(where a vector is in the scan) at each step.
  template <class F>
  void for_each_row(const ReadyVector& vector, StepRange steps, Index sequence, F f) const {
    const Operand& at = vector.at.at;
    T* first = at.base + sequence * at.block_step + group_ * vector.at.strides.group;
    for (Index step = steps.first; step < steps.last; ++step) {
      f(first + scan_.row_at(at.line, step) * at.row_step);
    }
  }

  // What the sweep reads, row behind row, so that each is fetched from far away once.
  void gather() {
    scan_.views_.resize(sweep_.vectors.size());
    for (std::size_t v = 0; v < sweep_.vectors.size(); ++v) {
      const PlanVector& plan = sweep_.vectors[v];
      const ReadyVector& vector = ready_.vectors[v];
      const Index length = plan.length, stride = length > 1 ? 1 : 0;
      T* rows = scan_.panels_.data() + vector.first;
      if (plan.constant) {
        scan_.views_[v] = {&vector.constant, 0, 0};
      } else if (plan.at.at.unbatched >= 0) {
        scan_.views_[v] = {vector.at.at.base + group_ * vector.at.strides.group, stride, 0};
      } else if (plan.later >= 0) {
        scan_.views_[v] = {begin_state(vector, plan), stride, length};
      } else {
        scan_.views_[v] = {rows, stride, length};
        if (plan.is_made) continue;
        for_each_row(vector, range_, sequence_, [&](const T* from) {
          std::copy_n(from, length, rows);
          rows += length;
        });
      }
    }
  }

  // The old values of a state that the sweep makes are the new ones a step earlier: the first one
  // is read, in front of them or behind them.
  T* begin_state(const ReadyVector& vector, const PlanVector& plan) const {
    const Index length = plan.length;
    T* made = scan_.panels_.data() + ready_.vectors[index(plan.later)].first;
    const bool in_time = along_ == Along::time;
    const Operand& at = vector.at.at;
    const Index line = scan_.row_at(at.line, in_time ? range_.first : range_.last - 1);
    const T* from =
        at.base + line * at.row_step + sequence_ * at.block_step + group_ * vector.at.strides.group;
    std::copy_n(from, length, in_time ? made - length : made + count_ * length);
    return in_time ? made - length : made + length;
  }

  // What the sweep made and others read, or its sum over the steps.
  void scatter() {
    for (std::size_t v = 0; v < sweep_.vectors.size(); ++v) {
      const PlanVector& plan = sweep_.vectors[v];
      const ReadyVector& vector = ready_.vectors[v];
      const Index length = plan.length;
      T* rows = scan_.panels_.data() + vector.first;
      if (plan.total >= 0) {
        T* sums = scan_.swept_shares_[index(plan.total)].data() + group_ * plan.at.strides.group;
        const std::array args{TileArg<T>{rows, 1, length}};
        scan_.columns_(args.data(), {sums, length}, count_, length);
      } else if (vector.goes_out) {
        const bool is_shared = plan.at.strides.group == 0 && group_ > 0;
        for_each_row(vector, range_, sequence_, [&](T* to) {
          if (is_shared) std::transform(rows, rows + length, to, to, std::plus<T>());
          else std::copy_n(rows, length, to);
          rows += length;
        });
      }
    }
  }

  // The rows that the sweep will write and those that the next stretch reads lie far apart, and its
  // matrices were last seen long ago: they come to the second cache while this one is at work.
  void note_what_is_next(const std::vector<Tensor<T>>* ends) {
    scan_.asks_.clear();
    asked_ = 0;
    const auto add = [&](const T* first, Index elements) {
      for (Index i = 0; i < elements; i += asked_at_once) {
        scan_.asks_.push_back({first + i, std::min(asked_at_once, elements - i)});
      }
    };
    const auto add_matrices = [&](const std::vector<Tensor<T>>& all, Index sequence) {
      for (std::size_t k = 0; k < all.size(); ++k) {
        const T* first = all[k].data() + (sequence * space_.groups + group_) * size();
        if (scan_.is_matrix(k)) add(first, size());
      }
    };
    for (std::size_t v = 0; v < sweep_.vectors.size(); ++v) {
      const Index length = sweep_.vectors[v].length;
      if (!ready_.vectors[v].goes_out) continue;
      for_each_row(ready_.vectors[v], range_, sequence_, [&](T* to) { add(to, length); });
    }
    if (ends && along_ == Along::time) add_matrices(*ends, sequence_);
    for (const auto* matrices : next_.matrices) {
      if (matrices) add_matrices(*matrices, next_.sequence);
    }
    for (std::size_t v = 0; v < sweep_.vectors.size(); ++v) {
      const PlanVector& plan = sweep_.vectors[v];
      if (plan.is_made || plan.constant || plan.at.at.unbatched >= 0) continue;
      for_each_row(ready_.vectors[v], next_.steps, next_.sequence,
                   [&](const T* from) { add(from, plan.length); });
    }
  }

  // A share of that, behind op `number`.
  void ask_for_next(std::size_t number) {
    constexpr Index line = 64 / sizeof(T);
    const std::size_t end = scan_.asks_.size() * (number + 1) / sweep_.vector_ops.size();
    for (; asked_ < end; ++asked_) {
      const auto [first, elements] = scan_.asks_[asked_];
      for (Index i = 0; i < elements; i += line) __builtin_prefetch(first + i, 1, 2);
    }
  }

  const TileArg<T>& view(int vector) const { return scan_.views_[index(vector)]; }
  T* rows(int vector) const { return const_cast<T*>(view(vector).data); }
  Index length(int vector) const { return sweep_.vectors[index(vector)].length; }

  void begin(const std::vector<Tensor<T>>& own, const std::vector<Tensor<T>>* known) {
    for (const PlanVectorOp& op : sweep_.vector_ops) {
      if (op.kind != Kind::update) continue;
      const bool is_own = op.own >= 0;
      const Tensor<T>& start = is_own ? own[index(op.own)] : (*known)[index(op.known)];
      UpdatedMatrix<T>& m = matrix(op);
      const auto updates = static_cast<Index>(op.operands.size() / 2);
      m.begin(first_element(start), {space_.rows, space_.width, count_, updates, sweep_.decays},
              is_own ? along_ : Along::time);
      for (Index n = 0; n < updates; ++n) {
        m.set_update(n, rows(op.operands[index(2 * n)]), rows(op.operands[index(2 * n + 1)]));
      }
      if (sweep_.decays != Decays::none) m.set_decay(rows(op.operands.back()));
    }
  }

  void run_elementwise(std::size_t number, Index first, Index count) const {
    const PlanVectorOp& op = sweep_.vector_ops[number];
    const Index length = this->length(op.out);
    std::array<TileArg<T>, 4> args;
    bool is_flat = true;  // the rows of all lie side by side
    for (std::size_t k = 0; k < op.operands.size(); ++k) {
      args[k] = view(op.operands[k]);
      args[k].data += first * args[k].row_step;
      if (length == 1) args[k].stride = args[k].row_step;
      is_flat = is_flat && args[k].stride == 1 && args[k].row_step == length;
    }
    const TileOut<T> out{rows(op.out) + first * length, length};
    const TileKernel<T> kernel = ready_.kernels[number];
    if (is_flat || length == 1) kernel(args.data(), out, 1, count * length);
    else kernel(args.data(), out, count, length);
  }

  void run_whole(std::size_t number) {
    ask_for_next(number);
    const PlanVectorOp& op = sweep_.vector_ops[number];
    switch (op.kind) {
      case Kind::elementwise: return run_elementwise(number, 0, count_);
      case Kind::total: {
        const std::array args{view(op.operands[0])};
        return scan_.sum_(args.data(), {rows(op.out), 1}, count_, length(op.operands[0]));
      }
      case Kind::read: {
        auto& reads = scan_.reads_[number];
        matrix(op).prepare(reads, rows(op.operands[0]), rows(op.out));
        return matrix(op).add_rows(reads, rows(op.out));
      }
      case Kind::start_columns:
        return matrix(op).multiply_columns(rows(op.operands[0]), rows(op.out));
      case Kind::columns:
        std::copy_n(rows(op.operands[1]), count_ * space_.width, rows(op.out));
        return matrix(op).add_columns(rows(op.operands[0]), rows(op.out));
      case Kind::two: return run_two(op);
      case Kind::update: return matrix(op).close();
    }
  }

  void run_two(const PlanVectorOp& op) {
    std::array<const T*, 2 * UpdatedMatrix<T>::most_updates> starts{};
    for (std::size_t k = 0; k < op.operands.size(); ++k) starts[k] = rows(op.operands[k]);
    UpdatedMatrix<T>& known = known_matrix(op);
    const std::span all(starts);
    const auto b_of_u = all.first(index(own_matrix(op).updates()));
    const auto a_of_u = all.subspan(b_of_u.size(), index(known.updates()));
    if (sweep_.decays == Decays::numbers) {
      own_matrix(op).sum_products(known, a_of_u, b_of_u, rows(op.out));
    } else {
      own_matrix(op).multiply_elements(known, a_of_u, b_of_u, rows(op.out));
    }
  }

  // Ops [first, last) that wait for those of the step before.
  void run_steps(std::size_t first, std::size_t last) {
    for (std::size_t k = first; k < last; ++k) {
      const PlanVectorOp& op = sweep_.vector_ops[k];
      if (op.kind == Kind::read) {
        matrix(op).prepare(scan_.reads_[k], rows(op.operands[0]), rows(op.out));
      }
    }
    ask_for_next(last);
    for (Index p = 0; p < count_; ++p) {
      const Index time = along_ == Along::time ? p : count_ - 1 - p;
      for (std::size_t k = first; k < last; ++k) {
        const PlanVectorOp& op = sweep_.vector_ops[k];
        if (op.kind == Kind::elementwise) run_elementwise(k, time, 1);
        else matrix(op).add_row(scan_.reads_[k], time, rows(op.out) + time * space_.rows);
      }
    }
  }

  // The matrices that the caller wants, step by step.
  void give_probes(const std::vector<Tensor<T>>& own) {
    for (const PlanMatrixProbe& wanted : sweep_.probes) {
      const Index rows = space_.rows, width = space_.width;
      T* dense = grown(scan_.dense_, 2 * size());
      T* part = dense + size();
      Tensor<T>& probe = scan_.probes_[index(wanted.number)];
      for (Index time = 0; time < count_; ++time) {
        const Index row = scan_.steps_.first_row(range_.first + time) + sequence_;
        T* out = probe.data() + (row * space_.groups + group_) * size();
        std::fill_n(out, size(), T(0));
        for (const PlanMatrixProbe::Term& term : wanted.terms) {
          const T* along_row = this->rows(term.row) + time * width;
          const T* down_columns = this->rows(term.column) + time * rows;
          std::array args{TileArg<T>{along_row, 1}, TileArg<T>{down_columns, 0, 1}, TileArg<T>{}};
          if (term.own < 0) {
            args[2] = {out, 1, width};
            scan_.mul_add_(args.data(), {out, width}, rows, width);
            continue;
          }
          const UpdatedMatrix<T>& matrix = scan_.own_matrices_[index(term.own)];
          std::copy_n(first_element(own[index(term.own)]), size(), dense);
          for (Index t = 0; t < time; ++t) matrix.advance(t, dense);
          scan_.mul_(args.data(), {part, width}, rows, width);
          const std::array product{TileArg<T>{part, 1}, TileArg<T>{dense, 1}, TileArg<T>{out, 1}};
          scan_.mul_add_(product.data(), {out}, 1, size());
        }
      }
    }
  }

  void note_norms(const std::vector<Tensor<T>>& own) {
    for (const PlanVectorOp& op : sweep_.vector_ops) {
      if (op.kind != Kind::update || op.own < 0) continue;
      T* dense = grown(scan_.dense_, size());
      std::copy_n(first_element(own[index(op.own)]), size(), dense);
      for (Index time = count_; time-- > 0;) {
        own_matrix(op).advance(time, dense);
        const Index row = scan_.steps_.first_row(range_.first + time) + sequence_;
        scan_.squared_norms_[index(op.own)][index(row)] += sum_of_squares(dense, size());
      }
    }
  }

  CompiledScan& scan_;
  const PlanSweep& sweep_;
  const ReadyStage& ready_;
  const SweepSpace& space_;
  StepRange range_;
  Index count_, sequence_;  // steps; the sequence
  Along along_;
  Next next_;
  Index group_ = 0;
  static constexpr Index asked_at_once = 128;
  std::size_t asked_ = 0;  // of what is next
};

// Where the vectors of a sweep lie, and its kernels.
template <class T>
void CompiledScan<T>::look_up_vectors(const PlanSweep& sweep, ReadyStage& ready) {
  using Scope = PlanBuffer::Scope;
  constexpr Index cache_line = 16;  // panels of 2^n bytes would share their places in the caches
  Index first = 0;
  for (const PlanVector& vector : sweep.vectors) {
    const PlanOperand& at = vector.at.at;
    ReadyVector made{
        {}, static_cast<T>(vector.constant.value_or(0.0)), first + vector.length, false};
    if (at.unbatched >= 0 || at.slot.buffer >= 0) made.at = look_up(vector.at);
    if (at.slot.buffer >= 0 && vector.is_made) {
      const Scope scope = plan_.buffers[index(at.slot.buffer)].scope;
      made.goes_out = scope != Scope::step && scope != Scope::block;
    }
    // A row more on each side: of a state that the sweep makes.
    const bool is_panel = !vector.constant && at.unbatched < 0;
    if (is_panel) first += (longest_stretch + 2) * vector.length + cache_line;
    ready.vectors.push_back(made);
  }
  for (const PlanVectorOp& op : sweep.vector_ops) {
    ready.kernels.push_back(op.operands.size() == 4 ? tile_sum_kernel<T>(TileSum::products)
                                                    : tile_kernel<T>(op.tile));
  }
  grown(panels_, first);
  if (reads_.size() < sweep.vector_ops.size()) reads_.resize(sweep.vector_ops.size());
}

// A few steps that are left over join the stretch in front of them.
template <class T>
Index CompiledScan<T>::stretches_of(Index steps) {
  constexpr Index most = ScanPlan::stretch_steps, fewest = 5;
  return std::max<Index>(1, (steps + most - fewest) / most);
}

template <class T>
StepRange CompiledScan<T>::stretch_of(StepRange steps, Index number) {
  const Index first = steps.first + number * ScanPlan::stretch_steps;
  const bool is_last = number + 1 == stretches_of(steps.last - steps.first);
  return {first, is_last ? steps.last : first + ScanPlan::stretch_steps};
}

// Those of the chunk.
template <class T>
StepRange CompiledScan<T>::steps_of_next(Index sequence) const {
  return {chunk_.first, std::min(steps_.lengths()[index(sequence + 1)], chunk_.last)};
}

template <class T>
void CompiledScan<T>::run_stretches(const PlanStage& stage, StepRange steps, Index sequence,
                                    std::vector<Tensor<T>>* ends) {
  own_matrices_.resize(plan_.forward.states.size());
  const Index count = stretches_of(steps.last - steps.first);
  for (Index k = 0; k < count; ++k) {
    const bool is_last = k + 1 == count;
    typename MatrixWork::Next next;
    if (!is_last) next = {stretch_of(steps, k + 1), sequence, {}};
    else if (sequence + 1 < steps_.rows(chunk_.first))
      next = {stretch_of(steps_of_next(sequence), 0), sequence + 1, {&matrices_in_front(0)}};
    MatrixWork(*this, stage, stretch_of(steps, k), sequence, Along::time, next)
        .run(matrices_in_front(k), nullptr, is_last ? ends : &matrices_in_front(k + 1));
  }
}

template <class T>
void CompiledScan<T>::run_stretches_back(const PlanStage& stage, StepRange steps, Index sequence) {
  own_matrices_.resize(plan_.forward.states.size());
  known_matrices_.resize(plan_.forward.states.size());
  for (Index k = stretches_of(steps.last - steps.first); k-- > 0;) {
    typename MatrixWork::Next next;
    if (k > 0) {
      next = {stretch_of(steps, k - 1), sequence, {&matrices_in_front(k - 1)}};
    } else if (sequence + 1 < steps_.rows(chunk_.first)) {
      const StepRange all = steps_of_next(sequence);
      const Index last = stretches_of(all.last - all.first) - 1;
      next = {stretch_of(all, last), sequence + 1, {&matrices_in_front(last), &carried_}};
    }
    MatrixWork(*this, stage, stretch_of(steps, k), sequence, Along::time_reversed, next)
        .run(carried_, &matrices_in_front(k), &carried_);
  }
}

template class CompiledScan<float>;
template class CompiledScan<double>;

}  // namespace carousel
