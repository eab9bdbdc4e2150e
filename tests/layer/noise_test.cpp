// Noise, losses and lengths that a cell's text asks for, in the layers around it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "cell/cell.hpp"
#include "layer/recurrent_stack.hpp"
#include "tape/gradient_check.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

constexpr Index steps = 4, batch = 2, input = 3, hidden = 5;

Cell cell_of(const std::string& lines) {
  CellRegistry registry;
  registry.add_text("cell t\n" + lines + "output h\n", "t.cell");
  return registry.find("t");
}

const std::string candidate =
    "param W : [hidden, input]\nparam U : [hidden, hidden]\nc = tanh(W @ x + U @ h[t-1])\n";

Tensor<double> normal(const Shape& shape, const std::string& stream) {
  return initialise<double>(Initialiser::normal(0.7), shape, Random(3, std::string_view(stream)));
}

struct StackRun {
  std::vector<double> outputs, losses;
};

StackRun run(const RecurrentStack& stack, const Masks* masks,
             std::span<const Tensor<double>> states = {}) {
  Tape<double> tape;
  const auto parameters = leaves(tape, ParameterSet<double>(stack.parameters(), 3).snapshot());
  std::vector<CellLoss> losses;
  std::vector<Var> start;
  for (const auto& state : states) start.push_back(tape.constant(state));
  const Pass pass = Pass(tape, {stack.parameters(), parameters}, masks).with_losses(losses);
  const StackResult result = stack.forward(pass, tape.constant(normal({steps, batch, input}, "x")),
                                           {.lengths = {4, 2}, .states = start});
  StackRun made{pass.values(result.outputs), {}};
  const Var none = pass.full({}, 0.0);
  for (const CellLoss& loss : losses) {
    made.losses.push_back(pass.values(with_cell_losses(none, {loss})).at(0));
  }
  return made;
}

// The mask has the name that zoneout gives it, so both draw the same.
TEST(CellNoise, ZoneoutInTextIsZoneoutOfTheLayer) {
  const RecurrentStack text(cell_of(candidate + "noise zoneout_h : [hidden] bernoulli(0.4)\n"
                                                "h = c + zoneout_h * (h[t-1] - c)\n"),
                            {.input = input, .hidden = hidden});
  const RecurrentStack layer(
      cell_of(candidate + "h = c + 0\n"),
      {.input = input, .hidden = hidden, .model = {.zoneout = {{"h", 0.4}}}});
  const Masks masks({5, 9}, 0);
  const StackRun in_text = run(text, &masks);
  EXPECT_EQ(in_text.outputs, run(layer, &masks).outputs);
  EXPECT_EQ(run(text, nullptr).outputs, run(layer, nullptr).outputs);
  EXPECT_NE(in_text.outputs, run(text, nullptr).outputs);
  const Masks later({5, 10}, 0);
  EXPECT_NE(in_text.outputs, run(text, &later).outputs);
}

// h is what was drawn: its distribution, and whether it changes from step to step.
std::vector<double> drawn(const std::string& distribution, const Masks* masks) {
  const RecurrentStack stack(cell_of("noise n : [hidden] " + distribution + "\nh = n + 0 * x[0]\n"),
                             {.input = input, .hidden = hidden});
  return run(stack, masks).outputs;
}

TEST(CellNoise, IsDrawnAsItsLineSays) {
  const Masks masks({1, 2}, 0);
  const auto at = [](Index t, Index i) {
    return static_cast<std::size_t>((t * batch) * hidden + i);
  };
  for (Index i = 0; i < hidden; ++i) {
    const std::vector<double> u = drawn("uniform", &masks), k = drawn("bernoulli(0.5)", &masks),
                              d = drawn("dropout(0.75)", &masks);
    EXPECT_TRUE(u[at(0, i)] >= 0.0 && u[at(0, i)] < 1.0);
    EXPECT_TRUE(k[at(0, i)] == 0.0 || k[at(0, i)] == 1.0);
    EXPECT_TRUE(d[at(0, i)] == 0.0 || d[at(0, i)] == 4.0);
    EXPECT_NE(drawn("normal", &masks)[at(0, i)], drawn("normal", &masks)[at(1, i)]);
    EXPECT_EQ(drawn("normal each sequence", &masks)[at(0, i)],
              drawn("normal each sequence", &masks)[at(3, i)]);
    EXPECT_EQ(drawn("uniform each sequence", &masks)[at(0, i)],
              drawn("uniform each sequence", &masks)[at(3, i)]);
  }
  EXPECT_EQ(drawn("normal", nullptr)[0], 0.0);
  EXPECT_EQ(drawn("uniform", nullptr)[0], 0.5);
  EXPECT_EQ(drawn("bernoulli(0.9)", nullptr)[0], 0.9);
  EXPECT_EQ(drawn("dropout(0.9)", nullptr)[0], 1.0);
}

TEST(CellNoise, TrainingIsOneInTrainingAlone) {
  const RecurrentStack stack(
      cell_of("h = where(training, 2, 3) + 0 * repeat_elements(x[0], hidden)\n"),
      {.input = input, .hidden = hidden});
  const Masks masks({1, 2}, 0);
  EXPECT_EQ(run(stack, &masks).outputs[0], 2.0);
  EXPECT_EQ(run(stack, nullptr).outputs[0], 3.0);
}

TEST(CellNoise, AScheduleGoesFromOneNumberToAnother) {
  const RecurrentStack stack(
      cell_of("schedule slope from 1 to 5 over 8\nh = slope + 0 * repeat_elements(x[0], hidden)\n"),
      {.input = input, .hidden = hidden});
  for (const auto& [update, value] : {std::pair{0, 1.0}, {2, 2.0}, {8, 5.0}, {100, 5.0}}) {
    const Masks masks({1, update}, 0);
    EXPECT_EQ(run(stack, &masks).outputs[0], value) << update;
  }
  EXPECT_EQ(run(stack, nullptr).outputs[0], 5.0);
}

