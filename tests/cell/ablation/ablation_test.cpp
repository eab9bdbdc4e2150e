#include "cell/ablation/ablation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "program/rewrite.hpp"
#include "program/scan_fixtures.hpp"
#include "tape/gradient_check.hpp"

namespace carousel {
namespace {

constexpr Index steps = 4, batch = 2;

using Values = std::map<std::string, Tensor<double>>;  // by the names of nodes

const std::string& name_of(const StepProgram& program, int node) {
  return program.nodes[std::size_t(node)].name;
}

Values draw(const StepProgram& program) {
  Values values;
  const auto inputs = random_inputs<double>(program, steps, batch);
  const auto states = random_states<double>(program, batch);
  const auto parameters = random_parameters<double>(program);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    values[name_of(program, program.inputs[k])] = inputs[k];
  }
  for (std::size_t k = 0; k < states.size(); ++k) {
    values[name_of(program, program.states[k].previous)] = states[k];
  }
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    values[program.parameters[k].name] = parameters[k];
  }
  return values;
}

// Inputs, initial states, parameters.
std::vector<Tensor<double>> in_order(const StepProgram& program, const Values& values) {
  std::vector<Tensor<double>> all;
  for (const int node : program.inputs) all.push_back(values.at(name_of(program, node)));
  for (const auto& s : program.states) all.push_back(values.at(name_of(program, s.previous)));
  for (const auto& p : program.parameters) all.push_back(values.at(p.name));
  return all;
}

struct Arguments {
  Arguments(const StepProgram& program, std::span<const Var> all)
      : inputs(all.first(program.inputs.size())),
        states(all.subspan(inputs.size(), program.states.size())),
        parameters(all.last(program.parameters.size())) {}
  std::span<const Var> inputs, states, parameters;
};

std::vector<double> values_of(const Tensor<double>& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

enum class Start { given, own };

std::vector<double> outputs_of(const StepProgram& program, const Values& values,
                               Start start = Start::given) {
  Tape<double> tape;
  std::vector<Var> all;
  for (const auto& value : in_order(program, values)) all.push_back(tape.constant(value));
  const Arguments in(program, all);
  std::vector<Var> states(in.states.begin(), in.states.end());
  if (start == Start::own) states = initial_states(program, tape, in.parameters, batch);
  return values_of(
      tape.value(scan_on_tape(program, tape, in.parameters, in.inputs, states).outputs));
}

// Parameters far from the first values, so that all kinks and steps are crossed somewhere.
Values drawn_far(const StepProgram& program, Index seed) {
  Values values = draw(program);
  for (const auto& p : program.parameters) {
    values[p.name] =
        initialise<double>(Initialiser::normal(1.5), p.shape, Random(std::uint64_t(seed), p.name));
  }
  return values;
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return 1e9;
  double worst = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double apart = std::abs(a[i] - b[i]);
    if (!(apart <= worst)) worst = apart;
  }
  return worst;
}

StepProgram changed(const StepProgram& program, const std::string& name) {
  return apply_ablation(program, find_ablation(program, name));
}

// What a hand-written variant of the peephole LSTM may do otherwise. Equations of Greff et al.
// 2015.
struct Variant {
  bool input_gate = true, forget_gate = true, output_gate = true;
  bool coupled = false;
  bool content_tanh = true, output_tanh = true;
  bool peepholes = true;
  bool gate_recurrence = false;
  bool old_cell = false;  // o looks at the old c
  bool norm = false;      // of o
  bool diagonal = false;  // U_f is a vector
  bool hard = false;      // i is a hard sigmoid
};

class HandWritten {
 public:
  HandWritten(const Variant& v, const CellSizes& sizes) : v_(v), sizes_(sizes) {}

