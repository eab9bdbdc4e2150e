// What a training step makes, once the first ones have run.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "small_sequences.hpp"
#include "task/next_frame_model.hpp"
#include "task/task.hpp"
#include "train/batch_gradient.hpp"

namespace carousel {
namespace {

// Calls of operator new, on all threads. Tensors outside of arenas come from aligned_alloc and are
// not among them.
std::atomic<long> news{0};

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
