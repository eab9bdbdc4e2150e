#pragma once
// The second half of planning: which values become one op, and where values live.

#include "program/pass_sequences.hpp"

namespace carousel {

/// Gives the values of a pass their places.
class PassMemory : public PassSequences {
 public:
  /// As its base.
  using PassSequences::PassSequences;

 protected:
  /// An elementwise value that only `user` reads, in its own phase, so that the two can be one.
  bool can_join(int node, int user) const {
    return is_read_by(node, user) && phase_[index(node)] == phase_[index(user)] &&
           at(node).shape == at(user).shape;
  }

  /// An elementwise value that is nothing but an operand of `user`. Named values stay for
  /// themselves: to record one must not change how another is rounded.
  bool is_read_by(int node, int user) const {
    return !named_[index(node)] && is_plain_tile(node) && !fused_.count(node) && !has_slot(node) &&
           !kept_[index(node)] && uses_[index(node)] == 1 &&
           users_[index(node)] == std::vector<int>{user};
  }

  /// A sum over rows of a product of two values of its shape.
  bool sums_product(int node) const {
    const int of = at(node).inputs[0];
    if (!is_read_by(of, node) || tile_of(of) != Tile::mul) return false;
    return std::ranges::all_of(at(of).inputs, [&](int input) {
      // One of the matrices is gone when all steps are summed.
      const bool is_matrix = by_sequences() && wide_[index(memory(input))];
      return at(input).shape == at(of).shape && !is_matrix;
    });
  }

