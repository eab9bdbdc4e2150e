#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/plots.hpp"

namespace carousel {
namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// As many decimals as the page has.
std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{:.6f}", value) : std::string();
}

std::string exact(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : std::string();
}

// Calls write(data set and label as fields with a comma behind, series).
template <class Write>
void for_each_series(const Plots& plots, Write write) {
  for (const PlotDataset& set : plots.datasets) {
    for (const PlotSeries& series : set.series) {
      write(field(set.dataset) + "," + field(series.label) + ",", series);
    }
  }
}

std::string band_rows(const Plots& plots) {
  std::string csv;
  for_each_series(plots, [&](const std::string& head, const PlotSeries& series) {
    for (const BandPoint& p : series.band) {
      csv += fmt::format("{}{},{},{},{},{},{},{},{}\n", head, p.epoch, p.updates, number(p.seconds),
                         p.seeds, number(p.mean), number(p.low), number(p.high), number(p.train));
    }
  });
  return csv;
}

std::string diverged_rows(const Plots& plots) {
  std::string csv;
  for_each_series(plots, [&](const std::string& head, const PlotSeries& series) {
    for (const DivergedCurve& curve : series.diverged) {
      for (const CurvePoint& p : curve.points) {
        csv += fmt::format("{}{},{},{},{},{}\n", head, curve.seed, p.epoch, p.updates,
                           number(p.seconds), number(p.valid_nll));
      }
    }
  });
  return csv;
}

std::string search_rows(const Plots& plots) {
  std::string csv;
  for_each_series(plots, [&](const std::string& head, const PlotSeries& series) {
    for (const SearchPoint& p : series.search) {
      csv += fmt::format("{}{},{},{},{},{}\n", head, p.draw, exact(p.rate), number(p.valid_nll),
                         field(p.status), p.chosen ? 1 : 0);
    }
  });
  return csv;
}

std::string tuning_rows(const Plots& plots) {
  std::string csv;
  for_each_series(plots, [&](const std::string& head, const PlotSeries& series) {
    for (const TuningPoint& p : series.tuning) {
      csv += fmt::format("{}{},{},{}\n", head, p.draws, number(p.expected), number(p.finite));
    }
  });
  return csv;
}

std::string roll_rows(const Plots& plots) {
  std::string csv;
  for (const PlotRoll& roll : plots.rolls) {
    const std::string head =
        field(roll.dataset) + "," + field(roll.cell) + "," + field(roll.sequence);
    for (std::size_t step = 0; step < roll.notes.size(); ++step) {
      const std::vector<int>& notes = roll.notes[step];
      for (int key = 0; key < roll.keys; ++key) {
        const int pitch = roll.lowest + key;
        const int expected = roll.expected[step][static_cast<std::size_t>(key)];
        const bool sounds = std::find(notes.begin(), notes.end(), pitch) != notes.end();
        csv += fmt::format("{},{},{},{},{}\n", head, step + 1, pitch, sounds ? 1 : 0,
                           expected < 0 ? std::string() : fmt::format("{:.3f}", expected / 1000.0));
      }
    }
  }
  return csv;
}

}  // namespace

std::vector<PlotFile> plots_csv(const Plots& plots) {
  std::vector<PlotFile> files;
  const auto add = [&](const char* name, const char* columns, const std::string& rows) {
    if (!rows.empty()) files.push_back({name, std::string(columns) + "\n" + rows});
  };
  add("curves_band.csv",
      "dataset,cell,epoch,updates,seconds,seeds,valid_mean,valid_low,valid_high,train_mean",
      band_rows(plots));
  add("curves_diverged.csv", "dataset,cell,seed,epoch,updates,seconds,valid_nll",
      diverged_rows(plots));
  add("learning_rates.csv", "dataset,cell,draw,learning_rate,valid_nll,status,chosen",
      search_rows(plots));
  add("tuning_curve.csv", "dataset,cell,draws,expected_valid_nll,probability_finite",
      tuning_rows(plots));
  add("piano_roll.csv", "dataset,cell,sequence,step,pitch,note,expected", roll_rows(plots));
  return files;
}

}  // namespace carousel