  StepProgram build() {
    x_ = b_.input("x", sizes_.input);
    h_ = b_.state("h", sizes_.hidden);
    const Var c = b_.state("c", sizes_.hidden);
    std::vector<std::string> gates = {"i", "f", "o"};
    if (v_.gate_recurrence) {
      for (const auto& g : gates) old_gates_.emplace_back(g, b_.state(g, sizes_.hidden));
    }
    const Var g = content();
    const Var i = v_.input_gate ? gate("i", c) : Var();
    const Var f = v_.coupled ? 1.0 - i : v_.forget_gate ? gate("f", c) : Var();
    const Var kept = f.defined() ? f * c : c;
    const Var c_new = b_.set_state("c", kept + (i.defined() ? i * g : g));
    const Var out = v_.output_tanh ? tanh(c_new) : c_new;
    if (!v_.output_gate) b_.set_state("h", out + 0.0);
    else b_.set_state("h", gate("o", v_.old_cell ? c : c_new) * out);
    b_.set_output("h");
    return b_.finish();
  }

 private:
  Var content() {
    const Index n = sizes_.hidden;
    const Var w = b_.parameter("W_g", {n, sizes_.input}, Initialiser::zeros());
    const Var u = b_.parameter("U_g", {n, n}, Initialiser::zeros());
    const Var in = linear(x_, w) + linear(h_, u) + b_.parameter("b_g", {n}, Initialiser::zeros());
    return v_.content_tanh ? tanh(in) : in;
  }

  Var gate(const std::string& name, Var c) {
    const Index n = sizes_.hidden;
    const auto p = [&](const std::string& what, const Shape& shape) {
      return b_.parameter(what + name, shape, Initialiser::zeros());
    };
    const Var bias = p("b_", {n});
    Var in = linear(x_, p("W_", {n, sizes_.input}));
    if (v_.diagonal && name == "f") in = in + p("U_", {n}) * h_;
    else in = in + linear(h_, p("U_", {n, n}));
    if (v_.peepholes) in = in + p("p_", {n}) * c;
    for (const auto& [from, old] : old_gates_) {
      in = in + linear(old, b_.parameter("R_" + name + "_" + from, {n, n}, Initialiser::zeros()));
    }
    if (v_.norm && name == "o") in = p("gain_", {n}) * normed(in, n);
    in = in + bias;
    const bool hard = v_.hard && name == "i";
    const Var value =
        hard ? minimum(maximum(in / 6.0 + 0.5, constant(b_, 0.0)), constant(b_, 1.0)) : sigmoid(in);
    if (!old_gates_.empty()) return b_.set_state(name, value);
    return b_.let(name, value);
  }

  static Var normed(Var v, Index n) {
    const Shape row{batch_dim, 1};
    const Var mean = sum_to(v, row) / double(n);
    const Var variance = sum_to(v * v, row) / double(n) - mean * mean;
    return (v - mean) / sqrt(variance + 1e-5);
  }

  Variant v_;
  CellSizes sizes_;
  StepBuilder b_{"by_hand"};
  Var x_, h_;
  std::vector<std::pair<std::string, Var>> old_gates_;
};

void expect_variant(const std::string& name, const Variant& variant) {
  SCOPED_TRACE(name);
  const CellSizes sizes{4, 3};
  const StepProgram ablated = changed(catalogue().find("lstm_peephole").build(sizes), name);
  const StepProgram expected = HandWritten(variant, sizes).build();
  EXPECT_EQ(ablated.parameter_count(), expected.parameter_count());
  std::set<std::string> got_names, names;
  for (const auto& p : ablated.parameters) got_names.insert(p.name);
  for (const auto& p : expected.parameters) names.insert(p.name);
  EXPECT_EQ(got_names, names);
  const Values values = draw(ablated);
  const StepProgram base = catalogue().find("lstm_peephole").build(sizes);
  const std::vector<double> outputs = outputs_of(expected, values);
  EXPECT_LE(difference(outputs_of(ablated, values), outputs), 1e-12);
  EXPECT_GE(difference(outputs_of(base, draw(base)), outputs), 1e-3);
}

