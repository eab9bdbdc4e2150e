#include "study/open_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "study/run_folder.hpp"
#include "study/set_up.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

bool is_asked_for(const PlannedTrial& planned, const TrialRecord& record,
                  const ModelOfRun& wanted) {
  if (!wanted.trial.empty() && wanted.trial != planned.id) return false;
  const bool cell =
      wanted.cell.empty() || wanted.cell == record.cell || wanted.cell == record.name();
  return cell && (wanted.dataset.empty() || wanted.dataset == record.dataset);
}

std::string description(const ModelOfRun& wanted) {
  if (!wanted.trial.empty()) return fmt::format("trial '{}'", wanted.trial);
  return fmt::format("{} on {}", wanted.cell.empty() ? "any cell" : "'" + wanted.cell + "'",
                     wanted.dataset.empty() ? "any data set" : "'" + wanted.dataset + "'");
}

// The place of the trial in the plan.
std::size_t best_trial(const StudyResults& results, const std::vector<PlannedTrial>& planned,
                       const ModelOfRun& wanted) {
  std::optional<std::size_t> best;
  std::set<std::string> there, datasets;
  for (std::size_t k = 0; k < results.trials.size(); ++k) {
    const TrialRecord& record = results.trials[k];
    if (record.status != "done") continue;
    there.insert(wanted.trial.empty() ? fmt::format("{} on {}", record.name(), record.dataset)
                                      : planned.at(k).id);
    if (!is_asked_for(planned.at(k), record, wanted)) continue;
    datasets.insert(record.dataset);
    const MetricInfo& chooses = results.problem(record.dataset).chooses();
    // Of the draws of a search the best one is the first to be taken, and keeps its parameters.
    if (!best || chooses.prefers(record.chosen_by(), results.trials[*best].chosen_by())) best = k;
  }
  if (!best) {
    fail_input("{}: no trained model of {}; finished: {}", wanted.run.string(), description(wanted),
               there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", ")));
  }
  if (datasets.size() > 1) {
    fail_input("{}: there are models of several data sets ({}); choose one with --dataset",
               wanted.run.string(), fmt::join(datasets, ", "));
  }
  return *best;
}

}  // namespace

// What a model needs as long as it lives, in the order in which it needs it.
struct OpenModel::Parts {
  Parts(CellRegistry& registry, const ModelOfRun& wanted, const RunFolder& folder,
        const PlannedTrial& trial, const TrialRecord& reached)
      : planned(trial),
        record(reached),
        set_up(
            folder.options(), registry, wanted.data_dir, [](const std::string&) {},
            planned.problem),
        study(options_of(set_up.options(), reached)),
        cell(set_up.cell(planned.cell, study)),
        recurrence(cell, reached.hidden, study.model),
        model(problem().model(recurrence)) {
    const auto changes = differences(folder.known().provenance.depends_on, set_up.inputs());
    if (!changes.empty()) {
      fail_input("{}: its models were trained on something else:\n  {}", wanted.run.string(),
                 fmt::join(changes, "\n  "));
    }
    auto saved = folder.saved(planned);
    if (!saved) fail_input("{}: trial {} has no checkpoint", wanted.run.string(), planned.id);
    archive = std::move(saved->archive);
    trained.emplace(trained_model(*model, archive));
  }

  const Problem& problem() const { return set_up.problem(planned.problem); }

  PlannedTrial planned;
  TrialRecord record;  // with its figures
  StudySetUp set_up;
  StudyOptions study;  // of the trial
  Cell cell;
  Recurrence recurrence;
  std::unique_ptr<Model> model;
  Archive archive;  // of the trial
  std::optional<TrainedModel> trained;
};

OpenModel::OpenModel(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
OpenModel::OpenModel(OpenModel&&) noexcept = default;
OpenModel::~OpenModel() = default;

const std::string& OpenModel::id() const { return parts_->planned.id; }
const TrialRecord& OpenModel::trial() const { return parts_->record; }
const TrainedModel& OpenModel::model() const { return *parts_->trained; }
std::vector<int> OpenModel::kept_epochs() const { return carousel::kept_epochs(parts_->archive); }
TrainedModel OpenModel::after_epoch(int epoch) const {
  return trained_model(*parts_->model, parts_->archive, epoch);
}
TrainedModel OpenModel::at_start() const {
  const auto drawn = [&]<class T>(T) {
    return ParameterSet<T>(parts_->model->parameters(), parts_->record.seed).values();
  };
  const bool in_double = parts_->study.train.precision == "double";
  return {*parts_->model, in_double ? ParameterValues(drawn(0.0)) : ParameterValues(drawn(0.0F))};
}
const Problem& OpenModel::problem() const { return parts_->problem(); }
const StepProgram& OpenModel::cell_program() const { return parts_->recurrence.cell_program(); }
std::string OpenModel::cell_text() const { return parts_->recurrence.cell_text(); }

Sample OpenModel::sample(const SampleRequest& request) const {
  return parts_->model->sample(model(), request);
}

OpenModel open_model(CellRegistry& registry, const ModelOfRun& wanted) {
  const RunFolder folder(wanted.run);
  // A trial by its name needs none of the others' files.
  const auto named = std::ranges::find(folder.planned(), wanted.trial, &PlannedTrial::id);
  if (named != folder.planned().end()) {
    const auto saved = folder.saved(*named);
    if (saved && saved->record.status == "done" && is_asked_for(*named, saved->record, wanted)) {
      return OpenModel(
          std::make_unique<OpenModel::Parts>(registry, wanted, folder, *named, saved->record));
    }
  }
  const StudyResults results = folder.results();
  const std::size_t best = best_trial(results, folder.planned(), wanted);
  return OpenModel(std::make_unique<OpenModel::Parts>(
      registry, wanted, folder, folder.planned().at(best), results.trials[best]));
}

}  // namespace carousel