  /// Finds the ops that become one with their reader, for which there are kernels.
  void find_fusions() {
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_plain_tile(i) || at(i).inputs.size() != 2) continue;
      for (const bool second : {true, false}) {
        const int joined = at(i).inputs[second ? 1 : 0];
        const int other = at(i).inputs[second ? 0 : 1];
        if (!fused_.count(i) && can_join(joined, i)) join(i, joined, other);
      }
    }
    for (const auto& [user, fused] : fused_) {
      for (const int node : fused.joined) read_instead(node, user);
    }
    join_row_sums();
    for (const auto& [root, sum] : sums_) {
      for (const int addend : sum.rest) {
        if (!can_join(addend, root) || tile_of(addend) != Tile::mul) continue;
        joined_[index(addend)] = 1;
        read_instead(addend, root);
      }
    }
  }

  /// A sum down to a matrix of products a^T b of matrices, which are nothing but its operand.
  bool sums_matrix_product(int node) const {
    if (!is_op(node, "sum_to") || at(node).shape.rank() != 2 || batched(at(node))) return false;
    const int of = at(node).inputs[0];
    const Shape& from = at(of).shape;
    return of >= first_ && is_call(of) && is_op(of, "matmul") && at(of).attributes.transpose_a &&
           !at(of).attributes.transpose_b && batched(at(at(of).inputs[0])) &&
           batched(at(at(of).inputs[1])) && uses_[index(of)] == 1 && !kept_[index(of)] &&
           std::equal(at(node).shape.begin(), at(node).shape.end(), from.end() - 2);
  }

  /// Sums over rows take the product that they sum with them.
  void join_row_sums() {
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!live_[index(i)]) continue;
      if (!sums_matrix_product(i) && !(is_row_sum(i) && sums_product(i))) continue;
      joined_[index(at(i).inputs[0])] = 1;
      read_instead(at(i).inputs[0], i);
    }
  }

  /// What a joined node reads, its user reads.
  void read_instead(int node, int user) {
    for (const int source : sources_[index(node)]) {
      std::ranges::replace(users_[index(source)], node, user);
    }
  }

  /// user(joined(..), other) as one op, where there is a kernel for it.
  void join(int user, int joined, int other) {
    const Tile outer = tile_of(user), inner = tile_of(joined);
    const auto& in = at(joined).inputs;
    if (outer == Tile::add && inner == Tile::mul) {
      fused_[user] = {Tile::mul_add, {in[0], in[1], other}, {joined}};
    } else if (outer != Tile::mul) {
      return;
    } else if (inner == Tile::sigmoid_slope || inner == Tile::tanh_slope) {
      const bool sigmoid = inner == Tile::sigmoid_slope;
      if (can_join(other, user) && tile_of(other) == Tile::mul) {
        fused_[user] = {sigmoid ? Tile::mul_mul_sigmoid_slope : Tile::mul_mul_tanh_slope,
                        {at(other).inputs[0], at(other).inputs[1], in[0]},
                        {joined, other}};
      } else {
        fused_[user] = {
            sigmoid ? Tile::mul_sigmoid_slope : Tile::mul_tanh_slope, {other, in[0]}, {joined}};
      }
    } else if (inner == Tile::step) {
      fused_[user] = {Tile::mul_step, {other, in[0]}, {joined}};
    } else if (inner == Tile::mul && !is_slope(other)) {
      fused_[user] = {Tile::mul_mul, {in[0], in[1], other}, {joined}};
    } else {
      return;
    }
    for (const int node : fused_[user].joined) joined_[index(node)] = 1;
  }

  /// A product with it has a kernel of its own.
  bool is_slope(int node) const {
    return is_live_op(node) && is_tile(node) &&
           (tile_of(node) == Tile::sigmoid_slope || tile_of(node) == Tile::tanh_slope ||
            tile_of(node) == Tile::step);
  }

  /// For how long a value must be kept, by what reads it.
  PlanBuffer::Scope scope_of(int node) const {
    if (kept_[index(node)]) return kept_scope_;
    if (leaves_its_phase(node) || in_front(node) || crosses_parts(node)) {
      return PlanBuffer::Scope::chunk;
    }
    return is_passed_on(node) ? PlanBuffer::Scope::block : PlanBuffer::Scope::step;
  }

  /// A value of a row that only the elementwise ops and moves of its own stage read.
  bool is_passed_on(int node) const {
    if (!is_by_row(node) || sums_.count(node)) return false;
    for (const int user : users_[index(node)]) {
      const bool same_stage =
          phase_[index(user)] == phase_[index(node)] && wave_[index(user)] == wave_[index(node)];
      if (!same_stage || !reads_elementwise(user, node)) return false;
    }
    return true;
  }

  /// Whether `user` reads a value row by row: not as the left side of a product.
  bool reads_elementwise(int user, int node) const {
    const auto sum = sums_.find(user);
    if (sum == sums_.end()) return is_by_row(user);
    const auto& products = sum->second.products;
    return std::none_of(products.begin(), products.end(),
                        [&](const ProductTerm& term) { return memory(term.left) == node; });
  }

  /// Whether a value is made or read outside the loop.
  bool leaves_its_phase(int node) const {
    if (phase_[index(node)] != Phase::loop) return true;
    const auto& users = users_[index(node)];
    return std::any_of(users.begin(), users.end(),
                       [&](int user) { return phase_[index(user)] != phase_[index(node)]; });
  }

  /// Puts nodes side by side in one buffer, those that have no place yet.
  void place_together(const std::vector<int>& nodes) {
    PlanBuffer::Scope scope = PlanBuffer::Scope::step;
    Index width = 0;
    std::vector<int> fresh;
    for (const int node : nodes) {
      if (has_slot(node) || std::count(fresh.begin(), fresh.end(), node)) continue;
      fresh.push_back(node);
      scope = std::max(scope, scope_of(node));
      width += row_size(at(node).shape);
    }
    if (fresh.empty()) return;
    buffers_.push_back({scope, width});
    const int buffer = static_cast<int>(buffers_.size()) - 1;
    Index column = 0;
    for (const int node : fresh) {
      slots_[index(node)] = {buffer, column, row_size(at(node).shape), 0};
      column += row_size(at(node).shape);
    }
  }

  /// Gives each value memory, so that products that can be one find their operands side by side.
  void assign_slots() {
    // Sums that share a left side, so that their products are one: those in front come first.
    for (const Phase phase : {Phase::before, Phase::loop, Phase::behind}) {
      std::map<int, std::vector<int>> by_left;
      for (const auto& [root, sum] : sums_) {
        for (const ProductTerm& term : sum.products) {
          if (phase_[index(term.node)] == phase && term.transpose) {
            by_left[term.left].push_back(root);
          }
        }
      }
      for (auto& [left, roots] : by_left) {
        if (roots.size() > 1 || phase == Phase::before) place_together(roots);
      }
    }
    // Left sides of one sum, so that their products are one: the largest sets come first.
    std::vector<std::vector<int>> lefts;
    for (const auto& [root, sum] : sums_) {
      std::vector<int> set;
      for (const ProductTerm& term : sum.products) {
        const int left = memory(term.left);
        if (!term.transpose && left >= first_) set.push_back(left);
      }
      std::sort(set.begin(), set.end());
      set.erase(std::unique(set.begin(), set.end()), set.end());
      if (set.size() > 1) lefts.push_back(set);
    }
    std::stable_sort(lefts.begin(), lefts.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
    for (const auto& set : lefts) place_together(set);
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i) || !batched(at(i)) || in_sum_.count(i) || joined_[index(i)]) continue;
      if (has_slot(i) || take_over(i)) continue;
      if (is_in_chunks(i) && wide_[index(i)] && !kept_[index(i)]) continue;
      if (is_in_band(i)) place_in(bands_, PlanBuffer::Scope::band, i);
      else if (by_sequences() && wide_[index(i)]) place_matrix(i);
      else if (scope_of(i) == PlanBuffer::Scope::block)
        place_in(blocks_, PlanBuffer::Scope::block, i);
      else place_together({i});
    }
    for (int i = 0; i < static_cast<int>(program_.nodes.size()); ++i) {
      const Origin& alias = moves_.alias(i);
      if (has_slot(i) || alias.node < 0 || !has_slot(alias.node)) continue;
      slots_[index(i)] = slots_[index(alias.node)];
      slots_[index(i)].column += alias.element;
      slots_[index(i)].width = row_size(at(i).shape);
    }
  }

  /// One of the matrices of a loop by sequences, for a step or for those of a chunk.
  void place_matrix(int node) {
    using Scope = PlanBuffer::Scope;
    const Index width = row_size(at(node).shape);
    buffers_.push_back({kept_[index(node)] ? Scope::matrices : Scope::matrix, width});
    slots_[index(node)] = {static_cast<int>(buffers_.size()) - 1, 0, width, 0};
  }

  /// Values of a block or a band whose last reader has run leave their place to others.
  void place_in(std::vector<Passed>& passed, PlanBuffer::Scope scope, int node) {
    Index width = row_size(at(node).shape);
    if (scope == PlanBuffer::Scope::band) {
      const SweepWork& work = work_of(node);
      width = work.out == work.space.column() ? 1 : work.space.width;
    }
    const auto& users = users_[index(node)];
    const int last_use = users.empty() ? node : *std::max_element(users.begin(), users.end());
    // An elementwise op may write where it reads.
    const int before = is_move(node) ? node : node + 1;
    const auto free = std::find_if(passed.begin(), passed.end(), [&](const Passed& p) {
      return p.last_use < before && buffers_[index(p.buffer)].width == width;
    });
    if (free != passed.end()) {
      free->last_use = last_use;
      slots_[index(node)] = {free->buffer, 0, width, 0};
      return;
    }
    buffers_.push_back({scope, width});
    slots_[index(node)] = {static_cast<int>(buffers_.size()) - 1, 0, width, 0};
    passed.push_back({slots_[index(node)].buffer, last_use});
  }

  /// The result may stand where its only operand stood: sigmoid(s) in the place of s.
  bool take_over(int node) {
    if (!is_tile(node) || at(node).inputs.size() != 1) return false;
    const int operand = at(node).inputs[0];
    if (operand < first_ || uses_[index(operand)] != 1 || !sums_.count(operand) ||
        kept_[index(operand)] || phase_[index(operand)] != phase_[index(node)] ||
        !(at(operand).shape == at(node).shape)) {
      return false;
    }
    slots_[index(node)] = slots_[index(operand)];
    PlanBuffer& buffer = buffers_[index(slots_[index(node)].buffer)];
    buffer.scope = std::max(buffer.scope, scope_of(node));
    return true;
  }

  std::map<int, Fused> fused_;  ///< by the last of the nodes that are one

 private:
  std::vector<Passed> blocks_, bands_;
};

}  // namespace carousel
