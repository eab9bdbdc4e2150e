// The check of a cell: it passes for good ones, and names the step that fails.

#include "train/cell_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "catalogue.hpp"
#include "program/steps.hpp"
#include "temporary_folder.hpp"
#include "tensor/interrupt.hpp"
#include "train/learning_check.hpp"

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
  const auto hear = [&](const CheckStep& done) { heard.push_back(text(done)); };
  for (const CheckStep& step : check_cell(cell, {3, 4, seconds}, {.done = hear})) {
    checked.steps.push_back(text(step));
    checked.last = step.detail;
  }
  EXPECT_EQ(heard, checked.steps);
  return checked;
}

Cell cell_of(const std::string& equations, bool from_file = false) {
  CellRegistry registry;
  return registry.find(
      registry.add_text("cell made\n" + equations + "output h\n", "made.cell", from_file));
}

// What is said of the sizes.
std::string sizes_of(const Cell& cell, const CheckRequest& request) {
  return check_cell(cell, request, {}).at(0).detail;
}

// x^2 with whatever derivative.
template <class T>
void square(const KernelCall<T>& call) {
  for (Index i = 0; i < call.out.numel(); ++i) {
    call.out.data()[i] = call.in[0]->data()[i] * call.in[0]->data()[i];
  }
}
const Op& square_op(const char* name, Var (*derivative)(const DerivativeCall&)) {
  return register_op({name,
                      "x^2",
                      1,
                      [](const ShapeCall& call) { return *call.in[0]; },
                      square<float>,
                      square<double>,
                      derivative,
                      {{{Shape{3}}}}});
}

Cell square_cell(const char* op_name, Var (*derivative)(const DerivativeCall&)) {
  const Op& op = square_op(op_name, derivative);
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
              testing::ContainsRegex("largest error .*, for (W|U|x|h\\[0\\])\n"
                                     "\\(input [0-3], element [0-9]+: tape .*, differences "));
}

TEST(CellCheck, NaNIsNoSmallErrorAndIsTracedToItsLine) {
  const Checked checked =
      check(cell_of("param W, U : [hidden, input]\na = U @ x + 0 * log(x[0] - 5)\n"
                    "h = tanh(W @ x + a) + h[t-1]\n"));
  EXPECT_THAT(checked.steps, ElementsAre("builds passed", "gradients failed"));
  EXPECT_THAT(checked.last,
              testing::ContainsRegex("largest error -?nan .*\n.*\nstep 0: value 'a' of cell made "
                                     "\\(reads parameters U\\): op 'log' gave -?nan .*\n"
                                     "a = U @ x \\+ 0 \\* log\\(x\\[0:1\\] - 5\\)$"));
}

// The square root has no derivative at 0; what it gives is finite.
TEST(CellCheck, AGradientThatIsNotFiniteIsTracedToItsState) {
  const Checked checked =
      check(cell_of("param W : [hidden, input]\nh = tanh(W @ x + sqrt(0 * h[t-1]))\n"));
  EXPECT_THAT(checked.steps, ElementsAre("builds passed", "gradients failed"));
  EXPECT_THAT(checked.last, HasSubstr("all values are finite, but not the gradient of W: that of "
                                      "h[t-1] at step 4\nh = tanh("));
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
    return check_cell(gru, {3, hidden, 0.0}, {}).at(1).detail;
  };
  EXPECT_THAT(gradients(4),
              testing::MatchesRegex("largest error [^ ]* \\(limit 1e-05\\), for [^ ]*"));
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
  EXPECT_THAT(checked.last,
              testing::ContainsRegex("the loss is -?nan after 0 updates: layers/0/forward, step 0: "
                                     "value 'h' of cell made .*: op 'log' gave -?inf .*\nh = "));
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
  EXPECT_THAT(checked.last, testing::MatchesRegex("double differs by .* \\(limit 1e-10\\), .*\n"
                                                  "float differs by .* \\(limit 1e-02\\), .*"));
}

