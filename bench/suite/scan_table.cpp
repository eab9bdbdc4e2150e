#include "bench/suite/scan_table.hpp"

#include <cmath>

#include "report/format.hpp"

namespace carousel {
namespace {

// Four digits that count.
std::string milliseconds(double value) {
  return fmt::format("{:.{}f}", value, value < 10 ? 3 : value < 100 ? 2 : 1);
}

std::string line(const std::string& size, const std::string& cell, const std::string& name,
                 const std::string& ms, const std::string& gflops, const std::string& share,
                 const std::string& ratio) {
  return fmt::format("{}  {}  {}  {} {} {} {}\n", pad_right(size, 14),
                     pad_right(shorten(cell, 16), 16), pad_right(shorten(name, 12), 12),
                     pad_left(ms, 7), pad_left(gflops, 8), pad_left(share, 5), pad_left(ratio, 6));
}

// Ours on one thread stands beside ours on several, and ours in float beside that in bf16.
std::string label(const ScanRow& row, const ScanRow& first) {
  if (row.precision != first.precision) return "ours, " + row.precision;
  return row.threads == first.threads ? row.implementation : row.implementation + " x1";
}

}  // namespace

std::string table_head() {
  std::string rule;
  for (int i = 0; i < 79; ++i) rule += "─";
  return line("T,B,I,H", "cell", "", "ms", "GFLOP/s", "peak", "ratio") + rule + "\n";
}

std::string table_rows(const std::vector<ScanRow>& rows) {
  std::string text;
  for (const ScanRow& row : rows) {
    const bool first = &row == &rows.front();
    text += line(first ? to_text(row.sizes) : "", first ? row.cell : "", label(row, rows.front()),
                 milliseconds(row.milliseconds), fmt::format("{:.1f}", row.gflops),
                 fmt::format("{:.0f}%", 100.0 * row.peak_share),
                 first ? "" : fmt::format("{:.2f}", row.ratio));
  }
  return text;
}

std::string table_foot(const std::vector<ScanRow>& rows) {
  struct Mean {
    std::string name;
    double logs = 0.0;
    int count = 0;
  };
  std::vector<Mean> means;
  for (const ScanRow& row : rows) {
    const std::string name = label(row, rows.front());
    if (name == rows.front().implementation) continue;
    auto mean =
        std::find_if(means.begin(), means.end(), [&](const Mean& m) { return m.name == name; });
    if (mean == means.end()) mean = means.insert(means.end(), Mean{name});
    mean->logs += std::log(row.ratio);
    ++mean->count;
  }
  std::string text = "\n";
  for (const Mean& mean : means) {
    text += fmt::format("{} {:.2f} (geometric mean of {} ratios)\n", pad_right(mean.name, 13),
                        std::exp(mean.logs / mean.count), mean.count);
  }
  return text +
         "ms: a training step, forward and all gradients. GFLOP/s: products with the\n"
         "cell's matrices. peak: share of the multiply-add rate of float, measured\n"
         "between the rounds. ratio: time / ours in the same round (above 1: ours is\n"
         "faster). All are medians over the rounds.\n";
}

std::string to_csv(const std::vector<ScanRow>& rows) {
  std::string text = "suite,T,B,I,H,cell,implementation,threads,precision,ms,gflops,peak_share\n";
  for (const ScanRow& row : rows) {
    text += fmt::format("scan,{},{},{},{},{},{:.4f},{:.2f},{:.4f}\n", to_text(row.sizes), row.cell,
                        row.implementation, row.threads, row.precision, row.milliseconds,
                        row.gflops, row.peak_share);
  }
  return text;
}

}  // namespace carousel
