#include "bench/suite/scan_bound.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace carousel {
namespace {

// Elements of a value that belong to one row.
double elements(const Shape& shape) { return double(std::abs(shape.numel())); }

bool only_moves(std::string_view op) {
  constexpr std::array<std::string_view, 14> names{
      "reshape",   "broadcast_to", "transpose", "slice",        "concat",
      "pad",       "gather_rows",  "pick",      "unpick",       "take_along",
      "put_along", "scatter_rows", "copy",      "stop_gradient"};
  return std::ranges::find(names, op) != names.end();
}

// Functions of matrices run in double, of which half as many fill a vector.
constexpr double lanes_of_double = 2.0;

// Multiply-adds of a function of n x n matrices, divided by n^3; 0 for another op. Chapters are
// those of Higham 2002, "Accuracy and Stability of Numerical Algorithms".
double share_of_cube(const PlanCall& call) {
  const std::string_view name = call.op->name;
  if (name == "inverse") return 1.0;  // in place, chapter 14
  // Cholesky factors, half the work of LU factors (chapters 9 and 10), and both substitutions. The
  // data decides which it is: the smaller.
  if (name == "solve") {
    return 1.0 / 6.0 + double(std::abs(call.shape.back())) / double(call.shapes[0].back());
  }
  // Degree 13, which all but small matrices need, without squarings, of which the data decides:
  // six products (Higham 2005, table 2.2), LU factors and n columns.
  if (name == "expm") return 6.0 + 1.0 / 3.0 + 1.0;
  // Beside those two more products for each and one on the right of the system, with n columns more
  // (Al-Mohy and Higham 2009, algorithm 6.4).
  if (name == "expm_frechet") return 18.0 + 1.0 / 3.0 + 3.0;
  return 0.0;
}

// Nanoseconds of work, on one row or once a call.
class Work {
 public:
  explicit Work(const MachineRates& rates) : rates_(rates) {}

  void add(const PlanStage& stage) {
    for (const PlanTile& tile : stage.tiles) {
      if (!tile.runs.empty()) continue;  // only moves
      elementwise += double(tile.out.width) * rates_.tiles.at(tile.tile);
    }
    for (const PlanSweep& sweep : stage.sweeps) {
      if (!sweep.vector_ops.empty()) {
        add_chunks(sweep);
        continue;
      }
      for (const PlanSweepOp& op : sweep.ops) {
        const bool product = op.kind != PlanSweepOp::Kind::elementwise && op.operand_count == 2;
        const Tile tile = op.kind == PlanSweepOp::Kind::elementwise ? op.tile
                          : product                                 ? Tile::mul_add
                                                                    : Tile::add;
        const double ops = op.operand_count == 4 ? 2.0 : 1.0;
        elementwise += ops * double(sweep.space.size()) * rates_.tiles.at(tile);
      }
    }
    for (const PlanGemm& product : stage.gemms) {
      multiply(double(product.a.width) * double(product.c.width) / double(product.repeat));
    }
    for (const PlanCall& call : stage.calls) add(call);
  }
  // Products with the matrices, and with what half a stretch of steps added to them.
  void add_chunks(const PlanSweep& sweep) {
    const SweepSpace& space = sweep.space;
    const auto passes = double(sweep.passes_over_matrices());
    multiply(passes * double(space.size()));
    elementwise += passes * 0.5 * double(ScanPlan::stretch_steps * space.groups) *
                   double(space.rows + space.width) * rates_.tiles.at(Tile::mul_add);
    for (const PlanVectorOp& op : sweep.vector_ops) {
      if (op.is_of_program) {
        elementwise += double(space.groups * space.rows) * rates_.tiles.at(op.tile);
      }
    }
    if (sweep.decays != Decays::columns) return;
    // Half of the vectors decay each time that halves of a stretch become one, and what is carried
    // of two matrices on both sides; that grows with each step, too.
    const auto steps = double(ScanPlan::stretch_steps), width = double(space.groups * space.width);
    const double decays = 0.5 * std::log2(steps) * width * rates_.tiles.at(Tile::mul);
    for (const PlanVectorOp& op : sweep.vector_ops) {
      using Kind = PlanVectorOp::Kind;
      if (op.kind == Kind::two) {
        elementwise += 2.0 * decays + steps * width * rates_.tiles.at(Tile::mul_add);
      } else if (op.kind == Kind::update) {
        const std::size_t vectors = op.operands.size() / 2;
        elementwise += decays * double(vectors);
      } else if (op.kind == Kind::read || op.kind == Kind::columns) {
        elementwise += decays;
      }
    }
  }
  void add(const PlanCall& call) {
    if (only_moves(call.op->name)) return;
    if (call.op->name == std::string_view("matmul")) {
      const Shape& a = call.shapes[0];
      const Index inner = a[a.rank() - (call.attributes.transpose_a ? 2 : 1)];
      return multiply(elements(call.shape) * double(std::abs(inner)));
    }
    if (const double share = share_of_cube(call); share > 0.0) {
      const Shape& matrix = call.shapes[0];
      return multiply(lanes_of_double * share * elements(matrix) * double(matrix.back()));
    }
    double most = elements(call.shape);
    for (const Shape& shape : call.shapes) most = std::max(most, elements(shape));
    elementwise += most * rate_of(call.op->name);
  }
  // An op on values that are the same for all rows.
  void add(const StepProgram& program, int number) {
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(number)];
    if (node.kind != ProgramNode::Kind::op) return;
    PlanCall call{number, node.op, node.attributes, {}, {}, node.shape, {}};
    for (const int input : node.inputs) {
      call.shapes.push_back(program.nodes[static_cast<std::size_t>(input)].shape);
    }
    add(call);
  }
  void multiply(double multiply_adds) { products += 2.0 * multiply_adds / rates_.flops; }
  void sum(const PlanRowSum& sum) {
    elementwise +=
        double(sum.a.width) * rates_.tiles.at(sum.b.buffer < 0 ? Tile::add : Tile::mul_add);
  }

