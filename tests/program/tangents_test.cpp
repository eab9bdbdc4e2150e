// Derivatives of scans along a direction, and products with second derivatives, of every cell.

#include "program/tangents.hpp"

#include <gmock/gmock.h>

#include "scan_fixtures.hpp"

namespace carousel {
namespace {

constexpr Index steps = 6, batch = 3;

// A loss of a scan whose second derivative is no zero, with all that it depends on.
template <class T>
struct Curved {
  Tape<T> tape;
  std::vector<Var> wrt;
  Var loss;

  Curved(const Scan& scan, const std::vector<Tensor<T>>& values, const ScanOptions& options,
         Executor executor) {
    const StepProgram& program = scan.program();
    for (const Tensor<T>& value : values) wrt.push_back(tape.leaf(value));
    const std::span<const Var> all(wrt);
    const std::size_t parameters = program.parameters.size(), inputs = program.inputs.size();
    const auto run = [&](auto&& f) {
      return f(all.first(parameters), all.subspan(parameters, inputs),
               all.subspan(parameters + inputs));
    };
    const ScanResult result = run([&](auto p, auto x, auto s) {
      return executor == Executor::tape ? scan_on_tape(program, tape, p, x, s, options)
                                        : scan.run(tape, p, x, s, options);
    });
    const auto weight = normal<T>(result.outputs.shape(), "weight");
    loss = sum(result.outputs * tape.constant(weight) + result.outputs * result.outputs * 0.3);
    for (const Var state : result.final_states) loss = loss + sum(state * state) * 0.2;
  }
};

template <class T>
std::vector<Tensor<T>> all_values(const StepProgram& program) {
  std::vector<Tensor<T>> values = random_parameters<T>(program);
  for (auto& x : random_inputs<T>(program, steps, batch)) values.push_back(x);
  for (auto& s : random_states<T>(program, batch)) values.push_back(s);
  return values;
}

std::vector<Tensor<double>> directions_of(const std::vector<Tensor<double>>& values) {
  std::vector<Tensor<double>> all;
  for (std::size_t k = 0; k < values.size(); ++k) {
    all.push_back(normal<double>(values[k].shape(), "direction " + std::to_string(k)));
  }
  return all;
}

// Gradients a step of h along the directions away.
std::vector<Tensor<double>> gradients_at(const Scan& scan, std::vector<Tensor<double>> values,
                                         const std::vector<Tensor<double>>& along, double h,
                                         const ScanOptions& options) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    values[k] = values[k].clone();
    for (Index i = 0; i < values[k].numel(); ++i) {
      values[k].data()[i] += h * along[k].data()[i];
    }
  }
  Curved<double> moved(scan, values, options, Executor::compiled);
  return moved.tape.gradients(moved.loss, moved.wrt);
}

// The largest difference, of the largest element.
double gap(const std::vector<Tensor<double>>& got, const std::vector<Tensor<double>>& expected) {
  double worst = 0.0, largest = 1e-3;
  for (std::size_t k = 0; k < got.size(); ++k) {
    for (Index i = 0; i < got[k].numel(); ++i) {
      worst = std::max(worst, std::abs(got[k].data()[i] - expected[k].data()[i]));
      largest = std::max(largest, std::abs(expected[k].data()[i]));
    }
  }
  return worst / largest;
}

std::vector<Tensor<double>> differences(const Scan& scan, const std::vector<Tensor<double>>& values,
                                        const std::vector<Tensor<double>>& along, double h,
                                        const ScanOptions& options) {
  const auto far = gradients_at(scan, values, along, 2 * h, options);
  const auto near = gradients_at(scan, values, along, h, options);
  const auto minus_near = gradients_at(scan, values, along, -h, options);
  const auto minus_far = gradients_at(scan, values, along, -2 * h, options);
  std::vector<Tensor<double>> all;
  for (std::size_t k = 0; k < near.size(); ++k) {
    all.push_back(Tensor<double>::zeros(near[k].shape()));
    for (Index i = 0; i < near[k].numel(); ++i) {
      all[k].data()[i] = (8.0 * (near[k].data()[i] - minus_near[k].data()[i]) -
                          (far[k].data()[i] - minus_far[k].data()[i])) /
                         (12.0 * h);
    }
  }
  return all;
}

