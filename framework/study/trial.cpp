#include "study/trial.hpp"

#include <fmt/format.h>

#include <chrono>

#include "tensor/interrupt.hpp"
#include "train/shards.hpp"

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;

std::string exhibit_name(std::size_t k) { return fmt::format("exhibit {}", k); }

// Entries whose names begin with `prefix`, by the rest of the name.
template <class Value>
std::map<std::string, Value> under(const std::string& prefix,
                                   const std::map<std::string, Value>& all) {
  std::map<std::string, Value> found;
  for (auto it = all.lower_bound(prefix); it != all.end() && it->first.starts_with(prefix); ++it) {
    found.emplace(it->first.substr(prefix.size()), it->second);
  }
  return found;
}

std::int64_t memory_of(const TrialJob& job, int hidden) {
  Recurrence recurrence(job.cell, hidden, job.model, job.train.segments);
  const auto model = job.problem.model(recurrence);
  const auto measure =
      job.train.precision == "double" ? training_memory<double> : training_memory<float>;
  return measure(*model, recurrence, job.problem, job.train.batch, job.train.shard);
}

// The trial with its test figures, and what it has to show.
Archive tested(Trainer& trainer, const Model& model, const TrialJob& job,
               const std::function<Archive()>& archive) {
  const Outcome outcome = trainer.evaluate_test();
  trainer.record().memory = memory_of(job, job.record.hidden);
  Archive state = archive();
  if (outcome == Outcome::diverged) state.texts["divergence"] = trainer.divergence();
  else save_exhibits(model.exhibits(trained_model(model, state)), state);
  return state;
}

}  // namespace

Archive run_trial(const TrialJob& job, const Archive* saved, const std::atomic<bool>& stop,
                  const TrialHooks& hooks) {
  Recurrence recurrence(job.cell, job.record.hidden, job.model, job.train.segments,
                        rounding_of(job.train));
  const auto model = job.problem.model(recurrence);
  const auto trainer = make_trainer(*model, recurrence, job.problem, job.train, job.record);
  if (saved) trainer->load(*saved);
  TrialRecord& record = trainer->record();
  record.selected = job.record.selected;  // known to the plan alone

  const auto archive = [&] {
    Archive state = trainer->save();
    state.texts.insert(job.texts.begin(), job.texts.end());
    state.texts["cell_text"] = recurrence.cell_text();
    state.texts["cell_conventions"] = job.cell.conventions;
    return state;
  };
  Clock::time_point last_checkpoint = Clock::now();
  const auto on_progress = [&](const Progress& p) {
    hooks.progress(record, p);
    const std::chrono::duration<double> since = Clock::now() - last_checkpoint;
    if (!p.epoch_ended || since.count() < job.train.checkpoint_seconds) return;
    hooks.checkpoint(archive());
    last_checkpoint = Clock::now();
  };
  const Outcome outcome =
      record.status == "done" ? Outcome::finished : trainer->run(stop, on_progress, job.until);
  if (outcome == Outcome::diverged) {
    Archive state = archive();
    state.texts["divergence"] = trainer->divergence();
    return state;
  }
  Archive trained = archive();
  if (outcome != Outcome::finished || !record.selected) return trained;
  try {
    return tested(*trainer, *model, job, archive);
  } catch (const Interrupted&) {
    return trained;  // the test figures are computed with what is shown beside them, or not at all
  }
}

void save_exhibits(const std::vector<Exhibit>& exhibits, Archive& archive) {
  for (std::size_t k = 0; k < exhibits.size(); ++k) {
    const std::string name = exhibit_name(k);
    archive.texts[name + " kind"] = exhibits[k].kind;
    archive.texts[name + " title"] = exhibits[k].title;
    for (const auto& [key, value] : exhibits[k].numbers) archive.numbers[name + " " + key] = value;
    for (const auto& [key, text] : exhibits[k].texts) archive.texts[name + " " + key] = text;
    for (const auto& [key, array] : exhibits[k].arrays) archive.floats[name + "/" + key] = array;
  }
}

std::vector<Exhibit> load_exhibits(const Archive& archive) {
  std::vector<Exhibit> exhibits;
  for (std::size_t k = 0; archive.texts.count(exhibit_name(k) + " kind") > 0; ++k) {
    const std::string name = exhibit_name(k);
    std::map<std::string, std::string> texts = under(name + " ", archive.texts);
    texts.erase("kind");
    texts.erase("title");
    exhibits.push_back({archive.text(name + " kind"), archive.text(name + " title"),
                        under(name + "/", archive.floats), under(name + " ", archive.numbers),
                        std::move(texts)});
  }
  return exhibits;
}

void drop_parameters(Archive& archive) {
  archive.floats.clear();
  std::erase_if(archive.doubles, [](const auto& entry) { return entry.first != "curve"; });
}

}  // namespace carousel
