#include "bench/suite/scan_suite.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <deque>

#include "bench/suite/peak.hpp"
#include "bench/suite/peer_process.hpp"
#include "bench/suite/training_step.hpp"
#include "bench/suite/turns.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

// Between the fingerprints of ours and a peer's gradients.
constexpr double tolerance = 1e-3, bf16_tolerance = 5e-2;
constexpr int fewest_repeats = 3, most_repeats = 50;

struct PeerProgram {
  const char* name;
  const char* package;
};
constexpr std::array peer_programs{PeerProgram{"peer_onednn", "libdnnl-dev"},
                                   PeerProgram{"peer_torch", "libtorch-dev"},
                                   PeerProgram{"peer_torch_python", "python3-torch"}};

// One implementation of a cell at one size, and the medians of its turns.
struct Contestant {
  std::string name;
  std::function<peers::Reply(int repeats)> run;
  int threads = 1;
  std::string precision = "float";
  int repeats = 0;
  std::vector<double> turns = {};
};

// Ours in one of the ways that are measured side by side; the first one is what ratios compare.
struct Ours {
  Ours(const Cell& cell, const peers::Sizes& sizes, int thread_count, Rounding operands)
      : step(cell, sizes, thread_count, operands), threads(thread_count), rounding(operands) {}
  TrainingStep step;
  int threads;
  Rounding rounding;
};

const char* precision_of(Rounding rounding) {
  return rounding == Rounding::bf16 ? "bf16" : "float";
}

std::vector<PeerProcess> start_peers(const ScanSuiteOptions& options,
                                     const ScanListener& listener) {
  std::vector<PeerProcess> processes;
  if (options.peers.empty()) return processes;
  for (const PeerProgram& peer : peer_programs) {
    const auto program = options.peers / peer.name;
    if (std::filesystem::exists(program)) {
      processes.emplace_back(program);
    } else if (listener.note) {
      listener.note(fmt::format(
          "no {} in {}: install {} (scripts/setup --peers), then cmake --preset release and "
          "scripts/build",
          peer.name, options.peers.string(), peer.package));
    }
  }
  return processes;
}

std::vector<Contestant> contestants(const ScanSuiteOptions& options, const peers::Sizes& sizes,
                                    const std::string& cell, std::deque<Ours>& ours,
                                    std::vector<PeerProcess>& processes) {
  std::vector<Contestant> all;
  for (Ours& one : ours) {
    const auto turn = [&step = one.step](int repeats) {
      const auto times = step.time(repeats);
      return peers::Reply{step.fingerprint(), times};
    };
    all.push_back({"carousel", turn, one.threads, precision_of(one.rounding)});
  }
  const std::string precision = precision_of(options.rounding);
  for (PeerProcess& process : processes) {
    for (const auto& name : process.implementations(cell)) {
      if (name.ends_with("_bf16") != (precision == "bf16")) continue;
      all.push_back({name,
                     [&process, name, cell, sizes, threads = options.threads](int repeats) {
                       return process.run({name, cell, sizes, threads, repeats});
                     },
                     options.threads, precision});
    }
  }
  return all;
}

// A first turn of each: sets it up, checks that it does the same work, finds its repeats.
void prepare(std::vector<Contestant>& all, const std::string& what) {
  peers::Fingerprint expected;
  for (Contestant& contestant : all) {
    const peers::Reply reply = contestant.run(2);
    if (&contestant == &all.front()) expected = reply.fingerprint;
    const auto wrong = difference(expected, reply.fingerprint,
                                  all.front().precision == "bf16" ? bf16_tolerance : tolerance);
    if (!wrong.empty()) {
      throw EnvironmentError(
          fmt::format("{}, {}: {} and carousel do not do the same work; they are apart in {}", what,
                      contestant.name, contestant.name, wrong));
    }
    const auto& ms = reply.milliseconds;
    const double wanted = turn_milliseconds / *std::min_element(ms.begin(), ms.end());
    contestant.repeats = int(std::clamp<double>(std::ceil(wanted), fewest_repeats, most_repeats));
  }
}

std::vector<ScanRow> rows_of(const std::vector<Contestant>& all, const ScanRow& common,
                             double operations, double peak) {
  std::vector<ScanRow> rows;
  const auto& ours = all.front().turns;
  for (const Contestant& contestant : all) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(contestant.turns[i] / ours[i]);
    ScanRow row = common;
    row.implementation = contestant.name;
    row.threads = contestant.threads;
    row.precision = contestant.precision;
    row.milliseconds = median(contestant.turns);
    row.gflops = operations / row.milliseconds * 1e-6;
    row.peak_share = row.gflops / (peak * contestant.threads);
    row.ratio = median(ratios);
    rows.push_back(row);
  }
  return rows;
}

