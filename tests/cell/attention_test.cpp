// Attention inside the step, for every cell of the catalogue whose output is a vector.

#include "cell/attention.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "program/scan_fixtures.hpp"
#include "tape/gradient_check.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

constexpr Index rows = 5, memory_size = 2, key_size = 3, steps = 7, batch = 4;

// What of x is the caller's: the cell's nearest size, less the context.
struct Attentive {
  AttentionForm form;
  Index input = 0;
  StepProgram cell, program;
};

Attentive attentive(const Cell& cell, AttentionForm form) {
  const CellSizes sizes = nearest_sizes(cell, {4, 3});
  Attentive made{form, 0, cell.build(sizes), {}};
  const Index output = made.cell.output_shape().back();
  if (form.score == AttentionScore::product) made.form.keys = output;
  made.input = sizes.input - attentive_input(made.form, 0, output);
  if (made.input < 1) {  // sizes that hang together
    const CellSizes wider = nearest_sizes(cell, {sizes.input + output + 2, sizes.hidden});
    made.cell = cell.build(wider);
    if (form.score == AttentionScore::product) made.form.keys = made.cell.output_shape().back();
    made.input = wider.input - attentive_input(made.form, 0, made.cell.output_shape().back());
  }
  made.program = with_attention(made.cell, made.form, made.input);
  return made;
}

AttentionForm additive() {
  return {AttentionScore::additive, AttentionPlace::before, memory_size, key_size, rows};
}

std::vector<Cell> cells_with_vectors() {
  std::vector<Cell> cells;
  for (const Cell& cell : catalogue().cells()) {
    if (!vector_states(cell.build(nearest_sizes(cell, {4, 3}))).empty()) cells.push_back(cell);
  }
  return cells;
}

class AttentiveCell : public testing::TestWithParam<Cell> {};

// One step: scores, weights and context in plain loops, then the cell's own step on x and context.
TEST_P(AttentiveCell, IsTheCellsStepBehindALookAtTheMemory) {
  const Attentive a = attentive(GetParam(), additive());
  Tape<double> tape;
  std::map<std::string, Tensor<double>> values;
  std::vector<Var> parameters, states, own_parameters, own_states;
  for (std::size_t k = 0; const auto& value : random_parameters<double>(a.program)) {
    values[a.program.parameters[k++].name] = value;
    parameters.push_back(tape.constant(value));
  }
  for (std::size_t k = 0; const auto& value : random_states<double>(a.program, batch)) {
    values[a.program.states[k++].name] = value;
    states.push_back(tape.constant(value));
  }
  for (const auto& p : a.cell.parameters)
    own_parameters.push_back(tape.constant(values.at(p.name)));
  for (const auto& s : a.cell.states) own_states.push_back(tape.constant(values.at(s.name)));

  std::string asked = "attention.asked";
  for (const auto& s : a.cell.states) {
    if (s.next == a.cell.output) asked = s.name;
  }
  const Tensor<double>&query = values.at(asked), &keys = values.at("attention.keys"),
        &memory = values.at("attention.memory"), &mask = values.at("attention.mask"),
        &w = values.at("attention.W_query"), &v = values.at("attention.v_query");
  const Index size = query.shape().back(), whole = a.input + memory_size;
  std::vector<Var> inputs, own_inputs;
  for (const auto& input : random_inputs<double>(a.program, 1, batch)) {
    inputs.push_back(tape.constant(input.reshaped({batch, input.shape().back()})));
  }
  own_inputs = inputs;
  Tensor<double> x = Tensor<double>::zeros({batch, whole});
  for (Index b = 0; b < batch; ++b) {
    std::vector<double> weights;
    double total = 0.0;
    for (Index r = 0; r < rows; ++r) {
      double score = mask.data()[b * rows + r];
      for (Index k = 0; k < key_size; ++k) {
        double sum = keys.data()[(b * rows + r) * key_size + k];
        for (Index i = 0; i < size; ++i) sum += w.data()[k * size + i] * query.data()[b * size + i];
        score += v.data()[k] * std::tanh(sum);
      }
      weights.push_back(std::exp(score));
      total += weights.back();
    }
    for (Index i = 0; i < a.input; ++i) {
      x.data()[b * whole + i] = tape.value(inputs[0]).data()[b * a.input + i];
    }
    for (Index r = 0; r < rows; ++r) {
      for (Index m = 0; m < memory_size; ++m) {
        x.data()[b * whole + a.input + m] +=
            weights[std::size_t(r)] / total * memory.data()[(b * rows + r) * memory_size + m];
      }
    }
  }
  own_inputs[0] = tape.constant(x);
  const StepResult got = run_step(a.program, parameters, inputs, states);
  const StepResult own = run_step(a.cell, own_parameters, own_inputs, own_states);
  const Index output = a.cell.output_shape().back();
  expect_close(tape.value(slice(got.output, -1, 0, output)), tape.value(own.output), 1e-10,
               "output");
  expect_close(tape.value(slice(got.output, -1, output, memory_size)),
               tape.value(slice(own_inputs[0], -1, a.input, memory_size)), 1e-10, "context");
  for (std::size_t k = 0; k < a.cell.states.size(); ++k) {
    expect_close(tape.value(got.states[k]), tape.value(own.states[k]), 1e-10, "a state");
  }
}

