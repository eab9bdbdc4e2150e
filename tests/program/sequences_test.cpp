// Loops that run sequence by sequence, because their steps make a matrix for each sequence.

#include <gtest/gtest.h>

#include "line_programs.hpp"
#include "program/delays.hpp"
#include "program/plan.hpp"

namespace carousel {
namespace {

constexpr Index steps = 75, batch = 5, input = 6;  // more than two chunks

StepProgram program_of(const std::string& cell, Index hidden) {
  return catalogue().find(cell).build({input, hidden});
}

StepProgram lines(const std::string& text) { return program_of_lines(text, {input, 12}); }

TEST(Sequences, RunsCellsWithMatrixStatesAndNoOthers) {
  const auto by_sequences = [](const char* cell) {
    return plan_scan(without_delays(program_of(cell, 12)).program).by_sequences;
  };
  for (const char* cell : {"linear_attention", "delta_net", "mlstm", "rwkv6", "mamba", "ltc"}) {
    EXPECT_TRUE(by_sequences(cell)) << cell;
  }
  for (const char* cell : {"lstm", "gru_reset_before", "ln_lstm", "indrnn", "ntm"}) {
    EXPECT_FALSE(by_sequences(cell)) << cell;
  }
}

TEST(Sequences, RowsGoThroughTimeWhereNoneNeedsAnother) {
  const auto by_bands = [](const StepProgram& program) {
    return plan_scan(program).band_space.has_value();
  };
  for (const char* cell : {"linear_attention", "gated_delta_net", "gla", "mlstm", "mamba"}) {
    EXPECT_TRUE(by_bands(program_of(cell, 12))) << cell;
  }
  // What a row reads of the others comes from the step before, so all rows end a step together.
  const char* mixed =
      "param W_k, W_v : [hidden, input]\nstate S : [hidden, hidden]\n"
      "S = 0.5 * S[t-1] + outer(tanh(W_v @ x), tanh(W_k @ x + S[t-1] @ h[t-1]))\n"
      "h = tanh(S @ (W_k @ x))\n";
  EXPECT_TRUE(plan_scan(lines(mixed)).by_sequences);
  EXPECT_FALSE(by_bands(lines(mixed)));
  expect_tape(lines(mixed), with_lengths());
}

// Matrices large enough are never made: states times a number for each column and outer products,
// which nothing but sums reads.
TEST(Sequences, MatricesThatOnlySumsReadAreNotMade) {
  const auto by_chunks = [](const StepProgram& program) {
    return plan_scan(without_delays(program).program).by_chunks;
  };
  for (const char* cell : {"linear_attention", "retnet", "gla", "mlstm", "delta_net",
                           "gated_delta_net", "rwkv5", "rwkv6", "delta_product"}) {
    EXPECT_TRUE(by_chunks(program_of(cell, 64))) << cell;
    EXPECT_FALSE(by_chunks(program_of(cell, 63))) << cell;
  }
  // A function of each element, and a decay down the columns.
  EXPECT_FALSE(by_chunks(program_of("mamba", 64)));
  for (const char* update :
       {"S = tanh(S[t-1]) + outer(v, k)\n", "S = reshape(v, [hidden, 1]) * S[t-1] + outer(v, k)\n",
        "S = S[t-1] * transpose(S[t-1]) + outer(v, k)\n"}) {
    EXPECT_FALSE(by_chunks(program_of_lines(
        "param W_k, W_v : [hidden, input]\nstate S : [hidden, hidden]\nk = W_k @ x\n"
        "v = W_v @ x\n" +
            std::string(update) + "h = S @ k\n",
        {input, 64})))
        << update;
  }
}

// Columns beyond a vector and a product's block, heads, chunks beyond the first, decays of all
// kinds, several updates a step, gradients of decays and of parameters inside.
TEST(Sequences, WithoutTheMatricesAgreesWithTheTape) {
  for (const char* cell : {"linear_attention", "retnet", "gla", "mlstm", "delta_net",
                           "gated_delta_net", "rwkv5", "rwkv6", "delta_product"}) {
    SCOPED_TRACE(cell);
    expect_tape(program_of(cell, 70), with_lengths());
  }
  for (const char* cell : {"gla", "gated_delta_net"}) {
    SCOPED_TRACE(cell);
    expect_tape(catalogue().find(cell).build({input, 128, {{"heads", 2.0}}}), with_lengths());
  }
}

TEST(Sequences, ReadsOfEveryKindAgreeWithTheTape) {
  const std::string head =
      "param W_k, W_v : [hidden, input]\nparam a : [hidden] init constant(0.7)\n"
      "state S : [hidden, hidden]\nk = tanh(W_k @ x)\nv = W_v @ x\n"
      "S = S[t-1] * reshape(a, [1, hidden]) - outer(v, k * k) + outer(k, v)\n";
  for (const char* read :
       {"h = transpose(S) @ v\n", "h = S @ k + transpose(S[t-1]) @ v\n", "h = v * sum(S @ k * v)\n",
        "h = sum((S - S[t-1] * reshape(a, [1, hidden])) * k)\n"}) {
    SCOPED_TRACE(read);
    const StepProgram program = program_of_lines(head + read, {input, 64});
    EXPECT_TRUE(plan_scan(program).by_chunks);
    expect_tape(program, with_lengths());
  }
}

// A vector that is a state and waits for what is read of the matrix, which may wait for it.
TEST(Sequences, StatesThatAreMadeOfReadsAgreeWithTheTape) {
  const std::string head =
      "param W_k, W_v : [hidden, input]\nstate S : [hidden, hidden]\nstate m : [hidden]\n"
      "k = 0.2 * tanh(W_k @ x)\nv = W_v @ x\n";
  for (const char* update : {"S = S[t-1] + outer(v, k)\nm = m[t-1] + S @ k\nh = tanh(m)\n",
                             "m = m[t-1] - S[t-1] @ k\nS = S[t-1] + outer(m, k)\nh = S @ v\n"}) {
    SCOPED_TRACE(update);
    const StepProgram program = program_of_lines(head + update, {input, 64});
    EXPECT_TRUE(plan_scan(program).by_chunks);
    expect_tape(program, with_lengths());
  }
}

TEST(Sequences, NothingOfAMatrixIsKeptForEachStep) {
  const ScanPlan plan = plan_scan(program_of("gated_delta_net", 32));
  Index kept = 0;
  for (const PlanBuffer& buffer : plan.buffers) {
    const bool each_step =
        buffer.scope == PlanBuffer::Scope::window || buffer.scope == PlanBuffer::Scope::chunk;
    if (each_step) kept = std::max(kept, buffer.width);
  }
  EXPECT_LT(kept, 32 * 32);
}

// Rows beyond a band, columns beyond a vector, heads, and chunks beyond the first.
TEST(Sequences, AgreeWithTheTape) {
  for (const char* cell : {"linear_attention", "delta_net", "gated_delta_net", "gla", "mlstm",
                           "retnet", "rwkv7", "mamba", "s4d", "ltc"}) {
    SCOPED_TRACE(cell);
    expect_tape(program_of(cell, 21), with_lengths());
  }
  for (const char* cell : {"linear_attention", "gated_delta_net", "mlstm", "rwkv6"}) {
    SCOPED_TRACE(cell);
    const StepProgram heads = catalogue().find(cell).build({input, 24, {{"heads", 3.0}}});
    expect_tape(heads, with_lengths());
  }
}

// A matrix times a vector from either side, by an op or by a sum.
TEST(Sequences, AllWaysToMultiplyAgreeWithTheTape) {
  const std::string head =
      "param W_k, W_v : [hidden, input]\nstate S : [hidden, hidden]\n"
      "k = tanh(W_k @ x)\nv = W_v @ x\nS = 0.9 * S[t-1] + outer(v, k)\n";
  for (const char* read : {"h = S @ k\n", "h = transpose(S) @ v\n", "h = sum(S * k)\n",
                           "h = sum(transpose(S) * v)\n", "h = S @ k + transpose(S) @ v\n"}) {
    SCOPED_TRACE(read);
    expect_tape(lines(head + read), with_lengths());
  }
}

// Asking for a matrix ends the passage of rows through time, and changes no bit.
TEST(Sequences, RecordingAMatrixChangesNoBit) {
  for (const char* cell : {"linear_attention", "gated_delta_net", "gla"}) {
    SCOPED_TRACE(cell);
    const StepProgram program = program_of(cell, 69);
    const Scan scan(program);
    ScanOptions options = with_lengths();
    const auto plain = run_scan<float>(scan, steps, batch, options);
    options.probes = {"S"};
    const auto probed = run_scan<float>(scan, steps, batch, options);
    expect_same_bits(probed.outputs, plain.outputs, "outputs");
    for (std::size_t k = 0; k < plain.gradients.size(); ++k) {
      expect_same_bits(probed.gradients[k], plain.gradients[k], plain.wrt[k]);
    }
    const auto reference = run_scan<float>(scan, steps, batch, options, Executor::tape);
    expect_close(probed.probes[0], reference.probes[0], 2e-5, "S");
  }
}

TEST(Sequences, GradientNormsOfMatricesAreThoseOfTheTape) {
  for (const Index hidden : {21, 70}) {
    const StepProgram program = program_of("delta_net", hidden);
    ScanOptions options = with_lengths();
    options.gradient_norms = true;
    const Scan scan(program);
    const auto got = run_scan<double>(scan, steps, batch, options);
    const auto expected = run_scan<double>(scan, steps, batch, options, Executor::tape);
    ASSERT_EQ(got.norms.size(), expected.norms.size());
    for (std::size_t k = 0; k < got.norms.size(); ++k) {
      for (std::size_t t = 0; t < got.norms[k].size(); ++t) {
        EXPECT_NEAR(got.norms[k][t], expected.norms[k][t], 1e-9 * (1 + expected.norms[k][t])) << t;
      }
    }
  }
}

// Products of a matrix for each of some groups, of parameters or of each sequence.
TEST(Sequences, ProductsOfGroupsAgreeWithTheTape) {
  const std::string head =
      "param W_v, W_u : [hidden, input]\nparam W : [3, 4, 4]\nparam V : [3, 4, hidden]\n"
      "param Q : [3, 5, 4]\nparam b : [3, 4]\nparam W_q : [5, input]\n"
      "state m : [3, 4]\nv = reshape(W_v @ x, [3, 4])\n";
  const std::string tail = "h = reshape(m, [hidden])\n";
  for (const char* body :
       {"m = tanh(W @ m[t-1] + v)\n", "m = tanh(V @ outer(sum(v), W_u @ x) + 0.1 * m[t-1])\n",
        "m = tanh(v + softmax((Q @ m[t-1]) @ transpose(Q @ v)) @ (W @ m[t-1]))\n",
        "m = tanh(V @ outer(sigmoid(Q @ m[t-1] @ (W_q @ x)), W_u @ x) + W @ m[t-1] + b)\n",
        "s = W @ m[t-1] @ v[1]\nm = tanh(m[t-1] + reshape(s, [3, 1]) * v)\n",
        "s = sigmoid(sum(m[t-1]))\nm = V @ outer(s, W_u @ x) + W @ (v * (W @ m[t-1]))\n"}) {
    SCOPED_TRACE(body);
    expect_tape(lines(head + body + tail), with_lengths());
  }
}

TEST(Sequences, SegmentsChangeNoBitWithoutTheMatrices) {
  for (const char* cell : {"gla", "gated_delta_net"}) {
    const Scan scan(program_of(cell, 70));
    ScanOptions options = with_lengths();
    const auto expected = run_scan<float>(scan, steps, batch, options);
    options.segments = 3;
    expect_same_run(run_scan<float>(scan, steps, batch, options), expected);
  }
}

TEST(Sequences, MatricesOfFourAxesAreMadeAgain) {
  for (const char* more : {"", " + U @ h[t-1]"}) {
    const StepProgram program = lines(
        "param W : [hidden, input]\nparam U : [hidden, hidden]\nstate S : [2, 2, hidden, hidden]\n"
        "v = W @ x\nS = 0.5 * S[t-1] + outer(v, v) * x[0]\n"
        "h = tanh(S[0, 1] @ h[t-1]" +
        std::string(more) + " + 0.1 * h[t-1])\n");
    EXPECT_TRUE(plan_scan(program).by_sequences);
    expect_tape(program, {});
  }
}

}  // namespace
}  // namespace carousel
