// The sweep of a loop by chunks: what it reads of its matrices through the steps of a chunk,
// without making them.

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

using Kind = PlanMatrixOp::Kind;

}  // namespace

// One group of matrices of one sequence in a chunk.
template <class T>
class CompiledScan<T>::MatrixWork {
 public:
  MatrixWork(CompiledScan& scan, const PlanStage& stage, StepRange steps, Index sequence,
             Along along)
      : scan_(scan),
        sweep_(stage.sweeps.front()),
        ready_(scan.ready(stage)),
        space_(sweep_.space),
        range_(steps),
        count_(steps.last - steps.first),
        sequence_(sequence),
        along_(along),
        first_of_products_(ready_.vectors.size()) {
    const std::size_t ops = ready_.sweep.size();
    auto& starts = scan_.band_starts_;
    starts.resize(std::max(starts.size(), index(count_) * ops));
    grown(scan_.step_lines_, count_);
    if (scan_.product_memory_.size() < sweep_.products.size()) {
      scan_.product_memory_.resize(sweep_.products.size());
    }
    for (std::size_t k = 0; k < sweep_.products.size(); ++k) {
      grown(product(k).down, count_ * space_.rows);
      grown(product(k).first, count_ * space_.width);
      first_of_products_ -= sweep_.products[k].columns.size();
    }
    for (Index time = 0; time < count_; ++time) {
      scan_.start_sweep(ready_, range_.first + time, sequence, starts.data() + index(time) * ops);
      for (std::size_t l = 0; l < lines; ++l) {
        scan_.step_lines_[index(time)][l] = scan_.row_at(static_cast<Line>(l), range_.first + time);
      }
    }
  }

  void run(const std::vector<Tensor<T>>& own, const std::vector<Tensor<T>>* known,
           std::vector<Tensor<T>>* ends) {
    for (group_ = 0; group_ < space_.groups; ++group_) {
      begin(own, known);
      prepare_sums();
      for (Index p = 0; p < count_; ++p) {
        ask_for_next(own, p);
        if (known) ask_for_next(*known, p);
        if (ends && ends != &own) ask_for_next(*ends, p);
        run_step(along_ == Along::time ? p : count_ - 1 - p);
      }
      multiply_columns();
      add_sums();
      if (scan_.records_norms_ && known) note_norms(own);
      if (scan_.gives_probes_ && !known) give_probes(own);
      if (!ends) continue;
      for_each_op([&](const PlanMatrixOp& op, std::size_t) {
        if (op.kind == Kind::update) matrix(op).end(first_element((*ends)[index(op.number)]));
      });
    }
  }

 private:
  // f(op, number of its first vector).
  template <class F>
  void for_each_op(F f) {
    std::size_t first = 0;
    for (const PlanMatrixOp& op : sweep_.matrix_ops) {
      f(op, first);
      if (op.kind == Kind::sum) ++first;  // its result
      for (const PlanMatrixTerm& term : op.terms) first += term.rows.size() + term.columns.size();
    }
  }
  // f(term, number of its first vector), of an op whose first vector that is.
  template <class F>
  void for_each_term(const PlanMatrixOp& op, std::size_t first, F f) {
    if (op.kind == Kind::sum) ++first;
    for (const PlanMatrixTerm& term : op.terms) {
      f(term, first);
      first += term.rows.size() + term.columns.size();
    }
  }

  Index size() const { return space_.rows * space_.width; }
  T* first_element(const Tensor<T>& all) const {  // of this group's matrix
    return const_cast<T*>(all.data()) + (sequence_ * space_.groups + group_) * size();
  }
  UpdatedMatrix<T>& matrix(const PlanMatrixOp& update) {
    return (update.kind == Kind::update ? scan_.own_matrices_
                                        : scan_.known_matrices_)[index(update.number)];
  }
  UpdatedMatrix<T>& matrix(const PlanMatrixTerm& term) {
    return term.own >= 0 ? scan_.own_matrices_[index(term.own)]
                         : scan_.known_matrices_[index(term.known)];
  }
  TermMemory& memory(const PlanMatrixTerm& term) { return scan_.term_memory_[index(term.number)]; }