TEST(CellCheck, ASizeThatTheCellCannotHaveIsMovedToTheNearest) {
  const Cell halves = cell_of(
      "param W : [2 * (hidden / 2), input]\nh = tanh(W @ x + concat(roll(h[t-1][0:hidden/2], 1), "
      "h[t-1][hidden/2:hidden]))\n");
  EXPECT_EQ(sizes_of(halves, {3, 5, 0.0}),
            "18 parameters at input 3, hidden 6\n"
            "not at input 3, hidden 5: it takes sizes where hidden is a multiple of 2");
}

TEST(CellCheck, SizesThatNobodyAskedForAreSuchThatTheCellTakesThem) {
  const std::string equations =
      "hyper heads = 4\nparam W : [hidden / heads * heads, input / 2]\n"
      "h = tanh(W @ x[0:input/2] + h[t-1])\n";
  const std::string rule =
      "it takes sizes where input is a multiple of 2, and hidden is a multiple of 4";
  EXPECT_EQ(sizes_of(cell_of(equations, true), {.seconds = 0.0}),
            "8 parameters at input 4, hidden 4\nnot at input 3, hidden 4: " + rule);
  EXPECT_EQ(sizes_of(cell_of(equations), {.hidden = 5, .seconds = 0.0}),
            "32 parameters at input 8, hidden 8\nnot at input 3, hidden 5: " + rule);
  EXPECT_THAT(
      error_of<InputError>([&] { sizes_of(cell_of(equations), {.input = 3}); }),
      HasSubstr("3 / 2 is no whole number\n  param W : [hidden / heads * heads, input / 2]"));
}

// In the catalogue that is meant; in a file it is most likely a matrix of the wrong shape.
TEST(CellCheck, AnInputAsWideAsTheStateIsTakenInTheCatalogueAlone) {
  const std::string equations = "param U : [hidden, input]\nh = tanh(U @ h[t-1] + x)\n";
  EXPECT_EQ(sizes_of(cell_of(equations), {.seconds = 0.0}),
            "16 parameters at input 4, hidden 4\n"
            "not at input 3, hidden 4: it takes sizes where input = hidden");
  EXPECT_THAT(sizes_of(cell_of(equations), {.input = 6, .seconds = 0.0}),
              testing::StartsWith("36 parameters at input 6, hidden 6\n"));
  EXPECT_THAT(error_of<InputError>([&] { sizes_of(cell_of(equations, true), {}); }),
              HasSubstr("(It can be built where input = hidden. If that is meant: --input 4 "
                        "--hidden 4)"));
}

// Outside of where it starts a logarithm has no value.
TEST(CellCheck, AStateStartsWhereItsInitialLineSays) {
  const std::string rest =
      "param W : [hidden, input]\nparam U : [hidden, hidden]\n"
      "h = tanh(W @ x + U @ h[t-1] + sum(log(w[t-1] - 2.9)))\nw = w[t-1]\n";
  for (const char* initial : {"initial w = 3\n", "param b : [2]\ninitial w = 3 + softmax(b)\n"}) {
    EXPECT_THAT(check(cell_of("state w : [2]\n" + std::string(initial) + rest)).steps,
                testing::IsSupersetOf({"gradients passed", "scan passed"}))
        << initial;
  }
  EXPECT_THAT(check(cell_of("state w : [2]\n" + rest)).steps,
              testing::Contains("gradients failed"));
}

// x^2 with a wrong derivative, read by the first value of a state alone.
TEST(CellCheck, GradientsReachWhatAnInitialLineReads) {
  const Op& op = square_op("wrong_first_square",
                           [](const DerivativeCall& d) { return d.grad * 2.0002 * d.in[0]; });
  Cell cell;
  cell.name = "made";
  cell.build = [&op](const CellSizes& sizes) {
    StepBuilder b("made");
    const Var x = b.input("x", sizes.input), h = b.state("h", sizes.hidden);
    const Var w = b.parameter("W", {sizes.hidden, sizes.input}, Initialiser::glorot());
    const Var first = b.parameter("first", {sizes.hidden}, Initialiser::constant(0.5));
    b.set_initial("h", carousel::apply(op, std::array{first}));
    b.set_state("h", tanh(linear(x, w) + h));
    b.set_output("h");
    return b.finish();
  };
  EXPECT_THAT(check(cell).last, HasSubstr(", for first"));
}

