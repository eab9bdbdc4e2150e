// Segments save memory on the way back; they may not change a bit of what comes out.

#include <gtest/gtest.h>

#include "covering_cells.hpp"
#include "scan_fixtures.hpp"

namespace carousel {
namespace {

// Chunks hold 128 rows, so this many steps of four sequences make several.
constexpr Index steps = 150, batch = 4;

class SegmentsTest : public testing::TestWithParam<Cell> {
 protected:
  const Scan scan_{fixture_program(GetParam())};

  template <class T>
  void expect_same_bits_for_any_segments() const {
    for (ScanOptions options : scan_cases(steps)) {
      const ScanRun<T> expected = run_scan<T>(scan_, steps, batch, options);
      for (const Index segments : {2, 5, 0, 1000}) {
        options.segments = segments;
        SCOPED_TRACE(to_text(options));
        expect_same_run(run_scan<T>(scan_, steps, batch, options), expected);
      }
    }
  }

  template <class T>
  void expect_no_need_of_outputs() const {
    for (ScanOptions options : scan_cases(steps)) {
      const ScanRun<T> expected =
          run_scan<T>(scan_, steps, batch, options, Executor::compiled, LossOf::states);
      ASSERT_TRUE(expected.outputs.defined());
      options.outputs = false;
      for (const Index segments : {1, 5, 0}) {
        options.segments = segments;
        SCOPED_TRACE(to_text(options));
        const ScanRun<T> got =
            run_scan<T>(scan_, steps, batch, options, Executor::compiled, LossOf::states);
        EXPECT_FALSE(got.outputs.defined());
        expect_same_run(got, expected);
      }
    }
  }
};

// The whole catalogue agrees with the tape without segments, and with them has the same bits. The
// rest is the same for every cell.
class SegmentsOfAFewCells : public SegmentsTest {};

TEST_P(SegmentsTest, ChangeNoBit) {
  expect_same_bits_for_any_segments<double>();
  expect_same_bits_for_any_segments<float>();
}

// The same bits could all be wrong: the values against the tape, where all is kept.
TEST_P(SegmentsOfAFewCells, AgreeWithTheTape) {
  for (ScanOptions options : scan_cases(steps)) {
    options.segments = 5;
    SCOPED_TRACE(to_text(options));
    const auto got = run_scan<double>(scan_, steps, batch, options);
    const auto expected = run_scan<double>(scan_, steps, batch, options, Executor::tape);
    expect_close(got.outputs, expected.outputs, 1e-10, "outputs");
    for (std::size_t k = 0; k < expected.gradients.size(); ++k) {
      expect_close(got.gradients[k], expected.gradients[k], 1e-10, expected.wrt[k]);
    }
  }
}

TEST_P(SegmentsOfAFewCells, WithoutOutputsStatesAndGradientsAreTheSame) {
  expect_no_need_of_outputs<double>();
  expect_no_need_of_outputs<float>();
}

// Where no gradient is asked for nothing is kept, whatever the options say.
TEST_P(SegmentsOfAFewCells, AWayWithoutReturnGivesTheSameBits) {
  const StepProgram& program = scan_.program();
  for (const ScanOptions& options : scan_cases(steps)) {
    const ScanRun<double> expected = run_scan<double>(scan_, steps, batch, options);
    Tape<double> tape;
    std::vector<Var> parameters, states;
    for (const auto& p : random_parameters<double>(program)) parameters.push_back(tape.constant(p));
    for (const auto& s : random_states<double>(program, batch)) states.push_back(tape.constant(s));
    std::vector<Var> inputs;
    for (const auto& in : random_inputs<double>(program, steps, batch)) {
      inputs.push_back(tape.constant(in));
    }
    const ScanResult got = scan_.run(tape, parameters, inputs, states, options);
    SCOPED_TRACE(to_text(options));
    expect_same_bits(tape.value(got.outputs), expected.outputs, "outputs");
    for (std::size_t k = 0; k < states.size(); ++k) {
      expect_same_bits(tape.value(got.final_states[k]), expected.final_states[k],
                       program.states[k].name);
    }
  }
}

TEST_P(SegmentsOfAFewCells, FewerThanNoneIsAnError) {
  ScanOptions options;
  options.segments = -1;
  for (const Executor executor : {Executor::tape, Executor::compiled}) {
    try {
      run_scan<double>(scan_, 5, batch, options, executor);
      ADD_FAILURE() << "no error";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("segments"), std::string::npos) << error.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, SegmentsOfAFewCells, testing::ValuesIn(covering_cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(Catalogue, SegmentsTest, testing::ValuesIn(catalogue().cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

}  // namespace
}  // namespace carousel
