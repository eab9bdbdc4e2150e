#include <algorithm>

#include "program/plan.hpp"

namespace carousel {
namespace {

std::string product_text(const PlanGemm& product) {
  return fmt::format("[rows, {}] @ [{}, {}]{}", product.a.width, product.a.width, product.c.width,
                     product.weights.size() > 1
                         ? fmt::format(" ({} matrices as one)", product.weights.size())
                         : "");
}

std::string stages_text(const char* where, const std::vector<PlanStage>& stages) {
  std::string text;
  for (std::size_t wave = 0; wave < stages.size(); ++wave) {
    const PlanStage& stage = stages[wave];
    if (stage.tiles.empty() && stage.gemms.empty()) continue;
    text += fmt::format("  {}, wave {}: {} elementwise\n", where, wave, stage.tiles.size());
    for (const PlanGemm& product : stage.gemms) {
      text += fmt::format("    product {}\n", product_text(product));
    }
  }
  return text;
}

std::string pass_text(const ScanPlan& plan, const char* name, const PlanPass& pass) {
  std::string text = fmt::format("{}\n", name);
  text += stages_text("in front", pass.before);
  text += stages_text("in the loop", pass.loop);
  text += stages_text("behind", pass.behind);
  for (const PlanContraction& c : pass.contractions) {
    text +=
        fmt::format("  behind: weight gradient [{}, all rows] @ [all rows, {}]{}\n",
                    plan.gathered[c.a].width, plan.gathered[c.b].width,
                    c.nodes.size() > 1 ? fmt::format(" ({} matrices as one)", c.nodes.size()) : "");
  }
  if (!pass.row_sums.empty()) {
    text += fmt::format("  behind: {} vector gradients\n", pass.row_sums.size());
  }
  return text;
}

}  // namespace

std::string to_text(const ScanPlan& plan) {
  Index all_steps = 0;
  for (const PlanBuffer& buffer : plan.buffers) {
    if (buffer.scope == PlanBuffer::Scope::window) all_steps += buffer.width;
  }
  return pass_text(plan, "forward", plan.forward_pass) +
         pass_text(plan, "backward", plan.backward_pass) +
         fmt::format("kept for the way back: {} numbers for each row\n", all_steps);
}

}  // namespace carousel
