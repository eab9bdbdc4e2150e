// Scans whose products have operands in bf16: near those in float, and their own to the bit.

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "scan_fixtures.hpp"

namespace carousel {
namespace {

constexpr Index steps = 40, batch = 9;

// All numbers of a run side by side.
std::vector<double> numbers(const std::vector<Tensor<float>>& tensors) {
  std::vector<double> all;
  for (const auto& tensor : tensors) {
    all.insert(all.end(), tensor.values().begin(), tensor.values().end());
  }
  return all;
}

// The norm of the difference, of the norm.
double gap(const std::vector<Tensor<float>>& got, const std::vector<Tensor<float>>& expected) {
  const std::vector<double> a = numbers(got), b = numbers(expected);
  EXPECT_EQ(a.size(), b.size());
  double difference = 0.0, square = 0.0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    square += b[i] * b[i];
  }
  return std::sqrt(difference / square);
}

// With matrices of parameters alone, a matrix for each sequence, and an odd number of rows.
class RoundedScan : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!has_bf16()) GTEST_SKIP() << "no AVX512-BF16";
  }
  static ScanRun<float> run(const Scan& scan, ScanOptions options) {
    options.rounding = Rounding::bf16;
    return run_scan<float>(scan, steps, batch, options);
  }
  static ScanOptions unequal() {
    ScanOptions options;
    options.lengths = {7, 40, 12, 33, 40, 1, 25, 39, 18};
    return options;
  }
  const Scan scan_{catalogue().find(GetParam()).build({37, 48})};
};

// Each operand is off by 2^-9 at most, which is 0.2 %: sums are nearer, long chains are not.
TEST_P(RoundedScan, GradientsAreThoseOfFloatWithinTwoPercent) {
  for (const ScanOptions& options : {ScanOptions(), unequal()}) {
    const ScanRun<float> exact = run_scan<float>(scan_, steps, batch, options);
    const ScanRun<float> rounded = run(scan_, options);
    const double outputs = gap({rounded.outputs}, {exact.outputs});
    EXPECT_GT(outputs, 1e-5) << "nothing was rounded";
    EXPECT_LT(outputs, 1e-2);
    const double all = gap(rounded.gradients, exact.gradients);
    EXPECT_GT(all, 1e-5);
    EXPECT_LT(all, 2e-2);
    for (std::size_t k = 0; k < exact.gradients.size(); ++k) {
      EXPECT_LT(gap({rounded.gradients[k]}, {exact.gradients[k]}), 4e-2) << exact.wrt[k];
    }
    RecordProperty("gradients", std::to_string(all));
  }
}

TEST_P(RoundedScan, SegmentsProbesAndNormsChangeNoBit) {
  const ScanRun<float> expected = run(scan_, unequal());
  for (const Index segments : {2, 0}) {
    ScanOptions options = unequal();
    options.segments = segments;
    expect_same_run(run(scan_, options), expected);
  }
  ScanOptions options = unequal();
  options.gradient_norms = true;
  options.probes = {scan_.program().states.back().name};
  expect_same_run(run(scan_, options), expected);
}

// Scans share what is compiled, and the memory of runs that have ended.
TEST_P(RoundedScan, RunsSideBySideAndAfterFloatHaveTheSameBits) {
  const ScanRun<float> exact = run_scan<float>(scan_, steps, batch, unequal());
  std::array<ScanRun<float>, 3> runs;
  std::vector<std::thread> threads;
  for (auto& one : runs) threads.emplace_back([&] { one = run(scan_, unequal()); });
  for (auto& thread : threads) thread.join();
  const ScanRun<float> expected =
      run(Scan(catalogue().find(GetParam()).build({37, 48})), unequal());
  for (const auto& one : runs) expect_same_run(one, expected);
  expect_same_run(run_scan<float>(scan_, steps, batch, unequal()), exact);
}

TEST_P(RoundedScan, DoubleIsNotRounded) {
  ScanOptions options = unequal();
  const auto exact = run_scan<double>(scan_, steps, batch, options);
  options.rounding = Rounding::bf16;
  expect_same_run(run_scan<double>(scan_, steps, batch, options), exact);
}

// The derivative of a scan along a direction is a scan with more products, rounded as well.
TEST_P(RoundedScan, SecondDerivativesAreThoseOfFloatWithinTenPercent) {
  const auto product = [&](Rounding rounding) {
    const StepProgram& program = scan_.program();
    Tape<float> tape;
    std::vector<Var> all;
    std::vector<Tensor<float>> along;
    const auto add = [&](const std::vector<Tensor<float>>& values) {
      for (const auto& value : values) {
        along.push_back(normal<float>(value.shape(), "along " + std::to_string(all.size())));
        all.push_back(tape.leaf(value));
      }
    };
    add(random_parameters<float>(program));
    const std::size_t count = all.size();
    add(random_inputs<float>(program, steps, batch));
    add(random_states<float>(program, batch));
    const std::span<const Var> vars(all);
    ScanOptions options = unequal();
    options.rounding = rounding;
    const ScanResult result =
        scan_.run(tape, vars.first(count), vars.subspan(count, program.inputs.size()),
                  vars.subspan(count + program.inputs.size()), options);
    return tape.hessian_product(sum(result.outputs * result.outputs), vars.first(count),
                                {along.begin(), along.begin() + std::ptrdiff_t(count)});
  };
  const double off = gap(product(Rounding::bf16), product(Rounding::none));
  EXPECT_GT(off, 1e-5);
  EXPECT_LT(off, 0.1);
}

INSTANTIATE_TEST_SUITE_P(Cells, RoundedScan,
                         testing::Values("lstm", "gru_reset_before", "rnn_tanh",
                                         "linear_attention"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace carousel
