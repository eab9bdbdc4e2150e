// The check of a cell: it passes for good ones, and names the step that fails.

#include "train/cell_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "catalogue.hpp"
#include "program/steps.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Checked {
  std::vector<std::string> steps;  // "gradients failed"
  std::string last;                // what was said of the last one
};

Checked check(const Cell& cell, double seconds = 0.0) {
  Checked checked;
  std::vector<std::string> heard;
  const auto text = [](const CheckStep& step) {
    return step.name + (step.passed ? " passed" : " failed");
  };
  for (const CheckStep& step : check_cell(
           cell, {3, 4}, seconds, [&](const CheckStep& done) { heard.push_back(text(done)); })) {
    checked.steps.push_back(text(step));
    checked.last = step.detail;
  }
  EXPECT_EQ(heard, checked.steps);
  return checked;
}

Cell cell_of(const std::string& equations) {
  CellRegistry registry;
  return registry.find(registry.add_text("cell made\n" + equations + "output h\n", "made.cell"));
}

// x^2 with whatever derivative.
template <class T>
void square(const KernelCall<T>& call) {
  for (Index i = 0; i < call.out.numel(); ++i) {
    call.out.data()[i] = call.in[0]->data()[i] * call.in[0]->data()[i];
  }
}
Cell square_cell(const char* op_name, Var (*derivative)(const DerivativeCall&)) {
  const Op& op = register_op({op_name,
                              "x^2",
                              1,
                              [](const ShapeCall& call) { return *call.in[0]; },
                              square<float>,
                              square<double>,
                              derivative,
                              {{{Shape{3}}}}});
  Cell cell;
  cell.name = "made";
  cell.build = [&op](const CellSizes& sizes) {
    StepBuilder b("made");
    const Var x = b.input("x", sizes.input), h = b.state("h", sizes.hidden);
    const Var w = b.parameter("W", {sizes.hidden, sizes.input}, Initialiser::glorot());
    const Var u = b.parameter("U", {sizes.hidden, sizes.hidden}, Initialiser::orthogonal());
    b.set_state("h", tanh(linear(x, w) + carousel::apply(op, std::array{linear(h, u)})));
    b.set_output("h");
    return b.finish();
  };
  return cell;
}

const char* const good =
    "param W : [hidden, input]\nparam U : [hidden, hidden] init orthogonal\n"
    "h = tanh(W @ x + U @ h[t-1])\n";

TEST(CellCheck, AGoodCellPassesEveryStep) {
  EXPECT_THAT(check(cell_of(good), 30.0).steps,
              ElementsAre("builds passed", "gradients passed", "scan passed", "learns passed"));
  const Cell right =
      square_cell("right_square", [](const DerivativeCall& d) { return d.grad * 2.0 * d.in[0]; });
  EXPECT_THAT(check(right).steps, ElementsAre("builds passed", "gradients passed", "scan passed",
                                              testing::StartsWith("learns")));
}

TEST(CellCheck, AWrongDerivativeIsFoundByDifferences) {
  const Cell wrong = square_cell("wrong_square",
                                 [](const DerivativeCall& d) { return d.grad * 2.0002 * d.in[0]; });
  const Checked checked = check(wrong);
  EXPECT_THAT(checked.steps, ElementsAre("builds passed", "gradients failed"));
  EXPECT_THAT(checked.last,
              testing::ContainsRegex("largest error .* for (W \\(input 0,|U \\(input 1,|x "
                                     "\\(input 2,|h\\[0\\] \\(input 3,)"));
}

TEST(CellCheck, NaNIsNoSmallError) {
  const Checked checked =
      check(cell_of("param W : [hidden, input]\nh = tanh(W @ x + 0 * log(h[t-1] - 5))\n"));
  EXPECT_THAT(checked.steps, ElementsAre("builds passed", "gradients failed"));
  EXPECT_THAT(checked.last, HasSubstr("nan"));
}

TEST(CellCheck, ACellThatForgetsDoesNotLearn) {
  const Checked checked = check(cell_of("param W : [hidden, input]\nh = tanh(W @ x)\n"), 0.3);
  EXPECT_THAT(checked.steps,
              ElementsAre("builds passed", "gradients passed", "scan passed", "learns failed"));
  EXPECT_THAT(checked.last, HasSubstr("it can't say what the sign of x was a step before"));
}

// The first loss is not a gain.
TEST(CellCheck, OneUpdateIsNoLearning) {
  const Checked checked = check(cell_of(good), 0.0);
  EXPECT_THAT(checked.steps, testing::Contains("learns failed"));
  EXPECT_THAT(checked.last, HasSubstr("in 1 updates: too few to say; allow more time (--seconds)"));
}

TEST(CellCheck, ACellWithoutParametersIsTrainedByItsReadout) {
  EXPECT_THAT(check(cell_of("h = concat(x[0:1], h[t-1][0:3])\n"), 30.0).steps,
              testing::Contains("learns passed"));
}

TEST(CellCheck, ALargeCellIsRefusedAtOnce) {
  std::string lines = "v0 = x\n";
  for (int i = 0; i < 18; ++i) {
    lines += fmt::format("v{} = concat(v{}, v{})\n", i + 1, i, i);
  }
  EXPECT_THAT(error_of<InputError>([&] { check(cell_of(lines + "h = sum(v18) + h[t-1]\n")); }),
              HasSubstr("elements at input 3, hidden 4, expected at most 1048576 for a check"));
}

