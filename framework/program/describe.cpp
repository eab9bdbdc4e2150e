#include <algorithm>
#include <string_view>

#include "program/plan.hpp"

namespace carousel {
namespace {

// Work on one row: one time step of one sequence.
struct Work {
  Index products = 0;     // multiplications and additions of the matrix products
  Index elementwise = 0;  // results of elementwise ops
};

std::string product_text(const PlanGemm& product) {
  const Index inner = product.a.width / product.repeat, columns = product.c.width / product.repeat;
  const std::string rows = product.repeat == 1 ? "rows" : fmt::format("{} rows", product.repeat);
  return fmt::format("[{}, {}] @ [{}, {}]{}", rows, inner, inner, columns,
                     product.weights.size() > 1
                         ? fmt::format(" ({} matrices as one)", product.weights.size())
                         : "");
}

// "add_sigmoid x3, mul, tanh", in the order in which they first run.
std::string counted(const std::vector<std::string_view>& names) {
  std::vector<std::pair<std::string_view, int>> counts;
  for (const std::string_view name : names) {
    const auto same = [&](const auto& c) { return c.first == name; };
    const auto found = std::find_if(counts.begin(), counts.end(), same);
    if (found == counts.end()) counts.emplace_back(name, 1);
    else ++found->second;
  }
  std::string text;
  for (const auto& [name, count] : counts) {
    text += (text.empty() ? "" : ", ") + std::string(name);
    if (count > 1) text += fmt::format(" x{}", count);
  }
  return text;
}

std::string tiles_text(const std::vector<PlanTile>& tiles) {
  std::vector<std::string_view> names;
  for (const PlanTile& tile : tiles) {
    names.push_back(tile.runs.empty() ? std::string_view(tile_name(tile.tile)) : "move");
  }
  return counted(names);
}

// What a sweep does that never makes its matrices.
std::string vector_ops_text(const PlanSweep& sweep) {
  using Kind = PlanVectorOp::Kind;
  std::vector<std::string_view> names;
  for (const PlanVectorOp& op : sweep.vector_ops) {
    const std::size_t outer_products =
        op.kind == Kind::update && op.own >= 0 ? op.operands.size() / 2 : 0;
    names.insert(names.end(), outer_products, "outer product");
    if (op.kind == Kind::read || op.kind == Kind::columns) names.emplace_back("read");
    if (op.kind == Kind::two) names.emplace_back("product of two");
  }
  for (const PlanVectorOp& op : sweep.vector_ops) {
    if (op.is_of_program) names.push_back(tile_name(op.tile));
  }
  return counted(names);
}

std::string sweep_text(const PlanSweep& sweep) {
  const std::string groups = sweep.space.groups > 1 ? fmt::format("{} x ", sweep.space.groups) : "";
  const std::string size = fmt::format("[{}{} x {}]", groups, sweep.space.rows, sweep.space.width);
  if (!sweep.vector_ops.empty()) {
    return fmt::format("{} by chunks of steps: {}", size, vector_ops_text(sweep));
  }
  std::vector<std::string_view> names;
  for (const PlanSweepOp& op : sweep.ops) {
    const bool product = op.operand_count == 2;
    names.push_back(op.operand_count == 4 ? std::string_view("mul_add_mul")
                    : op.kind == PlanSweepOp::Kind::elementwise
                        ? std::string_view(tile_name(op.tile))
                    : op.kind == PlanSweepOp::Kind::row_sums ? (product ? "dot" : "sum")
                    : product                                ? "add_mul"
                                                             : "add");
  }
  return fmt::format("{} by rows: {}", size, counted(names));
}

std::string calls_text(const std::vector<PlanCall>& calls) {
  std::vector<std::string_view> names;
  for (const PlanCall& call : calls) names.push_back(call.op->name);
  return counted(names);
}

// Lines of at most 80 columns.
std::string wrapped(const std::string& indent, const std::string& text) {
  std::string out, line = indent;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(", ", at), text.size());
    const std::string word = text.substr(at, end + 2 - at);
    if (line.size() + word.size() > 80) {
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      line = std::string(indent.size(), ' ');
    }
    line += word;
    at = end + 2;
  }
  return out + line + "\n";
}

