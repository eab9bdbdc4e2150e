// Compiles a step program into a plan: which nodes run when, where their values live, and which
// matrix products run as one.

#include <algorithm>
#include <map>

#include "program/plan.hpp"

namespace carousel {
namespace {

enum class Phase { none, before, loop, behind };

// A product of a batched node and an unbatched matrix that is added into a sum.
struct Term {
  int node, left, weight;
  bool transpose;
};

// The sum over all rows of a^T b, for gradients stacked by rows.
struct Contraction {
  Slot a, b;
  std::vector<int> nodes;
};

// Memory of a block, and the last node that reads what it holds.
struct Passed {
  int buffer, last_use;
};

// A node that is a sum with at least one such product, as a list.
struct Sum {
  std::vector<Term> products;
  std::vector<int> rest;  // other addends
};

bool batched(const ProgramNode& node) {
  return node.shape.rank() > 0 && node.shape[0] == batch_dim;
}

// Plans one direction: the nodes [first, end) of a program; those below are known.
class PassPlanner {
 public:
  PassPlanner(const StepProgram& program, int first, const std::vector<int>& roots,
              PlanBuffer::Scope kept_scope, ScanPlan& plan)
      : program_(program),
        first_(first),
        kept_scope_(kept_scope),
        plan_(plan),
        buffers_(plan.buffers),
        slots_(plan.slots),
        rates_(rates_of(program, first)),
        live_(program.nodes.size(), 0),
        uses_(program.nodes.size(), 0),
        phase_(program.nodes.size(), Phase::none),
        wave_(program.nodes.size(), 0),
        kept_(program.nodes.size(), 0) {
    for (const int root : roots) mark_live(root);
    for (const int root : roots) uses_[index(root)] += 2;  // the caller reads it
    for (std::size_t i = index(first_); i < program_.nodes.size(); ++i) {
      if (!live_[i]) continue;
      for (const int input : program_.nodes[i].inputs) ++uses_[index(input)];
    }
  }

  const std::vector<char>& live() const { return live_; }
  bool is_live_op(int node) const {
    return live_[index(node)] && node >= first_ && at(node).kind == ProgramNode::Kind::op;
  }

  /// Nodes whose values outlive the pass: they get memory for all steps.
  void keep(int node) { kept_[index(node)] = 1; }

  PlanPass run() {
    find_sums();
    find_phases();
    find_waves();
    find_users();
    assign_slots();
    return emit();
  }

 private:
  static std::size_t index(int node) { return static_cast<std::size_t>(node); }
  const ProgramNode& at(int node) const { return program_.nodes[index(node)]; }

  void mark_live(int node) {
    if (live_[index(node)]) return;
    live_[index(node)] = 1;
    if (node < first_) return;
    for (const int input : at(node).inputs) mark_live(input);
  }

  bool is_product(int node) const {  // batched @ unbatched
    const ProgramNode& n = at(node);
    return n.kind == ProgramNode::Kind::op && n.op->name == "matmul" && batched(n) &&
           batched(at(n.inputs[0])) && !batched(at(n.inputs[1])) && !n.attributes.transpose_a;
  }

  bool is_contraction(int node) const {  // batched^T @ batched
    const ProgramNode& n = at(node);
    return n.kind == ProgramNode::Kind::op && n.op->name == "matmul" && !batched(n) &&
           batched(at(n.inputs[0])) && batched(at(n.inputs[1])) && n.attributes.transpose_a &&
           !n.attributes.transpose_b;
  }

  bool is_row_sum(int node) const {
    const ProgramNode& n = at(node);
    return n.kind == ProgramNode::Kind::op && n.op->name == "sum_to" && !batched(n) &&
           batched(at(n.inputs[0])) && n.shape.rank() == 1;
  }

  bool is_tile(int node) const {
    const ProgramNode& n = at(node);
    if (n.kind != ProgramNode::Kind::op || !batched(n)) return false;
    return n.op->tile.has_value() || n.op->name == "broadcast_to";
  }

