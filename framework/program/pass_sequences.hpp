#pragma once
// What a loop by sequences adds to the analysis of a pass: which ops are work of sweeps, and the
// order of the loop.

#include "program/matrix_terms.hpp"
#include "program/pass_analysis.hpp"

namespace carousel {

/// The nodes of a pass whose loop may run by sequences.
class PassSequences : public PassAnalysis {
 public:
  /// As its base.
  using PassAnalysis::PassAnalysis;

  /// Analyses the pass. False: its loop is to run by sequences, and cannot.
  bool prepare() {
    analyse();
    if (!by_sequences()) return true;
    find_sweeps();
    if (!fits_) return false;
    count_uses();
    find_users();
    order_loop();
    find_main();
    if (band_space_) find_matrix_ops();
    join_in_sweeps();
    return true;
  }

  /// The space of the one sweep that holds all matrices, where rows of them can go through the
  /// steps of a chunk before the next rows: no row needs another one, but in sums that only what
  /// comes behind the sweep reads.
  const std::optional<SweepSpace>& band_space() const { return band_space_; }
  /// Runs the loop so: what comes in front of the sweep for all steps, the sweep by bands of rows,
  /// what comes behind it for all steps.
  void run_by_bands() { by_bands_ = true; }

  /// Whether the matrices of a loop by bands need not be made: each is a state times a number for
  /// each column, and outer products; what reads them sums; and they are large enough for that to
  /// pay.
  bool has_matrix_ops() const { return !matrix_ops_.empty(); }
  /// Makes the sweep of a loop by bands of these.
  void run_by_chunks() { by_chunks_ = true; }

 protected:
  /// Whether a node is work of the sweep that makes no matrices.
  bool is_in_chunks(int node) const {
    return by_chunks_ && swept_[index(node)] && wave_[index(node)] == main_;
  }
  /// What a node of that sweep does; nothing: it is a matrix on the way to others.
  const MatrixOp* matrix_op(int node) const {
    const auto found = matrix_ops_.find(node);
    return found == matrix_ops_.end() ? nullptr : &found->second;
  }
  /// f(op) of what gives states their new values, those of the forward pass too, and of matrices
  /// that the caller wants.
  template <class F>
  void for_each_matrix(F f) const {
    for (const auto& [node, op] : matrix_ops_) {
      if (op.is_update()) f(op);
    }
    for (const MatrixOp& op : more_matrix_ops_) f(op);
  }
  /// Of all states: numbers where what is read of two matrices at once is one, too.
  Decays decays() const {
    const auto are_numbers = [](const MatrixTerm& term) {
      return std::ranges::all_of(term.rows,
                                 [](const SweepOperand& row) { return row.strides.element == 0; });
    };
    bool any = false, numbers = true;
    for_each_matrix([&](const MatrixOp& op) {
      for (const MatrixTerm& term : op.terms) {
        if (!op.is_update() || !term.has_matrix()) continue;
        any = any || !term.rows.empty() || term.scale != 1.0;
        numbers = numbers && are_numbers(term);
      }
    });
    for (const auto& [node, op] : matrix_ops_) {
      for (const MatrixTerm& term : op.terms) {
        if (op.kind != MatrixOp::Kind::sum || !term.is_of_two()) continue;
        numbers = numbers && are_numbers(term) && work_of(node).out.element == 0;
      }
    }
    return !any ? Decays::none : numbers ? Decays::numbers : Decays::columns;
  }

  /// The work of a node that is swept.
  const SweepWork& work_of(int node) const { return works_.at(node); }

  /// Whether a value is handed on within a sweep: nothing else reads it, each element where it is
  /// made.
  bool is_in_band(int node) const {
    if (!swept_[index(node)] || kept_[index(node)] || has_slot(node)) return false;
    if (work_of(node).is_sum || users_[index(node)].empty() || is_in_chunks(node)) return false;
    return std::ranges::all_of(users_[index(node)], [&](int user) {
      return swept_[index(user)] && wave_[index(user)] == wave_[index(node)];
    });
  }

  /// In a loop by bands: whether a value is made in front of the sweep, in it or behind it, and
  /// read in another of the three.
  bool crosses_parts(int node) const {
    return by_bands_ && std::ranges::any_of(users_[index(node)],
                                            [&](int user) { return part(user) != part(node); });
  }

  /// The round of the sweep that holds the matrices of a loop by bands.
  int main_round() const { return by_bands_ ? main_ : -1; }

  /// A sum over the batch of what a sweep makes.
  bool is_swept_sum(int node) const { return swept_[index(node)] && !batched(at(node)); }

