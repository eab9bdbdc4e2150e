// Cells derived from every cell of the catalogue.

#include "cell/derived.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "catalogue.hpp"
#include "cell/nearest_sizes.hpp"
#include "layer/recurrent_stack.hpp"
#include "tape/gradient_check.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr Index steps = 4, batch = 2;

StepProgram dropped(const char* cell) {
  return with_recurrent_dropout(catalogue().find(cell).build({3, 4}), 0.5, Supply::Often::step);
}

// What the layer is to give, behind x.
std::vector<ProgramNode> masks_of(const StepProgram& program) {
  std::vector<ProgramNode> masks;
  for (const int input : program.inputs) {
    const ProgramNode& node = program.nodes[std::size_t(input)];
    if (node.supply) masks.push_back(node);
  }
  return masks;
}

std::string text_with_dropout(const char* cell) { return to_text(dropped(cell)); }

TEST(RecurrentDropout, DropsWhatALstmAddsToItsMemory) {
  const std::string text = text_with_dropout("lstm");
  EXPECT_THAT(text, HasSubstr("c = f * c[t-1] + i * g * dropout_c")) << text;
  EXPECT_THAT(text, Not(HasSubstr("dropout_h")));
}

TEST(RecurrentDropout, DropsTheCandidateOfAGru) {
  for (const char* cell : {"gru_reset_before", "gru_reset_after"}) {
    const StepProgram program = dropped(cell);
    const std::vector<ProgramNode> masks = masks_of(program);
    ASSERT_EQ(masks.size(), 1U);
    EXPECT_EQ(masks[0].name, "dropout_h");
    EXPECT_EQ(masks[0].shape.back(), 4);
    EXPECT_EQ(masks[0].supply->kind, Supply::Kind::drop);
    EXPECT_EQ(program.data_inputs(), 1U);
    // With the mask 0, the new state is the old one's part alone: zero where that is zero.
    Tape<double> tape;
    std::vector<Var> parameters;
    for (const ProgramParameter& p : program.parameters) {
      parameters.push_back(tape.constant(Tensor<double>::full(p.shape, 0.3)));
    }
    const auto full = [&](Index size, double value) {
      return tape.constant(Tensor<double>::full({1, size}, value));
    };
    const auto next = [&](double old, double mask) {
      const StepResult result = run_step(
          program, parameters, std::array{full(3, 1.0), full(4, mask)}, std::array{full(4, old)});
      return tape.value(result.states[0]).data()[0];
    };
    EXPECT_EQ(next(0.0, 0.0), 0.0) << cell;
    EXPECT_NE(next(0.0, 1.0), 0.0) << cell;
    EXPECT_NE(next(0.5, 0.0), 0.0) << cell;
  }
}

TEST(RecurrentDropout, OfACellThatAddsNothingMasksTheOldState) {
  const std::string text = text_with_dropout("rnn_tanh");
  EXPECT_THAT(text, HasSubstr("U_h @ (h[t-1] * dropout_h)")) << text;
}

TEST(Zoneout, MixesTheOldStateInBehindTheCell) {
  const StepProgram lstm = catalogue().find("lstm").build({3, 4});
  const StepProgram zoned = with_zoneout(lstm, {{"c", 0.5}, {"h", 0.1}});
  const std::string text = to_text(zoned);
  EXPECT_THAT(text, AllOf(HasSubstr("h = o * tanh(c)"), HasSubstr("zoned_c"), HasSubstr("zoned_h")))
      << text;
  EXPECT_EQ(zoned.nodes[std::size_t(zoned.output)].name, "zoned_h");
  EXPECT_TRUE(masks_of(with_zoneout(lstm, {{"all", 0.0}})).empty());
  EXPECT_THAT(error_of<InputError>([] {
                with_zoneout(catalogue().find("mlstm").build({4, 4}), {{"C", 0.5}});
              }),
              HasSubstr("zoneout of C, which is no vector"));
}

