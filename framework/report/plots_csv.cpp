#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <concepts>

#include "io/csv.hpp"
#include "report/plots.hpp"

namespace carousel {
namespace {

using Texts = std::vector<std::string>;

// As many decimals as the page has.
std::string number(double value) { return csv_number(value, 6); }

// A learning rate may be smaller than that, and data of any size.
std::string exact(double value) { return std::isfinite(value) ? csv_number(value) : ""; }

// Calls write(data set and label, metric, series) for each series.
template <class Write>
void for_each_series(const Plots& plots, Write write) {
  for (const PlotDataset& set : plots.datasets) {
    for (const PlotSeries& series : set.series) {
      write(Texts{set.dataset, series.label, set.metric.name}, series);
    }
  }
}

Texts joined(Texts head, const Texts& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

std::string count(std::integral auto value) { return fmt::format("{}", value); }

void band_rows(const Plots& plots, CsvText& csv) {
  for_each_series(plots, [&](const Texts& head, const PlotSeries& series) {
    for (const BandPoint& p : series.band) {
      csv.add(joined(head, {count(p.epoch), count(p.updates), number(p.seconds), count(p.seeds),
                            number(p.mean), number(p.low), number(p.high), number(p.train)}));
    }
  });
}

void diverged_rows(const Plots& plots, CsvText& csv) {
  for_each_series(plots, [&](const Texts& head, const PlotSeries& series) {
    for (const DivergedCurve& curve : series.diverged) {
      for (const CurvePoint& p : curve.points) {
        csv.add(joined(head, {count(curve.seed), count(p.epoch), count(p.updates),
                              number(p.seconds), number(p.valid.front())}));
      }
    }
  });
}

void sweep_rows(const Plots& plots, CsvText& csv) {
  for_each_series(plots, [&](const Texts& head, const PlotSeries& series) {
    for (const KeySweep& sweep : series.sweeps) {
      for (const SearchPoint& p : sweep.points) {
        csv.add(joined(head, {sweep.key, p.value, count(p.draw), number(p.valid), p.status,
                              p.chosen ? "1" : "0"}));
      }
    }
  });
}

void tuning_rows(const Plots& plots, CsvText& csv) {
  for_each_series(plots, [&](const Texts& head, const PlotSeries& series) {
    for (const TuningPoint& p : series.tuning) {
      csv.add(joined(head, {count(p.draws), number(p.expected), number(p.finite)}));
    }
  });
}

void roll_rows(const Plots& plots, CsvText& csv) {
  for (const PlotRoll& roll : plots.rolls) {
    const Texts head{roll.dataset, roll.cell, roll.sequence};
    for (std::size_t step = 0; step < roll.notes.size(); ++step) {
      const std::vector<int>& notes = roll.notes[step];
      for (int key = 0; key < roll.keys; ++key) {
        const int pitch = roll.lowest + key;
        const int expected = roll.expected[step][static_cast<std::size_t>(key)];
        const bool sounds = std::find(notes.begin(), notes.end(), pitch) != notes.end();
        csv.add(joined(head, {count(step + 1), count(pitch), sounds ? "1" : "0",
                              expected < 0 ? "" : csv_number(expected / 1000.0, 3)}));
      }
    }
  }
}

void line_rows(const Plots& plots, CsvText& csv) {
  for (const PlotLines& lines : plots.lines) {
    for (const PlotLines::Line& line : lines.lines) {
      const Texts head{lines.dataset, lines.title, line.label};
      for (std::size_t step = 0; step < line.values.size(); ++step) {
        const double value = line.values[step];
        if (!std::isfinite(value)) continue;
        csv.add(joined(head, {count(lines.first + static_cast<int>(step)), exact(value)}));
      }
    }
  }
}

void matrix_rows(const Plots& plots, CsvText& csv) {
  for (const PlotMatrix& matrix : plots.matrices) {
    for (std::size_t row = 0; row < matrix.rows.size(); ++row) {
      for (std::size_t column = 0; column < matrix.columns.size(); ++column) {
        csv.add({matrix.dataset, matrix.cell, matrix.title, matrix.rows[row],
                 matrix.columns[column], exact(matrix.counts[row][column])});
      }
    }
  }
}

void map_rows(const Plots& plots, CsvText& csv) {
  for (const PlotMap& map : plots.maps) {
    for (std::size_t k = 0; k < map.places.size(); ++k) {
      csv.add({map.dataset, map.cell, map.title, map.labels[k], number(map.places[k][0]),
               number(map.places[k][1])});
    }
  }
}

void text_rows(const Plots& plots, CsvText& csv) {
  for (const PlotText& text : plots.texts) {
    csv.add({text.dataset, text.cell, text.title, text.prime, text.text});
  }
}

}  // namespace

std::vector<PlotFile> plots_csv(const Plots& plots) {
  std::vector<PlotFile> files;
  const auto add = [&](const char* name, const Texts& columns, auto&& write_rows) {
    CsvText csv(columns);
    write_rows(plots, csv);
    if (csv.has_rows()) files.push_back({name, csv.text()});
  };
  add("curves_band.csv",
      {"dataset", "cell", "metric", "epoch", "updates", "seconds", "seeds", "valid_mean",
       "valid_low", "valid_high", "train_mean"},
      band_rows);
  add("curves_diverged.csv",
      {"dataset", "cell", "metric", "seed", "epoch", "updates", "seconds", "valid"}, diverged_rows);
  add("sweeps.csv",
      {"dataset", "cell", "metric", "key", "value", "draw", "valid", "status", "chosen"},
      sweep_rows);
  add("tuning_curve.csv",
      {"dataset", "cell", "metric", "draws", "expected_valid", "probability_finite"}, tuning_rows);
  add("piano_roll.csv", {"dataset", "cell", "sequence", "step", "pitch", "note", "expected"},
      roll_rows);
  add("lines.csv", {"dataset", "picture", "line", "step", "value"}, line_rows);
  add("matrix.csv", {"dataset", "cell", "picture", "row", "column", "count"}, matrix_rows);
  add("map.csv", {"dataset", "cell", "picture", "name", "x", "y"}, map_rows);
  add("text.csv", {"dataset", "cell", "picture", "prime", "text"}, text_rows);
  return files;
}

}  // namespace carousel