TEST(Ablation, VariantsOfGreffEqualProgramsByHand) {
  expect_variant("NIG", {.input_gate = false});
  expect_variant("NFG", {.forget_gate = false});
  expect_variant("NOG", {.output_gate = false});
  expect_variant("NIAF", {.content_tanh = false});
  expect_variant("NOAF", {.output_tanh = false});
  expect_variant("CIFG", {.coupled = true});
  expect_variant("NP", {.peepholes = false});
  expect_variant("FGR", {.gate_recurrence = true});
}

TEST(Ablation, OtherChangesEqualProgramsByHand) {
  expect_variant("old_c(o)", {.old_cell = true});
  expect_variant("layer_norm(o)", {.norm = true});
  expect_variant("diagonal_U_f", {.diagonal = true});
  expect_variant("sigmoid->hard_sigmoid(i)", {.hard = true});
}

// Greff et al. 2015: N blocks, M inputs.
TEST(Ablation, ParameterCountsEqualTheFormulasOfGreff) {
  for (const auto& [m, n] : {std::pair<Index, Index>{5, 7}, {92, 36}}) {
    const StepProgram v = catalogue().find("lstm_peephole").build({m, n});
    const auto count = [&](const std::string& name) { return changed(v, name).parameter_count(); };
    const Index full = 4 * n * (m + n + 1) + 3 * n;
    const Index without_gate = 3 * n * (m + n + 1) + 2 * n;
    EXPECT_EQ(v.parameter_count(), full);
    for (const auto* name : {"NIG", "NFG", "NOG", "CIFG"}) EXPECT_EQ(count(name), without_gate);
    EXPECT_EQ(count("NIAF"), full);
    EXPECT_EQ(count("NOAF"), full);
    EXPECT_EQ(count("NP"), 4 * n * (m + n + 1));
    EXPECT_EQ(count("FGR"), full + 9 * n * n);
  }
}

TEST(Ablation, AliasesBelongToNames) {
  const auto name_of = [](const Cell& cell, const std::string& alias) {
    return find_ablation(cell.build({3, 3}), alias).name;
  };
  EXPECT_EQ(name_of(catalogue().find("lstm_peephole"), "NIG"), "i=1");
  EXPECT_EQ(name_of(catalogue().find("lstm_peephole"), "NFG"), "f=1");
  EXPECT_EQ(name_of(catalogue().find("lstm_peephole"), "NOG"), "o=1");
  EXPECT_EQ(name_of(catalogue().find("lstm_peephole"), "NIAF"), "no_tanh(g)");
  EXPECT_EQ(name_of(catalogue().find("lstm_peephole"), "NOAF"), "no_tanh_in(h)");
  EXPECT_EQ(name_of(catalogue().find("lstm_peephole"), "CIFG"), "f=1-i");
  EXPECT_EQ(name_of(catalogue().find("lstm_peephole"), "NP"), "no_peepholes");
  EXPECT_EQ(name_of(catalogue().find("lstm_peephole"), "FGR"), "full_gate_recurrence");
  EXPECT_EQ(name_of(catalogue().find("lstm"), "NIG"), "i=1");
  EXPECT_THROW(name_of(catalogue().find("lstm"), "NP"), InputError);
  for (const Ablation& change :
       single_changes(catalogue().find("gru_reset_before").build({3, 3}))) {
    EXPECT_EQ(change.alias, "") << change.name;
  }
}