// They divide by the spread of a few values, which magnifies what float rounds.
const std::set<std::string> steep = {"ln_gru", "hyper_lstm", "ttt_linear"};

TEST_P(AttentiveCell, ScanAndTapeAgree) {
  for (const AttentionForm& form :
       {additive(),
        AttentionForm{AttentionScore::product, AttentionPlace::after, memory_size, 0, rows, 2}}) {
    const Scan scan(attentive(GetParam(), form).program);
    for (const ScanOptions& options : scan_cases(steps)) {
      SCOPED_TRACE(to_text(options));
      expect_close_runs(run_scan<double>(scan, steps, batch, options),
                        run_scan<double>(scan, steps, batch, options, Executor::tape), 1e-10);
      expect_close_runs(run_scan<float>(scan, steps, batch, options),
                        run_scan<float>(scan, steps, batch, options, Executor::tape),
                        steep.contains(GetParam().name) ? 2e-4 : 2e-5);
      if (HasFatalFailure()) return;
    }
  }
}

// Cells whose gradient is by intention not the derivative of their value, which has steps; and
// those that are so steep that differences are far off.
const std::set<std::string> apart = {"skip_gru",   "skip_lstm", "surnn", "hm_lstm",
                                     "hyper_lstm", "ln_lstm",   "nru"};

TEST_P(AttentiveCell, GradientsMatchDifferences) {
  if (apart.contains(GetParam().name)) GTEST_SKIP() << "no differences";
  const Attentive a = attentive(GetParam(), additive());
  const Scan scan(a.program);
  std::vector<Tensor<double>> in = random_parameters<double>(a.program);
  const std::size_t inputs = in.size();
  for (auto& value : random_inputs<double>(a.program, 3, 2)) in.push_back(std::move(value));
  const std::size_t states = in.size();
  for (auto& value : random_states<double>(a.program, 2)) in.push_back(std::move(value));
  const ScalarFunction loss = [&](Tape<double>& tape, const std::vector<Var>& vars) {
    const std::span<const Var> all(vars);
    const ScanResult result =
        scan.run(tape, all.first(inputs), all.subspan(inputs, states - inputs), all.subspan(states),
                 {.lengths = {2, 3}});
    return sum(result.outputs * result.outputs);
  };
  // A kink such as relu's lies inside a difference by chance; a wrong rule is wrong everywhere.
  double least = 1.0;
  std::string where;
  for (int attempt = 0; attempt < 4 && least > 1e-6; ++attempt) {
    const GradientError error = check_gradients(loss, in, -1, 40);
    if (error.worst < least) least = error.worst, where = error.where;
    for (Tensor<double>& value : in) {
      const auto step = normal<double>(value.shape(), std::to_string(attempt));
      for (Index i = 0; i < step.numel(); ++i) value.data()[i] += 0.05 * step.data()[i];
    }
  }
  EXPECT_LE(least, 1e-6) << where;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, AttentiveCell, testing::ValuesIn(cells_with_vectors()),
                         [](const auto& test) { return test.param.name; });

