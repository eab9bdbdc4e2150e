#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "layer/model_options.hpp"
#include "study/results.hpp"
#include "study/settings.hpp"
#include "task/task.hpp"
#include "train/train_options.hpp"

namespace carousel {

/// One task of a study, with its options.
struct StudyTask {
  std::string name;     ///< in the table of tasks
  TaskOptions options;  ///< each with its value
};

/// One competitor of a study.
struct StudyCell {
  std::string name;          ///< of the catalogue, or a path to a .cell file
  int hidden = 0;            ///< 0: solved from StudyOptions::parameters
  std::string variant = {};  ///< one of the cell's single changes, or several with "+" between
                             ///< them; empty: as it is
  HyperValues hyper = {};    ///< hyperparameters that differ from their defaults

  /// Changes that stand for entries of their own behind this one: "all", "pairs" (every one, and
  /// every two of them), or names with commas. with_ablated_cells() makes the entries.
  std::string ablate = {};
  /// The hidden size of a changed cell is solved: as many parameters as the cell as it is has.
  bool refit = false;

  /// "depth=3 i=1": what differs from the cell of that name; empty when nothing does.
  std::string changes() const;
};

/// Synchronous halving (Jamieson and Talwalkar 2016, arXiv:1502.07943): after `first` epochs, and
/// each time after `factor` times as many, one of `factor` draws goes on.
struct HalvingOptions {
  int first = 0;   ///< 0: all draws are trained to their end
  int factor = 3;  ///< of epochs from one stop to the next, and of draws that stop there
};

/// Search: each cell on each task is trained with the same draws, and the first seed. The draw with
/// the best validation figure is taken for the other seeds too.
struct SearchOptions {
  int draws = 0;                    ///< 0: no search
  double exponent_min = -12.0;      ///< where there is no space: of e^u, the least learning rate
  double exponent_max = -6.0;       ///< of e^u, the largest one
  std::uint64_t seed = 1;           ///< of the draws
  std::vector<Distribution> space;  ///< what is drawn; empty: the learning rate, from exponents
  HalvingOptions halving;           ///< of the draws

  /// What is drawn, in its order; empty without a search.
  std::vector<Distribution> drawn() const;
};

/// A study as its YAML file gives it. study_keys.hpp lists every key with its range.
struct StudyOptions {
  std::string name = "study";  ///< of its run folder too
  std::string description;     ///< for the report
  std::string log = "none";    ///< what a trial writes while it is trained: none, tensorboard

  std::vector<StudyTask> tasks;  ///< in the order of the results
  std::vector<StudyCell> cells;  ///< likewise
  /// Parameters wanted of each cell without a hidden size: trained elements of its recurrent
  /// layers, without the output layer, as in Chung et al. 2014, table 1. The nearest hidden size is
  /// taken.
  std::int64_t parameters = 0;
  std::vector<std::uint64_t> seeds = {1};  ///< a trial each, for every cell and task

  /// Keys with several values: each cell is trained with each combination, as a competitor of its
  /// own.
  std::vector<GridKey> grid;
  /// Further such combinations, one by one; with a grid, each of its points at each of these.
  std::vector<Settings> points;

  SearchOptions search;  ///< for the best draw of each competitor

  ModelOptions model;  ///< what is around every cell

  TrainOptions train;  ///< how every trial is trained

  std::vector<PublishedResult> published;  ///< shown beside ours
};

/// Every combination of `points` and `grid`; one without settings where there are none.
std::vector<Settings> points_of(const StudyOptions& options);

/// What each draw of the search sets, in the order of the draws; empty without a search.
std::vector<Settings> draws_of(const StudyOptions& options);

/// Reads a study file and applies overrides of the form key.sub=value, in order. The path of a cell
/// file or of data that is in the study's folder is taken from there.
/// Throws InputError naming file, line and key, with a suggestion for a key that is unknown.
StudyOptions read_study(const std::filesystem::path& file,
                        const std::vector<std::string>& overrides);

/// The same from text; `source` stands for the file in messages. Throws nothing but InputError,
/// whatever the text.
StudyOptions parse_study(const std::string& yaml, const std::string& source,
                         const std::vector<std::string>& overrides);

/// Settings of trials from a CSV file, as an override that gives them to `points`: the first line
/// has keys, each other line the values of a point. Throws InputError with file and line.
std::string points_override(const std::filesystem::path& csv);

/// Every key with its value, as YAML that reads back to the same options.
std::string to_yaml(const StudyOptions& options);

/// A key of a study and what it takes, in words.
struct StudyKey {
  std::string name;   ///< "train.epochs", "cells.hidden"
  std::string takes;  ///< "1 to 1000000"
};

/// Every key, in the order of the documents.
std::vector<StudyKey> study_keys();

}  // namespace carousel