TEST(CellCheck, OfALongDelayFewerGradientsAreCompared) {
  const Checked checked = check(cell_of("param W : [hidden, input]\nh = tanh(W @ x + h[t-100])\n"));
  EXPECT_THAT(checked.steps, testing::Contains("gradients passed"));
}

TEST(CellCheck, SaysHowManyGradientsAreCompared) {
  const Cell gru = catalogue().find("gru_reset_after");
  const auto gradients = [&](Index hidden) {
    return check_cell(gru, {3, hidden}, 0.0, [](const CheckStep&) {}).at(1).detail;
  };
  EXPECT_THAT(gradients(4), testing::MatchesRegex("largest error [^ ]*"));
  // Six matrices and biases; 5 steps of 3 sequences; states.
  const Index all = 3 * (32 * 3 + 32 * 32 + 32) + 32 + 5 * 3 * 3 + 3 * 32;
  EXPECT_THAT(gradients(32), testing::EndsWith(fmt::format(" of {} elements", all)));
}

TEST(CellCheck, AMatrixOfTheWrongShapeIsTheCellsOwnError) {
  const Cell wrong = cell_of("param W : [hidden, hidden]\nh = tanh(W @ x + h[t-1])\n");
  EXPECT_THAT(error_of<InputError>([&] { check(wrong); }),
              HasSubstr("It can be built where input = hidden"));
}

// Differences see a value move through which no gradient flows.
TEST(CellCheck, WhatStopsGradientsIsHeldFixed) {
  const Checked checked =
      check(cell_of("param W : [hidden, input]\nparam U : [hidden, hidden]\n"
                    "g = stop_gradient(W @ x)\n"
                    "h = tanh(W @ x + g * g + U @ h[t-1] + stop_gradient(U @ h[t-1]) * h[t-1])\n"));
  EXPECT_EQ(checked.steps.at(1), "gradients passed");
  EXPECT_EQ(checked.steps.at(2), "scan passed");
}

// At other values than its default the input gives no number.
TEST(CellCheck, AFurtherInputIsAroundItsDefault) {
  const Checked checked = check(
      cell_of("input dose : [1] default 10\nparam W : [hidden, input]\n"
              "param U : [hidden, hidden]\nh = tanh(W @ x + U @ h[t-1] + 0 * log(dose - 6))\n"),
      30.0);
  EXPECT_THAT(checked.steps,
              ElementsAre("builds passed", "gradients passed", "scan passed", "learns passed"));
}

// Signs are where the logarithm of | |x| - 1 | has no value; other numbers are not.
TEST(CellCheck, ALossThatIsNoNumberIsNoLearning) {
  const Checked checked =
      check(cell_of("param W : [hidden, input]\nparam U : [hidden, hidden]\n"
                    "h = tanh(W @ x + U @ h[t-1] + 0 * sum(log(abs(abs(x) - 1))))\n"));
  EXPECT_THAT(checked.steps,
              ElementsAre("builds passed", "gradients passed", "scan passed", "learns failed"));
  EXPECT_THAT(checked.last, testing::MatchesRegex("the loss is -?nan after 0 updates"));
}

// x^2, but in float something more each time that it is asked for.
void unsteady_square(const KernelCall<float>& call) {
  static float more = 0.0f;
  more += 0.25f;
  square<float>(call);
  for (Index i = 0; i < call.out.numel(); ++i) call.out.data()[i] += more;
}

TEST(CellCheck, ACompiledScanThatDiffersIsFound) {
  const Op& op = register_op({"unsteady_square",
                              "x^2",
                              1,
                              [](const ShapeCall& call) { return *call.in[0]; },
                              unsteady_square,
                              square<double>,
                              [](const DerivativeCall& d) { return d.grad * 2.0 * d.in[0]; },
                              {}});
  Cell cell;
  cell.name = "made";
  cell.build = [&op](const CellSizes& sizes) {
    StepBuilder b("made");
    const Var x = b.input("x", sizes.input), h = b.state("h", sizes.hidden);
    const Var w = b.parameter("W", {sizes.hidden, sizes.input}, Initialiser::glorot());
    b.set_state("h", linear(x, w) + carousel::apply(op, std::array{h}));
    b.set_output("h");
    return b.finish();
  };
  const Checked checked = check(cell);
  EXPECT_THAT(checked.steps, ElementsAre("builds passed", "gradients passed", "scan failed"));
  EXPECT_THAT(checked.last, testing::MatchesRegex("differs by .* in double, .* in float"));
}

TEST(CellCheck, ASizeThatTheCellCannotHaveIsMovedToTheNearest) {
  const Cell halves = cell_of(
      "param W : [2 * (hidden / 2), input]\nh = tanh(W @ x + concat(roll(h[t-1][0:hidden/2], 1), "
      "h[t-1][hidden/2:hidden]))\n");
  const auto steps = check_cell(halves, {3, 5}, 0.0, [](const CheckStep&) {});
  EXPECT_THAT(steps.at(0).detail,
              testing::MatchesRegex("(12|18) parameters at input 3, hidden (4|6)"));
}

// Of a cell that says nothing the answer is a half, whose loss is log 2.
TEST(CellCheck, TheLossIsTheMeanOverTheStepsThatCount) {
  const Checked checked =
      check(cell_of("param W : [hidden, input]\nh = 0 * (W @ x) + 0 * h[t-1]\n"));
  EXPECT_THAT(checked.last, testing::StartsWith("loss 0.693 to 0.693 in 1 updates"));
}

}  // namespace
}  // namespace carousel