// Weights of a scan with two rows of padding in the first sequence, by sequence and step.
std::vector<double> weights_of(const AttentionForm& form, Index last_length) {
  const Attentive a = attentive(catalogue().find("gru_reset_before"), form);
  Tape<double> tape;
  std::vector<Var> parameters, inputs, states;
  for (const auto& value : random_parameters<double>(a.program)) {
    parameters.push_back(tape.constant(value));
  }
  for (const auto& value : random_inputs<double>(a.program, steps, batch)) {
    inputs.push_back(tape.constant(value));
  }
  const auto values = random_states<double>(a.program, batch);
  for (std::size_t k = 0; k < values.size(); ++k) {
    Tensor<double> value = values[k].clone();
    const std::string& name = a.program.states[k].name;
    if (name == "attention.mask") {
      std::fill_n(value.data(), value.numel(), 0.0);
      for (Index r = last_length; r < rows; ++r) value.data()[r] = -1e9;
    }
    if (name == "attention.length") {
      std::fill_n(value.data(), value.numel(), double(rows));
      value.data()[0] = double(last_length);
    }
    states.push_back(tape.constant(value));
  }
  ScanOptions options;
  options.probes = {"attention.weights"};
  const ScanResult result = Scan(a.program).run(tape, parameters, inputs, states, options);
  const auto all = tape.value(result.probes[0]).values();
  return {all.begin(), all.end()};
}

TEST(Attention, WeightsSumToOneAndAreZeroOnPadding) {
  for (const auto score : {AttentionScore::additive, AttentionScore::product}) {
    AttentionForm form = additive();
    form.score = score;
    const std::vector<double> all = weights_of(form, 3);
    for (std::size_t row = 0; row < all.size() / rows; ++row) {
      double total = 0.0;
      for (std::size_t r = 0; r < rows; ++r) {
        const double weight = all[row * rows + r];
        total += weight;
        if (row % batch == 0 && r >= 3) EXPECT_EQ(weight, 0.0);
        else EXPECT_GT(weight, 0.0);
      }
      EXPECT_NEAR(total, 1.0, 1e-12);
    }
  }
}

// A window of 1 around a place holds one to three rows, and none of padding.
TEST(Attention, LooksAroundAPlaceOnlyWhereItIsLocal) {
  AttentionForm form{AttentionScore::product, AttentionPlace::after, memory_size, 0, rows, 1};
  const std::vector<double> all = weights_of(form, 2);
  for (std::size_t row = 0; row < all.size() / rows; ++row) {
    int inside = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      inside += all[row * rows + r] > 0.0 ? 1 : 0;
      const bool padding = row % batch == 0 && r >= 2;
      EXPECT_TRUE(!padding || all[row * rows + r] == 0.0);
    }
    EXPECT_GE(inside, 1);
    EXPECT_LE(inside, 3);
  }
}

TEST(Attention, NamesSizesThatDoNotFit) {
  AttentionForm form{AttentionScore::product, AttentionPlace::before, 2, 4, rows};
  EXPECT_THAT(error_of<InputError>([&] {
                with_attention(catalogue().find("lstm").build({5, 3}), form, 3);
              }),
              HasSubstr("keys of 4 elements and an output of 3"));
}

TEST(Attention, EndsWithWhatIsGiven) {
  const StepProgram& program = attentive(catalogue().find("lstm"), additive()).program;
  EXPECT_EQ(program.states[program.states.size() - memory_states(additive())].name,
            "attention.memory");
  EXPECT_EQ(std::ranges::count_if(program.states, &ProgramState::is_given), 3);
  EXPECT_EQ(program.states.back().name, "attention.mask");
  EXPECT_EQ(program.nodes[std::size_t(program.inputs[0])].name, "x");
}

}  // namespace
}  // namespace carousel
