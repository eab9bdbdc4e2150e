#pragma once
// The first half of planning: what a program's values are, when each must run, and what reads it.

#include <algorithm>
#include <map>
#include <string_view>

#include "program/moves.hpp"
#include "program/plan.hpp"

namespace carousel {

/// Where in a pass a value is made.
enum class Phase { none, before, loop, behind };

/// A product of a batched node and an unbatched matrix that is added into a sum.
struct ProductTerm {
  int node,        ///< the product
      left,        ///< its left side, batched
      weight;      ///< its matrix, unbatched
  bool transpose;  ///< the product is left weight^T
};

/// The sum over all rows of a^T b, for gradients stacked by rows.
struct Contraction {
  Slot a,                  ///< left side
      b;                   ///< right side
  std::vector<int> nodes;  ///< gradients, in the order of the rows
};

/// An elementwise op that does the work of several nodes.
struct Fused {
  Tile tile;                  ///< the kernel that does it
  std::vector<int> operands;  ///< of the kernel
  std::vector<int> joined;    ///< the nodes besides the last
};

/// Memory of a block, and the last node that reads what it holds.
struct Passed {
  int buffer,    ///< of a block
      last_use;  ///< node
};

/// A node that is a sum with at least one such product, as a list.
struct Sum {
  std::vector<ProductTerm> products;  ///< in the order in which they are added
  std::vector<int> rest;              ///< other addends
};

/// Whether a node's value differs from sequence to sequence.
inline bool batched(const ProgramNode& node) { return is_batched(node.shape); }

/// The nodes [first, end) of one direction of a program; those below are known.
class PassAnalysis {
 public:
  /// roots: nodes that the caller reads. kept_scope: of the values that keep() names. plan: gets
  /// the memory. wide: wide_values(), where the loops are to run by sequences; else empty.
  PassAnalysis(const StepProgram& program, int first, const std::vector<int>& roots,
               PlanBuffer::Scope kept_scope, ScanPlan& plan, std::vector<char> wide)
      : program_(program),
        first_(first),
        kept_scope_(kept_scope),
        plan_(plan),
        buffers_(plan.buffers),
        slots_(plan.slots),
        wide_(std::move(wide)),
        moves_(program, first, wide_),
        swept_(program.nodes.size(), 0),
        rates_(rates_of(program, first, in_loop())),
        sources_(program.nodes.size()),
        named_(program.nodes.size(), 0),
        live_(program.nodes.size(), 0),
        uses_(program.nodes.size(), 0),
        phase_(program.nodes.size(), Phase::none),
        wave_(program.nodes.size(), 0),
        kept_(program.nodes.size(), 0),
        joined_(program.nodes.size(), 0) {
    for (const int root : roots) roots_.push_back(memory(root));
    for (const int root : roots) mark_live(root);
    for (int i = 0; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (i >= first_ && moves_.is_move(i)) sources_[index(i)] = moves_.sources(i);
      else
        for (const int input : at(i).inputs) sources_[index(i)].push_back(memory(input));
    }
    count_uses();
    for (int i = 0; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (at(i).name.empty()) continue;
      int node = memory(i);
      named_[index(node)] = 1;
      if (by_sequences() && is_op(node, "broadcast_to")) node = memory(at(node).inputs[0]);
      named_[index(node)] = 1;
    }
  }

  /// Known values, below the first node, that the pass reads.
  std::vector<int> known_sources() const {
    std::vector<int> known;
    for (std::size_t i = index(first_); i < program_.nodes.size(); ++i) {
      if (!live_[i]) continue;
      std::ranges::copy_if(sources_[i], std::back_inserter(known),
                           [&](int source) { return source < first_; });
    }
    return known;
  }
  /// Whether this pass must run a node.
  bool is_live_op(int node) const {
    return live_[index(node)] && node >= first_ && at(node).kind == ProgramNode::Kind::op;
  }

  /// Nodes whose values outlive the pass: they get memory for all steps.
  void keep(int node) { kept_[index(memory(node))] = 1; }

