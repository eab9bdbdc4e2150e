#include "program/chunk_sweep.hpp"

#include <algorithm>

namespace carousel {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }

}  // namespace

ChunkSweep::ChunkSweep(Of of, const SweepSpace& space, Decays decays) : of_(std::move(of)) {
  sweep_.space = space;
  sweep_.decays = decays;
}

int ChunkSweep::new_vector(Index length) {
  sweep_.vectors.push_back({{}, length, {}, true});
  return static_cast<int>(sweep_.vectors.size()) - 1;
}

int ChunkSweep::vector_of(const SweepOperand& operand) {
  const Strides& strides = operand.strides;
  const auto [found, is_new] = vectors_.try_emplace(
      {operand.node, {strides.group, strides.row, strides.element}}, sweep_.vectors.size());
  if (is_new) {
    const Index length = strides.row != 0       ? sweep_.space.rows
                         : strides.element != 0 ? sweep_.space.width
                                                : 1;
    sweep_.vectors.push_back({{of_.place_of(operand.node), strides}, length});
  }
  return found->second;
}

int ChunkSweep::number(double value) {
  const auto found = std::ranges::find(sweep_.vectors, value, &PlanVector::constant);
  if (found != sweep_.vectors.end()) return static_cast<int>(found - sweep_.vectors.begin());
  const int vector = new_vector(1);
  at(vector).constant = value;
  at(vector).is_made = false;
  return vector;
}

// The same op is there once.
int ChunkSweep::add(PlanVectorOp op, Index length) {
  const auto found = std::ranges::find_if(sweep_.vector_ops, [&](const PlanVectorOp& o) {
    return o.kind == op.kind && o.tile == op.tile && o.operands == op.operands && o.own == op.own &&
           o.known == op.known && this->length(o.out) == length;
  });
  if (found != sweep_.vector_ops.end()) return found->out;
  op.out = new_vector(length);
  sweep_.vector_ops.push_back(std::move(op));
  return sweep_.vector_ops.back().out;
}

int ChunkSweep::add_elementwise(Tile tile, std::vector<int> operands, Index length) {
  return add({Kind::elementwise, tile, std::move(operands)}, length);
}

int ChunkSweep::product(std::span<const SweepOperand> factors, double scale) {
  if (factors.empty()) return number(scale);
  int all = vector_of(factors[0]);
  const auto multiply = [&](int by) {
    all = add_elementwise(Tile::mul, {all, by}, std::max(length(all), length(by)));
  };
  for (const SweepOperand& factor : factors.subspan(1)) multiply(vector_of(factor));
  if (scale != 1.0) multiply(number(scale));
  return all;
}

int ChunkSweep::rows_of(const MatrixTerm& term, double scale) {
  return whole(product(term.rows, scale), sweep_.space.width);
}

int ChunkSweep::columns_of(const MatrixTerm& term) {
  return whole(product(term.columns, 1.0), sweep_.space.rows);
}

// The vector with so many elements, one behind the other for each step.
int ChunkSweep::whole(int vector, Index length) {
  const bool is_there = at(vector).at.at.unbatched < 0 && !at(vector).constant;
  if (is_there && this->length(vector) == length) return vector;
  return add_elementwise(Tile::copy, {vector}, length);
}

PlanVectorOp ChunkSweep::of_matrices(Kind kind, const MatrixTerm& term, std::vector<int> operands) {
  PlanVectorOp op{kind, Tile::copy, std::move(operands)};
  for (const int matrix : term.matrices) {
    const bool is_known = matrix < of_.first;
    const auto& states = is_known ? of_.forward.states : of_.program.states;
    const auto state = std::ranges::find(states, matrix, &ProgramState::previous);
    (is_known ? op.known : op.own) = static_cast<int>(state - states.begin());
  }
  return op;
}

void ChunkSweep::add_matrix(const MatrixOp& op) {
  if (op.kind == MatrixOp::Kind::probe) {
    PlanMatrixProbe probe{op.number, {}};
    for (const MatrixTerm& term : op.terms) {
      const int own = of_matrices(Kind::read, term, {}).own;
      probe.terms.push_back({own, rows_of(term, term.scale), columns_of(term)});
    }
    sweep_.probes.push_back(std::move(probe));
    return;
  }
  PlanVectorOp update{Kind::update, Tile::copy, {}};
  (op.kind == MatrixOp::Kind::update ? update.own : update.known) = op.number;
  for (const MatrixTerm& term : op.terms) {
    if (term.has_matrix()) continue;
    update.operands.push_back(columns_of(term));
    update.operands.push_back(rows_of(term, term.scale));
  }
  for (const MatrixTerm& term : op.terms) {
    if (!term.has_matrix() || sweep_.decays == Decays::none) continue;
    const Index length = sweep_.decays == Decays::numbers ? 1 : sweep_.space.width;
    update.operands.push_back(whole(product(term.rows, term.scale), length));
  }
  sweep_.vector_ops.push_back(std::move(update));
}

