// Misuse of a tape must be an error, not a wrong number; and its memory must not grow.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tape/tape.hpp"
#include "tensor/initialiser.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class TapeLifetime : public testing::Test {
 protected:
  Tape<double> tape;

  Var leaf(const std::vector<double>& values) {
    return tape.leaf(Tensor<double>::from({static_cast<Index>(values.size())}, values));
  }
  template <class F>
  static std::string message_of(F f) {
    try {
      f();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST_F(TapeLifetime, AConstantHasNoGradient) {
  const Var x = leaf({1, 2});
  const Var data = tape.constant(Tensor<double>::zeros({2}));
  const Var loss = sum(x * data);
  EXPECT_THAT(message_of([&] {
                tape.gradients(loss, std::array{x, data});
              }),
              AllOf(HasSubstr("constant"), HasSubstr("leaf()")));
  EXPECT_THROW(tape.recorded_gradients(loss, std::array{data}), InputError);
}

TEST_F(TapeLifetime, TheLossHasOneElement) {
  const Var x = leaf({1, 2});
  EXPECT_THAT(message_of([&] { tape.gradients(x * x, std::array{x}); }),
              AllOf(HasSubstr("[2]"), HasSubstr("one element")));
  EXPECT_THROW(tape.recorded_gradients(x, std::array{x}), InputError);
}

TEST_F(TapeLifetime, AVarIsGoneAfterClear) {
  const Var x = leaf({1, 2});
  tape.clear();
  EXPECT_THAT(message_of([&] { tape.value(x); }), HasSubstr("cleared"));
  EXPECT_THROW(exp(x), InputError);
  EXPECT_THROW(x.shape(), InputError);
  // Another value has the id now; the old var must not stand for it.
  const Var y = leaf({3, 4});
  EXPECT_EQ(x.id, y.id);
  EXPECT_THROW(tape.value(x), InputError);
  EXPECT_THROW(x * y, InputError);
  EXPECT_THROW(tape.gradients(sum(y), std::array{x}), InputError);
  EXPECT_THAT(tape.value(y).values(), ElementsAre(3, 4));
}

TEST_F(TapeLifetime, AVarOfAnotherTapeIsRejected) {
  Tape<double> other;
  const Var x = leaf({1});
  const Var foreign = other.leaf(Tensor<double>::zeros({1}));
  EXPECT_THAT(message_of([&] { tape.value(foreign); }), HasSubstr("another tape"));
  EXPECT_THROW(tape.gradients(x, std::array{foreign}), InputError);
  EXPECT_THROW(tape.gradients(foreign, std::array{x}), InputError);
  EXPECT_THROW(tape.value(Var{}), InputError);
}

TEST_F(TapeLifetime, ValuesStayValidAfterClearAndAfterTheTape) {
  Tensor<double> kept;
  std::vector<Tensor<double>> gradients;
  {
    Tape<double> inner;
    const Var x = inner.leaf(Tensor<double>::from({2}, {3, 4}));
    const Var y = x * x;
    kept = inner.value(y);
    gradients = inner.gradients(sum(y), std::array{x});
    inner.clear();
    // Reused memory must not be that of a tensor still held.
    const Var z = inner.leaf(Tensor<double>::full({2}, -1.0));
    for (int i = 0; i < 10; ++i) inner.value(z * z);
    EXPECT_THAT(kept.values(), ElementsAre(9, 16));
  }
  EXPECT_THAT(kept.values(), ElementsAre(9, 16));
  EXPECT_THAT(gradients[0].values(), ElementsAre(6, 8));
}

TEST_F(TapeLifetime, LeavesShareTheirTensor) {
  auto values = Tensor<double>::from({2}, {1, 2});
  const Var x = tape.leaf(values);
  EXPECT_EQ(tape.value(x).data(), values.data());
  tape.value(exp(x) + x * x);
  EXPECT_THAT(values.values(), ElementsAre(1, 2)) << "an op wrote into its input";
}

TEST_F(TapeLifetime, CheckFiniteNamesTheOp) {
  const Var x = leaf({1, 0, -1});
  EXPECT_TRUE(std::isinf(tape.value(log(x)).data()[1])) << "off by default";
  tape.set_check_finite(true);
  try {
    log(x);
    FAIL() << "log(0) passed";
  } catch (const NonFiniteError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'log'"), HasSubstr("-inf"), HasSubstr("element 1"),
                                    HasSubstr("[3]")));
  }
  EXPECT_THROW(x / tape.constant(Tensor<double>::zeros({})), NonFiniteError);
  EXPECT_EQ(tape.value(sum(x)).item(), 0.0);
  tape.set_check_finite(false);
  EXPECT_NO_THROW(log(x));
}

TEST_F(TapeLifetime, CheckFiniteSeesTheWayBack) {
  const Var x = leaf({0, 1});
  const Var loss = sum(sqrt(x));
  tape.set_check_finite(true);
  EXPECT_THAT(message_of([&] { tape.gradients(loss, std::array{x}); }), HasSubstr("'safe_div'"));
  tape.set_check_finite(false);
  // The tape records again after the error.
  const Var y = x * x;
  EXPECT_THAT(tape.gradients(sum(y), std::array{x})[0].values(), ElementsAre(0, 2));
}

TEST_F(TapeLifetime, ClearForgetsEveryValue) {
  leaf({1});
  leaf({2});
  EXPECT_EQ(tape.size(), 2u);
  tape.clear();
  EXPECT_EQ(tape.size(), 0u);
}

#if !defined(__SANITIZE_ADDRESS__)

// A recurrent loop with a gradient, as a training step has.
void train_step(Tape<float>& tape, bool second_order) {
  const auto weight = initialise<float>(Initialiser::normal(0.1), {64, 64}, Random(1, "weight"));
  const Var w = tape.leaf(weight);
  Var h = tape.constant(Tensor<float>::full({32, 64}, 0.5f));
  for (int t = 0; t < 30; ++t) h = tanh(linear(h, w));
  const Var loss = mean(h * h);
  if (second_order) {
    const Var g = tape.recorded_gradients(loss, std::array{w})[0];
    tape.gradients(sum(g * g), std::array{w});
  } else {
    tape.gradients(loss, std::array{w});
  }
}

TEST_F(TapeLifetime, MemoryDoesNotGrowOverSteps) {
  for (const bool second_order : {false, true}) {
    Tape<float> steps;
    for (int i = 0; i < 3; ++i) {
      steps.clear();
      train_step(steps, second_order);
    }
    const std::size_t reserved = steps.bytes_reserved();
    EXPECT_GT(reserved, 0u);
    for (int i = 0; i < 20; ++i) {
      steps.clear();
      train_step(steps, second_order);
      ASSERT_EQ(steps.bytes_reserved(), reserved) << "step " << i;
    }
  }
}

// Cotangents are dropped on the way back: it needs far less than the way there.
TEST_F(TapeLifetime, TheWayBackTakesLittleMemory) {
  Tape<float> steps;
  const Var w = steps.leaf(Tensor<float>::full({256, 256}, 0.01f));
  Var h = steps.constant(Tensor<float>::full({256, 256}, 0.5f));
  for (int t = 0; t < 20; ++t) h = tanh(linear(h, w));
  const Var loss = mean(h);
  const std::size_t forward = steps.bytes_reserved();
  steps.gradients(loss, std::array{w});
  EXPECT_LT(steps.bytes_reserved(), forward + forward / 2);
}

#endif

}  // namespace
}  // namespace carousel