 protected:
  /// Finds sums, phases, waves and readers, in this order.
  void analyse() {
    find_sums();
    find_phases();
    find_waves();
    find_users();
  }

  /// A node as an index of a vector.
  static std::size_t index(int node) { return static_cast<std::size_t>(node); }
  /// The node of an id.
  const ProgramNode& at(int node) const { return program_.nodes[index(node)]; }

  /// Whether the loop runs sequence by sequence.
  bool by_sequences() const { return !wide_.empty(); }

  /// The node whose memory holds a value, or the value as a part of its own.
  int memory(int node) const {
    const Origin& alias = moves_.alias(node);
    return alias.node >= 0 ? alias.node : node;
  }

  /// A value whose elements are moved there from others.
  bool is_move(int node) const { return node >= first_ && moves_.is_move(node); }

  /// By node: whether it makes or reads one of the matrices of a loop by sequences.
  std::vector<char> in_loop() const {
    std::vector<char> found(wide_.size(), 0);
    for (std::size_t i = 0; i < wide_.size(); ++i) {
      const ProgramNode& n = program_.nodes[i];
      if (n.kind != ProgramNode::Kind::op) continue;
      found[i] = wide_[i];
      for (const int input : n.inputs) found[i] = found[i] || wide_[index(input)];
    }
    return found;
  }

  /// Counts what reads each value. What nothing reads is not live.
  void count_uses() {
    std::fill(uses_.begin(), uses_.end(), 0);
    for (const int root : roots_) uses_[index(root)] += 2;  // the caller reads it
    for (std::size_t i = program_.nodes.size(); i-- > index(first_);) {
      if (uses_[i] == 0) live_[i] = 0;
      if (!live_[i]) continue;
      for (const int source : sources_[i]) ++uses_[index(source)];
    }
  }

  /// Marks a node and all that it is made of.
  void mark_live(int node) {
    if (live_[index(node)]) return;
    live_[index(node)] = 1;
    if (node < first_) return;
    for (const int input : at(node).inputs) mark_live(input);
  }

  /// Whether a node is an op of that name.
  bool is_op(int node, std::string_view name) const {
    return at(node).kind == ProgramNode::Kind::op && at(node).op->name == name;
  }

  /// Whether a value is [batch, n].
  bool is_batch_of_vectors(int node) const {
    return batched(at(node)) && at(node).shape.rank() == 2 && at(node).shape[0] == batch_dim;
  }

  /// batched @ unbatched; the left side may hold several rows of a matrix for each sequence.
  bool is_matrix_product(int node) const {
    const ProgramNode& n = at(node);
    return is_op(node, "matmul") && batched(at(n.inputs[0])) && !batched(at(n.inputs[1])) &&
           !n.attributes.transpose_a;
  }

  /// A matrix product of a vector for each sequence.
  bool is_product(int node) const {
    return is_matrix_product(node) && is_batch_of_vectors(at(node).inputs[0]);
  }

  /// batched^T @ batched
  bool is_contraction(int node) const {
    const ProgramNode& n = at(node);
    return is_op(node, "matmul") && is_batch_of_vectors(n.inputs[0]) &&
           is_batch_of_vectors(n.inputs[1]) && n.attributes.transpose_a &&
           !n.attributes.transpose_b;
  }

  /// [batch, ..] summed over the batch alone.
  bool is_row_sum(int node) const {
    const ProgramNode& n = at(node);
    if (!is_op(node, "sum_to") || batched(n) || at(n.inputs[0]).shape.rank() == 0) return false;
    const Shape& from = at(n.inputs[0]).shape;
    return from[0] == batch_dim && from.rank() == n.shape.rank() + 1 &&
           std::equal(n.shape.begin(), n.shape.end(), from.begin() + 1);
  }

  /// An op that one of the elementwise kernels can run.
  bool is_tile(int node) const {
    return !swept_[index(node)] && !is_move(node) && has_tile(program_, node);
  }

  /// Work on the elements of a row, which needs no other row.
  bool is_by_row(int node) const { return is_tile(node) || is_move(node); }

  /// An elementwise op that is no part of a sum of products.
  bool is_plain_tile(int node) const {
    return is_live_op(node) && is_tile(node) && !sums_.count(node) && !in_sum_.count(node);
  }