void ChunkSweep::add_column(int node, const SweepWork& work, Tile tile) {
  PlanVectorOp op{Kind::elementwise, tile, {}};
  for (const SweepOperand& operand : work.operands) op.operands.push_back(vector_of(operand));
  op.out = vector_of({node, work.out});
  op.is_of_program = true;
  at(op.out).is_made = true;
  sweep_.vector_ops.push_back(std::move(op));
}

// A term of a sum with an element for each row.
int ChunkSweep::value_by_rows(const MatrixTerm& term) {
  const Index rows = sweep_.space.rows;
  const int x = rows_of(term, term.scale);
  const int read = term.has_matrix() ? add(of_matrices(Kind::read, term, {x}), rows)
                                     : add({Kind::total, Tile::copy, {x}}, 1);
  if (term.columns.empty()) return whole(read, rows);
  return add_elementwise(Tile::mul, {read, product(term.columns, 1.0)}, rows);
}

int ChunkSweep::sum_of_two(const MatrixTerm& term) {
  const PlanVectorOp two = of_matrices(Kind::two, term, {});
  std::vector<int> operands;
  const auto add_starts = [&](int own, int known, int of_own, int of_known) {
    const auto update = std::ranges::find_if(sweep_.vector_ops, [&](const PlanVectorOp& op) {
      return op.kind == Kind::update && op.own == of_own && op.known == of_known;
    });
    const std::vector<int> vectors = update->operands;
    for (std::size_t k = 0; k + 1 < vectors.size(); k += 2) {
      PlanVectorOp start{Kind::start_columns, Tile::copy, {vectors[k]}};
      start.own = own;
      start.known = known;
      operands.push_back(add(start, sweep_.space.width));
    }
  };
  add_starts(-1, two.known, two.own, -1);
  add_starts(two.own, -1, -1, two.known);
  return add(of_matrices(Kind::two, term, operands),
             sweep_.decays == Decays::numbers ? 1 : sweep_.space.width);
}

// A term of a sum down the rows, with an element for each column.
int ChunkSweep::value_down_rows(const MatrixTerm& term) {
  int value = -1;
  if (term.is_of_two()) {
    value = sum_of_two(term);
  } else if (term.has_matrix()) {
    const int y = columns_of(term);
    const Index width = sweep_.space.width;
    const int start = add(of_matrices(Kind::start_columns, term, {y}), width);
    value = add(of_matrices(Kind::columns, term, {y, start}), width);
  } else {
    value = add({Kind::total, Tile::copy, {columns_of(term)}}, 1);
  }
  if (term.rows.empty() && term.scale == 1.0) return value;
  const int rows = product(term.rows, term.scale);
  return add_elementwise(Tile::mul, {value, rows}, std::max(length(value), length(rows)));
}

void ChunkSweep::add_sum(int node, const SweepWork& work, std::span<const MatrixTerm> terms,
                         int total) {
  const bool by_rows = work.out.row != 0, is_number = !by_rows && work.out.element == 0;
  int sum = -1;
  for (const MatrixTerm& term : terms) {
    int value = by_rows ? value_by_rows(term) : value_down_rows(term);
    // All elements, but of two matrices whose decays are numbers: there it is summed already.
    const bool is_summed = term.is_of_two() && length(value) == 1;
    if (is_number && !is_summed)
      value = add({Kind::total, Tile::copy, {whole(value, sweep_.space.width)}}, 1);
    else if (!is_number) value = whole(value, by_rows ? sweep_.space.rows : sweep_.space.width);
    sum = sum < 0 ? value : add_elementwise(Tile::add, {sum, value}, length(value));
  }
  if (sum < 0)
    sum = whole(number(0.0), is_number ? 1 : by_rows ? sweep_.space.rows : sweep_.space.width);
  finish_with(sum, {node, work.out}, total);
}

// The vector is the result of a node.
void ChunkSweep::finish_with(int vector, const SweepOperand& result, int total) {
  const bool is_free =
      at(vector).is_made && at(vector).at.at.slot.buffer < 0 && at(vector).total < 0;
  if (!is_free) {
    const Index size = length(vector);
    sweep_.vector_ops.push_back({Kind::elementwise, Tile::copy, {vector}, new_vector(size)});
    vector = sweep_.vector_ops.back().out;
  }
  at(vector).at.strides = result.strides;
  at(vector).total = total;
  if (total >= 0) return;
  instead_[vector_of(result)] = vector;
  at(vector).at.at = of_.place_of(result.node);
}