std::string stages_text(const char* where, const std::vector<PlanStage>& stages, Work& work) {
  std::string text;
  for (std::size_t wave = 0; wave < stages.size(); ++wave) {
    const PlanStage& stage = stages[wave];
    const bool is_empty =
        stage.tiles.empty() && stage.sweeps.empty() && stage.gemms.empty() && stage.calls.empty();
    if (is_empty) continue;
    text += fmt::format("  {}, wave {}\n", where, wave);
    if (!stage.tiles.empty()) text += wrapped("    elementwise: ", tiles_text(stage.tiles));
    for (const PlanTile& tile : stage.tiles) {
      if (tile.runs.empty()) work.elementwise += tile.out.width;
    }
    for (const PlanSweep& sweep : stage.sweeps) {
      text += wrapped("    ", sweep_text(sweep));
      work.elementwise += std::ssize(sweep.ops) * sweep.space.size();
      for (const PlanVectorOp& op : sweep.vector_ops) {
        if (op.is_of_program) work.elementwise += sweep.space.rows;
      }
      work.products += 2 * sweep.space.size() * sweep.passes_over_matrices();
    }
    for (const PlanGemm& product : stage.gemms) {
      text += fmt::format("    product {}\n", product_text(product));
      work.products += 2 * product.a.width * product.c.width / product.repeat;
    }
    if (!stage.calls.empty()) text += wrapped("    ops by themselves: ", calls_text(stage.calls));
  }
  return text;
}

std::string pass_text(const ScanPlan& plan, const char* name, const PlanPass& pass) {
  Work front, again, loop, behind;
  std::string text = fmt::format("{}\n", name);
  if (!pass.invariant_ops.empty()) {
    text += fmt::format("  once: {} ops on parameters\n", pass.invariant_ops.size());
  }
  text += stages_text("in front", pass.before, front);
  text += stages_text("again, from the start of a chunk", pass.again, again);
  text +=
      stages_text(plan.by_sequences ? "in the loop, by sequences" : "in the loop", pass.loop, loop);
  text += stages_text("behind", pass.behind, behind);
  for (const PlanContraction& c : pass.contractions) {
    const Index rows = plan.gathered[c.a].width, columns = plan.gathered[c.b].width;
    text +=
        fmt::format("  behind: weight gradient [{}, all rows] @ [all rows, {}]{}\n", rows, columns,
                    c.nodes.size() > 1 ? fmt::format(" ({} matrices as one)", c.nodes.size()) : "");
    behind.products += 2 * rows * columns;
  }
  if (!pass.row_sums.empty()) {
    text += fmt::format("  behind: {} vector gradients\n", pass.row_sums.size());
  }
  if (!pass.summed_calls.empty()) {
    text += wrapped("  behind: gradients summed by ", calls_text(pass.summed_calls));
  }
  const Index products = front.products + loop.products + behind.products;
  return text +
         fmt::format("  a row: {} operations in products ({} in the loop), {} elementwise\n",
                     products, loop.products,
                     front.elementwise + again.elementwise + loop.elementwise + behind.elementwise);
}

}  // namespace

std::string to_text(const ScanPlan& plan) {
  Index kept = 0;
  for (const PlanBuffer& buffer : plan.buffers) {
    if (buffer.scope == PlanBuffer::Scope::window) kept += buffer.width;
  }
  const Index hidden = plan.forward.output_shape().back();
  return pass_text(plan, "forward", plan.forward_pass) +
         pass_text(plan, "backward", plan.backward_pass) +
         fmt::format(
             "kept for the way back, a row: {} numbers, {} bytes in float, {:.2f} x the output\n",
             kept, kept * 4, static_cast<double>(kept) / static_cast<double>(hidden));
}

}  // namespace carousel
