#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "cell/cell.hpp"
#include "task/model.hpp"
#include "task/problem.hpp"
#include "train/trial_record.hpp"

namespace carousel {

/// A trained model of a run folder, with the problem that it was trained for.
class OpenModel {
 public:
  /// The one moved from may only be destroyed.
  OpenModel(OpenModel&&) noexcept;
  ~OpenModel();

  /// Id of its trial: the name of its folder.
  const std::string& id() const;
  /// Whose model it is, with its figures.
  const TrialRecord& trial() const;
  /// What predicts, goes on step by step, and shows values inside the cell.
  const TrainedModel& model() const;
  /// The same with the values that it had before training.
  TrainedModel at_start() const;
  /// The epochs whose parameters were kept (train.keep_every), the first one first.
  std::vector<int> kept_epochs() const;
  /// The same with the values after one of them.
  TrainedModel after_epoch(int epoch) const;
  /// The splits and their examples.
  const Problem& problem() const;
  /// The cell as it is run, in the first layer of the first stack.
  const StepProgram& cell_program() const;
  /// The equations of the cell as they are run: what names there are to probe.
  std::string cell_text() const;
  /// As Model::sample().
  Sample sample(const SampleRequest& request) const;

 private:
  friend OpenModel open_model(CellRegistry& registry, const struct ModelOfRun& wanted);
  struct Parts;
  explicit OpenModel(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

/// Which model of a run.
struct ModelOfRun {
  std::filesystem::path run;  ///< the run folder
  std::string trial = {};     ///< its id, the name of its folder; empty: the best of those below
  std::string cell = {};      ///< as TrialRecord::cell or name(); empty: any
  std::string dataset = {};   ///< empty: the only one
  std::string data_dir = {};  ///< --data
};

/// Opens the model of a trial that has finished; without an id the best one by the validation
/// figure (of a search: of the trials that were selected). `registry` takes in the run's cells from
/// files and must outlive the model. Throws InputError when the run has no such model, or when
/// data, cells or plug-ins are not those that it was trained with.
OpenModel open_model(CellRegistry& registry, const ModelOfRun& wanted);

}  // namespace carousel
