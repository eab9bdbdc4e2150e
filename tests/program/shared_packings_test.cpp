// Packed matrices that scans beside each other share: made once, and never those of other weights.

#include "program/shared_packings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <set>
#include <thread>

#include "kernel/bf16.hpp"
#include "scan_fixtures.hpp"

namespace carousel {
namespace {

TEST(SharedPackings, AreMadeOnceForAllThreads) {
  const auto weights = normal<float>({40, 70}, "weights"), a = normal<float>({3, 40}, "a");
  const std::array part{MatrixPart<float>{weights.data(), 40, 70, 70}};
  PackedMatrix<float> own;
  own.pack(part, false);
  auto expected = Tensor<float>::zeros({3, 70});
  own.multiply(3, a.data(), 40, false, expected.data(), 70);

  SharedPackings<float> packings(2);
  std::atomic<int> made{0};
  const auto pack = [&](PackedMatrix<float>& matrix) {
    ++made;
    matrix.pack(part, false);
  };
  const auto run_threads = [&] {
    std::vector<std::thread> threads;
    for (int k = 0; k < 4; ++k) {
      threads.emplace_back([&] {
        packings.make_if_free(1, pack);
        auto c = Tensor<float>::zeros({3, 70});
        packings.find(1, pack).multiply(3, a.data(), 40, false, c.data(), 70);
        expect_same_bits(c, expected, "product");
      });
    }
    for (auto& thread : threads) thread.join();
  };
  run_threads();
  EXPECT_EQ(made, 1);
  packings.forget();
  run_threads();
  EXPECT_EQ(made, 2);
}

TEST(PackingStore, TellsWeightsApart) {
  const std::vector<Tensor<float>> a{Tensor<float>::zeros({4, 4})}, b{a[0].clone()};
  PackingStore<float> store;
  auto* const first = store.borrow(1, a, Rounding::none, 2);
  EXPECT_EQ(store.borrow(1, a, Rounding::none, 2), first);
  auto* const of_b = store.borrow(1, b, Rounding::none, 2);
  auto* const rounded = store.borrow(1, a, Rounding::bf16, 2);
  store.give_back(first);
  auto* const later = store.borrow(2, a, Rounding::none, 2);  // one still has the first
  EXPECT_THAT((std::set{first, of_b, rounded, later}), testing::SizeIs(4));
  store.give_back(first);
  EXPECT_EQ(store.borrow(1, a, Rounding::none, 2), first);
  store.give_back(first);
  EXPECT_EQ(store.borrow(3, a, Rounding::none, 2), first);  // made anew, in its memory
}

// Outputs and gradients of the parameters. The weights are the values times a factor, if it is not
// 1 made on the tape.
std::vector<Tensor<float>> run(Tape<float>& tape, const Scan& scan,
                               const std::vector<Tensor<float>>& values, const Tensor<float>& x,
                               Rounding rounding,
                               const std::shared_ptr<const SharedValues<float>>& shared) {
  tape.share(shared);
  const std::vector<Var> weights = leaves(tape, values);
  const std::vector<Var> inputs{tape.constant(x)};
  const ScanResult result =
      scan.run(tape, weights, inputs, initial_states(scan.program(), tape, weights, x.shape()[1]),
               {.rounding = rounding});
  std::vector<Tensor<float>> all = tape.gradients(sum(result.outputs * result.outputs), weights);
  all.push_back(tape.value(result.outputs));
  return all;
}

class SharedScans : public testing::TestWithParam<Rounding> {
 protected:
  void SetUp() override {
    if (GetParam() == Rounding::bf16 && !has_bf16()) GTEST_SKIP() << "no AVX512-BF16";
    for (const ProgramParameter& p : scan_.program().parameters) {
      values_.push_back(normal<float>(p.shape, p.name));
    }
  }
  std::shared_ptr<const SharedValues<float>> shared() const {
    auto shared = std::make_shared<SharedValues<float>>();
    shared->set(values_);
    return shared;
  }
  // Against a scan that shares nothing.
  void expect_right(const std::vector<Tensor<float>>& got, const Tensor<float>& x) {
    Tape<float> tape;
    const auto expected = run(tape, Scan(scan_.program()), values_, x, GetParam(), {});
    for (std::size_t v = 0; v < expected.size(); ++v) {
      expect_same_bits(got[v], expected[v], std::to_string(v));
    }
  }
  // Two runs side by side, as shards are.
  void expect_right_side_by_side() {
    const auto all = shared();
    std::array<std::vector<Tensor<float>>, 2> got;
    std::vector<std::thread> threads;
    for (std::size_t k = 0; k < 2; ++k) {
      threads.emplace_back([&, k] {
        Tape<float> tape;
        got[k] = run(tape, scan_, values_, x_[k], GetParam(), all);
      });
    }
    for (auto& thread : threads) thread.join();
    for (std::size_t k = 0; k < 2; ++k) expect_right(got[k], x_[k]);
  }

  Scan scan_{catalogue().find("lstm").build({37, 48})};
  std::vector<Tensor<float>> values_;
  std::array<Tensor<float>, 2> x_{normal<float>({9, 5, 37}, "x0"), normal<float>({9, 5, 37}, "x1")};
};

TEST_P(SharedScans, HaveTheSameBits) { expect_right_side_by_side(); }

TEST_P(SharedScans, FollowWeightsThatChange) {
  expect_right_side_by_side();
  for (Tensor<float>& value : values_) {
    for (float& v : value.values()) v *= -0.5F;  // in place, as an optimiser does
  }
  expect_right_side_by_side();
}

// Those that nobody said to be shared may change at any time, in the same memory.
TEST_P(SharedScans, OtherWeightsAreNotShared) {
  const auto all = shared();
  for (Tensor<float>& value : values_) value = value.clone();
  for (int round = 0; round < 2; ++round) {
    Tape<float> tape;
    expect_right(run(tape, scan_, values_, x_[0], GetParam(), all), x_[0]);
    for (Tensor<float>& value : values_) {
      for (float& v : value.values()) v *= -0.5F;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Roundings, SharedScans, testing::Values(Rounding::none, Rounding::bf16),
                         [](const auto& of) {
                           return of.param == Rounding::none ? "float" : "bf16";
                         });

}  // namespace
}  // namespace carousel
