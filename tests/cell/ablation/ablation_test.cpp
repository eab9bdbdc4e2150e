#include "cell/ablation/ablation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "catalogue.hpp"
#include "cell/catalogue_page.hpp"
#include "program/rewrite.hpp"
#include "program/scan.hpp"
#include "tape/gradient_check.hpp"

namespace carousel {
namespace {

constexpr Index steps = 4, batch = 2;

Tensor<double> normal(const Shape& shape, const std::string& stream) {
  return initialise<double>(Initialiser::normal(0.6), shape, Random(5, std::string_view(stream)));
}

Shape with_rows(Shape shape) {
  shape[0] = batch;
  return shape;
}

// Initial states and parameters by their names, x first.
std::vector<Tensor<double>> values_for(const StepProgram& program) {
  const Shape& x = program.nodes[std::size_t(program.inputs[0])].shape;
  std::vector<Tensor<double>> all{normal({steps, batch, x.back()}, "x")};
  for (const auto& state : program.states) {
    all.push_back(normal(with_rows(state.shape), "state " + state.name));
  }
  for (const auto& p : program.parameters) all.push_back(normal(p.shape, p.name));
  return all;
}

ScanResult run(const StepProgram& program, Tape<double>& tape, const std::vector<Var>& in) {
  const std::span<const Var> all(in);
  const std::size_t states = program.states.size();
  return scan_on_tape(program, tape, all.subspan(1 + states), {&in[0], 1}, all.subspan(1, states));
}

std::vector<double> outputs_of(const StepProgram& program) {
  Tape<double> tape;
  std::vector<Var> in;
  for (const auto& value : values_for(program)) in.push_back(tape.constant(value));
  const auto out = tape.value(run(program, tape, in).outputs);
  return {out.values().begin(), out.values().end()};
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return 1e9;
  double worst = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
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
  EXPECT_LE(difference(outputs_of(ablated), outputs_of(expected)), 1e-12);
  EXPECT_GE(
      difference(outputs_of(catalogue().find("lstm_peephole").build(sizes)), outputs_of(expected)),
      1e-3);
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

class EveryCell : public testing::TestWithParam<Cell> {};

TEST_P(EveryCell, SimplifiedIsTheSameProgram) {
  const StepProgram program = GetParam().build(nearest_sizes(GetParam(), {4, 3}));
  EXPECT_EQ(to_text(simplified(program)), to_text(program));
}

TEST_P(EveryCell, EachChangeGivesAnotherCellThatTrains) {
  const StepProgram program = GetParam().build(nearest_sizes(GetParam(), {4, 3}));
  const std::vector<double> base = outputs_of(program);
  std::set<std::string> names;
  for (const Ablation& change : single_changes(program)) {
    SCOPED_TRACE(change.name);
    EXPECT_TRUE(names.insert(change.name).second) << "twice";
    const StepProgram ablated = apply_ablation(program, change);
    EXPECT_GE(difference(outputs_of(ablated), base), 1e-6);
    const ScalarFunction loss = [&](Tape<double>& tape, const std::vector<Var>& in) {
      const ScanResult result = run(ablated, tape, in);
      Var total = sum(result.outputs * result.outputs);
      for (const Var& state : result.final_states) total = total + sum(state * state * state);
      return total;
    };
    const GradientError error = check_gradients(loss, values_for(ablated));
    EXPECT_LE(error.worst, 1e-5) << error.where;

    Tape<double> tape;
    std::vector<Var> in;
    for (const auto& value : values_for(ablated)) in.push_back(tape.leaf(value));
    const std::span<const Var> all(in);
    const std::size_t states = ablated.states.size();
    const Scan scan(ablated);
    const Var out =
        scan.run<double>(tape, all.subspan(1 + states), {&in[0], 1}, all.subspan(1, states))
            .outputs;
    const auto got = tape.value(out);
    EXPECT_LE(difference({got.values().begin(), got.values().end()}, outputs_of(ablated)), 1e-12);
  }
  EXPECT_GE(names.size(), 4u);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, EveryCell, testing::ValuesIn(catalogue().cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

}  // namespace
}  // namespace carousel