// Two sequences of 4 and 2 steps: what lies behind the end of one adds nothing.
TEST(CellLosses, AreSumsOverTheStepsThatCount) {
  const RecurrentStack stack(
      cell_of(candidate + "h = c\nloss first weight 0.5 = sum(h ^ 2)\nloss steps = 1\n"),
      {.input = input, .hidden = hidden});
  const StackRun got = run(stack, nullptr);
  double squares = 0.0;
  for (const double v : got.outputs) squares += v * v;  // outputs are 0 beyond the end
  ASSERT_EQ(got.losses.size(), 2u);
  EXPECT_NEAR(got.losses[0], 0.5 * squares, 1e-12);
  EXPECT_EQ(got.losses[1], 6.0);
}

// A stream hands its states on, and its sums begin anew.
TEST(CellLosses, BeginAnewWhereASequenceGoesOn) {
  const RecurrentStack stack(cell_of(candidate + "h = c\nloss steps = 1\n"),
                             {.input = input, .hidden = hidden});
  const std::vector<Tensor<double>> states{normal({batch, hidden}, "h"),
                                           Tensor<double>::full({batch, 1}, 7.0)};
  EXPECT_EQ(run(stack, nullptr, states).losses.at(0), 6.0);
}

TEST(CellLosses, AreNotZonedOutAndHaveNoLearnedStart) {
  const RecurrentStack stack(cell_of(candidate + "h = c\nloss steps = t\n"),
                             {.input = input,
                              .hidden = hidden,
                              .model = {.learned_states = true, .zoneout = {{"all", 0.5}}}});
  EXPECT_EQ(run(stack, nullptr).losses.at(0), 13.0);  // 1 + 2 + 3 + 4 and 1 + 2
  const Masks masks({1, 2}, 0);
  EXPECT_EQ(run(stack, &masks).losses.at(0), 13.0);
}

TEST(CellLosses, HaveGradientsWithNoiseOn) {
  const RecurrentStack stack(
      cell_of(candidate +
              "noise n : [hidden] normal\nnoise m : [hidden] bernoulli(0.7) each sequence\n"
              "param s : [hidden]\nh = m * (c + n * exp(s))\n"
              "loss kl weight 0.3 = sum(c ^ 2 + exp(2 * s) - s)\n"),
      {.input = input, .hidden = hidden});
  const Masks masks({4, 1}, 0);
  const ScalarFunction total = [&](Tape<double>& tape, const std::vector<Var>& in) {
    std::vector<CellLoss> losses;
    const Pass pass = Pass(tape, {stack.parameters(), in}, &masks).with_losses(losses);
    const StackResult result =
        stack.forward(pass, tape.constant(normal({steps, batch, input}, "x")), {.lengths = {4, 2}});
    return with_cell_losses(sum(result.outputs * result.outputs), losses);
  };
  auto values = ParameterSet<double>(stack.parameters(), 3).snapshot();
  const GradientError error = check_gradients(total, values);
  EXPECT_LE(error.worst, 1e-7) << error.where;
}

TEST(CellLosses, AreNamedByTheStack) {
  const Cell cell = cell_of(candidate + "h = c\nloss kl = sum(c)\nloss steps weight 0 = 1\n");
  EXPECT_THAT(RecurrentStack(cell, {.input = input, .hidden = hidden, .depth = 2}).losses(),
              testing::ElementsAre("kl", "steps"));
  EXPECT_TRUE(RecurrentStack(cell_of(candidate + "h = c\n"), {.input = input, .hidden = hidden})
                  .losses()
                  .empty());
}

// In training and evaluation, in each layer and both directions; 0 behind the end.
TEST(CellLength, IsThatOfItsSequence) {
  for (const int depth : {1, 2}) {
    const RecurrentStack stack(
        cell_of("noise n : [1] normal\nh = length * ones([hidden]) + 0 * x[0] * n\n"),
        {.input = input, .hidden = 1, .depth = depth, .bidirectional = true});
    const Masks masks({5, 9}, 0);
    for (const Masks* drawn : {static_cast<const Masks*>(nullptr), &masks}) {
      EXPECT_EQ(run(stack, drawn).outputs,
                (std::vector<double>{4, 4, 2, 2, 4, 4, 2, 2, 4, 4, 0, 0, 4, 4, 0, 0}));
    }
  }
}

TEST(CellLength, IsThatOfTheDataWhereNoLengthsAreGiven) {
  const RecurrentStack stack(cell_of("h = length * ones([hidden]) + 0 * x[0]\n"),
                             {.input = input, .hidden = 1});
  Tape<double> tape;
  const Pass pass(tape, {stack.parameters(), {}});
  const StackResult result = stack.forward(pass, tape.constant(normal({3, 1, input}, "x")));
  EXPECT_EQ(pass.values(result.outputs), (std::vector<double>{3, 3, 3}));
}

TEST(CellLength, IsRefusedWhereASequenceGoesOn) {
  const RecurrentStack stack(cell_of("h = h[t-1] + length * ones([hidden]) + 0 * x[0]\n"),
                             {.input = input, .hidden = hidden});
  const std::vector<Tensor<double>> states{normal({batch, hidden}, "h")};
  EXPECT_THAT(error_of<InputError>([&] { run(stack, nullptr, states); }),
              testing::StartsWith("cell t reads the length of the sequence, which is not known"));
}

}  // namespace
}  // namespace carousel