TEST(LearnedStates, AreParametersThatBeginAsBefore) {
  const StepProgram program = with_learned_states(catalogue().find("lstm").build({3, 4}));
  EXPECT_EQ(program.parameter_count(),
            catalogue().find("lstm").build({3, 4}).parameter_count() + 8);
  Tape<double> tape;
  std::vector<Var> parameters;
  for (const ProgramParameter& p : program.parameters) {
    const bool initial = p.name == "initial_c";
    parameters.push_back(tape.leaf(Tensor<double>::full(p.shape, initial ? 0.7 : 0.0)));
  }
  const auto states = initial_states(program, tape, parameters, batch);
  double sum = 0.0;
  for (const Var state : states) {
    for (const double v : tape.value(state).values()) sum += v;
  }
  EXPECT_NEAR(sum, 0.7 * 4 * batch, 1e-12);
}

std::vector<Cell> cells_with_vectors() {
  std::vector<Cell> cells;
  for (const Cell& cell : catalogue().cells()) {
    if (!vector_states(cell.build(nearest_sizes(cell, {4, 3}))).empty()) cells.push_back(cell);
  }
  return cells;
}

Tensor<double> normal(const Shape& shape, const std::string& stream) {
  return initialise<double>(Initialiser::normal(0.4), shape, Random(3, std::string_view(stream)));
}

class DerivedCell : public testing::TestWithParam<Cell> {
 protected:
  RecurrentStack stack(const ModelOptions& model) const {
    return {GetParam(), {.input = sizes_.input, .hidden = sizes_.hidden, .model = model}};
  }
  std::vector<Tensor<double>> values(const RecurrentStack& stack) const {
    auto all = ParameterSet<double>(stack.parameters(), 3).snapshot();
    for (std::size_t k = 0; k < all.size(); ++k) {
      const auto noise = normal(all[k].shape(), stack.parameters()[k].name);
      for (Index i = 0; i < noise.numel(); ++i) all[k].data()[i] += 0.5 * noise.data()[i];
    }
    return all;
  }
  Tensor<double> x() const { return normal({steps, batch, sizes_.input}, "x"); }

  std::vector<double> outputs(const RecurrentStack& stack, const Masks* masks) const {
    Tape<double> tape;
    const auto parameters = leaves(tape, values(stack));
    const Pass pass(tape, {stack.parameters(), parameters}, masks);
    return pass.values(stack.forward(pass, tape.constant(x())).outputs);
  }

  CellSizes sizes_ = nearest_sizes(GetParam(), {4, 3});
  Masks masks_{{5, 9}, 0};
};

// The same by the cell's own step, the states mixed by hand.
TEST_P(DerivedCell, ZoneoutIsTheCellsStepAndThenTheMix) {
  const RecurrentStack derived = stack({.zoneout = {{"all", 0.4}}});
  const StepProgram program = GetParam().build(sizes_);
  Tape<double> tape;
  const auto parameters = leaves(tape, values(derived));
  auto states = initial_states(program, tape, parameters, batch);
  const Var all = tape.constant(x());
  const std::vector<std::string> mixed = vector_states(program);
  std::vector<double> expected;
  for (Index t = 0; t < steps; ++t) {
    std::vector<Var> inputs{reshape(slice(all, 0, t, 1), {batch, sizes_.input})};
    for (std::size_t k = 1; k < program.inputs.size(); ++k) {
      const ProgramNode& node = program.nodes[std::size_t(program.inputs[k])];
      inputs.push_back(
          tape.constant(Tensor<double>::full({batch, node.shape.back()}, node.otherwise.value())));
    }
    StepResult step = run_step(program, parameters, inputs, states);
    for (std::size_t s = 0; s < states.size(); ++s) {
      const ProgramState& state = program.states[s];
      if (std::ranges::count(mixed, state.name) == 0) continue;
      const Shape shape{steps, batch, state.shape.back()};
      const Var keep = tape.constant(
          masks_.draw<double>("layers/0/forward/zoneout_" + state.name, shape, {0.4, 1.0, 0.0}));
      const Var now = reshape(slice(keep, 0, t, 1), {batch, state.shape.back()});
      const Var computed = step.states[s];
      step.states[s] = now * states[s] + (1.0 - now) * computed;
      if (program.output == state.next) step.output = step.states[s];
    }
    states = step.states;
    for (const double v : tape.value(step.output).values()) expected.push_back(v);
  }
  const auto got = outputs(derived, &masks_);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], 1e-9 * std::max(1.0, std::abs(expected[i])));
  }
}

