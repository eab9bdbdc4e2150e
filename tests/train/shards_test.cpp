#include "train/shards.hpp"

#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "task/next_frame_model.hpp"

namespace carousel {
namespace {

// A step takes most where a shard has the longest sequences.
TEST(TrainingMemory, IsThatOfTheLongestSequences) {
  const auto memory = [](const std::vector<Index>& lengths) {
    SequenceSet set;
    for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) split->width = 4;
    for (const Index length : lengths) {
      set.train.add(std::vector<float>(static_cast<std::size_t>(4 * length), 1.0f));
    }
    const ModelUnderTest m(catalogue().find("lstm"), next_frame_problem(set), 32);
    return training_memory<float>(*m.model, m.recurrence, *m.problem, 2, 1);
  };
  EXPECT_EQ(memory({5, 900, 5}), memory({900, 900, 900}));
  EXPECT_GT(memory({5, 900, 5}), 2 * memory({5, 5, 5}));
}

TEST(TrainingMemory, OfSegmentsIsLess) {
  SequenceSet set;
  for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) split->width = 4;
  set.train.add(std::vector<float>(4 * 900, 1.0f));
  const auto problem = next_frame_problem(set);
  const auto memory = [&](Index segments) {
    Recurrence recurrence(catalogue().find("lstm"), 32, {}, segments);
    const auto model = problem->model(recurrence);
    return training_memory<float>(*model, recurrence, *problem, 1, 1);
  };
  EXPECT_LT(memory(8), memory(1));
}

}  // namespace
}  // namespace carousel
