#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "optim/optimiser.hpp"

namespace carousel {

/// One competitor of a study.
struct StudyCell {
  std::string name;  // of the catalogue, or a path to a .cell file
  int hidden = 0;
  std::string variant = {};                  // one of the cell's single changes; empty: as it is
  std::map<std::string, double> hyper = {};  // hyperparameters that differ from their defaults

  /// "depth=3 i=1": what differs from the cell of that name; empty when nothing does.
  std::string changes() const;
};

/// A study as its YAML file gives it. study_options.cpp lists every key.
struct StudyOptions {
  std::string name = "study";

  struct {
    std::string name = "jsb_chorales";
    std::string fallback;  // set used when `name` is not found
    int width = 0;         // 0: the 88 keys; else frames by MIDI pitch, this many
  } dataset;

  std::vector<StudyCell> cells;
  std::vector<std::uint64_t> seeds = {1};

  struct {
    int depth = 1;
  } model;

  struct {
    int epochs = 100;
    int patience = 10;  // epochs without a better validation NLL before the stop; 0: never
    int batch = 16;     // sequences in an update
    int shard = 8;      // sequences in a parallel task; results depend on it, not on threads
    int segments = 1;   // parts of a sequence, all but one computed again on the way back; 0: sqrt
    OptimiserOptions optimiser;
    double clip_norm = 1.0;   // largest global norm of the gradient; 0: no limit
    double clip_value = 0.0;  // largest element of the gradient; 0: no limit
    double weight_noise = 0.0;
    std::string precision = "float";
    double checkpoint_seconds = 10.0;  // at least this long between checkpoints
  } train;
};

/// Reads a study file and applies overrides of the form key.sub=value, in order. The path of a cell
/// file that is in the study's folder is taken from there.
/// Throws InputError naming file, line and key, with a suggestion for a key that is unknown.
StudyOptions read_study(const std::filesystem::path& file,
                        const std::vector<std::string>& overrides);

/// The same from text; `source` stands for the file in messages.
StudyOptions parse_study(const std::string& yaml, const std::string& source,
                         const std::vector<std::string>& overrides);

/// Every key with its value, as YAML that reads back to the same options.
std::string to_yaml(const StudyOptions& options);

}  // namespace carousel
