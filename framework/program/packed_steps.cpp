#include "program/packed_steps.hpp"

#include <algorithm>
#include <cmath>

namespace carousel {

void PackedSteps::reset(const std::vector<Index>& lengths, Index windows, Index chunk_steps,
                        Index chunk_rows) {
  if (windows == 0) {
    windows = std::max<Index>(1, std::lround(std::sqrt(static_cast<double>(lengths.front()))));
  }
  if (lengths != lengths_) {
    lengths_ = lengths;
    const auto end = static_cast<std::size_t>(steps());
    rows_.assign(end + 1, 0);
    first_row_.assign(end + 1, 0);
    for (const Index length : lengths_) {
      for (std::size_t t = 0; t < static_cast<std::size_t>(length); ++t) ++rows_[t];
    }
    for (std::size_t t = 0; t < end; ++t) first_row_[t + 1] = first_row_[t] + rows_[t];
    cut_chunks(chunk_steps, chunk_rows);
  }
  const auto count = static_cast<Index>(chunks_.size());
  windows = std::min(windows, count);
  windows_.clear();
  for (Index w = 0; w < windows; ++w) {
    windows_.push_back({w * count / windows, (w + 1) * count / windows});
  }
}

void PackedSteps::cut_chunks(Index chunk_steps, Index chunk_rows) {
  chunks_.clear();
  runs_.clear();
  single_steps_.clear();
  first_run_.clear();
  bool new_run = true;
  for (Index t = 0; t < steps(); ++t) {
    const bool new_chunk =
        t == 0 || (rows(chunks_.back()) >= chunk_rows && t - chunks_.back().first >= chunk_steps);
    if (new_chunk) {
      chunks_.push_back({t, t});
      first_run_.push_back(runs_.size());
    }
    single_steps_.push_back({t, t + 1});
    if (new_chunk || new_run) runs_.push_back({t, t});
    chunks_.back().last = runs_.back().last = t + 1;
    // The block in front of a step is as long as the step before, or as the batch.
    new_run = rows(t) != (new_chunk ? batch() : rows(t - 1));
  }
  first_run_.push_back(runs_.size());
  chunk_rows_ = 0;
  chunk_steps_ = 0;
  for (const StepRange& chunk : chunks_) {
    chunk_rows_ = std::max(chunk_rows_, rows(chunk));
    chunk_steps_ = std::max(chunk_steps_, chunk.last - chunk.first);
  }
}

StepRange PackedSteps::steps_of(StepRange window) const {
  return {chunks_[static_cast<std::size_t>(window.first)].first,
          chunks_[static_cast<std::size_t>(window.last - 1)].last};
}

std::span<const StepRange> PackedSteps::runs(std::size_t chunk) const {
  return std::span(runs_).subspan(first_run_[chunk], first_run_[chunk + 1] - first_run_[chunk]);
}

std::span<const StepRange> PackedSteps::single_steps(StepRange chunk) const {
  return std::span(single_steps_)
      .subspan(static_cast<std::size_t>(chunk.first),
               static_cast<std::size_t>(chunk.last - chunk.first));
}

}  // namespace carousel
