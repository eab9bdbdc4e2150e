#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/event_file.hpp"
#include "task/exhibit.hpp"
#include "train/trainer.hpp"

namespace carousel {

/// What TensorBoard shows of a trial: of each update the loss of its batch, the rate and the norm
/// of the gradient; of each epoch the training loss and the validation figures; hyperparameters,
/// the study and the cell as text; test figures and exhibits at the end. Steps are updates.
class TrainingLog {
 public:
  /// Begins a file in the trial's folder. record: the trial as far as it is; study: as YAML.
  TrainingLog(const std::filesystem::path& folder, const TrialRecord& record,
              const std::string& study);

  /// An update was made, as Trainer says it.
  void update(const TrialRecord& record, const Progress& progress);
  /// The trial has ended, or makes a pause. exhibits: what there is to show; cell_text: its
  /// equations.
  void end(const TrialRecord& record, const std::string& cell_text,
           const std::vector<Exhibit>& exhibits);

 private:
  void show(const Exhibit& exhibit, std::int64_t step);

  EventFile file_;
};

}  // namespace carousel
