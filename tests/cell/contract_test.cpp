// One contract for every cell of the catalogue.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "catalogue.hpp"
#include "layer/recurrent_stack.hpp"
#include "tape/gradient_check.hpp"

namespace carousel {
namespace {

constexpr Index steps = 5;
constexpr Index batch = 3;
constexpr Index input = 4;
constexpr Index hidden = 3;
const std::vector<Index> lengths = {3, 5, 1};

template <class T>
Tensor<T> normal(const Shape& shape, const std::string& stream, double deviation = 0.5) {
  return initialise<T>(Initialiser::normal(deviation), shape, Random(3, std::string_view(stream)));
}

template <class T>
std::vector<Tensor<T>> random_parameters(const std::vector<ParameterSpec>& specs) {
  std::vector<Tensor<T>> values;
  for (const auto& spec : specs) values.push_back(normal<T>(spec.shape, spec.name));
  return values;
}

std::vector<double> numbers(const auto& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

class CellContract : public testing::TestWithParam<Cell> {
 protected:
  RecurrentStack stack_{GetParam(), {input, hidden, 2, true}};
  StepProgram program_ = GetParam().build({input, hidden});

  // Inputs of a stack run: x, initial states, parameters.
  template <class T>
  std::vector<Tensor<T>> inputs() const {
    std::vector<Tensor<T>> all{normal<T>({steps, batch, input}, "x")};
    Tape<T> tape;
    const auto parameters = leaves(tape, random_parameters<T>(stack_.parameters()));
    for (const Var& state : stack_.initial_states(tape, parameters, batch)) {
      all.push_back(normal<T>(state.shape(), "state" + std::to_string(all.size())));
    }
    for (auto& value : random_parameters<T>(stack_.parameters())) all.push_back(value);
    return all;
  }

  template <class T>
  StackResult run(Tape<T>& tape, const std::vector<Var>& in,
                  const std::vector<Index>& run_lengths) const {
    const std::size_t states = in.size() - 1 - stack_.parameters().size();
    const std::span<const Var> all(in);
    return stack_.forward(tape, all.subspan(1 + states), in[0], all.subspan(1, states),
                          run_lengths);
  }
};

TEST_P(CellContract, GradientsOfXStatesAndParametersMatchDifferences) {
  const ScalarFunction loss = [this](Tape<double>& tape, const std::vector<Var>& in) {
    const StackResult result = run(tape, in, lengths);
    Var total = sum(result.outputs * result.outputs);
    for (std::size_t s = 0; s < result.states.size(); ++s) {  // through the final states too
      const auto weight = normal<double>(result.states[s].shape(), "w" + std::to_string(s));
      total = total + sum(result.states[s] * tape.constant(weight));
    }
    return total;
  };
  const GradientError error = check_gradients(loss, inputs<double>());
  EXPECT_LE(error.worst, 1e-6) << error.where;
}

TEST_P(CellContract, SecondDerivativesMatchDifferences) {
  const Scan scan(program_);
  const ScalarFunction loss = [&](Tape<double>& tape, const std::vector<Var>& in) {
    const std::span<const Var> all(in);
    const Var x = in[0];
    const std::span<const Var> states = all.last(program_.states.size());
    const std::span<const Var> parameters = all.subspan(1, program_.parameters.size());
    const ScanResult result = scan.run(tape, parameters, {&x, 1}, states, {false, {1, 2}});
    Var total = sum(result.outputs * result.outputs * result.outputs);
    for (const Var& state : result.final_states) total = total + sum(state * state * state);
    return total;
  };
  std::vector<Tensor<double>> in{normal<double>({2, 2, input}, "x")};
  for (const auto& p : program_.parameters) in.push_back(normal<double>(p.shape, p.name));
  for (const auto& state : program_.states) {
    in.push_back(normal<double>(with_batch(state.shape, 2), state.name));
  }
  const GradientError error = check_gradients(weighted_gradients(loss), in);
  EXPECT_LE(error.worst, 1e-6) << error.where;
}

TEST_P(CellContract, NoStateGivenIsZeros) {
  Tape<double> tape;
  const auto in = leaves(tape, inputs<double>());
  const std::span<const Var> parameters = std::span<const Var>(in).last(stack_.parameters().size());
  const auto own = stack_.initial_states(tape, parameters, batch);
  std::vector<Var> zeros;
  for (const Var& state : own) {
    zeros.push_back(tape.constant(Tensor<double>::zeros(state.shape())));
  }
  const auto a = stack_.forward(tape, parameters, in[0], own, lengths);
  const auto b = stack_.forward(tape, parameters, in[0], zeros, lengths);
  EXPECT_EQ(numbers(tape.value(a.outputs)), numbers(tape.value(b.outputs)));
}

TEST_P(CellContract, ScanIsRepeatedSteps) {
  Tape<double> tape;
  std::vector<Var> parameters;
  for (const auto& p : program_.parameters) {
    parameters.push_back(tape.leaf(normal<double>(p.shape, p.name)));
  }
  const Var x = tape.leaf(normal<double>({steps, batch, input}, "x"));
  auto states = initial_states(program_, tape, parameters, batch);
  const ScanResult scanned = scan_on_tape(program_, tape, parameters, {&x, 1}, states);
  const auto outputs = numbers(tape.value(scanned.outputs));
  for (Index t = 0; t < steps; ++t) {
    const Var x_t = reshape(slice(x, 0, t, 1), {batch, input});
    const StepResult step = run_step(program_, parameters, {&x_t, 1}, states);
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
  std::vector<Var> parameters;
  for (const auto& p : program_.parameters) {
    parameters.push_back(tape.leaf(normal<double>(p.shape, p.name)));
  }
  const Var x = tape.leaf(normal<double>({steps, batch, input}, "x"));
  const auto start = initial_states(program_, tape, parameters, batch);
  const auto whole = scan_on_tape(program_, tape, parameters, {&x, 1}, start);
  const Var head = slice(x, 0, 0, 2), tail = slice(x, 0, 2, steps - 2);
  const auto first = scan_on_tape(program_, tape, parameters, {&head, 1}, start);
  const auto second = scan_on_tape(program_, tape, parameters, {&tail, 1}, first.final_states);
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
    const auto result = stack.forward(tape, parameters, x, initial, run);
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

  double total = 0.0;
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
  EXPECT_NEAR(double(together.value(loss).item()) / total, 1.0, tolerance);
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
  expect_lengths_do_not_mix<double>(stack_, inputs<double>(), 1e-12);
  expect_lengths_do_not_mix<float>(stack_, inputs<float>(), 1e-6);
}

TEST_P(CellContract, FloatAgreesWithDouble) {
  Tape<double> precise;
  Tape<float> single;
  const auto a = run(precise, leaves(precise, inputs<double>()), lengths);
  const auto b = run(single, leaves(single, inputs<float>()), lengths);
  const auto expected = numbers(precise.value(a.outputs));
  const auto got = numbers(single.value(b.outputs));
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 2e-6);
}

TEST_P(CellContract, OutputsBeyondALengthAreZero) {
  Tape<double> tape;
  const auto result = run(tape, leaves(tape, inputs<double>()), lengths);
  const auto outputs = tape.value(result.outputs);
  const Index width = outputs.shape().back();
  for (Index t = 0; t < steps; ++t) {
    for (Index b = 0; b < batch; ++b) {
      double size = 0.0;
      for (Index i = 0; i < width; ++i) {
        size += std::abs(outputs.data()[(t * batch + b) * width + i]);
      }
      EXPECT_EQ(size > 0.0, t < lengths[std::size_t(b)]) << t << ", " << b;
    }
  }
}

TEST_P(CellContract, StatesItsConventions) {
  EXPECT_FALSE(GetParam().title.empty());
  EXPECT_FALSE(GetParam().reference.empty());
  EXPECT_NE(GetParam().conventions.find("bias"), std::string::npos);
}

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
