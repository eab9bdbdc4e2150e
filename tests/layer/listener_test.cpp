// Who looks on while stacks run changes no value, and hears all of them.

#include "layer/listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "layer/recurrent_stack.hpp"
#include "op/functions.hpp"

namespace carousel {
namespace {

constexpr Index steps = 6, batch = 2, hidden = 3;
const std::vector<Index> lengths = {4, 6};

Tensor<double> waves(const Shape& shape) {
  Tensor<double> x = Tensor<double>::uninitialised(shape);
  for (Index i = 0; i < x.numel(); ++i) x.data()[i] = std::sin(1.3 * double(i));
  return x;
}

struct Heard {
  explicit Heard(Listener* listener, const std::vector<std::string>& probes = {})
      : stack(catalogue().find("gru_reset_before"),
              {.input = 2, .hidden = hidden, .depth = 2, .bidirectional = true}),
        values(stack.parameters(), 3) {
    parameters = leaves(tape, values.values());
    x = tape.leaf(waves({steps, batch, 2}));
    const Pass pass(tape, {stack.parameters(), parameters});
    result = stack.forward(listener ? pass.heard_by(*listener) : pass, x,
                           {.lengths = lengths, .probes = probes});
  }
  std::vector<double> gradient(Var loss) {
    const Tensor<double> g = tape.gradients(loss, {&x, 1})[0];
    return {g.values().begin(), g.values().end()};
  }
  std::vector<double> of(Var var) {
    const Tensor<double> v = tape.value(var);
    return {v.values().begin(), v.values().end()};
  }

  RecurrentStack stack;
  ParameterSet<double> values;
  Tape<double> tape;
  std::vector<Var> parameters;
  Var x;
  StackResult result;
};

TEST(Listener, ChangesNoValueAndNoGradient) {
  Listener listener{.probes = {"r", "h"}, .gradient_norms = true};
  Heard heard(&listener, {"z"}), alone(nullptr, {"z"});
  EXPECT_EQ(heard.of(heard.result.outputs), alone.of(alone.result.outputs));
  ASSERT_EQ(heard.result.probes.size(), 4U);
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(heard.of(heard.result.probes[k]), alone.of(alone.result.probes[k])) << k;
  }
  EXPECT_EQ(heard.gradient(sum(heard.result.outputs)), alone.gradient(sum(alone.result.outputs)));
}

TEST(Listener, HearsEachScanWithWhatItRanOn) {
  Listener listener{.probes = {"r", "h"}};
  Heard heard(&listener);
  Heard alone(nullptr, {"r", "h"});
  std::vector<std::string> places;
  for (const HeardScan& scan : listener.scans) places.push_back(scan.place);
  EXPECT_THAT(places, testing::ElementsAre("layers/0/forward", "layers/0/backward",
                                           "layers/1/forward", "layers/1/backward"));
  for (std::size_t k = 0; k < listener.scans.size(); ++k) {
    const HeardScan& scan = listener.scans[k];
    EXPECT_EQ(scan.reverse, k % 2 == 1);
    EXPECT_EQ(scan.lengths, lengths);
    EXPECT_EQ(scan.inputs[0].shape(), (Shape{steps, batch, k < 2 ? 2 : 2 * hidden}));
    EXPECT_EQ(scan.parameters.size(), scan.program->parameters.size());
    EXPECT_EQ(scan.parameters[0].id, heard.parameters[k * scan.parameters.size()].id);
    ASSERT_EQ(scan.probes.size(), 2U);
    EXPECT_EQ(heard.of(scan.probes[0]), alone.of(alone.result.probes[2 * k]));
    EXPECT_EQ(heard.of(scan.probes[1]), alone.of(alone.result.probes[2 * k + 1]));
    EXPECT_EQ(scan.gradient_norms, nullptr);
  }
}

// Both halves of the outputs end at their own step: the last one, and the first one.
TEST(Listener, LetsGradientsFlowFromTheLastStepAlone) {
  Listener listener{.last_step_alone = true};
  Heard heard(&listener), alone(nullptr);
  EXPECT_EQ(heard.of(heard.result.outputs), alone.of(alone.result.outputs));
  Var ends = constant(alone.tape, 0.0);
  for (Index b = 0; b < batch; ++b) {
    const Var own = slice(alone.result.outputs, 1, b, 1);
    const Var last = slice(own, 0, lengths[std::size_t(b)] - 1, 1), first = slice(own, 0, 0, 1);
    ends = ends + sum(slice(last, -1, 0, hidden)) + sum(slice(first, -1, hidden, hidden));
  }
  const auto got = heard.gradient(sum(heard.result.outputs)), expected = alone.gradient(ends);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-14) << i;
}

}  // namespace
}  // namespace carousel
