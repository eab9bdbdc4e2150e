#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace carousel::claims {

/// An epoch of a trial.
struct Epoch {
  double updates = 0.0;  ///< since the trial began
  double seconds = 0.0;  ///< of training since then
  double valid = 0.0;    ///< loss on validation
};

/// A trial that counts in its study and ended.
struct Trial {
  std::uint64_t seed = 0;    ///< by which it has its partner
  double best_epoch = 0.0;   ///< that of the lowest figure on validation
  double memory = 0.0;       ///< bytes of training
  double train = 0.0,        ///< loss on the training split at the best epoch
      valid = 0.0,           ///< on validation
      test = 0.0;            ///< on test
  std::vector<Epoch> curve;  ///< an entry an epoch
};

/// Which trials of a study are meant.
struct Side {
  std::string cell;                   ///< its name
  std::vector<std::string> settings;  ///< each is one of the trial's: "parameters=8000"
};

/// What a study has left in results.csv and curves.csv.
class Trials {
 public:
  /// Reads both of a folder. Throws InputError where they are not there, or not what a study
  /// writes.
  explicit Trials(const std::filesystem::path& folder);

  /// The trials of a side on a data set, by their seeds. Throws InputError where there is none, or
  /// two of one seed: the settings do not tell them apart.
  std::map<std::uint64_t, Trial> of(const std::string& dataset, const Side& side) const;

 private:
  struct Entry {
    std::string dataset, cell, setting;
    bool done;
    Trial trial;
  };

  std::string name_;  // of the folder, for messages
  std::vector<Entry> entries_;
};

}  // namespace carousel::claims