  /// An op that runs by its own kernel, or a product of matrices.
  bool is_call(int node) const {
    return at(node).kind == ProgramNode::Kind::op && batched(at(node)) && !is_by_row(node) &&
           !is_product(node) && !swept_[index(node)];
  }

  /// An unbatched value of batched ones: the sum of what it is for some of the rows.
  bool is_summed_call(int node) const {
    const ProgramNode& n = at(node);
    if (n.kind != ProgramNode::Kind::op || batched(n) || is_contraction(node) || is_row_sum(node)) {
      return false;
    }
    return std::any_of(n.inputs.begin(), n.inputs.end(),
                       [&](int input) { return batched(at(input)); });
  }

  /// An unbatched value that sums over all rows of the pass: a share of a gradient.
  bool is_over_rows(int node) const {
    return is_contraction(node) || is_row_sum(node) || is_summed_call(node);
  }

  /// Needs no state; a batched value may be made of parameters alone, a vector repeated.
  bool is_known_early(int node) const {
    return rates_[index(node)] == Rate::input || rates_[index(node)] == Rate::invariant;
  }

  /// Work that is better done for many rows at once.
  bool is_heavy(int node) const { return is_product(node) || is_call(node); }

  /// Trees of additions that hold a product become one sum.
  void find_sums() {
    for (int i = static_cast<int>(program_.nodes.size()) - 1; i >= first_; --i) {
      if (!is_live_op(i) || in_sum_.count(i)) continue;
      const bool addition = at(i).op->name == "add" && batched(at(i)) && !is_move(i);
      if (!addition && !is_product(i)) continue;
      Sum sum;
      std::vector<int> inner;
      collect(i, i, sum, inner);
      if (sum.products.empty()) continue;
      for (const int node : inner) in_sum_[node] = i;
      std::reverse(sum.products.begin(), sum.products.end());
      sums_[i] = std::move(sum);
    }
  }

  /// Adds what a node of the tree below `root` adds up: products, other addends, and the nodes
  /// between.
  void collect(int node, int root, Sum& sum, std::vector<int>& inner) {
    const ProgramNode& n = at(node);
    // Named values stay for themselves: to record one must not change how the sum is rounded.
    const bool own =
        node == root || (node >= first_ && uses_[index(node)] == 1 && !named_[index(node)] &&
                         n.shape == at(root).shape && is_live_op(node));
    if (own && is_product(node)) {
      if (node != root) inner.push_back(node);
      sum.products.push_back({node, n.inputs[0], n.inputs[1], n.attributes.transpose_b});
    } else if (own && is_op(node, "add") && batched(n) && !is_move(node)) {
      if (node != root) inner.push_back(node);
      collect(n.inputs[1], root, sum, inner);
      collect(n.inputs[0], root, sum, inner);
    } else {
      sum.rest.push_back(node);
    }
  }

