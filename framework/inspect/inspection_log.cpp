#include "inspect/inspection_log.hpp"

#include <map>

#include "io/event_file.hpp"
#include "io/files.hpp"
#include "study/run_folder.hpp"

namespace carousel {
namespace {

std::int64_t updates_behind(const InspectedModel& model) {
  if (model.epoch == 0) return 0;
  return model.trial.curve.at(static_cast<std::size_t>(model.epoch - 1)).updates;
}

void log_value(const Activation& value, std::int64_t step, EventFile& file) {
  double low = 0.0, high = 0.0, mean = 0.0;
  const auto units = static_cast<double>(value.units.size());
  for (const UnitValues& unit : value.units) {
    low += unit.low / units;
    high += unit.high / units;
    mean += unit.mean / units;
  }
  const std::string tag = value.place + "/" + value.name;
  file.scalar("below 0.1/" + tag, step, low);
  file.scalar("above 0.9/" + tag, step, high);
  file.scalar("mean/" + tag, step, mean);
}

}  // namespace

void log_inspection(const std::filesystem::path& run, const std::vector<InspectedModel>& models) {
  if (RunFolder(run).options().log != "tensorboard") return;
  std::map<std::string, std::unique_ptr<EventFile>> files;
  for (const InspectedModel& model : models) {
    std::unique_ptr<EventFile>& file = files[model.id];
    if (!file) {
      const std::filesystem::path folder = run / "inspect" / model.id;
      make_folder(folder);
      file = std::make_unique<EventFile>(folder, 0);
    }
    for (const Activation& value : model.found.values) {
      log_value(value, updates_behind(model), *file);
    }
  }
  for (const auto& [id, file] : files) file->flush();
}

}  // namespace carousel