TEST(Ablation, SuggestsANameAndNamesWhatIsMissing) {
  const StepProgram program = catalogue().find("lstm").build({3, 3});
  const auto message = [&](const auto& action) -> std::string {
    try {
      action();
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message([&] { find_ablation(program, "CIFQ"); }),
              testing::HasSubstr("did you mean 'CIFG'"));
  Ablation change{.kind = Ablation::Kind::constant, .targets = {"ii"}, .value = 1.0};
  EXPECT_THAT(message([&] { apply_ablation(program, change); }),
              testing::HasSubstr("there is no value 'ii'"));
  change = {.kind = Ablation::Kind::couple, .targets = {"i", "h"}};
  EXPECT_THAT(message([&] { apply_ablation(program, change); }),
              testing::HasSubstr("would depend on itself within a step"));
  change = {.kind = Ablation::Kind::diagonal, .targets = {"b_i"}};
  EXPECT_THAT(message([&] { apply_ablation(program, change); }),
              testing::HasSubstr("b_i can't be a diagonal"));
}

// A cell without a gate, one of whose states is a delay, with a learned initial state.
TEST(Ablation, CarriesInitialStatesDelaysAndFixedParameters) {
  StepBuilder b("delays");
  const Var x = b.input("x", 2), old_x = b.state("x", 2);
  const Var h = b.state("h", 2), older = b.state("h[t-1]", 2);
  b.set_initial("h", tanh(b.parameter("h0", {2}, Initialiser::ones())));
  const Var w = b.parameter("W", {2, 2}, Initialiser::glorot(), false);
  const Var u = b.parameter("U", {2, 2}, Initialiser::glorot());
  b.set_next("x", x);
  b.set_next("h[t-1]", h);
  b.set_state("h", tanh(linear(x + old_x, w) + linear(older, u) + h));
  b.set_output("h");
  const StepProgram program = b.finish();

  const StepProgram linear_cell = changed(program, "no_tanh(h)");
  ASSERT_EQ(linear_cell.states.size(), 3u);
  ASSERT_EQ(linear_cell.parameters.size(), 3u);
  EXPECT_FALSE(linear_cell.parameters[1].trained);
  EXPECT_GE(linear_cell.states[1].initial_node, 0);
  const StepProgram from_zero = changed(program, "no_h0");
  EXPECT_EQ(from_zero.states[1].initial_node, -1);
  EXPECT_EQ(from_zero.states[1].initial, 0.0);
  EXPECT_EQ(from_zero.parameters.size(), 2u);
  const StepProgram shorter = changed(program, "no_U");
  EXPECT_EQ(shorter.states.size(), 2u);  // nothing reads h[t-2]
}

TEST(Ablation, AParameterWhoseNameIsTakenGetsANumber) {
  StepBuilder b("taken");
  const Var x = b.input("x", 2);
  const auto p = [&](const std::string& name, const Shape& shape) {
    return b.parameter(name, shape, Initialiser::glorot());
  };
  const Var z = b.let("z", sigmoid(linear(x, p("W", {2, 2})) * p("gain_z", {2})));
  b.set_state("h", z * x + p("R_z_z", {2}) * b.state("h", 2));
  b.set_output("h");
  const StepProgram program = b.finish();
  EXPECT_EQ(changed(program, "layer_norm(z)").parameters.back().name, "gain_z_2");
  EXPECT_EQ(changed(program, "full_gate_recurrence").parameters.back().name, "R_z_z_2");
}

// The gradient of surnn's g is that of a sigmoid, its value a step.
TEST(Ablation, WhatGivesAGradientAloneIsNotChanged) {
  for (const Ablation& change : single_changes(catalogue().find("surnn").build({3, 3}))) {
    EXPECT_THAT(change.name, testing::Not(testing::HasSubstr("sigmoid")));
  }
}

// hgrn's f = 0 + 1 * sigmoid(..) is a gate.
TEST(Ablation, FactorsOfOneHideNoGate) {
  const StepProgram program = catalogue().find("hgrn").build({3, 3});
  EXPECT_EQ(changed(program, "f=0").parameters.size(), 2u);
}

class EveryCell : public testing::TestWithParam<Cell> {
 protected:
  StepProgram program_ = GetParam().build(nearest_sizes(GetParam(), {4, 3}));
  Values values_ = draw(program_);
};

// What hyperparameters of 1 and 0 leave behind is gone; all else stays.
TEST_P(EveryCell, SimplifiedIsTheSameProgram) {
  const StepProgram simple = simplified(program_);
  static const std::regex nothing("(^|[ (])((1 \\* |0 \\+ )+)");
  EXPECT_EQ(to_text(simple), std::regex_replace(to_text(program_), nothing, "$1"));
  EXPECT_EQ(to_text(simplified(simple)), to_text(simple));
  EXPECT_EQ(outputs_of(simple, values_), outputs_of(program_, values_));
}

// The largest change of the outputs for a few values of the parameters.
double effect_of(const StepProgram& program, const StepProgram& changed) {
  const auto differ = [&](const Values& of_program, const Values& of_changed, Start start) {
    return difference(outputs_of(program, of_program, start),
                      outputs_of(changed, of_changed, start));
  };
  double most = differ(draw(program), draw(changed), Start::given);
  if (most < 1e-6) most = differ(draw(program), draw(changed), Start::own);
  for (Index seed = 0; seed < 8 && most < 1e-6; ++seed) {
    most = differ(drawn_far(program, seed), drawn_far(changed, seed), Start::own);
  }
  return most;
}

TEST_P(EveryCell, EachChangeGivesAnotherCell) {
  std::set<std::string> names;
  for (const Ablation& change : single_changes(program_)) {
    SCOPED_TRACE(change.name);
    EXPECT_TRUE(names.insert(change.name).second) << "twice";
    const StepProgram ablated = apply_ablation(program_, change);
    EXPECT_GE(effect_of(program_, ablated), 1e-6);

    const Values values = draw(ablated);
    const auto outputs = outputs_of(ablated, values);
    Tape<double> tape;
    std::vector<Var> all;
    for (const auto& value : in_order(ablated, values)) all.push_back(tape.constant(value));
    const Arguments in(ablated, all);
    const auto got =
        tape.value(Scan(ablated).run<double>(tape, in.parameters, in.inputs, in.states).outputs);
    double scale = 1.0;
    for (const double v : outputs) scale = std::max(scale, std::abs(v));
    EXPECT_LE(difference(values_of(got), outputs), 1e-11 * scale);
  }
  EXPECT_GE(names.size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, EveryCell, testing::ValuesIn(catalogue().cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

// One of each kind: gates, further inputs, states of rank 2 and 3, layer norm, delays, several
// rounds in a step, cells in cells, no gate at all.
class SomeCells : public EveryCell {};

TEST_P(SomeCells, TrainWithEachChange) {
  for (const Ablation& change : single_changes(program_)) {
    SCOPED_TRACE(change.name);
    const StepProgram ablated = apply_ablation(program_, change);
    const ScalarFunction loss = [&](Tape<double>& tape, const std::vector<Var>& all) {
      const Arguments in(ablated, all);
      const ScanResult result = scan_on_tape(ablated, tape, in.parameters, in.inputs, in.states);
      Var total = sum(result.outputs * result.outputs);
      for (const Var& state : result.final_states) total = total + sum(state * state * state);
      return total;
    };
    const GradientError error = check_gradients(loss, in_order(ablated, draw(ablated)));
    EXPECT_LE(error.worst, 1e-5) << error.where;
  }
}

std::vector<Cell> some_cells() {
  std::vector<Cell> cells;
  for (const char* name : {"lstm_peephole", "gru_reset_before", "mgu", "rnn_relu", "indrnn",
                           "ctrnn", "gru_d", "lstm_1997", "ln_gru", "lmu", "linear_attention",
                           "delta_net", "mlstm", "rhn", "t_lstm", "eunn"}) {
    cells.push_back(catalogue().find(name));
  }
  return cells;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, SomeCells, testing::ValuesIn(some_cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

}  // namespace
}  // namespace carousel
