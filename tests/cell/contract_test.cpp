// One contract for every cell of the catalogue.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "catalogue.hpp"
#include "cell/nearest_sizes.hpp"
#include "covering_cells.hpp"
#include "layer/recurrent_stack.hpp"
#include "tape/gradient_check.hpp"

namespace carousel {
namespace {

constexpr Index steps = 5;
constexpr Index batch = 3;
const std::vector<Index> lengths = {3, 5, 1};

template <class T>
Tensor<T> normal(const Shape& shape, const std::string& stream, double deviation = 0.5,
                 std::uint64_t seed = 3) {
  return initialise<T>(Initialiser::normal(deviation), shape,
                       Random(seed, std::string_view(stream)));
}

// Near the values that training starts from, where every cell is well behaved, but no zeros.
template <class T>
std::vector<Tensor<T>> random_parameters(const std::vector<ParameterSpec>& specs) {
  std::vector<Tensor<T>> values = ParameterSet<T>(specs, 3).snapshot();
  for (std::size_t k = 0; k < specs.size(); ++k) {
    const auto noise = normal<T>(specs[k].shape, specs[k].name, 0.3);
    for (Index i = 0; i < noise.numel(); ++i) values[k].data()[i] += noise.data()[i];
  }
  return values;
}

// Old states are positive: some are sums that a cell divides by.
template <class T>
Tensor<T> random_state(const Shape& shape, const std::string& stream) {
  Tensor<T> value = normal<T>(shape, stream, 0.3);
  for (T& v : value.values()) v = T(0.2) + std::abs(v);
  return value;
}

// Cells that are steep somewhere, so that differences and single precision are far off.
const std::set<std::string> steep = {"hyper_lstm", "ln_lstm",    "nru", "rwkv7",
                                     "titans",     "ttt_linear", "urnn"};

// The error that is left when the point moves a little: a kink such as relu's lies inside a
// difference by chance, a wrong rule is wrong everywhere.
double gradient_error(const ScalarFunction& loss, std::vector<Tensor<double>> in,
                      double tolerance) {
  double least = 0.0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    if (seed > 0) {
      for (std::size_t k = 0; k < in.size(); ++k) {
        const auto step = normal<double>(in[k].shape(), std::to_string(k), 0.02, seed);
        for (Index i = 0; i < step.numel(); ++i) in[k].data()[i] += step.data()[i];
      }
    }
    constexpr Index most = 500;  // evenly chosen: one cell would take half of the time of all
    const double worst = check_gradients(loss, in, -1, most).worst;
    if (seed == 0 || worst < least) least = worst;
    if (least <= tolerance) break;
  }
  return least;
}

double tolerance_of(const Cell& cell, double usual) {
  // It subtracts from a rate of up to 2000, so differences lose digits.
  if (cell.name == "s4") return 10 * usual;
  return steep.count(cell.name) ? 1e3 * usual : usual;
}

std::vector<double> numbers(const auto& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

class CellContract : public testing::TestWithParam<Cell> {
 protected:
  // Two directions make the second layer's input wider than the state, which some cells don't take.
  CellSizes sizes_ = nearest_sizes(GetParam(), {4, 3});
  Index input = sizes_.input;
  RecurrentStack stack_{GetParam(), {input, sizes_.hidden, 2, input != sizes_.hidden}};
  StepProgram program_ = GetParam().build(sizes_);

  // x [T, B, input], and the other inputs, constant.
  template <class T>
  std::vector<Var> scan_inputs(Tape<T>& tape, Var x) const {
    std::vector<Var> all{x};
    const Shape like = x.shape();
    for (std::size_t k = 1; k < program_.inputs.size(); ++k) {
      const Index width = program_.nodes[std::size_t(program_.inputs[k])].shape.back();
      all.push_back(tape.constant(Tensor<T>::full({like[0], like[1], width}, T(0.75))));
    }
    return all;
  }

  std::vector<Tensor<double>> cell_parameters() const {
    std::vector<ParameterSpec> specs;
    for (const auto& p : program_.parameters) specs.push_back({p.name, p.shape, p.init});
    return random_parameters<double>(specs);
  }

  // Inputs of a stack run: x, initial states, parameters.
  template <class T>
  std::vector<Tensor<T>> inputs() const {
    std::vector<Tensor<T>> all{normal<T>({steps, batch, input}, "x")};
    Tape<T> tape;
    const auto parameters = leaves(tape, random_parameters<T>(stack_.parameters()));
    for (const Var& state :
         stack_.initial_states(Pass(tape, {stack_.parameters(), parameters}), batch)) {
      all.push_back(random_state<T>(state.shape(), "state" + std::to_string(all.size())));
    }
    for (auto& value : random_parameters<T>(stack_.parameters())) all.push_back(value);
    return all;
  }

  template <class T>
  StackResult run(Tape<T>& tape, const std::vector<Var>& in,
                  const std::vector<Index>& run_lengths) const {
    const std::size_t states = in.size() - 1 - stack_.parameters().size();
    const std::span<const Var> all(in);
    const Pass pass(tape, {stack_.parameters(), all.subspan(1 + states)});
    return stack_.forward(pass, in[0], {run_lengths, all.subspan(1, states), {}});
  }
};

// Derivatives against differences take nearly all the time. Under a sanitizer, where the memory is
// looked at and not the numbers, a few cells do.
class CellDerivatives : public CellContract {};

TEST_P(CellDerivatives, GradientsOfXStatesAndParametersMatchDifferences) {
  if (cells_with_steps().count(GetParam().name)) GTEST_SKIP() << "a gradient through steps";
  const ScalarFunction loss = [this](Tape<double>& tape, const std::vector<Var>& in) {
    const StackResult result = run(tape, in, lengths);
    Var total = sum(result.outputs * result.outputs);
    for (std::size_t s = 0; s < result.states.size(); ++s) {  // through the final states too
      const auto weight = normal<double>(result.states[s].shape(), "w" + std::to_string(s));
      total = total + sum(result.states[s] * tape.constant(weight));
    }
    return total;
  };
  const double tolerance = tolerance_of(GetParam(), 1e-6);
  EXPECT_LE(gradient_error(loss, inputs<double>(), tolerance), tolerance);
}

TEST_P(CellDerivatives, SecondDerivativesMatchDifferences) {
  if (cells_with_steps().count(GetParam().name)) GTEST_SKIP() << "a gradient through steps";
  const Scan scan(program_);
  const ScalarFunction loss = [&](Tape<double>& tape, const std::vector<Var>& in) {
    const std::span<const Var> all(in);
    const Var x = in[0];
    const std::span<const Var> states = all.last(program_.states.size());
    const std::span<const Var> parameters = all.subspan(1, program_.parameters.size());
    const ScanResult result =
        scan.run(tape, parameters, scan_inputs(tape, x), states, {false, {1, 2}});
    Var total = sum(result.outputs * result.outputs * result.outputs);
    for (const Var& state : result.final_states) total = total + sum(state * state * state);
    return total;
  };
  std::vector<Tensor<double>> in{normal<double>({2, 2, input}, "x")};
  for (auto& value : cell_parameters()) in.push_back(value);
  for (const auto& state : program_.states) {
    in.push_back(random_state<double>(with_batch(state.shape, 2), state.name));
  }
  const double tolerance = tolerance_of(GetParam(), 1e-6);
  EXPECT_LE(gradient_error(weighted_gradients(loss), in, tolerance), tolerance);
}

TEST_P(CellContract, NoStateGivenIsZerosUnlessTheCellSaysOtherwise) {
  for (const ProgramState& state : program_.states) {
    if (state.initial != 0.0 || state.initial_node >= 0) GTEST_SKIP() << state.name;
  }
  Tape<double> tape;
  const auto in = leaves(tape, inputs<double>());
  const std::span<const Var> parameters = std::span<const Var>(in).last(stack_.parameters().size());
  const Pass pass(tape, {stack_.parameters(), parameters});
  const auto own = stack_.initial_states(pass, batch);
  std::vector<Var> zeros;
  for (const Var& state : own) {
    zeros.push_back(tape.constant(Tensor<double>::zeros(state.shape())));
  }
  const auto a = stack_.forward(pass, in[0], {lengths, own, {}});
  const auto b = stack_.forward(pass, in[0], {lengths, zeros, {}});
  EXPECT_EQ(numbers(tape.value(a.outputs)), numbers(tape.value(b.outputs)));
}

TEST_P(CellContract, ScanIsRepeatedSteps) {
  Tape<double> tape;
  const std::vector<Var> parameters = leaves(tape, cell_parameters());
  const Var x = tape.leaf(normal<double>({steps, batch, input}, "x"));
  auto states = initial_states(program_, tape, parameters, batch);
  const ScanResult scanned = scan_on_tape(program_, tape, parameters, scan_inputs(tape, x), states);
  const auto outputs = numbers(tape.value(scanned.outputs));
  for (Index t = 0; t < steps; ++t) {
    std::vector<Var> now;
    for (const Var& all : scan_inputs(tape, x)) {
      now.push_back(reshape(slice(all, 0, t, 1), {batch, all.shape().back()}));
    }
    const StepResult step = run_step(program_, parameters, now, states);
    states = step.states;
    const auto expected = numbers(tape.value(step.output));
    const auto begin = outputs.begin() + t * static_cast<Index>(expected.size());
    EXPECT_EQ(std::vector<double>(begin, begin + static_cast<Index>(expected.size())), expected);
  }
  for (std::size_t s = 0; s < states.size(); ++s) {
    EXPECT_EQ(numbers(tape.value(scanned.final_states[s])), numbers(tape.value(states[s])));
  }
}

TEST_P(CellContract, SplitAndCarryIsOneRun) {
  Tape<double> tape;
  const std::vector<Var> parameters = leaves(tape, cell_parameters());
  const Var x = tape.leaf(normal<double>({steps, batch, input}, "x"));
  const auto start = initial_states(program_, tape, parameters, batch);
  const auto whole = scan_on_tape(program_, tape, parameters, scan_inputs(tape, x), start);
  const Var head = slice(x, 0, 0, 2), tail = slice(x, 0, 2, steps - 2);
  const auto first = scan_on_tape(program_, tape, parameters, scan_inputs(tape, head), start);
  const auto second =
      scan_on_tape(program_, tape, parameters, scan_inputs(tape, tail), first.final_states);
  const Var joined = concat(std::array{first.outputs, second.outputs}, 0);
  EXPECT_EQ(numbers(tape.value(joined)), numbers(tape.value(whole.outputs)));
}

// Batches of unequal lengths against the same sequences one at a time.
template <class T>
void expect_lengths_do_not_mix(const RecurrentStack& stack, const std::vector<Tensor<T>>& in,
                               double tolerance) {
  const std::size_t states = in.size() - 1 - stack.parameters().size();
  const auto loss_of = [&](Tape<T>& tape, Var x, const std::vector<Var>& initial,
                           const std::vector<Var>& parameters, const std::vector<Index>& run) {
    const Pass pass(tape, {stack.parameters(), parameters});
    const auto result = stack.forward(pass, x, {run, initial, {}});
    Var total = sum(result.outputs * result.outputs);
    for (const Var& state : result.states) total = total + sum(state * state * state);
    return total;
  };
  const auto bind_parameters = [&](Tape<T>& tape) {
    return leaves(tape, std::vector<Tensor<T>>(in.begin() + 1 + std::ptrdiff_t(states), in.end()));
  };

  Tape<T> together;
  const auto parameters = bind_parameters(together);
  std::vector<Var> initial;
  for (std::size_t s = 0; s < states; ++s) initial.push_back(together.leaf(in[1 + s]));
  const Var loss = loss_of(together, together.leaf(in[0]), initial, parameters, lengths);
  const auto gradients = together.gradients(loss, parameters);

  double total = 0.0, magnitude = 0.0;  // cubes have signs, and may take each other away
  std::vector<std::vector<double>> sums(gradients.size()), sizes(gradients.size());
  for (Index b = 0; b < batch; ++b) {
    Tape<T> alone;
    const auto own = bind_parameters(alone);
    std::vector<Var> start;
    for (std::size_t s = 0; s < states; ++s) {
      start.push_back(slice(alone.leaf(in[1 + s]), 0, b, 1));
    }
    const Index length = lengths[std::size_t(b)];
    const Var x = slice(slice(alone.leaf(in[0]), 1, b, 1), 0, 0, length);
    const Var own_loss = loss_of(alone, x, start, own, {});
    total += double(alone.value(own_loss).item());
    magnitude += std::abs(double(alone.value(own_loss).item()));
    const auto own_gradients = alone.gradients(own_loss, own);
    for (std::size_t k = 0; k < sums.size(); ++k) {
      sums[k].resize(std::size_t(own_gradients[k].numel()));
      sizes[k].resize(sums[k].size());
      for (std::size_t i = 0; i < sums[k].size(); ++i) {
        sums[k][i] += double(own_gradients[k].data()[i]);
        sizes[k][i] += std::abs(double(own_gradients[k].data()[i]));
      }
    }
  }
  EXPECT_NEAR(double(together.value(loss).item()), total, tolerance * magnitude);
  // The whole gradient by its norm, and each parameter's by its largest term.
  double difference = 0.0, norm = 0.0;
  for (std::size_t k = 0; k < sums.size(); ++k) {
    const double scale = *std::max_element(sizes[k].begin(), sizes[k].end());
    for (std::size_t i = 0; i < sums[k].size(); ++i) {
      const double got = double(gradients[k].data()[i]);
      difference += (got - sums[k][i]) * (got - sums[k][i]);
      norm += sums[k][i] * sums[k][i];
      EXPECT_NEAR(got, sums[k][i], 4.0 * tolerance * scale) << stack.parameters()[k].name;
    }
  }
  EXPECT_LE(std::sqrt(difference), tolerance * std::sqrt(norm));
}

TEST_P(CellContract, UnequalLengthsAreTheSequencesAlone) {
  expect_lengths_do_not_mix<double>(stack_, inputs<double>(), tolerance_of(GetParam(), 1e-12));
  expect_lengths_do_not_mix<float>(stack_, inputs<float>(), tolerance_of(GetParam(), 2e-6));
}

TEST_P(CellContract, FloatAgreesWithDouble) {
  Tape<double> precise;
  Tape<float> single;
  const auto a = run(precise, leaves(precise, inputs<double>()), lengths);
  const auto b = run(single, leaves(single, inputs<float>()), lengths);
  const auto expected = numbers(precise.value(a.outputs));
  const auto got = numbers(single.value(b.outputs));
  ASSERT_EQ(got.size(), expected.size());
  const double tolerance = tolerance_of(GetParam(), 1e-5);
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i])));
  }
}

