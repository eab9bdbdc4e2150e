#include "program/step_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "catalogue.hpp"
#include "program/steps.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

TEST(StepBuilder, InfersShapesWithABatch) {
  StepBuilder b("test");
  const Var x = b.input("x", 3);
  const Var w = b.parameter("W", {5, 3}, Initialiser::zeros());
  EXPECT_EQ(linear(x, w).shape(), (Shape{batch_dim, 5}));
  EXPECT_EQ((linear(x, w) + b.parameter("b", {5}, Initialiser::zeros())).shape(),
            (Shape{batch_dim, 5}));
}

TEST(StepBuilder, NamesShapesInErrors) {
  StepBuilder b("test");
  const Var x = b.input("x", 3);
  const Var u = b.parameter("U", {4, 4}, Initialiser::zeros());
  EXPECT_THAT(error_of<Error>([&] { linear(x, u); }),
              testing::AllOf(HasSubstr("cell test"), HasSubstr("[B, 3]"), HasSubstr("[4, 4]")));
}

// A sum over all elements is one over the sequences of the batch too.
TEST(StepBuilder, RefusesWhatMixesSequences) {
  EXPECT_THAT(error_of<InputError>([] {
                StepBuilder b("test");
                const Var x = b.input("x", 2);
                b.set_state("h", x + 0.5 * b.state("h", 2) + mean(x * x));
                b.set_output("h");
                b.finish();
              }),
              testing::AllOf(HasSubstr("cell test: sum_to of a value [B, 2] is []"),
                             HasSubstr("would mix the sequences of a batch")));
}

TEST(StepBuilder, RefusesWhatIsIncomplete) {
  EXPECT_THAT(error_of<Error>([] {
                StepBuilder b("test");
                b.input("x", 3);
                b.state("h", 3);
                b.let("y", b.state("g", 3));
                b.set_output("y");
                b.finish();
              }),
              HasSubstr("state h is read but never set"));
  EXPECT_THAT(error_of<Error>([] {
                StepBuilder b("test");
                b.input("x", 3);
                b.input("x", 3);
              }),
              HasSubstr("defined twice"));
  EXPECT_THAT(error_of<Error>([] {
                StepBuilder b("test");
                const Var x = b.input("x", 3);
                b.state("memory", 3);
                b.set_state("memry", x);
              }),
              HasSubstr("did you mean 'memory'"));
  EXPECT_THAT(error_of<Error>([] {
                StepBuilder b("test");
                const Var x = b.input("x", 3);
                b.state("h", 4);
                b.set_state("h", x);
              }),
              HasSubstr("state h is [B, 4], its new value is [B, 3]"));
}

TEST(StepProgram, PrintsItsEquations) {
  const std::string text = to_text(catalogue().find("gru_reset_before").build({4, 3}));
  EXPECT_THAT(text, HasSubstr("param W_z : [3, 4] init glorot\n"));
  EXPECT_THAT(text, HasSubstr("z = sigmoid(W_z @ x + U_z @ h[t-1] + b_z)\n"));
  EXPECT_THAT(text, HasSubstr("c = tanh(W_c @ x + U_c @ (r * h[t-1]) + b_c)\n"));
  EXPECT_THAT(text, HasSubstr("h = (1 - z) * h[t-1] + z * c\n"));
  EXPECT_THAT(text, HasSubstr("output h\n"));
}

TEST(StepProgram, PrintsBracketsWhereTheyMatter) {
  StepBuilder b("test");
  const Var x = b.input("x", 3);
  const Var y = b.let("y", tanh(x));
  b.let("u", x - (y - x));
  b.let("v", (x - y) - x);
  b.let("w", x / (y / x));
  b.set_output("y");
  const std::string text = to_text(b.finish());
  EXPECT_THAT(text, HasSubstr("u = x - (y - x)\n"));
  EXPECT_THAT(text, HasSubstr("v = x - y - x\n"));
  EXPECT_THAT(text, HasSubstr("w = x / (y / x)\n"));
}

TEST(StepBuilder, NamesDelaysByTheirSteps) {
  EXPECT_EQ(previous_name("h"), "h[t-1]");
  EXPECT_EQ(previous_name("h[t-1]"), "h[t-2]");
  EXPECT_EQ(previous_name("h[t-9]"), "h[t-10]");
  StepBuilder b("test");
  const Var x = b.input("x", 3), last = b.state("x", 3), before = b.state("x[t-1]", 3);
  b.set_next("x", x);
  b.set_next("x[t-1]", last);
  b.let("y", before * 2.0);
  b.set_output("y");
  const StepProgram program = b.finish();
  EXPECT_EQ(program.nodes[std::size_t(program.states[1].previous)].name, "x[t-2]");
  EXPECT_EQ(program.states[1].next, program.states[0].previous);
  EXPECT_EQ(program.states[0].next, program.inputs[0]);
}

