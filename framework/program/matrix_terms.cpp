#include "program/matrix_terms.hpp"

namespace carousel {

std::optional<std::vector<MatrixTerm>> MatrixTerms::of_matrix(int node) const {
  const bool is_op = program_.nodes[static_cast<std::size_t>(node)].kind == ProgramNode::Kind::op;
  if (!is_op) return {{MatrixTerm{{node}}}};
  const auto work = sweep_work(program_, node);
  if (!work || work->is_sum || !(work->space == space_) || !(work->out == space_.whole())) {
    return std::nullopt;
  }
  const auto operand = [&](std::size_t k) { return of_operand(work->operands[k]); };
  switch (work->tile) {
    case Tile::copy: return operand(0);
    case Tile::neg: return sum(std::vector<MatrixTerm>{}, operand(0), -1.0);
    case Tile::add: return sum(operand(0), operand(1), 1.0);
    case Tile::sub: return sum(operand(0), operand(1), -1.0);
    case Tile::mul: return product(operand(0), operand(1));
    default: return std::nullopt;
  }
}

std::optional<std::vector<MatrixTerm>> MatrixTerms::of_sum(const SweepWork& work) const {
  Terms terms = of_operand(work.operands[0]);
  if (work.operands.size() == 2) terms = product(terms, of_operand(work.operands[1]));
  return terms;
}

MatrixTerms::Terms MatrixTerms::of_operand(const SweepOperand& operand) const {
  if (wide_[static_cast<std::size_t>(operand.node)]) {
    if (!(operand.strides == space_.whole())) return std::nullopt;
    return of_matrix(operand.node);
  }
  MatrixTerm term;
  // Elements that lie apart are no vector to the kernels.
  if (operand.strides.row > 1 || operand.strides.element > 1) return std::nullopt;
  if (operand.strides.row == 0) term.rows.push_back(operand);
  else if (operand.strides.element == 0) term.columns.push_back(operand);
  else return std::nullopt;
  return {{term}};
}

MatrixTerms::Terms MatrixTerms::sum(const Terms& a, const Terms& b, double scale) {
  if (!a || !b || a->size() + b->size() > most_terms) return std::nullopt;
  Terms all = a;
  for (MatrixTerm term : *b) {
    term.scale *= scale;
    all->push_back(term);
  }
  return all;
}

MatrixTerms::Terms MatrixTerms::product(const Terms& a, const Terms& b) {
  if (!a || !b || a->size() * b->size() > most_terms) return std::nullopt;
  Terms all{std::vector<MatrixTerm>{}};
  for (const MatrixTerm& x : *a) {
    for (const MatrixTerm& y : *b) {
      MatrixTerm both = x;
      both.matrices.insert(both.matrices.end(), y.matrices.begin(), y.matrices.end());
      both.rows.insert(both.rows.end(), y.rows.begin(), y.rows.end());
      both.columns.insert(both.columns.end(), y.columns.begin(), y.columns.end());
      both.scale *= y.scale;
      all->push_back(both);
    }
  }
  return all;
}

}  // namespace carousel