TEST_P(DerivedCell, DropsNothingInEvaluation) {
  const RecurrentStack plain = stack({});
  const RecurrentStack derived = stack({.dropout_input = 0.3,
                                        .dropout_output = 0.3,
                                        .recurrent_dropout = 0.5,
                                        .dropout_mask = "sequence"});
  if (plain.parameters().size() != derived.parameters().size()) GTEST_SKIP() << "unused parameters";
  const auto a = outputs(plain, nullptr), b = outputs(derived, nullptr);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_NEAR(a[i], b[i], 1e-9 * std::max(1.0, std::abs(a[i])));
  }
  EXPECT_NE(a, outputs(derived, &masks_));
}

// Cells whose gradient is by intention not the derivative of their value, which has steps; and
// those that are so steep that differences are far off.
const std::set<std::string> apart = {"skip_gru",   "skip_lstm", "surnn", "hm_lstm",
                                     "hyper_lstm", "ln_lstm",   "nru"};

class DerivedCellGradients : public DerivedCell {};

TEST_P(DerivedCellGradients, MatchDifferencesWithMasksOn) {
  for (const char* mask : {"step", "sequence"}) {
    const RecurrentStack derived = stack({.learned_states = true,
                                          .noise_input = 0.2,
                                          .dropout_input = 0.3,
                                          .dropout_output = 0.2,
                                          .recurrent_dropout = 0.5,
                                          .zoneout = {{"all", 0.3}},
                                          .dropout_mask = mask});
    const ScalarFunction loss = [&](Tape<double>& tape, const std::vector<Var>& in) {
      const std::span<const Var> parameters = std::span<const Var>(in).subspan(1);
      const Pass pass(tape, {derived.parameters(), parameters}, &masks_);
      const StackResult result = derived.forward(pass, in[0], {{3, 4}, {}, {}});
      Var total = sum(result.outputs * result.outputs);
      for (const Var state : result.states) total = total + sum(tanh(state));  // one may be -1e30
      return total;
    };
    std::vector<Tensor<double>> in{x()};
    for (auto& value : values(derived)) in.push_back(value);
    // A kink such as relu's lies inside a difference by chance; a wrong rule is wrong everywhere.
    double least = 1.0;
    std::string where;
    for (int attempt = 0; attempt < 4 && least > 1e-6; ++attempt) {
      const GradientError error = check_gradients(loss, in, -1, 60);
      if (error.worst < least) least = error.worst, where = error.where;
      for (Tensor<double>& value : in) {
        const auto step = normal(value.shape(), std::to_string(attempt));
        for (Index i = 0; i < step.numel(); ++i) value.data()[i] += 0.05 * step.data()[i];
      }
    }
    EXPECT_LE(least, 1e-6) << where;
  }
}

std::vector<Cell> checked_cells() {
  std::vector<Cell> cells = cells_with_vectors();
  std::erase_if(cells, [](const Cell& cell) { return apart.contains(cell.name); });
  return cells;
}

const auto name_of = [](const auto& test) { return test.param.name; };
INSTANTIATE_TEST_SUITE_P(Catalogue, DerivedCell, testing::ValuesIn(cells_with_vectors()), name_of);
INSTANTIATE_TEST_SUITE_P(Catalogue, DerivedCellGradients, testing::ValuesIn(checked_cells()),
                         name_of);

}  // namespace
}  // namespace carousel
