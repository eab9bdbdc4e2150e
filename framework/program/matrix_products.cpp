// What the sums of a sweep that makes no matrices read of them.

#include <algorithm>

#include "program/plan.hpp"

namespace carousel {
namespace {

using Kind = PlanMatrixOp::Kind;

int find_or_add(PlanSweep& sweep, int own, int known,
                const std::vector<PlanSweepOperand>& columns) {
  const auto found = std::ranges::find_if(sweep.products, [&](const PlanMatrixProduct& p) {
    return p.own == own && p.known == known && p.columns == columns;
  });
  const auto number = static_cast<int>(found - sweep.products.begin());
  if (found == sweep.products.end()) sweep.products.push_back({own, known, columns});
  return number;
}

// Of one matrix with the vectors down the columns that updates add to another one.
void add_products_with_updates(PlanSweep& sweep, const PlanMatrixTerm& product, Kind kind,
                               int state, std::vector<int>& numbers) {
  const bool of_known = kind == Kind::known_update;
  for (const PlanMatrixOp& op : sweep.matrix_ops) {
    if (op.kind != kind || op.number != state) continue;
    for (const PlanMatrixTerm& term : op.terms) {
      if (term.has_matrix()) continue;
      numbers.push_back(find_or_add(sweep, of_known ? product.own : -1,
                                    of_known ? -1 : product.known, term.columns));
    }
  }
}

bool are_numbers(const std::vector<PlanSweepOperand>& rows) {
  return std::ranges::all_of(rows,
                             [](const PlanSweepOperand& row) { return row.strides.element == 0; });
}

// Numbers alone, where what is read of two matrices at once is one, too.
Decays decays_of(const PlanSweep& sweep) {
  bool any = false, numbers = true;
  for (const PlanMatrixOp& op : sweep.matrix_ops) {
    for (const PlanMatrixTerm& term : op.terms) {
      if (op.kind == Kind::sum && term.is_of_two()) {
        numbers = numbers && are_numbers(term.rows) && op.sum.out.strides.element == 0;
      } else if (op.is_update() && term.has_matrix()) {
        any = any || !term.rows.empty() || term.scale != 1.0;
        numbers = numbers && are_numbers(term.rows);
      }
    }
  }
  return !any ? Decays::none : numbers ? Decays::numbers : Decays::columns;
}

}  // namespace

void find_products(PlanSweep& sweep) {
  sweep.decays = decays_of(sweep);
  for (PlanMatrixOp& op : sweep.matrix_ops) {
    if (!op.is_behind()) continue;
    for (PlanMatrixTerm& term : op.terms) {
      if (!term.has_matrix()) continue;
      if (!term.is_of_two()) {
        term.products.push_back(find_or_add(sweep, term.own, term.known, term.columns));
        continue;
      }
      add_products_with_updates(sweep, term, Kind::known_update, term.known, term.products);
      add_products_with_updates(sweep, term, Kind::update, term.own, term.products);
    }
  }
}

Index passes_over_matrices(const PlanSweep& sweep) {
  auto passes = static_cast<Index>(sweep.products.size());
  for (const PlanMatrixOp& op : sweep.matrix_ops) {
    for (const PlanMatrixTerm& term : op.terms) {
      if (op.kind == Kind::update ? !term.has_matrix() : op.is_by_rows() && term.has_matrix())
        ++passes;
    }
  }
  return passes;
}

}  // namespace carousel
