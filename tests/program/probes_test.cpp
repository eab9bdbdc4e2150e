// What a scan records beside its outputs: values inside a step, and norms of gradients.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "covering_cells.hpp"
#include "scan_fixtures.hpp"

namespace carousel {
namespace {

constexpr Index steps = 75, batch = 4;  // three chunks

// Names of the values that differ from sequence to sequence, or of those that do not.
std::vector<std::string> named_values(const StepProgram& program, bool batched) {
  std::vector<std::string> names;
  for (const ProgramNode& node : program.nodes) {
    if (node.kind != ProgramNode::Kind::op || node.name.empty()) continue;
    const bool has_batch = node.shape.rank() > 0 && node.shape[0] == batch_dim;
    if (has_batch == batched) names.push_back(node.name);
  }
  return names;
}

std::string error_of(const Scan& scan, const std::string& probe, Executor executor) {
  ScanOptions options;
  options.probes = {probe};
  try {
    run_scan<double>(scan, 3, batch, options, executor);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

class ScanRecords : public testing::TestWithParam<Cell> {
 protected:
  const Scan scan_{fixture_program(GetParam())};
  const std::vector<std::string> names_ = named_values(scan_.program(), true);
};

TEST_P(ScanRecords, EveryNamedValueAsTheTapeHasIt) {
  ASSERT_FALSE(names_.empty());
  for (ScanOptions options : scan_cases(steps)) {
    options.probes = names_;
    const auto expected = run_scan<double>(scan_, steps, batch, options, Executor::tape);
    for (const Index segments : {1, 3}) {
      options.segments = segments;
      SCOPED_TRACE(to_text(options));
      const auto got = run_scan<double>(scan_, steps, batch, options);
      ASSERT_EQ(got.probes.size(), names_.size());
      for (std::size_t k = 0; k < names_.size(); ++k) {
        expect_close(got.probes[k], expected.probes[k], 1e-11, names_[k]);
      }
    }
  }
}

// The tape could be wrong as well.
TEST_P(ScanRecords, ZerosBeyondTheLengths) {
  for (ScanOptions options : scan_cases(steps)) {
    if (options.lengths.empty()) continue;
    options.probes = names_;
    for (const Executor executor : {Executor::tape, Executor::compiled}) {
      const auto run = run_scan<float>(scan_, steps, batch, options, executor);
      for (std::size_t k = 0; k < names_.size(); ++k) {
        const Tensor<float>& probe = run.probes[k];
        const Index width = probe.numel() / (steps * batch);
        int others = 0;  // not all: a relu gives zeros too
        for (Index row = 0; row < steps * batch; ++row) {
          const float* values = probe.data() + row * width;
          const bool runs = row / batch < options.lengths[std::size_t(row % batch)];
          const bool zero = std::all_of(values, values + width, [](float v) { return v == 0.0f; });
          ASSERT_TRUE(zero || runs) << names_[k] << " row " << row << ", " << to_text(options);
          others += zero ? 0 : 1;
        }
        EXPECT_GT(others, steps / 2) << names_[k] << ", " << to_text(options);
      }
    }
  }
}

TEST_P(ScanRecords, OneProbeIsThatOfAll) {
  ScanOptions options = scan_cases(steps)[1];
  options.probes = names_;
  const auto all = run_scan<double>(scan_, steps, batch, options);
  for (std::size_t k = 0; k < names_.size(); ++k) {
    options.probes = {names_[k]};
    const auto one = run_scan<double>(scan_, steps, batch, options);
    ASSERT_EQ(one.probes.size(), 1u);
    expect_close(one.probes[0], all.probes[k], 1e-12, names_[k]);
  }
}

// Looking must not change what is looked at.
TEST_P(ScanRecords, RecordingChangesNoBit) {
  for (ScanOptions options : scan_cases(steps)) {
    SCOPED_TRACE(to_text(options));
    const auto expected_double = run_scan<double>(scan_, steps, batch, options);
    const auto expected_float = run_scan<float>(scan_, steps, batch, options);
    options.gradient_norms = true;
    expect_same_run(run_scan<double>(scan_, steps, batch, options), expected_double);
    options.probes = names_;
    expect_same_run(run_scan<double>(scan_, steps, batch, options), expected_double);
    expect_same_run(run_scan<float>(scan_, steps, batch, options), expected_float);
  }
}

TEST_P(ScanRecords, ProbesWithoutOutputs) {
  ScanOptions options = scan_cases(steps)[1];
  options.probes = names_;
  const auto expected =
      run_scan<double>(scan_, steps, batch, options, Executor::compiled, LossOf::states);
  options.outputs = false;
  for (const Executor executor : {Executor::tape, Executor::compiled}) {
    const auto got = run_scan<double>(scan_, steps, batch, options, executor, LossOf::states);
    EXPECT_FALSE(got.outputs.defined());
    for (std::size_t k = 0; k < names_.size(); ++k) {
      expect_close(got.probes[k], expected.probes[k], 1e-11, names_[k]);
    }
  }
}

TEST_P(ScanRecords, AnUnknownNameIsAnErrorWithASuggestion) {
  for (const Executor executor : {Executor::tape, Executor::compiled}) {
    for (const std::string& name : names_) {
      const std::string error = error_of(scan_, name + "?", executor);
      EXPECT_THAT(error, testing::HasSubstr(GetParam().name));
      EXPECT_THAT(error, testing::HasSubstr("'" + name + "?'"));
      EXPECT_THAT(error, testing::HasSubstr("did you mean '"));
    }
    for (const std::string& name : named_values(scan_.program(), false)) {
      EXPECT_THAT(error_of(scan_, name, executor), testing::HasSubstr("'" + name + "'"));
    }
  }
}

TEST_P(ScanRecords, GradientNormsAsTheTapeHasThem) {
  for (ScanOptions options : scan_cases(steps)) {
    options.gradient_norms = true;
    const auto expected = run_scan<double>(scan_, steps, batch, options, Executor::tape);
    ASSERT_EQ(expected.norms.size(), scan_.program().states.size());
    for (const Index segments : {1, 3}) {
      options.segments = segments;
      SCOPED_TRACE(to_text(options));
      const auto got = run_scan<double>(scan_, steps, batch, options);
      ASSERT_EQ(got.norms.size(), expected.norms.size());
      for (std::size_t k = 0; k < got.norms.size(); ++k) {
        ASSERT_EQ(got.norms[k].size(), std::size_t(steps));
        for (std::size_t t = 0; t < std::size_t(steps); ++t) {
          const double norm = expected.norms[k][t];
          ASSERT_NEAR(got.norms[k][t], norm, 1e-10 * (norm + 1e-6)) << "state " << k << ", " << t;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, ScanRecords, testing::ValuesIn(covering_cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

Tensor<double> rows_from(const Tensor<double>& x, Index first) {
  const Shape& all = x.shape();
  const Index row = all[1] * all[2];
  return Tensor<double>::from({all[0] - first, all[1], all[2]},
                              {x.data() + first * row, x.data() + all[0] * row});
}

// The same norm in another way: the sequence is cut in front of step t, and the second part reads
// the state as a leaf. Sequences that have ended by then have no step that reads it.
double norm_by_cutting(const StepProgram& program, const std::vector<Index>& lengths, Index t) {
  Tape<double> tape;
  std::vector<Var> parameters;
  for (const auto& p : random_parameters<double>(program)) parameters.push_back(tape.constant(p));
  const auto x = random_inputs<double>(program, steps, batch)[0];
  const auto weight = normal<double>({steps, batch, fixture_hidden}, "weight");
  std::vector<Var> state{tape.constant(random_states<double>(program, batch)[0])};
  ScanOptions first, second;
  for (const Index length : lengths) {
    first.lengths.push_back(std::min(length, t));
    second.lengths.push_back(std::max<Index>(length - t, 0));
  }
  if (t > 0) {
    const Var all = tape.constant(x);
    state = scan_on_tape(program, tape, parameters, {&all, 1}, state, first).final_states;
  }
  const Var leaf = tape.leaf(tape.value(state[0]));
  const Var rest = tape.constant(rows_from(x, t));
  const auto result = scan_on_tape(program, tape, parameters, {&rest, 1}, {&leaf, 1}, second);
  const Var final_weight = tape.constant(normal<double>({batch, fixture_hidden}, "weight h"));
  const Var loss = sum(result.outputs * tape.constant(rows_from(weight, t))) +
                   sum(result.final_states[0] * final_weight);
  const Tensor<double> gradient = tape.gradients(loss, {&leaf, 1})[0];
  double squares = 0.0;
  for (Index i = 0; i < gradient.numel(); ++i) {
    const bool runs = second.lengths[std::size_t(i / fixture_hidden)] > 0;
    if (runs) squares += gradient.data()[i] * gradient.data()[i];
  }
  return std::sqrt(squares);
}

TEST(GradientNorms, AreThoseOfTheSequenceCutInTwo) {
  const Scan scan(catalogue().find("rnn_tanh").build({fixture_input, fixture_hidden}));
  for (const std::vector<Index>& lengths : {std::vector<Index>(4, steps), {20, steps, 3, 50}}) {
    ScanOptions options;
    options.gradient_norms = true;
    options.lengths = lengths;
    const auto run = run_scan<double>(scan, steps, batch, options);
    for (const Index t : {0, 1, 2, 3, 19, 20, 21, 31, 32, 49, 50, 64, 74}) {
      const double expected = norm_by_cutting(scan.program(), lengths, t);
      EXPECT_GT(expected, 0.0);
      EXPECT_NEAR(run.norms[0][std::size_t(t)], expected, 1e-10 * expected) << "step " << t;
    }
  }
}

// Each way back writes the norms anew.
TEST(GradientNorms, AreThoseOfTheLastWayBack) {
  const StepProgram program = catalogue().find("rnn_tanh").build({fixture_input, fixture_hidden});
  const Scan scan(program);
  Tape<double> tape;
  std::vector<Var> parameters;
  for (const auto& p : program.parameters) {
    parameters.push_back(tape.leaf(normal<double>(p.shape, p.name)));
  }
  const Var x = tape.leaf(normal<double>({steps, batch, fixture_input}, "x"));
  ScanOptions options;
  options.gradient_norms = true;
  const auto run = scan.run(tape, parameters, {&x, 1},
                            initial_states(program, tape, parameters, batch), options);
  const Var loss = sum(run.outputs);
  tape.gradients(loss, parameters);
  const std::vector<double> once = run.gradient_norms->norms[0];
  tape.gradients(loss * constant(tape, 2.0), parameters);
  for (std::size_t t = 0; t < once.size(); ++t) {
    EXPECT_NEAR(run.gradient_norms->norms[0][t], 2.0 * once[t], 1e-12 * once[t]) << "step " << t;
  }
}

}  // namespace
}  // namespace carousel