TEST(StepBuilder, StatesHaveRankOneToFour) {
  StepBuilder b("test");
  EXPECT_EQ(b.state("M", {2, 3}).shape(), (Shape{batch_dim, 2, 3}));
  EXPECT_EQ(b.state("N", {2, 3, 4}).shape(), (Shape{batch_dim, 2, 3, 4}));
  EXPECT_THAT(error_of<Error>([&] {
                b.state("O", {1, 2, 3, 4, 5});
              }),
              HasSubstr("expected rank 1 to 4"));
  EXPECT_THAT(error_of<Error>([&] { b.state("O", Shape{}); }), HasSubstr("expected rank 1 to 4"));
}

TEST(StepBuilder, ParametersThatAreNotTrainedDoNotCount) {
  StepBuilder b("test");
  const Var x = b.input("x", 3);
  const Var w = b.parameter("W", {5, 3}, Initialiser::zeros(), false);
  b.let("y", linear(x, w) + b.parameter("b", {5}, Initialiser::zeros()));
  b.set_output("y");
  const StepProgram program = b.finish();
  EXPECT_EQ(program.parameter_count(), 5);
  EXPECT_FALSE(program.parameters[0].trained);
}

TEST(InitialStates, AreMadeOfParametersAndNumbers) {
  StepBuilder b("test");
  const Var x = b.input("x", 3);
  const Var p = b.parameter("p", {3}, Initialiser::zeros());
  b.set_state("h", b.state("h", 3) + x);
  b.set_state("M", b.state("M", {2, 3}) + reshape(x, {batch_dim, 1, 3}));
  b.set_state("k", b.state("k", 3, 0.5) + x);
  b.set_output("h");
  b.set_initial("h", tanh(p));
  b.set_initial("M", p * 2.0);
  EXPECT_THAT(error_of<Error>([&] { b.set_initial("k", x * p); }),
              HasSubstr("the initial k depends on x"));
  EXPECT_THAT(error_of<Error>([&] { b.set_initial("h", b.state("g", 3)); }),
              HasSubstr("the initial h depends on g[t-1]"));
  EXPECT_THAT(
      error_of<Error>([&] { b.set_initial("h", b.parameter("q", {2}, Initialiser::zeros())); }),
      HasSubstr("state h is [B, 3], its initial value is [2]"));
  b.set_next("g", x);
  const StepProgram program = b.finish();

  Tape<double> tape;
  const Tensor<double> value = Tensor<double>::from({3}, {0.1, -0.2, 0.3});
  const std::vector<Var> parameters{tape.leaf(value), tape.leaf(Tensor<double>::zeros({2}))};
  const auto states = initial_states(program, tape, parameters, 2);
  ASSERT_EQ(states[1].shape(), (Shape{2, 2, 3}));
  for (Index i = 0; i < 6; ++i) {
    EXPECT_DOUBLE_EQ(tape.value(states[0]).data()[i], std::tanh(value.data()[i % 3]));
    EXPECT_DOUBLE_EQ(tape.value(states[1]).data()[6 + i], 2.0 * value.data()[i % 3]);
    EXPECT_EQ(tape.value(states[2]).data()[i], 0.5);
  }
  const Var loss = sum(states[0]) + sum(states[1]);
  const auto gradient = tape.gradients(loss, {parameters.data(), 1})[0];
  for (Index i = 0; i < 3; ++i) {
    const double h = std::tanh(value.data()[i]);
    EXPECT_NEAR(gradient.data()[i], 2.0 * (1.0 - h * h) + 8.0, 1e-14);
  }
  EXPECT_THROW(initial_states(program, tape, {}, 2), InputError);
}

