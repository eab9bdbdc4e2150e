#pragma once

#include <cstdint>

#include "study/trial.hpp"

namespace carousel {

/// Bytes that a trial takes at least while it trains: parameters, those of the best epoch,
/// gradients of the batch and of each of its shards, what the optimiser keeps, and the states of
/// its longest examples. Reckoned from sizes; takes none of it.
std::int64_t least_memory(const TrialJob& job);

/// Throws EnvironmentError where `bytes` are more than this process can get now: what the machine
/// and its container have left, or the process may have at most (ulimit -v). what: begins the
/// message.
void expect_memory(const std::string& what, std::int64_t bytes);

}  // namespace carousel
