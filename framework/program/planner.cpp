// Compiles a step program into a plan: which nodes run when, where their values live, and which
// matrix products run as one.

#include <algorithm>
#include <map>

#include "program/chunk_sweep.hpp"
#include "program/pass_memory.hpp"
#include "program/plan.hpp"
#include "program/state_places.hpp"

namespace carousel {
namespace {

// Plans one direction.
class PassPlanner : public PassMemory {
 public:
  using PassMemory::PassMemory;

  /// After prepare().
  PlanPass run() {
    find_fusions();
    assign_slots();
    PlanPass pass = emit();
    pass.band_stage = main_round();
    return pass;
  }

 private:
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
                const std::vector<PlanOperand>& operands, const Slot& out,
                bool last_use = false) const {
    auto& tiles = stage(pass, phase, wave).tiles;
    // The last addend of a sum, and the function of the sum that is all its use.
    static const std::map<Tile, Tile> with_addend{{Tile::sigmoid, Tile::add_sigmoid},
                                                  {Tile::tanh, Tile::add_tanh},
                                                  {Tile::relu, Tile::add_relu}};
    const auto fused = with_addend.find(tile);
    if (fused != with_addend.end() && !tiles.empty() && tiles.back().tile == Tile::add &&
        same(tiles.back().out, operands[0].slot) && (last_use || same(operands[0].slot, out))) {
      tiles.back().tile = fused->second;
      tiles.back().out = out;
      return;
    }
    PlanTile work{tile, {}, static_cast<int>(operands.size()), out, {}};
    std::copy(operands.begin(), operands.end(), work.operands.begin());
    tiles.push_back(work);
  }

  // A sum that one op reads.
  bool is_last_use(int node) const {
    return sums_.count(node) > 0 && uses_[index(node)] == 1 && !kept_[index(node)];
  }

