#pragma once
// Programs of a few lines of text, and their compiled scan against the tape in all that it gives.

#include "scan_fixtures.hpp"

namespace carousel {

/// The cell of these lines, whose output is h.
inline StepProgram program_of_lines(const std::string& text, const CellSizes& sizes) {
  CellRegistry registry;
  registry.add_text("cell t\n" + text + "output h\n", "t.cell");
  return registry.find("t").build(sizes);
}

/// More steps than two chunks, of sequences that end in different ones.
inline ScanOptions with_lengths() {
  ScanOptions options;
  options.lengths = {40, 75, 1, 33, 64};
  return options;
}

inline void expect_tape(const StepProgram& program, const ScanOptions& options) {
  constexpr Index steps = 75, batch = 5;
  const Scan scan(program);
  const auto got = run_scan<double>(scan, steps, batch, options);
  const auto expected = run_scan<double>(scan, steps, batch, options, Executor::tape);
  expect_close(got.outputs, expected.outputs, 1e-10, "outputs");
  for (std::size_t k = 0; k < expected.final_states.size(); ++k) {
    expect_close(got.final_states[k], expected.final_states[k], 1e-10, program.states[k].name);
  }
  for (std::size_t k = 0; k < expected.gradients.size(); ++k) {
    expect_close(got.gradients[k], expected.gradients[k], 1e-10, expected.wrt[k]);
  }
}

}  // namespace carousel
