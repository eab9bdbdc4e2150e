#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/peers/protocol.hpp"
#include "bench/suite/turns.hpp"
#include "cell/cell.hpp"
#include "kernel/bf16.hpp"

namespace carousel {

/// What `bench scan` measures: training steps of one layer, ours and those of the peers in turn.
struct ScanSuiteOptions {
  std::vector<peers::Sizes> sizes;
  std::vector<std::string> cells{"lstm", "gru_reset_before", "gru_reset_after"};
  int rounds = 7;  // turns of each implementation
  int threads = 1;
  Rounding rounding = Rounding::none;  // bf16: ours in float runs beside it
  std::filesystem::path peers;         // folder of the programs peer_*; empty: no peers
};

/// An implementation of a cell at one size. Times are medians over the rounds.
struct ScanRow {
  peers::Sizes sizes;
  std::string cell;
  std::string implementation;  // "carousel" is ours
  int threads = 1;
  std::string precision = "float";  // or "bf16": of the operands of products
  double milliseconds = 0.0;        // of one training step
  double gflops = 0.0;              // of the products with the cell's matrices
  double peak_share = 0.0;          // of the multiply-add rate measured between the rounds
  double ratio = 1.0;               // its time / ours in the same round: above 1, ours is faster
};

/// What a caller learns while the suite runs; functions may be empty.
struct ScanListener {
  std::function<void(const std::string&)> note;
  SuiteProgress progress;
  std::function<void(const std::vector<ScanRow>&)> rows;  // of one cell at one size
};

/// The sizes that are measured unless others are asked for.
const std::vector<peers::Sizes>& default_sizes();

/// Sizes from text: numbers of the default sizes ("1,3"), or T,B,I,H; several joined by ';'.
/// Throws InputError.
std::vector<peers::Sizes> parse_sizes(const std::string& text);

/// Runs the suite; ends early, with the rows so far, when `stop` is set. Throws InputError when
/// an option is at fault, EnvironmentError when a peer fails or computes other gradients than ours.
std::vector<ScanRow> run_scan_suite(const ScanSuiteOptions& options, const CellRegistry& registry,
                                    const std::atomic<bool>& stop, const ScanListener& listener);

/// "T,B,I,H".
std::string to_text(const peers::Sizes& sizes);

}  // namespace carousel
