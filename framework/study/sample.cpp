#include "study/sample.hpp"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "study/run_folder.hpp"
#include "study/set_up.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

bool is_asked_for(const TrialRecord& record, const SampleOfRun& wanted) {
  const bool cell =
      wanted.cell.empty() || wanted.cell == record.cell || wanted.cell == record.name();
  return cell && (wanted.dataset.empty() || wanted.dataset == record.dataset);
}

bool is_better(const TrialRecord& a, const TrialRecord& b, const MetricInfo& chooses) {
  // Of the draws of a search the best one alone keeps its parameters.
  if (a.selected != b.selected) return a.selected;
  return chooses.prefers(a.chosen_by(), b.chosen_by());
}

// The place of the trial in the plan.
std::size_t best_trial(const StudyResults& results, const SampleOfRun& wanted) {
  std::optional<std::size_t> best;
  std::set<std::string> there, datasets;
  for (std::size_t k = 0; k < results.trials.size(); ++k) {
    const TrialRecord& record = results.trials[k];
    if (record.status != "done") continue;
    there.insert(fmt::format("{} on {}", record.name(), record.dataset));
    if (!is_asked_for(record, wanted)) continue;
    datasets.insert(record.dataset);
    const MetricInfo& chooses = results.problem(record.dataset).chooses();
    if (!best || is_better(record, results.trials[*best], chooses)) best = k;
  }
  if (!best) {
    fail_input("{}: no trained model of {} on {}; finished: {}", wanted.run.string(),
               wanted.cell.empty() ? "any cell" : "'" + wanted.cell + "'",
               wanted.dataset.empty() ? "any data set" : "'" + wanted.dataset + "'",
               there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", ")));
  }
  if (datasets.size() > 1) {
    fail_input("{}: there are models of several data sets ({}); choose one with --dataset",
               wanted.run.string(), fmt::join(datasets, ", "));
  }
  return *best;
}

}  // namespace

RunSample sample_run(CellRegistry& registry, const SampleOfRun& wanted) {
  const RunFolder folder(wanted.run);
  const StudyResults results = folder.results();
  const std::size_t best = best_trial(results, wanted);
  const PlannedTrial& planned = folder.planned().at(best);
  const StudyOptions options = folder.options();
  const StudySetUp set_up(
      options, registry, wanted.data_dir, [](const std::string&) {}, planned.problem);
  const auto changes = differences(folder.known().provenance.depends_on, set_up.inputs());
  if (!changes.empty()) {
    fail_input("{}: its models were trained on something else:\n  {}", wanted.run.string(),
               fmt::join(changes, "\n  "));
  }
  Recurrence recurrence(set_up.cells().at(planned.cell), planned.record.hidden, options.model);
  const auto model = set_up.problem(planned.problem).model(recurrence);
  const auto saved = folder.saved(planned);
  if (!saved) fail_input("{}: trial {} has no checkpoint", wanted.run.string(), planned.id);
  return {results.trials[best],
          model->sample(trained_model(*model, saved->archive), wanted.request)};
}

}  // namespace carousel