class TangentScan : public testing::TestWithParam<Cell> {};

// Exact against differences of gradients, with sequences of unequal lengths; a kink may lie between
// the points of a wide step.
TEST_P(TangentScan, HessianProductIsTheDifferenceOfGradients) {
  if (cells_with_steps().contains(GetParam().name)) GTEST_SKIP() << "a gradient through steps";
  const Scan scan(fixture_program(GetParam()));
  const auto values = all_values<double>(scan.program());
  const auto along = directions_of(values);
  ScanOptions options;
  options.lengths = {steps, 2, 4};
  Curved<double> curved(scan, values, options, Executor::compiled);
  const auto product = curved.tape.hessian_product(curved.loss, curved.wrt, along);
  double least = 1.0;
  for (const double h : {1e-3, 1e-4, 1e-5}) {
    least = std::min(least, gap(product, differences(scan, values, along, h, options)));
    if (least <= 1e-7) break;
  }
  EXPECT_LE(least, 1e-6);
}

// The compiled scan and the reference executor agree.
TEST_P(TangentScan, HessianProductIsThatOfTheTape) {
  const Scan scan(fixture_program(GetParam()));
  const auto values = all_values<double>(scan.program());
  const auto along = directions_of(values);
  ScanOptions options;
  options.reverse = true;
  Curved<double> compiled(scan, values, options, Executor::compiled);
  Curved<double> reference(scan, values, options, Executor::tape);
  EXPECT_LE(gap(compiled.tape.hessian_product(compiled.loss, compiled.wrt, along),
                reference.tape.hessian_product(reference.loss, reference.wrt, along)),
            1e-10);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, TangentScan, testing::ValuesIn(catalogue().cells()),
                         [](const auto& test) { return test.param.name; });

// Directions of some vars alone: the others stay where they are.
TEST(TangentScan, OfSomeVarsMovesTheOthersNot) {
  const Scan scan(fixture_program(catalogue().find("lstm")));
  const auto values = all_values<double>(scan.program());
  const auto along = directions_of(values);
  for (std::size_t only = 0; only < values.size(); ++only) {
    auto one = along;
    for (std::size_t k = 0; k < one.size(); ++k) {
      if (k != only) one[k] = Tensor<double>::zeros(one[k].shape());
    }
    Curved<double> curved(scan, values, {}, Executor::compiled);
    const auto whole = curved.tape.hessian_product(curved.loss, curved.wrt, one);
    const auto alone =
        curved.tape.hessian_product(curved.loss, std::array{curved.wrt[only]}, {along[only]});
    EXPECT_LE(gap(alone, {whole[only]}), 1e-12) << only;
  }
}

// With final states alone, in segments, and several products on one tape.
TEST(TangentScan, GoesOnFromItsTape) {
  const Scan scan(fixture_program(catalogue().find("gru_reset_before")));
  const auto values = all_values<double>(scan.program());
  const auto along = directions_of(values);
  ScanOptions options;
  options.segments = 3;
  Curved<double> curved(scan, values, options, Executor::compiled);
  const auto first = curved.tape.hessian_product(curved.loss, curved.wrt, along);
  const std::size_t size = curved.tape.size();
  auto twice = along;
  for (auto& one : twice) {
    one = one.clone();
    for (double& v : one.values()) v *= 2.0;
  }
  auto second = curved.tape.hessian_product(curved.loss, curved.wrt, twice);
  EXPECT_EQ(curved.tape.size(), size);
  for (auto& one : second) {
    for (double& v : one.values()) v *= 0.5;
  }
  EXPECT_LE(gap(second, first), 1e-12) << "not what the first one left behind";
}

}  // namespace
}  // namespace carousel