Index lag(const std::string& equations) { return lag_of(cell_of(equations).build({3, 4})); }

TEST(CellCheck, TheLagIsThatOfTheNearestInputThatIsRead) {
  EXPECT_EQ(lag(good), 1);
  EXPECT_EQ(lag("param W : [hidden, input]\nh = tanh(W @ x + h[t-9])\n"), 9);
  EXPECT_EQ(lag("param W : [hidden, input]\nh = tanh(W @ x[t-3]) + 0.1 * h[t-5]\n"), 3);
  EXPECT_EQ(lag("param W : [hidden, input]\nh = tanh(W @ x[t-200])\n"), 200);
  EXPECT_EQ(lag("param W : [hidden, input]\na = W @ x\nb = tanh(a[t-1])\nh = tanh(b[t-1])\n"), 2);
  EXPECT_EQ(lag("param W : [hidden, input]\nh = tanh(W @ x)\n"), 1);
}

TEST(CellCheck, ACellThatLooksFurtherBackLearnsAtItsOwnLag) {
  const Checked checked = check(cell_of("param W : [hidden, input]\nh = tanh(W @ x[t-7])\n"), 30.0);
  EXPECT_THAT(checked.steps, testing::Contains("learns passed"));
  EXPECT_THAT(checked.last, testing::EndsWith("updates: the sign of x 7 steps before"));
}

TEST(CellCheck, SaysHowFarItIsAndStopsSoon) {
  std::vector<std::string> heard;
  std::atomic<bool> stop = false;
  const StopScope scope(stop);
  const auto progress = [&](const std::string& step, const std::string& how_far) {
    heard.push_back(step + ": " + how_far);
    stop = heard.size() >= 3;
  };
  EXPECT_EQ(error_of<Interrupted>(
                [&] { check_cell(cell_of(good), {.seconds = 60.0}, {.progress = progress}); }),
            "stopped");
  EXPECT_THAT(heard,
              ElementsAre("gradients: 1 passes of about 340", "gradients: 2 passes of about 340",
                          "gradients: 3 passes of about 340"));
}

class CatalogueCheck : public testing::TestWithParam<Cell> {};

TEST_P(CatalogueCheck, NeedsNoSizes) {
  for (const CheckStep& step : check_cell(GetParam(), {.seconds = 0.001}, {})) {
    if (step.name == "learns") EXPECT_THAT(step.detail, HasSubstr("updates: ")) << step.detail;
    else EXPECT_TRUE(step.passed) << step.name << ": " << step.detail;
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, CatalogueCheck, testing::ValuesIn(catalogue().cells()),
                         [](const auto& cell) { return cell.param.name; });

// Without a bias of its own, or with an input as wide as the state, or with steps in its value.
TEST(CellCheck, CellsThatAskForMoreLearnToo) {
  for (const char* name : {"retnet", "mut1_original", "mut2_original", "skip_gru"}) {
    const auto steps = check_cell(catalogue().find(name), {.seconds = 2.0}, {});
    EXPECT_TRUE(steps.back().passed) << name << ": " << steps.back().detail;
  }
}

// Of a cell that says nothing the answer is a half, whose loss is log 2.
TEST(CellCheck, TheLossIsTheMeanOverTheStepsThatCount) {
  const Checked checked =
      check(cell_of("param W : [hidden, input]\nh = 0 * (W @ x) + 0 * h[t-1]\n"));
  EXPECT_THAT(checked.last,
              testing::StartsWith("loss 0.693 to 0.693 (limit 0.686) in 1 updates: "));
}

}  // namespace
}  // namespace carousel