  T* place(std::size_t vector, Index time) const {
    const SweptOperand& o = ready_.vectors[vector];
    const Index line = scan_.step_lines_[index(time)][static_cast<std::size_t>(o.at.line)];
    return o.at.base + line * o.at.row_step + sequence_ * o.at.block_step +
           group_ * o.strides.group;
  }
  // The rows of the steps of a sequence lie far apart: those of the next one are asked for.
  void ask_for_next(std::size_t vector, const T* values, Index size) const {
    constexpr Index line = 64 / sizeof(T);
    const T* next = values + ready_.vectors[vector].at.block_step;
    if (next == values) return;
    for (Index i = 0; i < size; i += line) __builtin_prefetch(next + i);
  }

  // Some of the vectors of a term, as steps of their strides lead through them.
  struct Vectors {
    std::size_t first, count;
    Index Strides::*step;
  };
  static Vectors rows_of(const PlanMatrixTerm& term, std::size_t first) {
    return {first, term.rows.size(), &Strides::element};
  }
  static Vectors columns_of(const PlanMatrixTerm& term, std::size_t first) {
    return {first + term.rows.size(), term.columns.size(), &Strides::row};
  }
  enum class Put { over, added };

  // The product of some values and of vectors goes over `out` or is added.
  void multiply(TileArg<T> values, const Vectors& vectors, Index time, Index size, T* out,
                Put put) const {
    const bool adds = put == Put::added;
    if (vectors.count == 0) {
      const std::array args{values, TileArg<T>{out, 1}};
      return (adds ? scan_.add_ : scan_.copy_)(args.data(), {out}, 1, size);
    }
    for (std::size_t v = 0; v < vectors.count; ++v) {
      const std::size_t vector = vectors.first + v;
      const bool is_last = v + 1 == vectors.count;
      T* to = adds && !is_last ? grown(scan_.vector_, size) : out;
      const T* factors = place(vector, time);
      const Index stride = ready_.vectors[vector].strides.*vectors.step;
      ask_for_next(vector, factors, stride * size);
      const std::array args{values, TileArg<T>{factors, stride}, TileArg<T>{out, 1}};
      const bool is_copy = values.stride == 0 && *values.data == T(1);
      if (is_last && adds) scan_.mul_add_(args.data(), {to}, 1, size);
      else if (is_copy) scan_.copy_(&args[1], {to}, 1, size);
      else scan_.mul_(args.data(), {to}, 1, size);
      values = {to, 1};
    }
  }
  void along_row(const PlanMatrixTerm& term, std::size_t first, Index time, T* out) const {
    const T scale = static_cast<T>(term.scale);
    multiply({&scale, 0}, rows_of(term, first), time, space_.width, out, Put::over);
  }
  void down_columns(const PlanMatrixTerm& term, std::size_t first, Index time, T scale,
                    T* out) const {
    multiply({&scale, 0}, columns_of(term, first), time, space_.rows, out, Put::over);
  }

  // The matrices at the start, and all vectors of their updates that are known.
  void begin(const std::vector<Tensor<T>>& own, const std::vector<Tensor<T>>* known) {
    for_each_op([&](const PlanMatrixOp& op, std::size_t first) {
      if (!op.is_update()) return;
      const bool is_own = op.kind == Kind::update;
      UpdatedMatrix<T>& m = matrix(op);
      const auto& starts = is_own || !known ? own : *known;
      m.begin(first_element(starts[index(op.number)]),
              {space_.rows, space_.width, count_, static_cast<Index>(op.terms.size()) - 1,
               sweep_.decays},
              is_own ? along_ : Along::time);
      const Index decays = sweep_.decays == Decays::numbers ? 1 : space_.width;
      for (Index time = 0; time < count_; ++time) {
        Index n = 0;
        for_each_term(op, first, [&](const PlanMatrixTerm& term, std::size_t vector) {
          if (!term.has_matrix()) {
            along_row(term, vector, time, m.k(time, n));
            if (!is_own) down_columns(term, vector, time, T(1), m.u(time, n));
            ++n;
          } else if (sweep_.decays != Decays::none) {
            const auto scale = static_cast<T>(term.scale);
            multiply({&scale, 0}, rows_of(term, vector), time, decays, m.decay(time), Put::over);
          }
        });
      }
      m.close();
    });
  }