  double products = 0.0, elementwise = 0.0;

 private:
  // That of the kernel of its name; a reduction adds.
  double rate_of(std::string_view op) const {
    for (const auto& [tile, rate] : rates_.tiles) {
      if (tile_name(tile) == op) return rate;
    }
    return rates_.tiles.at(Tile::add);
  }

  const MachineRates& rates_;
};

void add_pass(const ScanPlan& plan, const PlanPass& pass, Work& work) {
  for (const auto* stages : {&pass.before, &pass.again, &pass.loop, &pass.behind}) {
    for (const PlanStage& stage : *stages) work.add(stage);
  }
  for (const PlanContraction& c : pass.contractions) {
    work.multiply(double(plan.gathered[c.a].width) * double(plan.gathered[c.b].width));
  }
  for (const PlanRowSum& sum : pass.row_sums) work.sum(sum);
  for (const PlanCall& call : pass.summed_calls) work.add(call);
}

// Numbers that come or go: the inputs and what reaches them, the outputs and what comes back, a row
// each; the parameters and their gradients, once.
double numbers_moved(const ScanPlan& plan, Index rows) {
  double row = 2.0 * elements(plan.forward.output_shape()), once = 0.0;
  for (std::size_t k = 0; k < plan.forward.inputs.size(); ++k) {
    const auto node = static_cast<std::size_t>(plan.forward.inputs[k]);
    const bool is_wanted = plan.wanted_inputs.empty() || plan.wanted_inputs[k];
    row += (is_wanted ? 2.0 : 1.0) * elements(plan.forward.nodes[node].shape);
  }
  for (const ProgramParameter& p : plan.forward.parameters) once += 2.0 * double(p.shape.numel());
  return row * double(rows) + once;
}

}  // namespace

double ScanBound::total() const { return std::max(products + elementwise, memory); }

ScanBound bound_of(const ScanPlan& plan, Index rows, const MachineRates& rates) {
  Work each_row(rates), once(rates);
  add_pass(plan, plan.forward_pass, each_row);
  add_pass(plan, plan.backward_pass, each_row);
  for (const int node : plan.forward_pass.invariant_ops) once.add(plan.forward, node);
  for (const auto* ops : {&plan.backward_pass.invariant_ops, &plan.backward_pass.final_ops}) {
    for (const int node : *ops) once.add(plan.backward.program, node);
  }
  const auto in_all = [&](double row, double one) { return 1e-6 * (double(rows) * row + one); };
  return {in_all(each_row.products, once.products), in_all(each_row.elementwise, once.elementwise),
          1e-6 * double(sizeof(float)) * numbers_moved(plan, rows) / rates.copy};
}

}  // namespace carousel