  /// Elementwise work stays in the loop, where its operands are hot, unless a product needs it
  /// in front or gives it behind.
  void find_phases() {
    const std::vector<char> looped = in_loop();
    const auto stays = [&](int node) { return by_sequences() && looped[index(node)]; };
    std::vector<char> feeds_front(program_.nodes.size(), 0);
    for (int i = static_cast<int>(program_.nodes.size()) - 1; i >= first_; --i) {
      if (!is_live_op(i)) continue;
      if (!is_known_early(i) || !(feeds_front[index(i)] || is_heavy(i))) continue;
      for (const int source : sources_[index(i)]) feeds_front[index(source)] = 1;
    }
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i)) continue;
      const bool on_batch = batched(at(i)) || is_over_rows(i);
      if (!on_batch) continue;
      Phase& phase = phase_[index(i)];
      phase = Phase::loop;
      if (is_known_early(i) && (feeds_front[index(i)] || is_heavy(i))) phase = Phase::before;
      bool behind =
          !stays(i) && (is_over_rows(i) || (rates_[index(i)] == Rate::output && is_heavy(i)));
      for (const int source : sources_[index(i)]) {
        behind = behind || phase_[index(source)] == Phase::behind;
      }
      if (behind) phase = Phase::behind;
      fits_ = fits_ && !(behind && stays(i));
    }
    // The products of a sum that is finished behind the loop are all done there, but for those
    // in front.
    for (auto& [root, sum] : sums_) {
      for (const ProductTerm& term : sum.products) {
        Phase& phase = phase_[index(term.node)];
        if (phase_[index(root)] == Phase::behind && phase == Phase::loop) phase = Phase::behind;
        if (phase_[index(root)] == Phase::loop && phase == Phase::behind) phase = Phase::loop;
      }
    }
  }

  /// A wave ends with the products and calls that read its values.
  void find_waves() {
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i) || phase_[index(i)] == Phase::none) continue;
      int wave = 0;
      for (const int source : sources_[index(i)]) {
        if (phase_[index(source)] == phase_[index(i)]) wave = std::max(wave, wave_[index(source)]);
      }
      wave_[index(i)] = wave + (is_heavy(i) ? 1 : 0);
    }
  }

  /// What reads each value; an addition or a product inside a sum counts as the sum.
  void find_users() {
    users_.assign(program_.nodes.size(), {});
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!live_[index(i)]) continue;
      const auto sum = in_sum_.find(i);
      for (const int source : sources_[index(i)]) {
        users_[index(source)].push_back(sum == in_sum_.end() ? i : sum->second);
      }
    }
  }

  /// Whether a node has memory already.
  bool has_slot(int node) const { return slots_[index(node)].buffer >= 0; }

  /// A sum that products in front of the loop begin.
  bool in_front(int node) const {
    const auto found = sums_.find(node);
    if (found == sums_.end()) return false;
    return std::any_of(
        found->second.products.begin(), found->second.products.end(),
        [&](const ProductTerm& t) { return phase_[index(t.node)] == Phase::before; });
  }

  /// The kernel of a node that is_tile().
  Tile tile_of(int node) const { return *carousel::tile_of(program_, node); }

  /// Whether b begins where a ends, in the same rows.
  static bool follows(const Slot& a, const Slot& b) {
    return a.buffer == b.buffer && a.shift == b.shift && a.column + a.width == b.column;
  }
  /// Whether two slots are the same memory.
  static bool same(const Slot& a, const Slot& b) {
    return a.buffer == b.buffer && a.shift == b.shift && a.column == b.column && a.width == b.width;
  }

  const StepProgram& program_;        ///< whose nodes are planned
  int first_;                         ///< node where the pass begins
  PlanBuffer::Scope kept_scope_;      ///< how long values of keep() live
  ScanPlan& plan_;                    ///< that is made
  std::vector<PlanBuffer>& buffers_;  ///< of the plan
  std::vector<Slot>& slots_;          ///< of the plan, by node
  std::vector<char> wide_;   ///< by node: one of the matrices of a loop by sequences, or empty
  Moves moves_;              ///< which values are moved elements of others
  std::vector<char> swept_;  ///< by node: whether it is work of a sweep
  std::vector<Rate> rates_;  ///< by node
  std::vector<std::vector<int>> sources_;  ///< by node: nodes whose memory it reads
  std::vector<char> named_;                ///< by node: whether a name stands for its value
  std::vector<int> roots_;                 ///< nodes that the caller reads
  bool fits_ = true;          ///< whether the loop can run by sequences, where it is asked to
  std::vector<char> live_;    ///< by node: whether it is needed
  std::vector<int> uses_;     ///< by node: how often it is read; by the caller counts as two
  std::vector<Phase> phase_;  ///< by node
  std::vector<int> wave_;    ///< by node: products and calls on the longest path to it in its phase
  std::vector<char> kept_;   ///< by node: whether it outlives the pass
  std::map<int, Sum> sums_;  ///< by the node that is the sum
  std::map<int, int> in_sum_;            ///< by node of a sum's tree: the sum
  std::vector<std::vector<int>> users_;  ///< by node: what reads it
  std::vector<char> joined_;             ///< nodes that are part of another's op
};

}  // namespace carousel