  PlanPass emit() {
    PlanPass pass;
    std::vector<Contraction> contractions;
    for (int i = first_; i < static_cast<int>(program_.nodes.size()); ++i) {
      if (!is_live_op(i) || in_sum_.count(i) || joined_[index(i)]) continue;
      if (swept_[index(i)]) {
        emit_sweep(pass, i);
      } else if (is_move(i)) {
        emit_move(pass, i);
      } else if (const auto sum = sums_.find(i); sum != sums_.end()) {
        emit_sum(pass, i, sum->second);
      } else if (is_tile(i)) {
        const auto fused = fused_.find(i);
        std::vector<PlanOperand> operands;
        for (const int input : fused == fused_.end() ? at(i).inputs : fused->second.operands) {
          operands.push_back(operand(input));
        }
        add_tile(pass, phase_[index(i)], wave_[index(i)],
                 fused == fused_.end() ? tile_of(i) : fused->second.tile, operands,
                 slots_[index(i)], is_last_use(at(i).inputs[0]));
      } else if (is_contraction(i)) {
        contractions.push_back({operand(at(i).inputs[0]).slot, operand(at(i).inputs[1]).slot, {i}});
      } else if (sums_matrix_product(i)) {
        pass.summed_calls.push_back(summed_product(i));
      } else if (is_row_sum(i)) {
        const int of = at(i).inputs[0];
        const auto& in = at(of).inputs;
        if (joined_[index(of)]) {
          pass.row_sums.push_back({operand(in[0]).slot, operand(in[1]).slot, i});
        } else {
          pass.row_sums.push_back({operand(of).slot, {}, i});
        }
      } else if (is_summed_call(i)) {
        pass.summed_calls.push_back(call(i));
      } else if (!batched(at(i))) {
        (rates_[index(i)] == Rate::invariant ? pass.invariant_ops : pass.final_ops).push_back(i);
      } else {
        const bool in_round = by_sequences() && phase_[index(i)] == Phase::loop;
        PlanStage& before = stage(pass, phase_[index(i)], wave_[index(i)] - (in_round ? 0 : 1));
        if (is_matrix_product(i)) before.gemms.push_back(matrix_product(i));
        else before.calls.push_back(call(i));
      }
    }
    if (chunks_) stage(pass, Phase::loop, main_round()).sweeps.push_back(chunks_->finish());
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

  void emit_move(PlanPass& pass, int node) const {
    PlanTile move{Tile::copy, {}, 0, slots_[index(node)], {}};
    for (const int source : moves_.sources(node)) {
      moves_.add_runs(node, source, operand(source), move.runs);
    }
    moves_.add_runs(node, -1, {}, move.runs);
    stage(pass, phase_[index(node)], wave_[index(node)]).tiles.push_back(std::move(move));
  }

  void emit_sweep(PlanPass& pass, int node) {
    const SweepWork& work = work_of(node);
    if (is_in_chunks(node)) return emit_in_chunks(pass, node);
    using Kind = PlanSweepOp::Kind;
    PlanSweepOp op = result_of(pass, node);
    op.tile = work.tile;
    op.operand_count = static_cast<int>(work.operands.size());
    for (std::size_t k = 0; k < work.operands.size(); ++k) {
      op.operands[k] = in_sweep(operand(work.operands[k].node), work.operands[k].strides, work);
    }
    if (work.is_sum)
      op.kind = work.out.element == 0 && work.space.width > 1 ? Kind::row_sums : Kind::sum;
    auto& sweeps = stage(pass, Phase::loop, wave_[index(node)]).sweeps;
    if (sweeps.empty()) sweeps.push_back({work.space, {}});
    sweeps.front().ops.push_back(op);
  }

  // Where the result of a sweep's op goes.
  PlanSweepOp result_of(PlanPass& pass, int node) const {
    const SweepWork& work = work_of(node);
    PlanSweepOp op;
    op.node = node;
    op.out.strides = work.out;
    if (is_swept_sum(node)) {
      op.total = static_cast<int>(pass.swept_sums.size());
      pass.swept_sums.push_back(node);
    } else {
      op.out = in_sweep(operand(node), work.out, work);
    }
    return op;
  }

  void emit_in_chunks(PlanPass& pass, int node) {
    const MatrixOp* op = matrix_op(node);
    if (!op) return;
    const SweepWork& work = work_of(node);
    if (!chunks_) {
      chunks_.emplace(
          ChunkSweep::Of{program_, plan_.forward, first_, [this](int of) { return operand(of); }},
          work.space, decays());
      for_each_matrix([&](const MatrixOp& matrix) { chunks_->add_matrix(matrix); });
    }
    if (op->kind == MatrixOp::Kind::column) {
      chunks_->add_column(node, work, work.tile);
    } else if (op->kind == MatrixOp::Kind::sum) {
      const PlanSweepOp result = result_of(pass, node);
      chunks_->add_sum(node, work, op->terms, result.total);
    }
  }

  // A band holds the rows at work alone.
  PlanSweepOperand in_sweep(const PlanOperand& at, const Strides& strides,
                            const SweepWork& work) const {
    if (at.unbatched >= 0) return {at, strides};
    const PlanBuffer& buffer = buffers_[index(at.slot.buffer)];
    if (buffer.scope != PlanBuffer::Scope::band) return {at, strides};
    return {at, strides.element == 0 ? Strides{0, 1, 0} : Strides{0, work.space.width, 1}};
  }

  PlanCall call(int node) const {
    const ProgramNode& n = at(node);
    PlanCall made{node, n.op, n.attributes, {}, {}, n.shape, slots_[index(node)]};
    for (const int input : n.inputs) {
      made.operands.push_back(operand(input));
      made.shapes.push_back(at(input).shape);
    }
    return made;
  }

  // The sum of a^T b over all rows of all sequences: one product of the rows below each other.
  PlanCall summed_product(int node) const {
    PlanCall made = call(at(node).inputs[0]);
    made.node = node;
    made.shape = at(node).shape;
    for (Shape& shape : made.shapes) shape = {shape.numel() / shape.back(), shape.back()};
    return made;
  }

  PlanGemm matrix_product(int node) const {
    const auto& in = at(node).inputs;
    PlanGemm made{
        operand(in[0]).slot, slots_[index(node)], {in[1]}, at(node).attributes.transpose_b};
    made.repeat = made.a.width / at(in[0]).shape.back();
    for (const Slot& slot : {made.a, made.c}) {
      if (made.repeat > 1 && slot.width != buffers_[index(slot.buffer)].width) {
        fail_bug("planner: node {} of {} shares its buffer", node, program_.name);
      }
    }
    return made;
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
    bool started = false;
    std::vector<ProductTerm> products = sum.products;
    std::stable_sort(products.begin(), products.end(),
                     [&](const ProductTerm& a, const ProductTerm& b) {
                       return wave_[index(a.node)] < wave_[index(b.node)];
                     });
    for (const Phase phase : {Phase::before, Phase::loop, Phase::behind}) {
      for (const ProductTerm& term : products) {
        if (phase_[index(term.node)] != phase) continue;
        const bool in_round = by_sequences() && phase == Phase::loop;
        const int wave = std::max(wave_[index(term.node)] - (in_round ? 0 : 1), 0);
        stage(pass, phase, wave)
            .gemms.push_back(
                {operand(term.left).slot, out, {term.weight}, term.transpose, started});
        started = true;
      }
    }
    // Vectors last: what follows the sum may take one along.
    std::vector<int> rest = sum.rest;
    std::stable_partition(rest.begin(), rest.end(), [&](int node) { return batched(at(node)); });
    for (const int addend : rest) {
      const auto& in = at(addend).inputs;
      const bool product = joined_[index(addend)];
      std::vector<PlanOperand> operands{{out, -1}};
      if (product) operands = {operand(in[0]), operand(in[1]), {out, -1}};
      else operands.push_back(operand(addend));
      add_tile(pass, phase_[index(root)], wave_[index(root)], product ? Tile::mul_add : Tile::add,
               operands, out);
    }
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
          if (x.transpose != y.transpose || x.repeat > 1 || y.repeat > 1) continue;
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

  std::optional<ChunkSweep> chunks_;
};

void number_work(ScanPlan& plan) {
  std::map<std::pair<std::vector<int>, bool>, int> numbers;
  for (PlanPass* pass : {&plan.forward_pass, &plan.backward_pass}) {
    for (auto* stages : {&pass->before, &pass->loop, &pass->behind, &pass->again}) {
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

// What a loop by sequences must know of a plan's nodes.
struct Matrices {
  std::vector<char> wide;    // of the backward program, the forward nodes first; empty: none
  std::vector<char> states;  // by state
};

Matrices matrices_of(const StepProgram& program, const BackwardStep& back) {
  Matrices found;
  found.wide = wide_values(back.program, wide_values(program));
  for (const ProgramState& state : program.states) {
    const bool is_wide = found.wide[static_cast<std::size_t>(state.previous)];
    found.states.push_back(is_wide);
    if (is_wide && state.is_given()) return {};
  }
  for (std::size_t k = 0; k < program.states.size(); ++k) {
    // The gradient of a matrix is one.
    const auto& state = back.program.states[k];
    if (found.states[k]) found.wide[static_cast<std::size_t>(state.previous)] = 1;
  }
  found.wide = wide_values(back.program, found.wide);
  for (std::size_t k = 0; k < program.states.size(); ++k) {
    const auto& state = back.program.states[k];
    if (!found.states[k] && found.wide[static_cast<std::size_t>(state.previous)]) return {};
  }
  return found;
}

// What makes the matrices that the way back reads: they are made again from others and from
// vectors, which are kept.
struct Again {
  std::vector<char> matrices;  // by forward node
  std::vector<int> vectors;
};

Again made_again(const StepProgram& program, const std::vector<char>& wide,
                 const std::vector<int>& saved) {
  const auto at = [](int node) { return static_cast<std::size_t>(node); };
  Again result{std::vector<char>(program.nodes.size(), 0), {}};
  std::vector<int> open = saved;
  while (!open.empty()) {
    const int node = open.back();
    open.pop_back();
    if (!wide[at(node)] || result.matrices[at(node)]) continue;
    result.matrices[at(node)] = 1;
    for (const ProgramState& state : program.states) {
      if (state.previous == node) open.push_back(state.next);
    }
    std::vector<int> sources = program.nodes[at(node)].inputs;
    if (const auto work = sweep_work(program, node)) {
      sources.clear();
      for (const SweepOperand& operand : work->operands) sources.push_back(operand.node);
    }
    for (const int source : sources) {
      const int from = memory_of(program, source);
      if (wide[at(from)]) open.push_back(from);
      else result.vectors.push_back(from);
    }
  }
  return result;
}

// The stages of the forward loop that make these nodes.
std::vector<PlanStage> stages_for(const ScanPlan& plan, const std::vector<char>& nodes) {
  std::vector<PlanStage> kept;
  for (const PlanStage& stage : plan.forward_pass.loop) {
    PlanStage part;
    // Copies to a state from another place, and matrices of more axes than a sweep has.
    std::ranges::copy_if(stage.tiles, std::back_inserter(part.tiles), [&](const PlanTile& tile) {
      const auto scope = plan.buffers[static_cast<std::size_t>(tile.out.buffer)].scope;
      return scope == PlanBuffer::Scope::matrices || scope == PlanBuffer::Scope::matrix;
    });
    for (const PlanSweep& sweep : stage.sweeps) {
      PlanSweep some{sweep.space, {}};
      std::ranges::copy_if(sweep.ops, std::back_inserter(some.ops), [&](const PlanSweepOp& op) {
        return nodes[static_cast<std::size_t>(op.node)] != 0;
      });
      if (!some.ops.empty()) part.sweeps.push_back(some);
    }
    std::ranges::copy_if(stage.calls, std::back_inserter(part.calls), [&](const PlanCall& call) {
      return nodes[static_cast<std::size_t>(call.node)] != 0;
    });
    const bool is_empty = part.tiles.empty() && part.sweeps.empty() && part.calls.empty();
    if (!is_empty) kept.push_back(part);
  }
  return kept;
}

// Gives the inputs their places: the rows of the caller.
void place_inputs(const StepProgram& program, const StepProgram& back, ScanPlan& plan) {
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
}

// Plans both directions of `plan`, whose programs are there. False: the loops cannot run by
// sequences, as they were asked to by naming the matrices.
bool plan_passes(ScanPlan& plan, const Matrices& matrices) {
  const StepProgram& program = plan.forward;
  const StepProgram& back = plan.backward.program;
  const int first_back = plan.backward.forward_nodes;
  plan.by_sequences = !matrices.wide.empty();
  plan.matrix_states = matrices.states;
  place_inputs(program, back, plan);
  const StateCopies forward_copies = place_states(program, 0, Along::time, plan);

  PassPlanner back_planner(back, first_back, backward_roots(plan.backward, plan.wanted_inputs),
                           PlanBuffer::Scope::chunk, plan, matrices.wide);
  if (!back_planner.prepare()) return false;

  // What the way back reads of the forward values is kept for all steps.
  std::vector<int> roots{program.output};
  for (const ProgramState& state : program.states) roots.push_back(state.next);
  std::vector<int> saved{program.output};
  saved.insert(saved.end(), plan.probes.begin(), plan.probes.end());
  std::ranges::copy(back_planner.known_sources(), std::back_inserter(saved));
  Again again;
  std::vector<char> wide = matrices.wide;
  if (plan.by_sequences) {
    wide.resize(program.nodes.size());
    again = made_again(program, wide, saved);
    std::ranges::copy(again.vectors, std::back_inserter(saved));
  }
  for (const int node : saved) roots.push_back(node);
  PassPlanner forward_planner(program, 0, roots, PlanBuffer::Scope::window, plan, wide);
  if (!forward_planner.prepare()) return false;
  for (const int node : saved) forward_planner.keep(node);
  const bool gives_matrix = std::ranges::any_of(plan.probes, [&](int probe) {
    return plan.by_sequences && wide[static_cast<std::size_t>(memory_of(program, probe))];
  });
  const bool has_bands =
      forward_planner.band_space() && forward_planner.band_space() == back_planner.band_space();
  plan.by_chunks = has_bands && forward_planner.has_matrix_ops() && back_planner.has_matrix_ops();
  if (plan.by_chunks || (has_bands && !gives_matrix)) {
    plan.band_space = forward_planner.band_space();
    for (PassPlanner* planner : {&forward_planner, &back_planner}) {
      planner->run_by_bands();
      if (plan.by_chunks) planner->run_by_chunks();
    }
  }
  plan.forward_pass = forward_planner.run();
  emit_copies(forward_copies, plan.slots, plan.forward_pass);

  const StateCopies back_copies = place_states(back, first_back, Along::time_reversed, plan);
  for (std::size_t k = 0; k < plan.wanted_inputs.size(); ++k) {
    const int node = plan.backward.input_cotangents[k];
    if (node >= 0 && plan.wanted_inputs[k]) back_planner.keep(node);
  }
  plan.backward_pass = back_planner.run();
  emit_copies(back_copies, plan.slots, plan.backward_pass);
  if (plan.by_sequences && !plan.by_chunks) {
    plan.backward_pass.again = stages_for(plan, again.matrices);
  }
  number_work(plan);
  return true;
}

}  // namespace

ScanPlan plan_scan(const StepProgram& given, std::vector<bool> wanted_inputs,
                   const std::vector<int>& probes) {
  ScanPlan plan;
  plan.forward = given;
  fold_transposes(plan.forward);
  const StepProgram& program = plan.forward;
  if (wanted_inputs.empty()) wanted_inputs.assign(program.inputs.size(), true);
  plan.wanted_inputs = wanted_inputs;
  plan.probes = probes;
  if (const std::vector<char> wide = wide_values(program); std::ranges::count(wide, 1) > 0) {
    ScanPlan by_sequences = plan;
    by_sequences.backward = differentiate(program);
    recompute_cheap(program, by_sequences.backward, wanted_inputs, wide);
    const Matrices matrices = matrices_of(program, by_sequences.backward);
    if (!matrices.wide.empty() && plan_passes(by_sequences, matrices)) return by_sequences;
  }
  plan.backward = differentiate(program);
  recompute_cheap(program, plan.backward, wanted_inputs);
  plan_passes(plan, {});
  return plan;
}

}  // namespace carousel