  // Trees of additions that hold a product become one sum.
  void find_sums() {
    for (int i = static_cast<int>(program_.nodes.size()) - 1; i >= first_; --i) {
      if (!is_live_op(i) || in_sum_.count(i)) continue;
      const bool addition = at(i).op->name == "add" && batched(at(i));
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

  void collect(int node, int root, Sum& sum, std::vector<int>& inner) {
    const ProgramNode& n = at(node);
    // A named value inside a sum may be asked for by a probe, but only its uses count here.
    const bool own =
        node == root || (node >= first_ && uses_[index(node)] == 1 && !kept_[index(node)] &&
                         n.shape == at(root).shape && is_live_op(node));
    if (own && is_product(node)) {
      if (node != root) inner.push_back(node);
      sum.products.push_back({node, n.inputs[0], n.inputs[1], n.attributes.transpose_b});
    } else if (own && n.kind == ProgramNode::Kind::op && n.op->name == "add" && batched(n)) {
      if (node != root) inner.push_back(node);
      collect(n.inputs[1], root, sum, inner);
      collect(n.inputs[0], root, sum, inner);
    } else {
      sum.rest.push_back(node);
    }
  }

  // Elementwise work stays in the loop, where its operands are hot, unless a product needs it
  // in front or gives it behind.
  void find_phases() {
    std::vector<char> feeds_front(program_.nodes.size(), 0);
    for (int i = static_cast<int>(program_.nodes.size()) - 1; i >= first_; --i) {
      if (!is_live_op(i)) continue;
      const bool front =
          rates_[index(i)] == Rate::input && (feeds_front[index(i)] || is_product(i));
      if (!front) continue;
      for (const int input : at(i).inputs) feeds_front[index(input)] = 1;
    }
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i)) continue;
      const bool on_batch = batched(at(i)) || is_contraction(i) || is_row_sum(i);
      if (!on_batch) continue;
      Phase& phase = phase_[index(i)];
      phase = Phase::loop;
      if (rates_[index(i)] == Rate::input && (feeds_front[index(i)] || is_product(i))) {
        phase = Phase::before;
      }
      bool behind =
          is_contraction(i) || is_row_sum(i) || (rates_[index(i)] == Rate::output && is_product(i));
      for (const int input : at(i).inputs) {
        behind = behind || phase_[index(input)] == Phase::behind;
      }
      if (behind) phase = Phase::behind;
    }
    // The products of a sum that is finished behind the loop are all done there, but for those
    // in front.
    for (auto& [root, sum] : sums_) {
      for (const Term& term : sum.products) {
        Phase& phase = phase_[index(term.node)];
        if (phase_[index(root)] == Phase::behind && phase == Phase::loop) phase = Phase::behind;
        if (phase_[index(root)] == Phase::loop && phase == Phase::behind) phase = Phase::loop;
      }
    }
  }

