// What a training step asks the system and the C library for, once the first ones have run.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "small_sequences.hpp"
#include "task/next_frame_model.hpp"
#include "task/task.hpp"
#include "tensor/memory.hpp"
#include "train/batch_gradient.hpp"

namespace carousel {
namespace {

// Calls of operator new, on all threads. Tensors outside of arenas come from aligned_alloc, and
// show by their pages alone.
std::atomic<long> news{0};

long faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// The steps of a trial on one thread, without its record: gradient, clipping and update.
class Steps {
 public:
  Steps(const char* cell, std::unique_ptr<Problem> problem, Index hidden)
      : under_test_(catalogue().find(cell), std::move(problem), hidden, dropout()),
        parameters_(under_test_.parameters(), 1),
        gradient_(*under_test_.model, *under_test_.problem, options()),
        optimiser_(options().optimiser, parameters_) {}

  void run(const Batch& batch) {
    const MaskSeed masks{1, optimiser_.updates()};
    const auto noisy = with_weight_noise(parameters_, 0.05, 1, optimiser_.updates());
    gradient_.compute(noisy, batch, {&masks, nullptr});
    optimiser_.update(parameters_, gradient_.gradients());
  }
  std::vector<Batch> batches() const {
    return training_batches(*under_test_.problem, options().batch, 1, 0, 0);
  }
  // Each batch once, and what a trial does at the end of an epoch.
  void run_epoch() {
    for (const Batch& batch : batches()) run(batch);
    static_cast<void>(gradient_.runner().evaluate(parameters_.values()));
  }

 private:
  static ModelOptions dropout() {
    ModelOptions model;
    model.dropout_output = 0.3;
    return model;
  }
  static TrainOptions options() {
    TrainOptions options;
    options.optimiser.rule = "adam";
    options.batch = 4;
    options.shard = 4;
    return options;
  }

  ModelUnderTest under_test_;
  ParameterSet<float> parameters_;
  BatchGradient<float> gradient_;
  Optimiser<float> optimiser_;
};

// Sequences of many lengths, long enough that their tensors would be pages of their own.
SequenceSet long_sequences() {
  SequenceSet set;
  for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) {
    split->width = 96;
    for (Index s = 0; s < 24; ++s) {
      split->add(std::vector<float>(static_cast<std::size_t>(96 * (100 + 60 * s)), 1.0f));
    }
  }
  return set;
}

TEST(StepMemory, TakesNoPagesAfterTheFirstEpochs) {
  keep_freed_memory();
  Steps steps("lstm", next_frame_problem(long_sequences()), 24);
  for (int epoch = 0; epoch < 4; ++epoch) steps.run_epoch();
  const long before = faults();
  for (int epoch = 0; epoch < 6; ++epoch) steps.run_epoch();
  // An epoch has tensors of 40 MB, 10000 pages. What is left is the C library's: where no free
  // block has the right size it may cut another one.
  EXPECT_LE(faults() - before, 100);
}

// Small objects alone, the same number in each step: nodes of the tape, what a run of a scan knows,
// lists of tensors.
TEST(StepMemory, MakesTheSameFewObjectsInEachStep) {
  for (const char* cell : {"lstm", "gru_reset_after"}) {
    Steps steps(cell, next_frame_problem(small_set()), 16);
    const Batch batch = steps.batches().front();
    for (int k = 0; k < 3; ++k) steps.run(batch);
    std::vector<long> counts;
    for (int k = 0; k < 5; ++k) {
      const long before = news;
      steps.run(batch);
      counts.push_back(news - before);
    }
    for (const long count : counts) {
      EXPECT_LE(count, 400) << cell;
      EXPECT_NEAR(double(count), double(counts[0]), 8) << cell;  // of tasks
    }
  }
}

}  // namespace
}  // namespace carousel

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// GCC inlines one of the two and not the other.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t size) {
  ++carousel::news;
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
#endif
