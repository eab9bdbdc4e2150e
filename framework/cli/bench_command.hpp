#pragma once

#include <string>
#include <vector>

#include "cli/common_options.hpp"

namespace carousel {

/// Arguments of `carousel bench`.
struct BenchArguments {
  std::string suite;                // positional: what to measure
  std::vector<std::string> cells;   // --cells; empty: the suite's own
  std::string sizes;                // --sizes; empty: the suite's own
  int rounds = 7;                   // --rounds
  std::string precision = "float";  // --precision: of scan: float, bf16
  std::string csv;                  // --csv: a file for the figures
  bool no_peers = false;            // --no-peers: ours alone
  std::string peers;                // --peers: folder of the peer programs; empty: beside carousel
};

/// Measures, and prints a table.
int bench_command(CellRegistry& registry, const BenchArguments& arguments,
                  const CommonOptions& common, const std::atomic<bool>& stop);

/// Starts this program anew when the environment would hold OpenBLAS back from its best kernels:
/// that is read once, when the library is loaded. Returns when there was no need to.
void restart_without_hampering_variables(char** argv);

}  // namespace carousel
