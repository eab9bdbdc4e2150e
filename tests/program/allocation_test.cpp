// A scan keeps its memory: a second training step takes none from the system. Here operator new
// and the C library's allocators are counted, so this file stands aside under a sanitizer, which
// brings its own.

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "program/compiled_scan.hpp"
#include "scan_fixtures.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define CAROUSEL_COUNTS_ALLOCATIONS 0
#else
#define CAROUSEL_COUNTS_ALLOCATIONS 1
#endif

#if CAROUSEL_COUNTS_ALLOCATIONS

#include <malloc.h>

namespace {
// Of this thread: others may do as they like.
thread_local long news = 0, aligned_blocks = 0;
}  // namespace

// NOLINTNEXTLINE(bugprone-reserved-identifier): the C library's own
extern "C" void* __libc_memalign(std::size_t alignment, std::size_t bytes);
// The arena and tensors of their own take their memory here.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  ++aligned_blocks;
  return __libc_memalign(alignment, bytes);
}

void* operator new(std::size_t bytes) {
  ++news;
  if (void* p = std::malloc(bytes > 0 ? bytes : 1)) return p;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
// Not inlined: there GCC takes free() for a mistake.
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { operator delete(p); }
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }
void operator delete[](void* p, std::size_t) noexcept { operator delete(p); }

namespace carousel {
namespace {

struct Counts {
  long news = ::news;
  long aligned_blocks = ::aligned_blocks;
  std::size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd;  // in use
};

bool has_calls(const ScanPlan& plan) {
  for (const PlanPass* pass : {&plan.forward_pass, &plan.backward_pass}) {
    if (!pass->summed_calls.empty()) return true;
    for (const auto* ops : {&pass->invariant_ops, &pass->final_ops}) {
      for (const int node : *ops) {
        const Op& op = *plan.backward.program.nodes[std::size_t(node)].op;
        if (!op.tile && op.name != "constant") return true;
      }
    }
    for (const auto* stages : {&pass->before, &pass->loop, &pass->behind}) {
      for (const PlanStage& stage : *stages) {
        if (!stage.calls.empty()) return true;
      }
    }
  }
  return false;
}

// A training step and the next ones, on tensors that are there already.
template <class T>
void expect_no_allocation(const Cell& cell, const std::vector<Index>& lengths, Index segments) {
  SCOPED_TRACE(cell.name + ", " + std::to_string(segments) + " segments");
  const StepProgram program = cell.build(nearest_sizes(cell, {6, 16}));
  const Index batch = Index(lengths.size());
  Index rows = 0;
  for (const Index length : lengths) rows += length;
  std::vector<Tensor<T>> parameters, states, cotangents;
  for (const auto& p : program.parameters) parameters.push_back(normal<T>(p.shape, p.name));
  for (const auto& s : program.states) {
    states.push_back(normal<T>(with_batch(s.shape, batch), s.name));
    cotangents.push_back(normal<T>(with_batch(s.shape, batch), "weight " + s.name));
  }
  std::vector<Tensor<T>> x;
  for (const int node : program.inputs) {
    const ProgramNode& n = program.nodes[std::size_t(node)];
    x.push_back(normal<T>({rows, n.shape.back()}, n.name));
  }
  const Tensor<T> weight = normal<T>({rows, program.output_shape().back()}, "weight");
  const ScanPlan plan = plan_scan(program);
  if (has_calls(plan)) return;  // the kernels of single ops take memory as they like
  CompiledScan<T> scan(plan);
  const auto step = [&] {
    scan.forward(parameters, x, states, lengths, segments);
    scan.backward(weight, cotangents);
  };
  const Counts start;
  step();
  const Counts warm;
  EXPECT_GT(warm.news, start.news);  // the counters count
  EXPECT_GT(warm.aligned_blocks, start.aligned_blocks);
  for (int repeat = 2; repeat < 5; ++repeat) {
    const Counts before;
    scan.forward(parameters, x, states, lengths, segments);
    const Counts between;
    scan.backward(weight, cotangents);
    const Counts after;
    EXPECT_EQ(between.news - before.news, 0) << "forward, run " << repeat;
    EXPECT_EQ(after.news - between.news, 0) << "backward, run " << repeat;
    EXPECT_EQ(after.aligned_blocks, before.aligned_blocks) << "run " << repeat;
    EXPECT_EQ(after.bytes, before.bytes) << "run " << repeat;
  }
}

TEST(Allocation, TheSecondStepTakesNoMemory) {
  for (const Cell& cell : catalogue().cells()) {
    expect_no_allocation<float>(cell, std::vector<Index>(8, 50), 1);
    expect_no_allocation<double>(cell, std::vector<Index>(8, 50), 1);
  }
}

TEST(Allocation, NorWithSegmentsAndUnequalLengths) {
  for (const Cell& cell : catalogue().cells()) {
    expect_no_allocation<float>(cell, std::vector<Index>(8, 50), 3);
    expect_no_allocation<float>(cell, {50, 50, 41, 30, 30, 12, 3, 0}, 1);
    expect_no_allocation<double>(cell, {50, 50, 41, 30, 30, 12, 3, 0}, 2);
  }
}

// The memory of a tensor counts, whichever way it is taken.
TEST(Allocation, TensorsAreCounted) {
  const Counts before;
  const auto small = Tensor<float>::uninitialised({10});
  const auto large = Tensor<float>::uninitialised({10000000});
  const Counts after;
  EXPECT_EQ(after.aligned_blocks - before.aligned_blocks, 2);
  EXPECT_GE(after.bytes - before.bytes, 40000000u);
}

}  // namespace
}  // namespace carousel

#else

TEST(Allocation, IsNotCountedUnderASanitizer) { GTEST_SKIP(); }

#endif