// A cell inside a cell: a program runs in any graph.
TEST(RunStep, NestsInsideAnotherProgram) {
  const StepProgram inner = catalogue().find("rnn_tanh").build({3, 3});
  StepBuilder b("twice");
  const Var x = b.input("x", 3);
  const Var h = b.state("h", 3);
  std::vector<Var> parameters;
  for (const auto& p : inner.parameters) {
    parameters.push_back(b.parameter(p.name, p.shape, p.init));
  }
  const StepResult first = run_step(inner, parameters, {&x, 1}, {&h, 1});
  const StepResult second = run_step(inner, parameters, {&x, 1}, first.states);
  b.set_state("h", second.output);
  b.set_output("h");
  const StepProgram outer = b.finish();

  Tape<double> tape;
  std::vector<Var> values;
  for (const auto& p : inner.parameters) {
    values.push_back(tape.constant(initialise<double>(Initialiser::normal(1.0), p.shape,
                                                      Random(1, std::string_view(p.name)))));
  }
  const Var frame = tape.constant(Tensor<double>::from({1, 3}, {0.1, 0.2, 0.3}));
  const auto start = initial_states(outer, tape, values, 1);
  const StepResult once = run_step(inner, values, {&frame, 1}, start);
  const StepResult expected = run_step(inner, values, {&frame, 1}, once.states);
  const StepResult got = run_step(outer, values, {&frame, 1}, start);
  for (Index i = 0; i < 3; ++i) {
    EXPECT_EQ(tape.value(got.output).data()[i], tape.value(expected.output).data()[i]);
  }
}

TEST(Scan, NamesStepCellAndValueOfANaN) {
  const StepProgram program = catalogue().find("lstm").build({2, 2});
  Tape<float> tape;
  tape.set_check_finite(true);
  std::vector<Var> parameters;
  for (const auto& p : program.parameters) {
    parameters.push_back(tape.constant(Tensor<float>::full(p.shape, 100.0f)));
  }
  Tensor<float> x = Tensor<float>::zeros({3, 1, 2});
  x.data()[4] = 1e38f;  // times 100: beyond the largest float, at step 2
  const auto states = initial_states(program, tape, parameters, 1);
  const Var frames = tape.constant(x);
  EXPECT_THAT(error_of<Error>([&] {
                scan_on_tape(program, tape, parameters, {&frames, 1}, states);
              }),
              testing::AllOf(HasSubstr("step 2"), HasSubstr("cell lstm"), HasSubstr("value 'i'"),
                             HasSubstr("W_i, U_i, b_i")));
}

TEST(Scan, NamesTheValueThatABadTermIsPartOf) {
  const StepProgram program = catalogue().find("lstm_peephole").build({2, 2});
  Tape<float> tape;
  std::vector<Var> parameters;
  for (const auto& p : program.parameters)
    parameters.push_back(tape.constant(Tensor<float>::full(
        p.shape, p.name == "p_i" ? std::numeric_limits<float>::infinity() : 0.1f)));
  tape.set_check_finite(true);
  const Var x = tape.constant(Tensor<float>::zeros({1, 1, 2}));
  const auto states = initial_states(program, tape, parameters, 1);
  EXPECT_THAT(error_of<Error>([&] {
                scan_on_tape(program, tape, parameters, {&x, 1}, states);
              }),
              testing::AllOf(HasSubstr("step 0: value 'i' of cell lstm_peephole"),
                             HasSubstr("(reads parameters W_i, U_i, b_i, p_i)"),
                             HasSubstr("op 'mul' gave")));
}

TEST(Scan, ChecksWhatItIsGiven) {
  const StepProgram program = catalogue().find("lstm").build({2, 2});
  Tape<float> tape;
  std::vector<Var> parameters;
  for (const auto& p : program.parameters) {
    parameters.push_back(tape.constant(Tensor<float>::zeros(p.shape)));
  }
  const Var x = tape.constant(Tensor<float>::zeros({3, 1, 2}));
  const auto states = initial_states(program, tape, parameters, 1);
  const auto run = [&](Var input, std::span<const Var> start, ScanOptions options) {
    return error_of<Error>([&] {
      scan_on_tape(program, tape, parameters, {&input, 1}, start, options);
    });
  };
  EXPECT_THAT(run(x, std::span(states).first(1), {}), HasSubstr("got 1 states, expected 2"));
  EXPECT_THAT(run(x, states, {false, {4}}), HasSubstr("got length 4, expected one in [0, 3]"));
  EXPECT_THAT(run(tape.constant(Tensor<float>::zeros({3, 1, 5})), states, {}),
              HasSubstr("x has shape [3, 1, 5], expected [steps, batch, 2]"));
  EXPECT_THAT(run(tape.constant(Tensor<float>::zeros({3, 2})), states, {}),
              HasSubstr("x has shape [3, 2], expected [steps, batch, 2]"));
}

}  // namespace
}  // namespace carousel
