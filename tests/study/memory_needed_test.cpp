#include "study/memory_needed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "io/machine.hpp"
#include "task/task.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

TEST(MemoryNeeded, IsThatOfParametersAndStates) {
  const Task& task = find_task("adding");
  TaskOptions options(task.options);
  options.set("lag", "20");  // sequences of 20 to 22 steps
  const auto problem = task.set_up(options, {});
  const auto needed = [&](const char* precision, int hidden, int depth = 1) {
    TrialJob job{*problem, catalogue().find("rnn_tanh"), {}, {}, {}, {}};
    job.model.depth = depth;
    job.train.batch = 10;
    job.train.shard = 4;  // three shards
    job.train.precision = precision;
    job.record.hidden = hidden;
    return least_memory(job);
  };
  // Two inputs and a bias, and an output with a bias.
  const std::int64_t parameters = 8 * 2 + 8 * 8 + 8 + 8 + 1;
  EXPECT_EQ(needed("float", 8), 4 * (parameters * (4 + 3) + 22 * 10 * 8));
  EXPECT_EQ(needed("double", 8), 2 * needed("float", 8));
  const std::int64_t second_layer = 8 * 8 + 8 * 8 + 8;
  EXPECT_EQ(needed("float", 8, 2), 4 * ((parameters + second_layer) * (4 + 3) + 22 * 10 * 8 * 2));
  EXPECT_GT(needed("float", 10000), std::int64_t{2} << 30) << "nothing of it is taken";
}

// Six examples of 12 to 13 steps to train with; other splits have other numbers of them.
TEST(MemoryNeeded, ABatchHasNoMoreExamplesThanThereAre) {
  const Task& task = find_task("adding");
  TaskOptions options(task.options);
  for (const auto& [name, value] :
       {std::pair("lag", "12"), {"examples", "6"}, {"valid", "40"}, {"test", "3"}}) {
    options.set(name, value);
  }
  const auto problem = task.set_up(options, {});
  TrialJob job{*problem, catalogue().find("rnn_tanh"), {}, {}, {}, {}};
  job.train.batch = 100;
  job.train.shard = 4;
  job.record.hidden = 8;
  Index longest = 0;
  for (ExampleId id = 0; id < 40; ++id) {
    longest = std::max(longest, problem->length(Split::valid, id));
  }
  EXPECT_EQ(least_memory(job), 4 * ((8 * 2 + 8 * 8 + 8 + 8 + 1) * (4 + 2) + longest * 6 * 8));
}

TEST(MemoryNeeded, MoreThanThereIsIsRefused) {
  expect_memory("trial a", 1 << 20);
  const std::int64_t left = memory_left();
  EXPECT_GT(left, 1 << 20);
  EXPECT_LT(left, std::int64_t{1} << 50);
  EXPECT_THAT(error_of<EnvironmentError>([] { expect_memory("trial a", std::int64_t{1} << 50); }),
              AllOf(HasSubstr("trial a takes at least 1125899.9 GB of memory, there are "),
                    ContainsRegex("there are [0-9]{1,4}[.][0-9] GB; .*train.batch")));
}

}  // namespace
}  // namespace carousel
