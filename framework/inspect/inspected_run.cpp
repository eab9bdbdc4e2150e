#include "inspect/inspected_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "inspect/inspection_exhibits.hpp"
#include "inspect/inspection_files.hpp"
#include "io/archive.hpp"
#include "io/files.hpp"
#include "study/run_folder.hpp"
#include "study/trial.hpp"

namespace carousel {
namespace {

std::filesystem::path archive_file(const std::filesystem::path& run) {
  return run / "inspect" / "inspection.h5";
}

// Behind the id of a trial: the archive with what there is to show of it.
constexpr std::string_view pictures_of = " pictures";

// One for each cell and data set that has a trained model, in the order of the study.
std::vector<ModelOfRun> models_of(const ModelOfRun& wanted) {
  if (!wanted.trial.empty()) return {wanted};
  std::vector<ModelOfRun> all;
  std::set<std::pair<std::string, std::string>> known;
  for (const TrialRecord& trial : RunFolder(wanted.run).results().trials) {
    if (trial.status != "done" || !trial.selected) continue;
    const bool cell =
        wanted.cell.empty() || wanted.cell == trial.cell || wanted.cell == trial.name();
    const bool dataset = wanted.dataset.empty() || wanted.dataset == trial.dataset;
    if (!cell || !dataset || !known.emplace(trial.name(), trial.dataset).second) continue;
    ModelOfRun one = wanted;
    one.cell = trial.name();
    one.dataset = trial.dataset;
    all.push_back(std::move(one));
  }
  if (all.empty()) return {wanted};  // opening it says what there is
  return all;
}

}  // namespace

std::vector<InspectedModel> inspect_run(CellRegistry& registry, const ModelOfRun& wanted,
                                        const InspectOptions& options,
                                        const InspectionProgress& progress) {
  std::vector<InspectedModel> all;
  for (const ModelOfRun& one : models_of(wanted)) {
    const OpenModel open = open_model(registry, one);
    const auto add = [&](const TrainedModel& model, int epoch) {
      progress(fmt::format("{} on {}, epoch {}", open.trial().name(), open.trial().dataset, epoch));
      const HeardModel heard{model.model(), in_double(model.values())};
      all.push_back({open.trial(), open.id(), epoch, inspect(heard, open.problem(), options)});
    };
    std::set<int> epochs{0, open.trial().best_epoch};
    for (const int epoch : open.kept_epochs()) epochs.insert(epoch);
    for (const int epoch : epochs) {
      if (epoch == 0) add(open.at_start(), epoch);
      else if (epoch == open.trial().best_epoch) add(open.model(), epoch);
      else add(open.after_epoch(epoch), epoch);
    }
  }
  return all;
}

void write_inspection(const std::filesystem::path& run, const std::vector<InspectedModel>& models) {
  make_folder(run / "inspect");
  for (const InspectionFile& file : inspection_csv(models)) {
    write_text(run / "inspect" / file.name, file.text);
  }
  std::map<std::string, Archive> archives;
  for (const InspectedModel& model : models) {
    archives[fmt::format("{} epoch {:06}", model.id, model.epoch)] = inspection_archive(model);
  }
  for (auto first = models.begin(); first != models.end();) {
    const auto end = std::find_if(
        first, models.end(), [&](const InspectedModel& model) { return model.id != first->id; });
    Archive& pictures = archives[first->id + std::string(pictures_of)];
    pictures.texts["dataset"] = first->trial.dataset;
    pictures.texts["cell"] = first->trial.name();
    save_exhibits(exhibits_of({first, end}), pictures);
    first = end;
  }
  write_archives(archive_file(run), archives);
}

void add_inspection(const std::filesystem::path& run, StudyResults& results) {
  if (!is_file(archive_file(run))) return;
  for (const auto& [name, archive] : read_archives(archive_file(run))) {
    if (!name.ends_with(pictures_of)) continue;
    for (Exhibit& exhibit : load_exhibits(archive)) {
      results.exhibits.push_back(
          {archive.text("dataset"), archive.text("cell"), std::move(exhibit)});
    }
  }
}

}  // namespace carousel
