#pragma once
// What a loop by sequences adds to the analysis of a pass: which ops are work of sweeps, and the
// order of the loop.

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
    join_in_sweeps();
    return true;
  }

 protected:
  /// The work of a node that is swept.
  const SweepWork& work_of(int node) const { return works_.at(node); }

  /// Whether a value is handed on within a sweep: nothing else reads it, each element where it is
  /// made.
  bool is_in_band(int node) const {
    if (!swept_[index(node)] || kept_[index(node)] || has_slot(node)) return false;
    if (work_of(node).is_sum || users_[index(node)].empty()) return false;
    return std::ranges::all_of(users_[index(node)], [&](int user) {
      return swept_[index(user)] && wave_[index(user)] == wave_[index(node)];
    });
  }

  /// A sum over the batch of what a sweep makes.
  bool is_swept_sum(int node) const { return swept_[index(node)] && !batched(at(node)); }

 private:
  void find_sweeps() {
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i) || phase_[index(i)] != Phase::loop) continue;
      if (is_matrix_product(i)) fits_ = false;
      if (in_sum_.count(i) || sums_.count(i)) continue;
      if (is_tile(i) && !wide_[index(i)]) continue;
      auto work = sweep_work(program_, i);
      if (!work) {
        fits_ = fits_ && batched(at(i));
        continue;
      }
      swept_[index(i)] = 1;
      sources_[index(i)].clear();
      for (const SweepOperand& operand : work->operands) {
        sources_[index(i)].push_back(operand.node);
      }
      works_.emplace(i, std::move(*work));
    }
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
    const auto is_ready = [&](int node) {
      return std::ranges::none_of(sources_[index(node)],
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
    while (!open.empty()) {
      for (const int node : open) {
        if (!swept_[index(node)] && !is_call(node) && is_ready(node)) take(node);
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
      return !here ||
             (!work_of(operand.node).is_sum && operand.strides == work_of(operand.node).out);
    };
    for (const int node : open) {
      if (!swept_[index(node)] || !(work_of(node).space == *space)) continue;
      if (std::ranges::all_of(work_of(node).operands, can_read)) take(node);
    }
  }

  /// A product that only `user` reads, in the same sweep.
  bool joins(int product, int user) const {
    return product >= first_ && is_in_band(product) && !named_[index(product)] &&
           uses_[index(product)] == 1 && !joined_[index(product)] &&
           work_of(product).tile == Tile::mul && work_of(product).operands.size() == 2 &&
           wave_[index(product)] == wave_[index(user)];
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
        if (operands.size() == 2) all.push_back(operands[1 - k]);
        operands = all;
        if (!sums_one) work.tile = adds ? Tile::mul_add : Tile::mul_mul;
        join_in_sweep(product, node);
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
};

}  // namespace carousel
