// A scan as an object: when it is compiled, and what it keeps from run to run.

#include "program/scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scan_fixtures.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

constexpr Index batch = 4;

// tanh, whose derivative rule wants to know the size of the batch.
Op op_with_a_strict_rule() {
  Op op = find_op("tanh");
  op.name = "strict";
  op.derivative = [](const DerivativeCall& d) {
    if (is_batched(d.out.shape())) fail_input("strict: the batch has no size");
    return d.grad;
  };
  return op;
}

TEST(Scan, IsCompiledWhenItFirstRuns) {
  const Op strict = op_with_a_strict_rule();
  StepBuilder b("test");
  const Var x = b.input("x", 2), h = b.state("h", 2);
  b.set_state("h", b.apply(strict, std::array{x + h}, {}));
  b.set_output("h");
  const Scan scan(b.finish());
  EXPECT_EQ(scan.program().name, "test");
  for (int repeat = 0; repeat < 2; ++repeat) {
    EXPECT_EQ(error_of<InputError>([&] { scan.compile(); }), "strict: the batch has no size");
    EXPECT_EQ(error_of<InputError>([&] { run_scan<double>(scan, 3, batch, {}); }),
              "strict: the batch has no size");
    EXPECT_EQ(scan.bytes_reserved(), 0u);
  }
}

TEST(Scan, CompiledInAdvanceItRunsAsOtherwise) {
  const StepProgram program = fixture_program(catalogue().find("lstm"));
  const Scan at_once(program), later(program);
  at_once.compile();
  expect_same_run(run_scan<double>(at_once, 5, batch, {}), run_scan<double>(later, 5, batch, {}));
}

}  // namespace
}  // namespace carousel