  // A wave ends with the products that read its values.
  void find_waves() {
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i) || phase_[index(i)] == Phase::none) continue;
      int wave = 0;
      for (const int input : at(i).inputs) {
        if (phase_[index(input)] == phase_[index(i)]) wave = std::max(wave, wave_[index(input)]);
      }
      wave_[index(i)] = wave + (is_product(i) ? 1 : 0);
    }
  }

  PlanBuffer::Scope scope_of(int node) const {
    if (kept_[index(node)]) return kept_scope_;
    if (leaves_its_phase(node) || in_front(node)) return PlanBuffer::Scope::chunk;
    return is_passed_on(node) ? PlanBuffer::Scope::block : PlanBuffer::Scope::step;
  }

  // An elementwise value that only the elementwise ops of its own stage read.
  bool is_passed_on(int node) const {
    if (!is_tile(node) || sums_.count(node)) return false;
    for (const int user : users_[index(node)]) {
      const bool same_stage =
          phase_[index(user)] == phase_[index(node)] && wave_[index(user)] == wave_[index(node)];
      if (!same_stage || !reads_elementwise(user, node)) return false;
    }
    return true;
  }

  bool reads_elementwise(int user, int node) const {
    const auto sum = sums_.find(user);
    if (sum == sums_.end()) return is_tile(user);
    const auto& products = sum->second.products;
    return std::none_of(products.begin(), products.end(),
                        [&](const Term& term) { return term.left == node; });
  }

  bool leaves_its_phase(int node) const {
    if (phase_[index(node)] != Phase::loop) return true;
    const auto& users = users_[index(node)];
    return std::any_of(users.begin(), users.end(),
                       [&](int user) { return phase_[index(user)] != phase_[index(node)]; });
  }

  // What reads each value; an addition or a product inside a sum counts as the sum.
  void find_users() {
    users_.resize(program_.nodes.size());
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!live_[index(i)]) continue;
      const auto sum = in_sum_.find(i);
      for (const int input : at(i).inputs) {
        users_[index(input)].push_back(sum == in_sum_.end() ? i : sum->second);
      }
    }
  }

  bool has_slot(int node) const { return slots_[index(node)].buffer >= 0; }

  // Puts nodes side by side in one buffer, those that have no place yet.
  void place_together(const std::vector<int>& nodes) {
    PlanBuffer::Scope scope = PlanBuffer::Scope::step;
    Index width = 0;
    std::vector<int> fresh;
    for (const int node : nodes) {
      if (has_slot(node) || std::count(fresh.begin(), fresh.end(), node)) continue;
      fresh.push_back(node);
      scope = std::max(scope, scope_of(node));
      width += at(node).shape.back();
    }
    if (fresh.empty()) return;
    buffers_.push_back({scope, width});
    const int buffer = static_cast<int>(buffers_.size()) - 1;
    Index column = 0;
    for (const int node : fresh) {
      slots_[index(node)] = {buffer, column, at(node).shape.back(), 0};
      column += at(node).shape.back();
    }
  }

  // A sum that products in front of the loop begin.
  bool in_front(int node) const {
    const auto found = sums_.find(node);
    if (found == sums_.end()) return false;
    return std::any_of(found->second.products.begin(), found->second.products.end(),
                       [&](const Term& t) { return phase_[index(t.node)] == Phase::before; });
  }

  void assign_slots() {
    // Sums that share a left side, so that their products are one: those in front come first.
    for (const Phase phase : {Phase::before, Phase::loop, Phase::behind}) {
      std::map<int, std::vector<int>> by_left;
      for (const auto& [root, sum] : sums_) {
        for (const Term& term : sum.products) {
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
      for (const Term& term : sum.products) {
        if (!term.transpose && term.left >= first_) set.push_back(term.left);
      }
      std::sort(set.begin(), set.end());
      set.erase(std::unique(set.begin(), set.end()), set.end());
      if (set.size() > 1) lefts.push_back(set);
    }
    std::stable_sort(lefts.begin(), lefts.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
    for (const auto& set : lefts) place_together(set);
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i) || !batched(at(i)) || in_sum_.count(i)) continue;
      if (has_slot(i) || take_over(i)) continue;
      if (scope_of(i) == PlanBuffer::Scope::block) place_in_block(i);
      else place_together({i});
    }
  }

  // Values of a block whose last reader has run leave their place to others.
  void place_in_block(int node) {
    const Index width = at(node).shape.back();
    const auto& users = users_[index(node)];
    const int last_use = users.empty() ? node : *std::max_element(users.begin(), users.end());
    const auto free = std::find_if(passed_.begin(), passed_.end(), [&](const Passed& p) {
      return p.last_use <= node && buffers_[index(p.buffer)].width == width;
    });
    if (free != passed_.end()) {
      free->last_use = last_use;
      slots_[index(node)] = {free->buffer, 0, width, 0};
      return;
    }
    buffers_.push_back({PlanBuffer::Scope::block, width});
    slots_[index(node)] = {static_cast<int>(buffers_.size()) - 1, 0, width, 0};
    passed_.push_back({slots_[index(node)].buffer, last_use});
  }

  // The result may stand where its only operand stood: sigmoid(s) in the place of s.
  bool take_over(int node) {
    if (!is_tile(node) || at(node).inputs.size() != 1) return false;
    const int operand = at(node).inputs[0];
    if (operand < first_ || uses_[index(operand)] != 1 || !sums_.count(operand) ||
        kept_[index(operand)] || phase_[index(operand)] != phase_[index(node)]) {
      return false;
    }
    slots_[index(node)] = slots_[index(operand)];
    PlanBuffer& buffer = buffers_[index(slots_[index(node)].buffer)];
    buffer.scope = std::max(buffer.scope, scope_of(node));
    return true;
  }

  PlanOperand operand(int node) const {
    if (batched(at(node))) {
      if (!has_slot(node)) fail_bug("planner: node {} of {} has no place", node, program_.name);
      return {slots_[index(node)], -1};
    }
    return {{}, node};
  }

  PlanStage& stage(PlanPass& pass, Phase phase, int wave) const {
    auto& stages = phase == Phase::before ? pass.before
                   : phase == Phase::loop ? pass.loop
                                          : pass.behind;
    if (static_cast<int>(stages.size()) <= wave) stages.resize(static_cast<std::size_t>(wave) + 1);
    return stages[static_cast<std::size_t>(wave)];
  }

  void add_tile(PlanPass& pass, Phase phase, int wave, Tile tile,
                const std::vector<PlanOperand>& operands, const Slot& out) const {
    PlanTile work{tile, {}, static_cast<int>(operands.size()), out};
    std::copy(operands.begin(), operands.end(), work.operands.begin());
    stage(pass, phase, wave).tiles.push_back(work);
  }

  PlanPass emit() {
    PlanPass pass;
    std::vector<Contraction> contractions;
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i) || in_sum_.count(i)) continue;
      if (const auto sum = sums_.find(i); sum != sums_.end()) {
        emit_sum(pass, i, sum->second);
      } else if (is_tile(i)) {
        std::vector<PlanOperand> operands;
        for (const int input : at(i).inputs) operands.push_back(operand(input));
        add_tile(pass, phase_[index(i)], wave_[index(i)], at(i).op->tile.value_or(Tile::copy),
                 operands, slots_[index(i)]);
      } else if (is_contraction(i)) {
        contractions.push_back({operand(at(i).inputs[0]).slot, operand(at(i).inputs[1]).slot, {i}});
      } else if (is_row_sum(i)) {
        pass.row_sums.push_back({operand(at(i).inputs[0]).slot, i});
      } else if (!batched(at(i))) {
        (rates_[index(i)] == Rate::invariant ? pass.invariant_ops : pass.final_ops).push_back(i);
      } else {
        fail_input("cell {}: op '{}' runs on the tape only", program_.name, at(i).op->name);
      }
    }
    for (auto* stages : {&pass.before, &pass.loop, &pass.behind}) {
      for (PlanStage& s : *stages) merge(s.gemms);
    }
    for (const Contraction& all : merged(contractions)) {
      const Index columns = all.b.width;
      if (padded(all.a.width) * columns < all.a.width * padded(columns)) {
        pass.contractions.push_back({gather(all.a), gather(all.b), all.nodes, true});
        continue;
      }
      for (const Contraction& one : contractions) {
        const bool part = std::count(all.nodes.begin(), all.nodes.end(), one.nodes[0]) > 0;
        if (part) pass.contractions.push_back({gather(one.a), gather(one.b), one.nodes, false});
      }
    }
    return pass;
  }

  // What a row of n elements costs.
  static Index padded(Index n) {
    constexpr Index vector = 16;
    return (n + vector - 1) / vector * vector;
  }

  // Those that share b, and whose a lie side by side, as one.
  std::vector<Contraction> merged(std::vector<Contraction> all) const {
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = 0; j < all.size(); ++j) {
        if (i == j || !same(all[i].b, all[j].b) || !follows(all[i].a, all[j].a)) continue;
        all[i].a.width += all[j].a.width;
        all[i].nodes.insert(all[i].nodes.end(), all[j].nodes.begin(), all[j].nodes.end());
        all.erase(all.begin() + static_cast<std::ptrdiff_t>(j));
        i = static_cast<std::size_t>(-1);  // from the start
        break;
      }
    }
    return all;
  }

  // The number of the rows that a contraction reads.
  std::size_t gather(const Slot& slot) {
    auto& all = plan_.gathered;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Slot& s) { return same(s, slot); });
    if (found != all.end()) return static_cast<std::size_t>(found - all.begin());
    all.push_back(slot);
    return all.size() - 1;
  }

  // Products into the sum's place, the first one overwriting; then the other addends.
  void emit_sum(PlanPass& pass, int root, const Sum& sum) const {
    const Slot& out = slots_[index(root)];
    const bool front = in_front(root);
    std::vector<int> rest = sum.rest;
    bool started = false;
    if (front) {  // an unbatched addend goes first, under the products
      const auto bias =
          std::find_if(rest.begin(), rest.end(), [&](int node) { return !batched(at(node)); });
      if (bias != rest.end()) {
        add_tile(pass, Phase::before, 0, Tile::copy, {operand(*bias)}, out);
        rest.erase(bias);
        started = true;
      }
    }
    std::vector<Term> products = sum.products;
    std::stable_sort(products.begin(), products.end(), [&](const Term& a, const Term& b) {
      return wave_[index(a.node)] < wave_[index(b.node)];
    });
    for (const Phase phase : {Phase::before, Phase::loop, Phase::behind}) {
      for (const Term& term : products) {
        if (phase_[index(term.node)] != phase) continue;
        const int wave = std::max(wave_[index(term.node)] - 1, 0);
        stage(pass, phase, wave)
            .gemms.push_back(
                {operand(term.left).slot, out, {term.weight}, term.transpose, started});
        started = true;
      }
    }
    for (const int addend : rest) {
      add_tile(pass, phase_[index(root)], wave_[index(root)], Tile::add,
               {{out, -1}, operand(addend)}, out);
    }
  }

  static bool follows(const Slot& a, const Slot& b) {
    return a.buffer == b.buffer && a.shift == b.shift && a.column + a.width == b.column;
  }
  static bool same(const Slot& a, const Slot& b) {
    return a.buffer == b.buffer && a.shift == b.shift && a.column == b.column && a.width == b.width;
  }

  // Neighbours become one product: side by side in the result, or one behind the other in the sum.
  void merge(std::vector<PlanGemm>& gemms) const {
    bool changed = true;
    while (changed) {
      changed = false;
      for (std::size_t i = 0; i < gemms.size() && !changed; ++i) {
        for (std::size_t j = 0; j < gemms.size() && !changed; ++j) {
          if (i == j) continue;
          PlanGemm& x = gemms[i];
          const PlanGemm& y = gemms[j];
          if (x.transpose != y.transpose) continue;
          if (x.transpose && x.accumulate == y.accumulate && same(x.a, y.a) && follows(x.c, y.c)) {
            x.c.width += y.c.width;
          } else if (!x.transpose && same(x.c, y.c) && follows(x.a, y.a)) {
            x.a.width += y.a.width;
            x.accumulate = x.accumulate && y.accumulate;
          } else {
            continue;
          }
          x.weights.insert(x.weights.end(), y.weights.begin(), y.weights.end());
          gemms.erase(gemms.begin() + static_cast<std::ptrdiff_t>(j));
          changed = true;
        }
      }
    }
    // The product that overwrites must be the first one into its place.
    std::stable_sort(gemms.begin(), gemms.end(), [](const PlanGemm& a, const PlanGemm& b) {
      return a.accumulate < b.accumulate;
    });
  }

  const StepProgram& program_;
  int first_;
  PlanBuffer::Scope kept_scope_;
  ScanPlan& plan_;
  std::vector<PlanBuffer>& buffers_;
  std::vector<Slot>& slots_;
  std::vector<Rate> rates_;
  std::vector<char> live_;
  std::vector<int> uses_;
  std::vector<Phase> phase_;
  std::vector<int> wave_;
  std::vector<char> kept_;
  std::map<int, Sum> sums_;
  std::map<int, int> in_sum_;
  std::vector<std::vector<int>> users_;
  std::vector<Passed> passed_;
};

