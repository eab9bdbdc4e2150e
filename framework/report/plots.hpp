#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "report/curves.hpp"
#include "report/summary.hpp"

namespace carousel {

/// The validation curve of a seed that diverged, as far as it was finite.
struct DivergedCurve {
  std::uint64_t seed = 0;          ///< of the trial
  std::vector<CurvePoint> points;  ///< its epochs
};

/// A trial at the value of a key.
struct SearchPoint {
  int draw = 0;              ///< of the search, from 1; 0: there is none
  std::string value;         ///< of the key
  double valid = not_known;  ///< best figure of the trial; NaN where it diverged or has not ended
  std::string status;        ///< of the trial
  bool chosen = false;       ///< the other seeds take it
};

/// A key of a grid or a search, with every trial of a row: the draws, or those that count.
struct KeySweep {
  std::string key;                  ///< "train.learning_rate"
  std::vector<SearchPoint> points;  ///< in order of values: as numbers, where all are
};

/// What is drawn of one summary row.
struct PlotSeries {
  std::string label;                    ///< SummaryRow::label
  int seeds = 0;                        ///< of the plan, without diverged ones
  std::vector<BandPoint> band;          ///< band_of() the row
  std::vector<DivergedCurve> diverged;  ///< a curve for each such seed
  std::vector<KeySweep> sweeps;         ///< by key; empty without a grid and a search
  std::vector<TuningPoint> tuning;      ///< validation figure; empty before two draws have ended
};

/// What is drawn of one problem.
struct PlotDataset {
  std::string dataset;  ///< its name
  MetricInfo metric;    ///< of all that is drawn; bands have a training loss where that is the same
  std::vector<PlotSeries> series;  ///< a row each, in their order
};

/// A piano roll cut to the keys that sound or are expected in any roll of the same sequence.
struct PlotRoll {
  std::string dataset;                     ///< name of the problem
  std::string cell;                        ///< whose model it is
  std::string sequence;                    ///< "test sequence 1"
  int lowest = 0;                          ///< MIDI pitch of the first key
  int keys = 0;                            ///< how many are shown
  std::vector<std::vector<int>> notes;     ///< [steps]: the pitches that sound
  std::vector<std::vector<int>> expected;  ///< [steps][keys]: thousandths; -1: no number
};

/// Lines over the same steps: the truth, and those of every model that has a picture of this title.
struct PlotLines {
  /// One of the lines.
  struct Line {
    std::string label;      ///< of a model: its cell, with the line's name where it has several
    bool is_truth = false;  ///< and of no model
    std::vector<double> values;  ///< NaN where it has none
  };

  std::string dataset;      ///< name of the problem
  std::string title;        ///< of the picture
  std::string x_title,      ///< of the axis below
      y_title;              ///< of the axis at the left
  int first = 0;            ///< where the first step is on the axis
  std::vector<Line> lines;  ///< the truth first
  bool log_scale = false;   ///< of the axis at the left; there is no place for values up to 0
};

/// Counts by the names of rows and columns.
struct PlotMatrix {
  std::string dataset;                      ///< name of the problem
  std::string cell;                         ///< whose model it is
  std::string title;                        ///< of the picture
  std::string row_title,                    ///< what rows are
      column_title;                         ///< what columns are
  std::vector<std::string> rows,            ///< names of the rows
      columns;                              ///< names of the columns
  std::vector<std::vector<double>> counts;  ///< [rows][columns], finite, not below 0
};

/// Points with names in the plane.
struct PlotMap {
  std::string dataset;                        ///< name of the problem
  std::string cell;                           ///< whose model it is
  std::string title;                          ///< of the picture
  std::vector<std::array<double, 2>> places;  ///< of each point, from 0 to 1
  std::vector<std::string> labels;            ///< its name
};

/// A text that a model wrote.
struct PlotText {
  std::string dataset;  ///< name of the problem
  std::string cell;     ///< whose model it is
  std::string title;    ///< of the exhibit
  std::string prime;    ///< what the model was given to go on from
  std::string text;     ///< what it wrote, behind the prime
};

/// Everything that the page shows beside tables, and the CSV files hold. Exhibits of other kinds
/// are in none of them.
struct Plots {
  std::vector<PlotDataset> datasets;  ///< one a problem
  std::vector<PlotRoll> rolls;        ///< in the order of the exhibits
  std::vector<PlotLines> lines;       ///< lines_of() the exhibits
  std::vector<PlotMatrix> matrices;   ///< matrices_of() the exhibits
  std::vector<PlotMap> maps;          ///< maps_of() the exhibits
  std::vector<PlotText> texts;        ///< in the order of the exhibits
};

/// The pictures of lines, in the order in which the exhibits have their titles. Throws BugError
/// when an exhibit lacks something, or when its arrays do not fit each other.
std::vector<PlotLines> lines_of(const std::vector<StudyExhibit>& exhibits);

/// The matrices in the order of their exhibits. Throws BugError when an exhibit lacks something,
/// has other names than rows and columns, or a count that is not finite or below 0.
std::vector<PlotMatrix> matrices_of(const std::vector<StudyExhibit>& exhibits);

/// The maps in the order of their exhibits. Throws BugError when an exhibit lacks something, has
/// other names than places, or a place that is not between 0 and 1.
std::vector<PlotMap> maps_of(const std::vector<StudyExhibit>& exhibits);

/// rows: summarise(results). Throws BugError when an exhibit lacks something, or when its arrays do
/// not fit each other.
Plots plots_of(const StudyResults& results, const std::vector<SummaryRow>& rows);

/// What the scripts of the page draw, as JSON; they draw no matrix and no text (not yet safe inside
/// a `<script>` element):
/// ```
///   {"datasets": [{"dataset": text, "metric": {"title", "axis": text, "higher": flag, "decimals":
///      count}, "train": flag, "series": [{"label": text, "seeds": count,
///      "points": [[epoch, updates, seconds, mean, low, high, train, seeds], ...],
///      "diverged": [{"seed": text, "points": [[epoch, updates, seconds, valid], ...]}, ...],
///      "sweeps": [{"key": text, "points": [[value, valid, draw, status, chosen], ...]}, ...],
///      "tuning": [[draws, expected, finite], ...]}, ...]}, ...],
///    "rolls": [{"dataset", "cell", "sequence": text, "lowest": pitch, "keys": count,
///      "notes": [[pitch, ...], ...], "expected": [[thousandths, ...], ...]}, ...],
///    "lines": [{"dataset", "title", "x_title", "y_title": text, "first": place, "log": flag,
///      "lines": [{"label": text, "truth": flag, "values": [value, ...]}, ...]}, ...],
///    "maps": [{"dataset", "cell", "title": text, "places": [[x, y], ...],
///      "labels": [text, ...]}, ...]}
/// ```
/// Times in seconds, figures of the metric; values of a key are numbers where all of them are;
/// numbers that are not finite are null.
std::string plots_json(const Plots& plots);

/// A file of a run folder's plots/.
struct PlotFile {
  std::string name;  ///< "curves_band.csv"
  std::string text;  ///< the whole file
};

/// The same numbers as CSV, a file for each kind of picture that the study has; a number that is
/// not finite is an empty field. Fields are quoted by RFC 4180 where they need it.
std::vector<PlotFile> plots_csv(const Plots& plots);

}  // namespace carousel