  // A share of the matrices of the next group or sequence: they come to the second cache while this
  // one is at work.
  void ask_for_next(const std::vector<Tensor<T>>& matrices, Index position) const {
    constexpr Index line = 64 / sizeof(T);
    for (std::size_t k = 0; k < matrices.size(); ++k) {
      if (!scan_.is_matrix(k)) continue;
      const T* next = first_element(matrices[k]) + size();
      const T* end = matrices[k].data() + matrices[k].numel();
      for (Index i = size() * position / count_; i < size() * (position + 1) / count_; i += line) {
        if (next + i < end) __builtin_prefetch(next + i, 1, 2);
      }
    }
  }

  // What sums can do in front of the steps.
  void prepare_sums() {
    for_each_op([&](const PlanMatrixOp& op, std::size_t first) {
      if (!op.is_by_rows()) return;
      for_each_term(op, first, [&](const PlanMatrixTerm& term, std::size_t vector) {
        TermMemory& m = memory(term);
        if (term.has_matrix()) {
          matrix(term).begin(m.reads);
          for (Index time = 0; time < count_; ++time) {
            along_row(term, vector, time, m.reads.x.data() + time * space_.width);
          }
          matrix(term).prepare(m.reads);
          return;
        }
        T* row = grown(scan_.vector_, space_.width);
        grown(m.numbers, count_);
        for (Index time = 0; time < count_; ++time) {
          along_row(term, vector, time, row);
          m.numbers[index(time)] = sum(row, space_.width);
        }
      });
    });
  }

  T sum(const T* values, Index count) const {
    T result = T(0);
    const std::array args{TileArg<T>{values, 1}};
    scan_.sum_(args.data(), {&result}, 1, count);
    return result;
  }

  void run_step(Index time) {
    const std::array<T*, 5>* starts = scan_.band_starts_.data() + index(time) * ready_.sweep.size();
    const ReadySweepOp* column = ready_.sweep.data();
    for_each_op([&](const PlanMatrixOp& op, std::size_t first) {
      if (op.kind == Kind::column) {
        scan_.run_op(*column++, *starts++, space_, {group_, 0, space_.rows});
      } else if (op.is_by_rows()) {
        sum_rows(op, first, time);
      } else if (op.kind == Kind::update) {
        Index n = 0;
        for_each_term(op, first, [&](const PlanMatrixTerm& term, std::size_t vector) {
          if (!term.has_matrix()) down_columns(term, vector, time, T(1), matrix(op).u(time, n++));
        });
      } else if (op.is_behind()) {
        for_each_term(op, first, [&](const PlanMatrixTerm& term, std::size_t vector) {
          if (term.has_matrix()) return;
          T* down = grown(scan_.vector_, space_.rows);
          down_columns(term, vector, time, T(1), down);
          grown(memory(term).numbers, count_)[time] = sum(down, space_.rows);
        });
      }
    });
    std::size_t vector = first_of_products_;
    for (std::size_t k = 0; k < sweep_.products.size(); ++k) {
      const std::size_t columns = sweep_.products[k].columns.size();
      const T one = T(1);
      multiply({&one, 0}, {vector, columns, &Strides::row}, time, space_.rows,
               product(k).down.data() + time * space_.rows, Put::over);
      vector += columns;
    }
  }

  ProductMemory& product(std::size_t number) { return scan_.product_memory_[number]; }

  void multiply_columns() {
    for (std::size_t k = 0; k < sweep_.products.size(); ++k) {
      const PlanMatrixProduct& p = sweep_.products[k];
      auto& matrix =
          p.own >= 0 ? scan_.own_matrices_[index(p.own)] : scan_.known_matrices_[index(p.known)];
      matrix.multiply_columns(product(k).down.data(), product(k).first.data());
    }
  }

