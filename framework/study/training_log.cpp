#include "study/training_log.hpp"

#include <algorithm>
#include <cmath>

#include "study/study_plan.hpp"

namespace carousel {
namespace {

std::int64_t updates_of(const TrialRecord& record) {
  return record.curve.empty() ? 0 : record.curve.back().updates;
}

// Values of any range as shades.
Tensor<float> as_shades(const Tensor<float>& values) {
  const auto [least, most] = std::ranges::minmax_element(values.values());
  const float low = std::min(0.0F, *least), range = std::max(*most - low, 1e-30F);
  Tensor<float> shades = values.clone();
  for (float& shade : shades.values()) shade = (shade - low) / range;
  return shades;
}

std::string as_code(const std::string& text) { return "```\n" + text + "\n```"; }

std::map<std::string, LoggedValue> hyperparameters_of(const TrialRecord& record) {
  std::map<std::string, LoggedValue> values{{"cell", record.name()},
                                            {"data", record.dataset},
                                            {"hidden", double(record.hidden)},
                                            {"learning_rate", record.learning_rate},
                                            {"seed", static_cast<double>(record.seed)}};
  if (!record.setting.empty()) values["setting"] = record.setting;
  if (!record.drawn.empty()) values["drawn"] = record.drawn;
  return values;
}

}  // namespace

TrainingLog::TrainingLog(const std::filesystem::path& folder, const TrialRecord& record,
                         const std::string& study)
    : file_(folder, updates_of(record) + 1) {
  file_.hyperparameters(hyperparameters_of(record));
  file_.text("study", updates_of(record), as_code(study));
  file_.flush();
}

void TrainingLog::update(const TrialRecord& record, const Progress& p) {
  file_.scalar("update/loss", p.updates, p.loss);
  file_.scalar("update/learning_rate", p.updates, p.rate);
  file_.scalar("update/gradient_norm", p.updates, p.gradient_norm);
  if (!p.epoch_ended) return;
  const CurvePoint& point = record.curve.back();
  file_.scalar("train/" + record.loss, point.updates, point.train);
  for (std::size_t k = 0; k < record.metrics.size(); ++k) {
    file_.scalar("valid/" + record.metrics[k], point.updates, point.valid[k]);
  }
  file_.flush();
}

void TrainingLog::end(const TrialRecord& record, const std::string& cell_text,
                      const std::vector<Exhibit>& exhibits) {
  const std::int64_t step = updates_of(record);
  file_.text("cell", step, as_code(cell_text));
  for (const std::string& metric : record.metrics) {
    const double figure = record.figure(metric, Split::test);
    if (std::isfinite(figure)) file_.scalar("test/" + metric, step, figure);
  }
  for (const Exhibit& exhibit : exhibits) show(exhibit, step);
  if (has_ended(record)) {
    file_.end(record.status == "done" ? EventFile::End::success : EventFile::End::failure);
  }
  file_.flush();
}

// Arrays of two axes as pictures, lines as curves over their own steps, the rest as text.
void TrainingLog::show(const Exhibit& exhibit, std::int64_t step) {
  for (const auto& [name, array] : exhibit.arrays) {
    const std::string tag = exhibit.title + "/" + name;
    if (exhibit.kind == "lines") {
      for (Index k = 0; k < array.numel(); ++k) {
        const float value = array.data()[k];
        if (std::isfinite(value)) file_.scalar(tag, k, static_cast<double>(value));
      }
    } else if (array.shape().rank() == 2 && array.numel() > 0 && exhibit.kind != "points" &&
               exhibit.kind != "map") {
      file_.image(tag, step, as_shades(array));
    }
  }
  if (exhibit.kind != "text") return;
  std::string all;
  for (const auto& [name, text] : exhibit.texts) all += "**" + name + "**\n\n" + text + "\n\n";
  file_.text(exhibit.title, step, all);
}

}  // namespace carousel