// About how long a round with one cell takes, in any unit.
double work_of(const peers::Sizes& s) {
  return 1e8 + double(s.steps * s.batch) * double((s.input + s.hidden) * s.hidden);
}

// All rounds with one cell at one size.
std::vector<ScanRow> compare(const ScanSuiteOptions& options, const Cell& cell,
                             const peers::Sizes& sizes, std::vector<PeerProcess>& processes,
                             Clockwork& clockwork) {
  const std::string what = to_text(sizes) + " " + cell.name;
  clockwork.advance(what, 0.0);
  std::deque<Ours> ours;
  const auto add = [&](int threads, Rounding rounding) {
    ours.emplace_back(cell, sizes, threads, rounding);
  };
  add(options.threads, options.rounding);
  if (options.threads > 1) add(1, options.rounding);
  if (options.rounding != Rounding::none) add(options.threads, Rounding::none);
  auto all = contestants(options, sizes, cell.name, ours, processes);
  prepare(all, what);
  std::vector<double> peaks;
  for (int round = 0; round < options.rounds; ++round) {
    clockwork.advance(what, work_of(sizes));
    for (Contestant& contestant : all) {
      contestant.turns.push_back(median(contestant.run(contestant.repeats).milliseconds));
    }
    peaks.push_back(measure_peak());
  }
  clockwork.advance(what, work_of(sizes));
  return rows_of(all, {sizes, cell.name, {}}, ours.front().step.operations(), median(peaks));
}

void check(const ScanSuiteOptions& options, const CellRegistry& registry) {
  if (options.rounds < 1) {
    fail_input("bench scan: got {} rounds, expected 1 or more", options.rounds);
  }
  if (options.rounding == Rounding::bf16 && !has_bf16()) {
    fail_input("bench scan: this processor has no products in bf16 (AVX512-BF16)");
  }
  for (const auto& cell : options.cells) registry.find(cell);
}

Index parse_number(std::string_view text, const std::string& whole) {
  Index value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > 1'000'000) {
    fail_input("--sizes: got '{}', expected T,B,I,H or numbers from 1 to {} of the default sizes",
               whole, default_sizes().size());
  }
  return value;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) parts.emplace_back();
    else parts.back() += c;
  }
  return parts;
}

}  // namespace

const std::vector<peers::Sizes>& default_sizes() {
  static const std::vector<peers::Sizes> sizes{{100, 10, 88, 36},   {50, 32, 128, 128},
                                               {35, 20, 200, 200},  {35, 20, 650, 650},
                                               {100, 64, 256, 256}, {100, 32, 512, 512}};
  return sizes;
}

std::vector<peers::Sizes> parse_sizes(const std::string& text) {
  std::vector<peers::Sizes> sizes;
  for (const auto& part : split(text, ';')) {
    std::vector<Index> numbers;
    for (const auto& number : split(part, ',')) numbers.push_back(parse_number(number, text));
    if (numbers.size() == 4) {
      sizes.push_back({numbers[0], numbers[1], numbers[2], numbers[3]});
      continue;
    }
    for (const Index number : numbers) {
      const auto& known = default_sizes();
      if (number > Index(known.size())) parse_number("", text);
      sizes.push_back(known[std::size_t(number - 1)]);
    }
  }
  return sizes;
}

std::vector<ScanRow> run_scan_suite(const ScanSuiteOptions& options, const CellRegistry& registry,
                                    const std::atomic<bool>& stop, const ScanListener& listener) {
  check(options, registry);
  double work = 0.0;
  for (const auto& sizes : options.sizes) work += work_of(sizes) * double(options.cells.size());
  auto processes = start_peers(options, listener);
  Clockwork clockwork(listener.progress, work * (options.rounds + 1));
  const StopScope scope(stop);
  std::vector<ScanRow> rows;
  try {
    for (const auto& sizes : options.sizes) {
      for (const auto& cell : options.cells) {
        const auto added = compare(options, registry.find(cell), sizes, processes, clockwork);
        rows.insert(rows.end(), added.begin(), added.end());
        if (listener.rows) listener.rows(added);
      }
    }
  } catch (const Interrupted&) {  // the rows so far
  }
  return rows;
}

std::string to_text(const peers::Sizes& s) {
  return fmt::format("{},{},{},{}", s.steps, s.batch, s.input, s.hidden);
}

}  // namespace carousel
