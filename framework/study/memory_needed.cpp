#include "study/memory_needed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/machine.hpp"
#include "train/batches.hpp"

namespace carousel {

std::int64_t least_memory(const TrialJob& job) {
  Recurrence recurrence(job.cell, job.record.hidden, job.model, job.train.segments);
  const auto model = job.problem.model(recurrence);
  std::int64_t elements = 0;
  for (const ParameterSpec& spec : model->parameters()) elements += spec.shape.numel();
  const std::int64_t examples =
      std::min<std::int64_t>(job.train.batch, job.problem.size(Split::train));
  const std::int64_t shards = std::ssize(cut_into_shards(examples, job.train.shard));
  constexpr std::int64_t values_best_and_gradients = 3, of_optimiser = 1;
  const std::int64_t copies = values_best_and_gradients + of_optimiser + shards;
  Index longest = 0;
  for (ExampleId id = 0; id < std::min<Index>(job.problem.size(Split::valid), 100); ++id) {
    longest = std::max(longest, job.problem.length(Split::valid, id));
  }
  const std::int64_t states = longest * examples * job.record.hidden * job.model.depth;
  const std::int64_t size = job.train.precision == "double" ? sizeof(double) : sizeof(float);
  return (elements * copies + states) * size;
}

void expect_memory(const std::string& what, std::int64_t bytes) {
  const std::int64_t there_is = memory_left();
  if (bytes <= there_is) return;
  constexpr double gigabyte = 1e9;
  throw EnvironmentError(fmt::format(
      "{} takes at least {:.1f} GB of memory, there are {:.1f} GB; a smaller hidden size, "
      "train.batch or train.shard, or fewer --threads take less",
      what, static_cast<double>(bytes) / gigabyte, static_cast<double>(there_is) / gigabyte));
}

}  // namespace carousel