 private:
  // A product with parameters takes one row at a time in a loop by sequences: so it is only where
  // the matrices are as much work.
  void find_sweeps() {
    Index multiplied = 0, swept = 0;
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i) || phase_[index(i)] != Phase::loop) continue;
      if (is_matrix_product(i)) {
        fits_ = fits_ && is_product(i);
        multiplied += row_size(at(at(i).inputs[0]).shape) * row_size(at(i).shape);
      }
      if (in_sum_.count(i) || sums_.count(i)) continue;
      if (is_move(i) || (is_tile(i) && !wide_[index(i)])) continue;
      auto work = sweep_work(program_, i);
      if (!work) {
        fits_ = fits_ && batched(at(i));
        continue;
      }
      swept_[index(i)] = 1;
      swept += work->space.size();
      sources_[index(i)].clear();
      for (const SweepOperand& operand : work->operands) {
        sources_[index(i)].push_back(operand.node);
      }
      works_.emplace(i, std::move(*work));
    }
    fits_ = fits_ && multiplied <= swept;
  }

  /// What the loop does: in rounds, all elementwise ops on vectors and calls that can run, then one
  /// sweep with all that fits into it. A round is a wave.
  void order_loop() {
    std::vector<int> open;
    std::vector<char> waits(program_.nodes.size(), 0);
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i) || phase_[index(i)] != Phase::loop) continue;
      open.push_back(i);
      waits[index(i)] = 1;
    }
    const std::vector<char> leads = leads_to_matrices();
    const auto leads_on = [&](int node) { return leads[index(node)] != 0; };
    bool only_leading = true;
    const auto is_ready = [&](int node) {
      return (!only_leading || leads_on(node)) &&
             std::ranges::none_of(sources_[index(node)],
                                  [&](int source) { return waits[index(source)]; });
    };
    const auto take = [&](int node) {
      wave_[index(node)] = rounds_;
      waits[index(node)] = 0;
    };
    const auto drop_taken = [&] {
      const auto done = std::erase_if(open, [&](int node) { return !waits[index(node)]; });
      if (done > 0) ++rounds_;
      return done > 0;
    };
    const auto is_new = [&](int source) {
      return phase_[index(source)] == Phase::loop && source >= first_ &&
             wave_[index(source)] == rounds_ && !waits[index(source)];
    };
    while (!open.empty()) {
      only_leading = std::ranges::any_of(open, leads_on);
      for (const int node : open) {
        if (!swept_[index(node)] && !is_heavy(node) && is_ready(node)) take(node);
      }
      if (drop_taken()) continue;
      for (const int node : open) {  // none reads another of its round
        if (is_product(node) && is_ready(node) &&
            std::ranges::none_of(sources_[index(node)], is_new)) {
          take(node);
        }
      }
      if (drop_taken()) continue;
      for (const int node : open) {
        if (is_call(node) && is_ready(node)) take(node);
      }
      if (drop_taken()) continue;
      take_sweep(open, waits, is_ready, take);
      if (!drop_taken()) fail_bug("planner: the loop of {} has no order", program_.name);
    }
  }

  /// By node: whether it makes or reads a matrix, or what it makes is needed for that. These come
  /// first, so that the rest may come behind.
  std::vector<char> leads_to_matrices() const {
    std::vector<char> leads = in_loop();
    for (std::size_t i = program_.nodes.size(); i-- > index(first_);) {
      leads[i] = leads[i] && live_[i];
      if (!leads[i]) continue;
      for (const int source : sources_[i]) leads[index(source)] = 1;
    }
    return leads;
  }

  /// The smallest space comes first: what it gives may fit into a larger one.
  template <class Ready, class Take>
  void take_sweep(const std::vector<int>& open, const std::vector<char>& waits,
                  const Ready& is_ready, const Take& take) {
    std::optional<SweepSpace> space;
    for (const int node : open) {
      if (!is_ready(node)) continue;
      if (!space || work_of(node).space.size() < space->size()) space = work_of(node).space;
    }
    if (!space) return;
    // What the sweep makes: a sum is whole behind it alone.
    const auto can_read = [&](const SweepOperand& operand) {
      if (waits[index(operand.node)]) return false;
      const bool here = operand.node >= first_ && swept_[index(operand.node)] &&
                        phase_[index(operand.node)] == Phase::loop &&
                        wave_[index(operand.node)] == rounds_;
      if (!here) return true;
      const SweepWork& made = work_of(operand.node);
      return operand.strides == made.out && (!made.is_sum || made.out == space->column());
    };
    for (const int node : open) {
      if (!swept_[index(node)]) {
        auto work = column_work(node, *space);
        const auto waited_for = [&](int source) {
          return source >= first_ && swept_[index(source)] && wave_[index(source)] == rounds_ &&
                 phase_[index(source)] == Phase::loop && !waits[index(source)];
        };
        if (!work || !std::ranges::all_of(work->operands, can_read) ||
            std::ranges::none_of(sources_[index(node)], waited_for)) {
          continue;
        }
        swept_[index(node)] = 1;
        works_.emplace(node, std::move(*work));
        take(node);
      } else if (work_of(node).space == *space &&
                 std::ranges::all_of(work_of(node).operands, can_read)) {
        take(node);
      }
    }
  }

  /// An elementwise op on vectors with an element for each row of a space, as work on it.
  std::optional<SweepWork> column_work(int node, const SweepSpace& space) const {
    const ProgramNode& n = at(node);
    if (!is_plain_tile(node) || row_size(n.shape) != space.groups * space.rows) return std::nullopt;
    SweepWork made{space, false, tile_of(node), {}, space.column()};
    for (const int source : sources_[index(node)]) {
      const Shape& shape = at(source).shape;
      const Index size = is_batched(shape) ? row_size(shape) : shape.numel();
      made.operands.push_back({source, size == 1 ? Strides{} : space.column()});
    }
    return made;
  }

  /// In front of the sweep of a loop by bands: 0, in it: 1, behind it: 2. Outside the loop: -1, 3.
  int part(int node) const {
    if (phase_[index(node)] != Phase::loop) return phase_[index(node)] == Phase::before ? -1 : 3;
    return wave_[index(node)] < main_ ? 0 : wave_[index(node)] == main_ ? 1 : 2;
  }

  void find_main() {
    const std::vector<char> on_matrices = in_loop();
    std::optional<SweepSpace> space;
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i) || !on_matrices[index(i)]) continue;
      if (!swept_[index(i)] || (main_ >= 0 && wave_[index(i)] != main_)) return;
      main_ = wave_[index(i)];
      space = work_of(i).space;
      for (const SweepOperand& operand : work_of(i).operands) {
        if (wide_[index(operand.node)] && !(operand.strides == space->whole())) return;
      }
    }
    const auto fits = [&](const ProgramState& state) { return is_in_order(state, *space); };
    if (space && std::ranges::all_of(program_.states, fits)) band_space_ = space;
  }

  void find_matrix_ops() {
    constexpr Index least = 64;  // at 32 bands take 0.7 of the time
    if (band_space_->rows < least || band_space_->width < least) return;
    const MatrixTerms terms(program_, wide_, *band_space_);
    bool fits = true;
    for (int i = first_; i < static_cast<int>(program_.nodes.size()) && fits; ++i) {
      if (!is_live_op(i) || !swept_[index(i)] || wave_[index(i)] != main_) continue;
      const SweepWork& work = work_of(i);
      const auto state = std::ranges::find(program_.states, i, &ProgramState::next);
      if (state != program_.states.end() && wide_[index(i)]) {
        fits = add_update(matrix_ops_[i], terms.of_matrix(i), state - program_.states.begin(),
                          MatrixOp::Kind::update);
      } else if (work.is_sum) {
        const auto all = terms.of_sum(work);
        fits = all && is_sum_of(*all, work);
        if (fits) matrix_ops_[i] = {MatrixOp::Kind::sum, -1, *all};
      } else if (!wide_[index(i)]) {
        fits = work.out == band_space_->column();
        matrix_ops_[i] = {MatrixOp::Kind::column, -1, {}};
      }
    }
    const auto& states = plan_.forward.states;
    for (std::size_t k = 0; k < states.size() && first_ > 0 && fits; ++k) {
      if (!wide_[index(states[k].previous)]) continue;
      more_matrix_ops_.push_back({});
      fits =
          add_update(more_matrix_ops_.back(), terms.of_matrix(memory_of(program_, states[k].next)),
                     static_cast<std::ptrdiff_t>(k), MatrixOp::Kind::known_update);
    }
    for (std::size_t k = 0; k < plan_.probes.size() && first_ == 0 && fits; ++k) {
      const int node = memory(plan_.probes[k]);
      if (!wide_[index(node)]) continue;
      const auto all = terms.of_matrix(node);
      fits = all && std::ranges::all_of(
                        *all, [](const MatrixTerm& term) { return term.matrices.size() < 2; });
      if (fits) more_matrix_ops_.push_back({MatrixOp::Kind::probe, static_cast<int>(k), *all});
    }
    if (!fits) matrix_ops_.clear();
  }

  /// The old value times a number for each column, and outer products.
  static bool add_update(MatrixOp& op, const std::optional<std::vector<MatrixTerm>>& terms,
                         std::ptrdiff_t state, MatrixOp::Kind kind) {
    constexpr std::size_t most = UpdatedMatrix<float>::most_updates;
    if (!terms || terms->size() > most + 1) return false;
    op = {kind, static_cast<int>(state), *terms};
    const auto has_matrix = [](const MatrixTerm& term) { return !term.matrices.empty(); };
    const auto old = std::ranges::find_if(*terms, has_matrix);
    return std::ranges::count_if(*terms, has_matrix) == 1 && old->matrices.size() == 1 &&
           old->columns.empty();
  }

  /// Sums with an element for each row stand for themselves. Products of two matrices are of one of
  /// the pass and one of the forward pass, and summed down the rows.
  bool is_sum_of(const std::vector<MatrixTerm>& terms, const SweepWork& work) const {
    if (work.out.row != 0 && !(work.out == band_space_->column())) return false;
    return std::ranges::all_of(terms, [&](const MatrixTerm& term) {
      if (term.matrices.size() < 2) return true;
      const auto is_known = [&](int node) { return node < first_; };
      return term.matrices.size() == 2 && std::ranges::count_if(term.matrices, is_known) == 1 &&
             work.out.row == 0 && term.columns.empty();
    });
  }

  /// Whether what reads a state's old value may run for all steps before the next part begins.
  bool is_in_order(const ProgramState& state, const SweepSpace& space) const {
    if (state.is_given()) return true;
    const bool is_made = state.next >= first_ && is_live_op(state.next);
    if (!is_made || std::ranges::count(program_.states, state.next, &ProgramState::next) > 1) {
      return false;
    }
    const int next = part(state.next);
    if (wide_[index(state.previous)]) return next == 1 && work_of(state.next).out == space.whole();
    return std::ranges::all_of(users_[index(state.previous)], [&](int user) {
      if (part(user) != 1 || next != 1) return next <= part(user);
      const auto& operands = work_of(user).operands;
      return work_of(state.next).out == space.column() &&
             std::ranges::all_of(operands, [&](const SweepOperand& operand) {
               return operand.node != state.previous || operand.strides == space.column();
             });
    });
  }

  /// A product that only `user` reads, in the same sweep.
  bool joins(int product, int user) const {
    return product >= first_ && is_in_band(product) && !named_[index(product)] &&
           uses_[index(product)] == 1 && !joined_[index(product)] &&
           work_of(product).tile == Tile::mul && work_of(product).operands.size() == 2 &&
           wave_[index(product)] == wave_[index(user)] &&
           (work_of(product).out == work_of(user).out ||
            work_of(product).out == work_of(user).space.whole());
  }

  /// Products become one with the sum, the addition or the product that reads them.
  void join_in_sweeps() {
    for (auto& [node, work] : works_) {
      auto& operands = work.operands;
      const bool adds = !work.is_sum && work.tile == Tile::add;
      const bool multiplies = !work.is_sum && work.tile == Tile::mul;
      const bool sums_one = work.is_sum && operands.size() == 1;
      if (!adds && !multiplies && !sums_one) continue;
      for (std::size_t k = operands.size(); k-- > 0;) {
        const int product = operands[k].node;
        if (!joins(product, node)) continue;
        std::vector<SweepOperand> all = work_of(product).operands;
        const int other = operands.size() == 2 ? operands[1 - k].node : -1;
        const bool both = adds && joins(other, node) && other != product;
        if (both) {
          std::ranges::copy(work_of(other).operands, std::back_inserter(all));
        } else if (other >= 0) {
          all.push_back(operands[1 - k]);
        }
        operands = all;
        if (!sums_one) work.tile = adds ? Tile::mul_add : Tile::mul_mul;
        join_in_sweep(product, node);
        if (both) join_in_sweep(other, node);
        break;
      }
    }
  }

  void join_in_sweep(int product, int user) {
    joined_[index(product)] = 1;
    sources_[index(user)].clear();
    for (const SweepOperand& operand : work_of(user).operands) {
      sources_[index(user)].push_back(operand.node);
      std::ranges::replace(users_[index(operand.node)], product, user);
    }
  }

  std::map<int, SweepWork> works_;  // by node
  int rounds_ = 0;                  // of the loop so far
  int main_ = -1;                   // the round with the matrices
  std::optional<SweepSpace> band_space_;
  bool by_bands_ = false, by_chunks_ = false;
  std::map<int, MatrixOp> matrix_ops_;  // by node
  std::vector<MatrixOp> more_matrix_ops_;
};

}  // namespace carousel