// Gives the states of a pass their memory. In a backward pass time runs the other way.
struct StateCopies {
  std::vector<std::pair<Slot, int>> copies;  // from a node that has another place already
};

StateCopies place_states(const StepProgram& program, int first, bool reverse, ScanPlan& plan) {
  auto& buffers = plan.buffers;
  auto& slots = plan.slots;
  StateCopies result;
  for (const ProgramState& state : program.states) {
    const auto scope = reverse ? PlanBuffer::Scope::chunk : PlanBuffer::Scope::window;
    buffers.push_back({scope, state.shape.back(), true});
    const int buffer = static_cast<int>(buffers.size()) - 1;
    Slot old_value{buffer, 0, state.shape.back(), reverse ? 1 : 0};
    Slot new_value{buffer, 0, state.shape.back(), reverse ? 0 : 1};
    slots[static_cast<std::size_t>(state.previous)] = old_value;
    const bool free =
        state.next >= first &&
        program.nodes[static_cast<std::size_t>(state.next)].kind == ProgramNode::Kind::op &&
        slots[static_cast<std::size_t>(state.next)].buffer < 0;
    if (free) slots[static_cast<std::size_t>(state.next)] = new_value;
    else result.copies.emplace_back(new_value, state.next);
  }
  return result;
}

void emit_copies(const StateCopies& states, const std::vector<Slot>& slots, PlanPass& pass) {
  if (states.copies.empty()) return;
  PlanStage stage;
  for (const auto& [to, node] : states.copies) {
    PlanTile copy{Tile::copy, {}, 1, to};
    copy.operands[0] = {slots[static_cast<std::size_t>(node)], -1};
    stage.tiles.push_back(copy);
  }
  pass.loop.push_back(stage);
}