  // An element for each row.
  void sum_rows(const PlanMatrixOp& op, std::size_t first, Index time) {
    T* out = place(first, time);
    Put put = op.sum.total < 0 ? Put::over : Put::added;
    for_each_term(op, first, [&](const PlanMatrixTerm& term, std::size_t vector) {
      const Vectors columns = columns_of(term, vector);
      if (!term.has_matrix()) {
        multiply({&memory(term).numbers[index(time)], 0}, columns, time, space_.rows, out, put);
      } else if (columns.count == 0 && put == Put::over) {
        matrix(term).read_rows(memory(term).reads, time, out);
      } else {
        T* read = grown(scan_.column_sums_, space_.rows);
        matrix(term).read_rows(memory(term).reads, time, read);
        multiply({read, 1}, columns, time, space_.rows, out, put);
      }
      put = Put::added;
    });
  }

  // Sums over the rows, or over all elements, of all steps at once.
  void add_sums() {
    const Index width = space_.width;
    T* columns = grown(scan_.column_sums_, count_ * width);
    T* products = grown(scan_.dense_, width);
    for_each_op([&](const PlanMatrixOp& op, std::size_t first) {
      if (!op.is_behind()) return;
      const bool is_shared = op.sum.total >= 0 || (op.sum.out.strides.group == 0 && group_ > 0);
      Put put = is_shared ? Put::added : Put::over;
      for_each_term(op, first, [&](const PlanMatrixTerm& term, std::size_t vector) {
        if (is_sum_of_two(term)) {
          add_sums_of_two(term, vector, first, put);
          put = Put::added;
          return;
        }
        sum_columns(term, columns);
        for (Index time = 0; time < count_; ++time) {
          const TileArg<T> values{columns + time * width, 1};
          T* out = place(first, time);
          if (op.sum.out.strides.element != 0) {
            multiply(values, rows_of(term, vector), time, width, out, put);
            continue;
          }
          multiply(values, rows_of(term, vector), time, width, products, Put::over);
          *out = sum(products, width) + (put == Put::added ? *out : T(0));
        }
        put = Put::added;
      });
    });
  }

  // What is there already of a product of two matrices.
  struct OfTwo {
    UpdatedMatrix<T>& known;
    std::array<const T*, PlanMatrixTerm::most_products> of_u{};
    std::span<const T* const> own_of_u() const {
      return std::span(of_u).first(static_cast<std::size_t>(known.updates()));
    }
    std::span<const T* const> known_of_u() const {
      return std::span(of_u).subspan(static_cast<std::size_t>(known.updates()));
    }
  };
  OfTwo of_two(const PlanMatrixTerm& term) {
    OfTwo two{scan_.known_matrices_[index(term.known)]};
    for (std::size_t k = 0; k < term.products.size(); ++k) {
      two.of_u[k] = product(index(term.products[k])).first.data();
    }
    return two;
  }
  bool is_sum_of_two(const PlanMatrixTerm& term) const {
    return sweep_.decays == Decays::numbers && term.is_of_two();
  }

  // One number a step.
  void add_sums_of_two(const PlanMatrixTerm& term, std::size_t vector, std::size_t first, Put put) {
    T* sums = grown(scan_.dense_, count_);
    const OfTwo two = of_two(term);
    matrix(term).sum_products(two.known, two.own_of_u(), two.known_of_u(), sums);
    for (Index time = 0; time < count_; ++time) {
      const T sum = sums[time] * static_cast<T>(term.scale);
      multiply({&sum, 0}, rows_of(term, vector), time, 1, place(first, time), put);
    }
  }

  // The sums down the columns but for the vectors along the rows: [steps, width].
  void sum_columns(const PlanMatrixTerm& term, T* out) {
    const auto scale = static_cast<T>(term.scale);
    const auto all = count_ * space_.width;
    if (!term.has_matrix()) {
      for (Index time = 0; time < count_; ++time) {
        std::fill_n(out + time * space_.width, space_.width,
                    scale * memory(term).numbers[index(time)]);
      }
      return;
    }
    if (term.is_of_two()) {
      const OfTwo two = of_two(term);
      matrix(term).multiply_elements(two.known, two.own_of_u(), two.known_of_u(), out);
    } else {
      const ProductMemory& memory = product(index(term.products[0]));
      std::copy_n(memory.first.data(), all, out);
      matrix(term).add_columns(memory.down.data(), out);
    }
    if (scale == T(1)) return;
    const std::array args{TileArg<T>{out, 1}, TileArg<T>{&scale, 0}};
    scan_.mul_(args.data(), {out}, 1, all);
  }

