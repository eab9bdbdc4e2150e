#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace carousel {

/// One of the seeds with a few changes: bits turned, numbers of 1 to 8 bytes overwritten with those
/// that readers trip over, blocks zeroed or copied, the end cut off. A function of its arguments.
/// Most changes fall where a byte is not zero, since most of an HDF5 file is unused room.
std::string mutated(const std::vector<std::string>& seeds, std::uint64_t series,
                    std::uint64_t number);

}  // namespace carousel