// What reads the result of a node reads the vector that is it.
void ChunkSweep::resolve() {
  const auto resolve = [&](int& vector) {
    const auto found = instead_.find(vector);
    if (found != instead_.end()) vector = found->second;
  };
  for (PlanVectorOp& op : sweep_.vector_ops) std::ranges::for_each(op.operands, resolve);
  for (PlanMatrixProbe& probe : sweep_.probes) {
    for (PlanMatrixProbe::Term& term : probe.terms) resolve(term.column);
  }
  for (auto& [key, vector] : vectors_) resolve(vector);
  // Nothing is read where the result of a node is meant.
  for (const auto& [result, vector] : instead_) at(result) = {{}, 1, 0.0};
  for (const ProgramState& state : of_.program.states) {
    for (const auto& [key, vector] : vectors_) {
      const auto made = vectors_.find({memory_of(of_.program, state.next), key.second});
      if (key.first != state.previous || made == vectors_.end()) continue;
      if (at(made->second).is_made) at(vector).later = made->second;
    }
  }
}

// By op: the ops that come before it; of the same step: but for those that come with the step
// before.
std::vector<std::vector<int>> ChunkSweep::sources(bool of_same_step) const {
  const auto& ops = sweep_.vector_ops;
  std::vector<int> maker(sweep_.vectors.size(), -1);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (ops[i].out >= 0) maker[index(ops[i].out)] = static_cast<int>(i);
  }
  std::vector<std::vector<int>> all(ops.size());
  const auto add_makers = [&](std::vector<int>& to, const PlanVectorOp& of, bool of_u) {
    for (std::size_t k = 0; k < of.operands.size(); ++k) {
      const bool is_u = of.kind == Kind::update && k % 2 == 0 && k + 1 < of.operands.size();
      if (is_u == of_u && maker[index(of.operands[k])] >= 0)
        to.push_back(maker[index(of.operands[k])]);
    }
  };
  for (std::size_t i = 0; i < ops.size(); ++i) {
    add_makers(all[i], ops[i], false);
    for (const int operand : ops[i].operands) {
      const int later = sweep_.vectors[index(operand)].later;
      if (later >= 0 && !of_same_step) all[i].push_back(maker[index(later)]);
    }
    const bool needs_update =
        ops[i].kind == Kind::read || ops[i].kind == Kind::columns || ops[i].kind == Kind::two;
    if (!needs_update) continue;
    for (std::size_t j = 0; j < ops.size(); ++j) {
      const PlanVectorOp& update = ops[j];
      const bool is_own = ops[i].own >= 0 && update.own == ops[i].own;
      const bool is_known = ops[i].known >= 0 && update.known == ops[i].known;
      if (update.kind != Kind::update || !(is_own || is_known)) continue;
      all[i].push_back(static_cast<int>(j));
      if (!of_same_step) add_makers(all[i], update, true);
    }
  }
  return all;
}

// First what waits for no step, then what steps wait for, then the rest.
void ChunkSweep::order() {
  const auto& ops = sweep_.vector_ops;
  const auto of_all = sources(false), of_same_step = sources(true);
  std::vector<char> done(ops.size(), 0);
  std::vector<PlanVectorOp> ordered;
  const auto take = [&](const std::vector<std::vector<int>>& waits_for, const auto& may_take) {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < ops.size(); ++i) {
        const auto is_done = [&](int source) { return done[index(source)] != 0; };
        if (done[i] || !may_take(i) || !std::ranges::all_of(waits_for[i], is_done)) continue;
        done[i] = 1;
        ordered.push_back(ops[i]);
        changed = true;
      }
    }
  };
  const auto all = [](std::size_t) { return true; };
  take(of_all, all);
  sweep_.front_ops = ordered.size();
  // leads[i][j]: whether j waits for i.
  std::vector<std::vector<char>> leads(ops.size(), std::vector<char>(ops.size(), 0));
  for (std::size_t i = 0; i < ops.size(); ++i) {
    for (const int source : of_all[i]) leads[index(source)][i] = 1;
  }
  for (std::size_t k = 0; k < ops.size(); ++k) {
    for (std::size_t i = 0; i < ops.size(); ++i) {
      for (std::size_t j = 0; leads[i][k] && j < ops.size(); ++j) leads[i][j] |= leads[k][j];
    }
  }
  const auto leads_to_cycle = [&](std::size_t i) {
    if (leads[i][i]) return true;
    for (std::size_t j = 0; j < ops.size(); ++j) {
      if (leads[i][j] && leads[j][j]) return true;
    }
    return false;
  };
  take(of_same_step, leads_to_cycle);
  sweep_.step_ops = ordered.size() - sweep_.front_ops;
  take(of_all, all);
  if (ordered.size() != ops.size()) {
    fail_bug("planner: the sweep of {} has no order", of_.program.name);
  }
  sweep_.vector_ops = std::move(ordered);
}

PlanSweep ChunkSweep::finish() {
  resolve();
  order();
  return std::move(sweep_);
}

Index PlanSweep::passes_over_matrices() const {
  Index passes = 0;
  for (const PlanVectorOp& op : vector_ops) {
    using Kind = PlanVectorOp::Kind;
    if (op.kind == Kind::read || op.kind == Kind::start_columns) ++passes;
    if (op.kind == Kind::update && op.own >= 0)
      passes += static_cast<Index>(op.operands.size() / 2);
  }
  return passes;
}

}  // namespace carousel
