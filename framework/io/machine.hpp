#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace carousel {

/// Facts by name, in the order in which people read them.
using Facts = std::vector<std::pair<std::string, std::string>>;

/// The value of a fact, "unknown" where there is no such one.
std::string value_of(const Facts& facts, const std::string& name);

/// Where a program runs, which results do not depend on: host and processor.
Facts place_facts();

/// The program that the bits of a result depend on: its version and commit, the instruction set of
/// its kernels, those of the libraries that it computes with, and the compiler.
Facts program_facts();

/// Bytes of memory that this process can still get: the least of what the machine has available,
/// its container (cgroup) allows, and `ulimit -v` leaves.
std::int64_t memory_left();

}  // namespace carousel
