#include "bench/suite/catalogue_suite.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "bench/suite/compiled_step.hpp"
#include "bench/suite/scan_suite.hpp"
#include "report/format.hpp"

namespace carousel {
namespace {

constexpr double gibibyte = 1024.0 * 1024 * 1024, most_bytes = 4 * gibibyte;

double milliseconds_of(CompiledStep& step) {
  const auto start = std::chrono::steady_clock::now();
  step.run();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

// What most of the time goes to.
void find_part(CompiledStep& step, CatalogueRow& row) {
  step.times().on = true;
  step.run();
  const auto& seconds = step.times().seconds;
  const auto most = std::ranges::max_element(seconds);
  double all = 0.0;
  for (const double part : seconds) all += part;
  row.part = PartTimes::names[static_cast<std::size_t>(most - seconds.begin())];
  row.part_share = *most / all;
}

CatalogueRow measure(CompiledStep& step, const CatalogueRow& common, int rounds) {
  CatalogueRow row = common;
  step.run();
  row.bound = bound_of(step.plan(), step.rows(), measure_rates());
  std::vector<double> turns;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> times;
    double spent = 0.0;
    while (spent < turn_milliseconds) {
      times.push_back(milliseconds_of(step));
      spent += times.back();
    }
    turns.push_back(median(times));
  }
  row.milliseconds = median(turns);
  find_part(step, row);
  return row;
}

// Nothing, and a note, where it can't be measured.
std::optional<CatalogueRow> row_of(const Cell& cell, const peers::Sizes& sizes, int rounds,
                                   const CatalogueListener& listener) {
  const auto leave_out = [&](const std::string& why) {
    if (listener.note) {
      listener.note(fmt::format("{} is left out at {}: {}", cell.name, to_text(sizes), why));
    }
    return std::nullopt;
  };
  try {
    CompiledStep step(cell.build({sizes.input, sizes.hidden}),
                      std::vector<Index>(static_cast<std::size_t>(sizes.batch), sizes.steps));
    if (step.bytes_kept() > most_bytes) {
      return leave_out(fmt::format("it keeps {:.1f} GiB", step.bytes_kept() / gibibyte));
    }
    return measure(step, {sizes, cell.name, 0.0, {}, "", 0.0}, rounds);
  } catch (const InputError& error) {
    const std::string why = error.what();
    return leave_out(why.substr(0, why.find('\n')));
  }
}

}  // namespace

std::vector<CatalogueRow> run_catalogue_suite(const CatalogueSuiteOptions& options,
                                              const CellRegistry& registry,
                                              const std::atomic<bool>& stop,
                                              const CatalogueListener& listener) {
  if (options.rounds < 1) {
    fail_input("bench catalogue: got {} rounds, expected 1 or more", options.rounds);
  }
  for (const std::string& cell : options.cells) registry.find(cell);
  Clockwork clockwork(listener.progress, double(options.sizes.size() * options.cells.size()));
  std::vector<CatalogueRow> all;
  for (const peers::Sizes& sizes : options.sizes) {
    std::vector<CatalogueRow> rows;
    for (const std::string& cell : options.cells) {
      if (stop) return all;
      clockwork.advance(to_text(sizes) + " " + cell, 0.0);
      const auto row = row_of(registry.find(cell), sizes, options.rounds, listener);
      if (row) rows.push_back(*row);
      clockwork.advance(cell, 1.0);
    }
    std::ranges::stable_sort(rows, {}, &CatalogueRow::share);
    all.insert(all.end(), rows.begin(), rows.end());
    if (listener.rows && !rows.empty()) listener.rows(rows);
  }
  return all;
}

std::string catalogue_table(const std::vector<CatalogueRow>& rows) {
  const auto line = [](const std::string& cell, const std::string& ms, const std::string& bound,
                       const std::string& share, const std::string& part) {
    return fmt::format("{} {} {} {}  {}\n", pad_right(shorten(cell, 24), 24), pad_left(ms, 9),
                       pad_left(bound, 9), pad_left(share, 6), part);
  };
  std::string text = "T,B,I,H " + to_text(rows.front().sizes) + "\n" +
                     line("cell", "ms", "bound", "share", "most of the time");
  for (int i = 0; i < 79; ++i) text += "─";
  text += "\n";
  for (const CatalogueRow& row : rows) {
    text +=
        line(row.cell, fmt::format("{:.3f}", row.milliseconds),
             fmt::format("{:.3f}", row.bound.total()), fmt::format("{:.0f}%", 100.0 * row.share()),
             fmt::format("{} {:.0f}%", row.part, 100.0 * row.part_share));
  }
  const CatalogueRow& middle = rows[rows.size() / 2];
  return text +
         fmt::format(
             "\n{} cells, the median at {:.0f}% of its bound. ms: a training step, forward and\n"
             "all gradients, the median of the turns; float, one thread. bound: products at\n"
             "the rate of multiply-adds and elementwise ops at that of their kernels in the\n"
             "first cache, or what must move at the rate of a copy, if that is more; all\n"
             "three are measured beside each cell. share: bound / ms.\n",
             rows.size(), 100.0 * middle.share());
}

std::string catalogue_csv(const std::vector<CatalogueRow>& rows) {
  std::string text = "cell,T,B,I,H,threads,precision,ms,bound_ms,share,part\n";
  for (const CatalogueRow& row : rows) {
    text += fmt::format("{},{},1,float,{:.4f},{:.4f},{:.4f},{}\n", row.cell, to_text(row.sizes),
                        row.milliseconds, row.bound.total(), row.share(), row.part);
  }
  return text;
}

}  // namespace carousel