TEST_P(CellContract, OutputsBeyondALengthAreZero) {
  Tape<double> tape;
  const auto result = run(tape, leaves(tape, inputs<double>()), lengths);
  const auto outputs = tape.value(result.outputs);
  const Index width = outputs.shape().back();
  double within = 0.0;
  for (Index t = 0; t < steps; ++t) {
    for (Index b = 0; b < batch; ++b) {
      double size = 0.0;
      for (Index i = 0; i < width; ++i) {
        size += std::abs(outputs.data()[(t * batch + b) * width + i]);
      }
      if (t >= lengths[std::size_t(b)]) EXPECT_EQ(size, 0.0) << t << ", " << b;
      else within += size;
    }
  }
  EXPECT_GT(within, 0.0);
}

TEST_P(CellContract, StatesItsConventions) {
  EXPECT_FALSE(GetParam().title.empty());
  EXPECT_FALSE(GetParam().reference.empty());
  EXPECT_NE(GetParam().conventions.find("bias"), std::string::npos);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
const std::vector<Cell>& cells_to_differentiate() { return covering_cells(); }
#else
const std::vector<Cell>& cells_to_differentiate() { return catalogue().cells(); }
#endif

INSTANTIATE_TEST_SUITE_P(Cells, CellDerivatives, testing::ValuesIn(cells_to_differentiate()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(Catalogue, CellContract, testing::ValuesIn(catalogue().cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

TEST(CellRegistry, SuggestsANameAndRefusesDoubles) {
  CellRegistry registry;
  register_catalogue(registry);
  try {
    registry.find("lstm_peephol");
    FAIL() << "an unknown cell was found";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'lstm_peephole'"), std::string::npos);
  }
  EXPECT_THROW(registry.add(catalogue().find("lstm")), InputError);
}

}  // namespace
}  // namespace carousel