  // The matrices that the caller wants, step by step.
  void give_probes(const std::vector<Tensor<T>>& own) {
    for_each_op([&](const PlanMatrixOp& op, std::size_t first) {
      if (op.kind != Kind::probe) return;
      const Index rows = space_.rows, width = space_.width;
      T* dense = grown(scan_.dense_, 2 * size());
      T* part = dense + size();
      T* factors = grown(scan_.vector_, rows + width);
      Tensor<T>& probe = scan_.probes_[index(op.number)];
      for (Index time = 0; time < count_; ++time) {
        const Index row = scan_.steps_.first_row(range_.first + time) + sequence_;
        T* out = probe.data() + (row * space_.groups + group_) * size();
        std::fill_n(out, size(), T(0));
        for_each_term(op, first, [&](const PlanMatrixTerm& term, std::size_t vector) {
          along_row(term, vector, time, factors);
          down_columns(term, vector, time, T(1), factors + width);
          std::array args{TileArg<T>{factors, 1}, TileArg<T>{factors + width, 0, 1}, TileArg<T>{}};
          if (!term.has_matrix()) {
            args[2] = {out, 1, width};
            return scan_.mul_add_(args.data(), {out, width}, rows, width);
          }
          std::copy_n(first_element(own[index(term.own)]), size(), dense);
          for (Index t = 0; t < time; ++t) matrix(term).advance(t, dense);
          scan_.mul_(args.data(), {part, width}, rows, width);
          const std::array product{TileArg<T>{part, 1}, TileArg<T>{dense, 1}, TileArg<T>{out, 1}};
          scan_.mul_add_(product.data(), {out}, 1, size());
        });
      }
    });
  }

  void note_norms(const std::vector<Tensor<T>>& own) {
    for_each_op([&](const PlanMatrixOp& op, std::size_t) {
      if (op.kind != Kind::update) return;
      T* dense = grown(scan_.dense_, size());
      std::copy_n(first_element(own[index(op.number)]), size(), dense);
      for (Index time = count_; time-- > 0;) {
        matrix(op).advance(time, dense);
        const Index row = scan_.steps_.first_row(range_.first + time) + sequence_;
        scan_.squared_norms_[index(op.number)][index(row)] += sum_of_squares(dense, size());
      }
    });
  }

  CompiledScan& scan_;
  const PlanSweep& sweep_;
  const ReadyStage& ready_;
  const SweepSpace& space_;
  StepRange range_;
  Index count_, sequence_;  // steps; the sequence
  Along along_;
  std::size_t first_of_products_;  // vectors: behind those of the ops
  Index group_ = 0;
};

template <class T>
void CompiledScan<T>::look_up(const PlanMatrixOp& op, std::vector<SweptOperand>& vectors) {
  if (op.kind == Kind::sum) vectors.push_back(look_up_result(op.sum));
  for (const PlanMatrixTerm& term : op.terms) {
    for (const PlanSweepOperand& row : term.rows) vectors.push_back(look_up(row));
    for (const PlanSweepOperand& column : term.columns) vectors.push_back(look_up(column));
  }
}

template <class T>
void CompiledScan<T>::run_chunk(const PlanStage& stage, const std::vector<Tensor<T>>& own,
                                const std::vector<Tensor<T>>* known, StepRange steps,
                                Index sequence, std::vector<Tensor<T>>* ends) {
  own_matrices_.resize(plan_.forward.states.size());
  known_matrices_.resize(plan_.forward.states.size());
  term_memory_.resize(index(plan_.matrix_terms));
  const Along along = known ? Along::time_reversed : Along::time;
  MatrixWork(*this, stage, steps, sequence, along).run(own, known, ends);
}

template class CompiledScan<float>;
template class CompiledScan<double>;

}  // namespace carousel
