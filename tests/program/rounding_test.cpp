// Scans whose products have operands in bf16: near those in float, and their own to the bit.

#include <gtest/gtest.h>

#include <array>
#include <bit>
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

// To the nearest, ties to even.
double rounded(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return double(std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000));
}

double at(const Tensor<float>& matrix, Index row, Index column) {
  return rounded(matrix.data()[row * matrix.shape().back() + column]);
}

// Of operands as they are given, so that every product can be written down.
TEST(RoundedStep, EachProductIsThatOfRoundedOperands) {
  if (!has_bf16()) GTEST_SKIP() << "no AVX512-BF16";
  constexpr Index input = 7, hidden = 21;
  StepBuilder b("sums");
  const Var x = b.input("x", input), h = b.state("h", hidden);
  const Var W = b.parameter("W", {hidden, input}, Initialiser::glorot());
  const Var U = b.parameter("U", {hidden, hidden}, Initialiser::glorot());
  b.set_state("h", linear(x, W) + linear(h, U));
  b.set_output("h");
  const StepProgram program = b.finish();
  const auto parameters = random_parameters<float>(program);
  const auto inputs = random_inputs<float>(program, 1, batch);
  const auto states = random_states<float>(program, batch);
  const auto cotangent = normal<float>({1, batch, hidden}, "weight");
  Tape<float> tape;
  std::vector<Var> all;
  for (const auto* values : {&parameters, &inputs, &states}) {
    for (const auto& value : *values) all.push_back(tape.leaf(value));
  }
  const std::span<const Var> vars(all);
  const ScanResult result = Scan(program).run(tape, vars.first(2), vars.subspan(2, 1),
                                              vars.subspan(3), {.rounding = Rounding::bf16});
  const auto gradients = tape.gradients(sum(result.outputs * tape.constant(cotangent)), all);
  const auto expect = [](const Tensor<float>& got, Index rows, Index columns, auto&& plain) {
    for (Index r = 0; r < rows; ++r) {
      for (Index c = 0; c < columns; ++c) {
        ASSERT_NEAR(got.data()[r * columns + c], plain(r, c), 1e-6) << r << ", " << c;
      }
    }
  };
  const auto sum_over = [](Index count, auto&& term) {
    double sum = 0.0;
    for (Index k = 0; k < count; ++k) sum += term(k);
    return sum;
  };
  const auto dot = [&](Index count, const Tensor<float>& a, Index i, const Tensor<float>& m,
                       Index j) {
    return sum_over(count, [&](Index k) { return at(a, i, k) * at(m, j, k); });
  };
  expect(tape.value(result.outputs), batch, hidden, [&](Index i, Index j) {
    return dot(input, inputs[0], i, parameters[0], j) + dot(hidden, states[0], i, parameters[1], j);
  });
  const Tensor<float>* right[] = {&inputs[0], &states[0]};
  for (std::size_t p = 0; p < 2; ++p) {
    const Index columns = right[p]->shape().back();
    expect(gradients[p], hidden, columns, [&](Index i, Index j) {
      return sum_over(batch, [&](Index k) { return at(cotangent, k, i) * at(*right[p], k, j); });
    });
    expect(gradients[2 + p], batch, columns, [&](Index i, Index j) {
      return sum_over(hidden,
                      [&](Index k) { return at(cotangent, i, k) * at(parameters[p], k, j); });
    });
  }
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

// Each operand is off by 2^-9 at most, which is 0.2 %; gradients were off by 0.3 to 0.9 %.
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