void number_work(ScanPlan& plan) {
  std::map<std::pair<std::vector<int>, bool>, int> numbers;
  for (PlanPass* pass : {&plan.forward_pass, &plan.backward_pass}) {
    for (auto* stages : {&pass->before, &pass->loop, &pass->behind}) {
      for (PlanStage& stage : *stages) {
        stage.number = plan.stages++;
        for (PlanGemm& gemm : stage.gemms) {
          const int next = static_cast<int>(numbers.size());
          gemm.packing = numbers.try_emplace({gemm.weights, gemm.transpose}, next).first->second;
        }
      }
    }
  }
  plan.packings = static_cast<int>(numbers.size());
}

}  // namespace

ScanPlan plan_scan(const StepProgram& program, bool input_gradients,
                   const std::vector<int>& probes) {
  ScanPlan plan;
  plan.forward = program;
  plan.probes = probes;
  plan.backward = differentiate(program);
  const StepProgram& back = plan.backward.program;
  const int first_back = plan.backward.forward_nodes;
  plan.slots.resize(back.nodes.size());
  for (const int input : back.inputs) {
    const ProgramNode& node = back.nodes[static_cast<std::size_t>(input)];
    if (program.nodes.size() > static_cast<std::size_t>(input) &&
        program.nodes[static_cast<std::size_t>(input)].kind != ProgramNode::Kind::input) {
      continue;  // an old state: the forward pass keeps its history
    }
    plan.buffers.push_back({PlanBuffer::Scope::external, node.shape.back()});
    plan.slots[static_cast<std::size_t>(input)] = {static_cast<int>(plan.buffers.size()) - 1, 0,
                                                   node.shape.back(), 0};
  }
  const StateCopies forward_copies = place_states(program, 0, false, plan);

  std::vector<int> back_roots;
  for (const ProgramState& state : back.states) back_roots.push_back(state.next);
  for (const int node : plan.backward.parameter_cotangents) {
    if (node >= 0) back_roots.push_back(node);
  }
  for (const int node : plan.backward.input_cotangents) {
    if (node >= 0 && input_gradients) back_roots.push_back(node);
  }
  PassPlanner back_planner(back, first_back, back_roots, PlanBuffer::Scope::chunk, plan);

  // What the way back reads of the forward values is kept for all steps.
  std::vector<int> roots{program.output};
  for (const ProgramState& state : program.states) roots.push_back(state.next);
  std::vector<int> saved{program.output};
  saved.insert(saved.end(), probes.begin(), probes.end());
  for (std::size_t i = static_cast<std::size_t>(first_back); i < back.nodes.size(); ++i) {
    if (!back_planner.live()[i]) continue;
    for (const int input : back.nodes[i].inputs) {
      if (input < first_back) saved.push_back(input);
    }
  }
  for (const int node : saved) roots.push_back(node);
  PassPlanner forward_planner(program, 0, roots, PlanBuffer::Scope::window, plan);
  for (const int node : saved) forward_planner.keep(node);
  plan.forward_pass = forward_planner.run();
  emit_copies(forward_copies, plan.slots, plan.forward_pass);

  const StateCopies back_copies = place_states(back, first_back, true, plan);
  for (const int node : plan.backward.input_cotangents) {
    if (node >= 0 && input_gradients) back_planner.keep(node);
  }
  plan.backward_pass = back_planner.run();
  emit_copies(back_copies, plan.slots, plan.backward_pass);
  number_work(plan);
  return plan;
}

}  // namespace carousel
