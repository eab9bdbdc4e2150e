// Inputs besides x, and initial states that are learned, through a stack.

#include "layer/recurrent_stack.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tape/gradient_check.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr Index steps = 4, batch = 3, input = 2, hidden = 5;

// h = tanh(W x + dt (U h[t-1])), h0 learned.
Cell timed(std::optional<double> otherwise) {
  Cell cell;
  cell.name = "timed";
  cell.build = [otherwise](const CellSizes& sizes) {
    StepBuilder b("timed");
    const Var x = b.input("x", sizes.input), dt = b.input("dt", 1, otherwise);
    const Var h = b.state("h", sizes.hidden);
    const Var w = b.parameter("W", {sizes.hidden, sizes.input}, Initialiser::glorot());
    const Var u = b.parameter("U", {sizes.hidden, sizes.hidden}, Initialiser::orthogonal());
    b.set_initial("h", b.parameter("h0", {sizes.hidden}, Initialiser::normal(1.0)));
    b.set_state("h", tanh(linear(x, w) + dt * linear(h, u)));
    b.set_output("h");
    return b.finish();
  };
  return cell;
}

Tensor<double> normal(const Shape& shape, const std::string& stream) {
  return initialise<double>(Initialiser::normal(0.5), shape, Random(3, stream));
}

TEST(RecurrentStack, GradientsReachFurtherInputsAndInitialStates) {
  const RecurrentStack stack(timed({}), {input, hidden, 2, true});
  const ScalarFunction loss = [&](Tape<double>& tape, const std::vector<Var>& in) {
    const Pass pass(tape, {stack.parameters(), std::span(in).subspan(2)});
    const auto run = stack.forward(pass, in[0], {{4, 0, 2}, {}, {&in[1], 1}});
    return sum(run.outputs * run.outputs) + sum(run.states[1]);
  };
  std::vector<Tensor<double>> in{normal({steps, batch, input}, "x"),
                                 normal({steps, batch, 1}, "dt")};
  for (const auto& spec : stack.parameters()) in.push_back(normal(spec.shape, spec.name));
  const GradientError error = check_gradients(loss, in);
  EXPECT_LE(error.worst, 1e-6) << error.where;
}

// A layer, or a direction, that starts as a copy of another one adds little to it.
TEST(RecurrentStack, EveryLayerStartsWithValuesOfItsOwn) {
  const RecurrentStack stack(timed({}), {2 * hidden, hidden, 3, true});
  const ParameterSet<double> values(stack.parameters(), 3);
  int pairs = 0;
  for (std::size_t a = 0; a < values.size(); ++a) {
    for (std::size_t b = a + 1; b < values.size(); ++b) {
      const Tensor<double>&first = values.value(a), &second = values.value(b);
      if (!(first.shape() == second.shape())) continue;
      ++pairs;
      int equal = 0;
      for (Index i = 0; i < first.numel(); ++i) equal += first.data()[i] == second.data()[i];
      EXPECT_EQ(equal, 0) << stack.parameters()[a].name << ", " << stack.parameters()[b].name;
    }
  }
  EXPECT_EQ(pairs, 3 * 15);  // W, U and h0 of three layers in two directions
}

TEST(RecurrentStack, AnAbsentInputIsItsDefault) {
  const RecurrentStack stack(timed(0.25), {input, hidden, 2, false});
  Tape<double> tape;
  std::vector<Var> parameters;
  for (const auto& spec : stack.parameters()) {
    parameters.push_back(tape.leaf(normal(spec.shape, spec.name)));
  }
  const Var x = tape.constant(normal({steps, batch, input}, "x"));
  const Pass pass(tape, {stack.parameters(), parameters});
  const auto values = [&](std::span<const Var> further) {
    const auto run = stack.forward(pass, x, {{}, {}, further});
    const Tensor<double> out = tape.value(run.outputs);
    return std::vector<double>(out.values().begin(), out.values().end());
  };
  const Var quarter = tape.constant(Tensor<double>::full({steps, batch, 1}, 0.25));
  const Var half = tape.constant(Tensor<double>::full({steps, batch, 1}, 0.5));
  const Var none;
  EXPECT_EQ(values({}), values({&quarter, 1}));
  EXPECT_EQ(values({&none, 1}), values({&quarter, 1}));
  EXPECT_NE(values({}), values({&half, 1}));
  const std::vector<Var> both{quarter, half};
  EXPECT_THAT(error_of<Error>([&] { values(both); }), HasSubstr("got 2 further inputs, it has 1"));
}

TEST(RecurrentStack, AnInputWithoutDefaultMustBeGiven) {
  const RecurrentStack stack(timed({}), {input, hidden, 1, false});
  Tape<double> tape;
  std::vector<Var> parameters;
  for (const auto& spec : stack.parameters()) {
    parameters.push_back(tape.leaf(normal(spec.shape, spec.name)));
  }
  const Var x = tape.constant(normal({steps, batch, input}, "x"));
  const Pass pass(tape, {stack.parameters(), parameters});
  EXPECT_THAT(error_of<InputError>([&] { stack.forward(pass, x); }),
              AllOf(HasSubstr("cell timed"), HasSubstr("'dt'")));
  const Var wrong = tape.constant(Tensor<double>::zeros({steps, batch, 2}));
  EXPECT_THAT(error_of<InputError>([&] {
                stack.forward(pass, x, {{}, {}, {&wrong, 1}});
              }),
              HasSubstr("dt has shape [4, 3, 2], expected [steps, batch, 1]"));
}

}  // namespace
}  // namespace carousel
