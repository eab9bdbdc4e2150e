#include "study/run_folder.hpp"

#include <fmt/format.h>

#include "io/files.hpp"
#include "study/trial.hpp"

namespace carousel {
namespace {

using Archives = std::map<std::string, Archive>;

constexpr const char* study_key = "study";
constexpr const char* earlier_version =
    "this run was made by an earlier version: take the version that run.json names, or run the "
    "study again";

// Lists of texts are numbered: "problem 0", "problem 1", ..
std::string numbered(const std::string& name, std::size_t k) {
  return fmt::format("{} {}", name, k);
}

const Archive& find(const Archives& archives, const std::string& key) {
  const auto found = archives.find(key);
  if (found == archives.end()) fail_input("it has no group '{}'", key);
  return found->second;
}

// No file holds more of anything than this.
std::size_t count_in(const Archive& archive, const std::string& name) {
  constexpr std::int64_t most = 1 << 24;
  const std::int64_t count = archive.counter(name);
  if (count < 0 || count > most) fail_input("{} is {}, expected 0 to {}", name, count, most);
  return static_cast<std::size_t>(count);
}

void save_pairs(const std::string& name, const Facts& pairs, Archive& archive) {
  archive.counters[name] = std::ssize(pairs);
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    archive.texts[numbered(name, k) + " name"] = pairs[k].first;
    archive.texts[numbered(name, k) + " value"] = pairs[k].second;
  }
}

Facts load_pairs(const std::string& name, const Archive& archive) {
  Facts pairs;
  for (std::size_t k = 0; k < count_in(archive, name); ++k) {
    pairs.emplace_back(archive.text(numbered(name, k) + " name"),
                       archive.text(numbered(name, k) + " value"));
  }
  return pairs;
}

void save_metric(const std::string& name, const MetricInfo& metric, Archive& archive) {
  archive.texts[name] = metric.name;
  archive.texts[name + " title"] = metric.title;
  archive.texts[name + " unit"] = metric.unit;
  archive.counters[name + " higher"] = metric.better == Better::higher ? 1 : 0;
  archive.counters[name + " decimals"] = metric.decimals;
  archive.numbers[name + " goal"] = metric.goal;
}

MetricInfo load_metric(const std::string& name, const Archive& archive) {
  return {archive.text(name),
          archive.text(name + " title"),
          archive.text(name + " unit"),
          archive.counter(name + " higher") != 0 ? Better::higher : Better::lower,
          static_cast<int>(archive.counter(name + " decimals")),
          archive.number(name + " goal")};
}

Archive problem_archive(const StudyProblem& problem) {
  Archive archive;
  archive.texts["name"] = problem.name;
  archive.texts["task"] = problem.task;
  archive.texts["description"] = problem.description;
  archive.texts["loss"] = problem.loss;
  archive.counters["metrics"] = std::ssize(problem.metrics);
  for (std::size_t k = 0; k < problem.metrics.size(); ++k) {
    save_metric(numbered("metric", k), problem.metrics[k], archive);
  }
  archive.counters["baselines"] = std::ssize(problem.baselines);
  for (std::size_t k = 0; k < problem.baselines.size(); ++k) {
    const std::string name = numbered("baseline", k);
    archive.texts[name] = problem.baselines[k].name;
    for (const MetricInfo& metric : problem.metrics) {
      for (const Split split : all_splits) {
        archive.numbers[fmt::format("{} {}_{}", name, split_name(split), metric.name)] =
            figure_of(problem.baselines[k].figures, metric.name, split);
      }
    }
  }
  return archive;
}

StudyProblem load_problem(const Archive& archive) {
  StudyProblem problem{archive.text("name"),        archive.text("task"),
                       archive.text("description"), {},
                       archive.text("loss"),        {}};
  for (std::size_t k = 0; k < count_in(archive, "metrics"); ++k) {
    problem.metrics.push_back(load_metric(numbered("metric", k), archive));
  }
  if (problem.metrics.empty()) fail_input("the problem '{}' has no metrics", problem.name);
  for (std::size_t k = 0; k < count_in(archive, "baselines"); ++k) {
    const std::string name = numbered("baseline", k);
    Baseline& baseline = problem.baselines.emplace_back();
    baseline.name = archive.text(name);
    for (const MetricInfo& metric : problem.metrics) {
      for (const Split split : all_splits) {
        baseline.figures[metric.name][split] =
            archive.number(fmt::format("{} {}_{}", name, split_name(split), metric.name));
      }
    }
  }
  return problem;
}

// Each session is an archive of its own: HDF5 walks all attributes of an object to find one, and a
// run may be gone on with a thousand times.
void save_provenance(const Provenance& provenance, Archives& all) {
  Archive& archive = all[study_key];
  archive.texts["run"] = provenance.run;
  save_pairs("depends on", provenance.depends_on, archive);
  archive.counters["sessions"] = std::ssize(provenance.sessions);
  for (std::size_t k = 0; k < provenance.sessions.size(); ++k) {
    save_pairs("fact", provenance.sessions[k], all[numbered("session", k)]);
  }
  archive.counters["accepted"] = std::ssize(provenance.accepted);
  for (std::size_t k = 0; k < provenance.accepted.size(); ++k) {
    archive.texts[numbered("accepted", k)] = provenance.accepted[k];
  }
}

Provenance load_provenance(const Archives& all) {
  const Archive& archive = find(all, study_key);
  Provenance provenance{archive.text("run"), load_pairs("depends on", archive), {}, {}};
  for (std::size_t k = 0; k < count_in(archive, "sessions"); ++k) {
    provenance.sessions.push_back(load_pairs("fact", find(all, numbered("session", k))));
  }
  for (std::size_t k = 0; k < count_in(archive, "accepted"); ++k) {
    provenance.accepted.push_back(archive.text(numbered("accepted", k)));
  }
  return provenance;
}

Archives archives_of(const StudyResults& known, const std::vector<PlannedTrial>& planned) {
  Archives all;
  Archive& study = all[study_key];
  study.texts["study"] = known.study_yaml;
  save_provenance(known.provenance, all);
  save_pairs("cell", known.cell_texts, study);
  study.counters["problems"] = std::ssize(known.problems);
  study.counters["trials"] = std::ssize(planned);
  for (std::size_t k = 0; k < known.problems.size(); ++k) {
    all[numbered("problem", k)] = problem_archive(known.problems[k]);
  }
  for (std::size_t k = 0; k < planned.size(); ++k) {
    Archive& trial = all[numbered("trial", k)];
    save_record(planned[k].record, trial);
    trial.texts["id"] = planned[k].id;
    trial.counters["problem"] = static_cast<std::int64_t>(planned[k].problem);
    trial.counters["cell index"] = static_cast<std::int64_t>(planned[k].cell);
  }
  return all;
}

std::vector<PlannedTrial> load_plan(const Archives& archives) {
  std::vector<PlannedTrial> planned;
  const Archive& study = find(archives, study_key);
  const auto problems = std::int64_t{study.counter("problems")};
  for (std::size_t k = 0; k < count_in(study, "trials"); ++k) {
    const Archive& trial = find(archives, numbered("trial", k));
    const std::int64_t problem = trial.counter("problem");
    if (problem < 0 || problem >= problems) {
      fail_input("trial {} is of problem {}, of {}", k, problem, problems);
    }
    planned.push_back({trial.text("id"), static_cast<std::size_t>(problem),
                       static_cast<std::size_t>(trial.counter("cell index")), load_record(trial)});
  }
  return planned;
}

StudyResults load_known(const Archives& archives) {
  const Archive& study = find(archives, study_key);
  StudyResults known;
  known.study_yaml = study.text("study");
  const StudyOptions options = parse_study(known.study_yaml, "the run's study", {});
  known.study = options.name;
  known.description = options.description;
  known.published = options.published;
  known.provenance = load_provenance(archives);
  known.cell_texts = load_pairs("cell", study);
  for (std::size_t k = 0; k < count_in(study, "problems"); ++k) {
    known.problems.push_back(load_problem(find(archives, numbered("problem", k))));
  }
  return known;
}

// Runs f on the archives of a file; what is wrong with them names the file.
template <class F>
auto with_archives(const std::filesystem::path& file, F&& f) {
  const Archives archives = read_archives(file);
  try {
    return f(archives);
  } catch (const InputError& error) {
    fail_input("{}: {}", file.string(), error.what());
  }
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path folder) : folder_(std::move(folder)) {
  const auto file = folder_ / "study.h5";
  if (!is_there(file)) {
    if (!is_there(folder_ / "study.yaml")) {
      fail_input("{}: this is no run folder, it has no study.yaml", folder_.string());
    }
    fail_input("{}: there is no study.h5: it was lost, or {}", folder_.string(), earlier_version);
  }
  try {
    with_archives(file, [&](const Archives& archives) {
      known_ = load_known(archives);
      planned_ = load_plan(archives);
    });
  } catch (const InputError& error) {
    fail_input(
        "{}\nWithout it the run can't be gone on with. Each trial's checkpoint stands on its own "
        "in {}, results.csv and report.html stay readable; where {}",
        error.what(), (folder_ / "trials").string(), earlier_version);
  }
  study_ = parse_study(known_.study_yaml, "the run's study", {});
}

RunFolder::RunFolder(std::filesystem::path folder, StudyResults known,
                     std::vector<PlannedTrial> planned, const StudyOptions& study)
    : folder_(std::move(folder)), planned_(std::move(planned)) {
  set_known(std::move(known));
  write_study(study);
}

StudyOptions RunFolder::options(const std::vector<std::string>& overrides) const {
  return read_study(folder_ / "study.yaml", overrides);
}

void RunFolder::set_known(StudyResults known) {
  known_ = std::move(known);
  study_ = parse_study(known_.study_yaml, "the run's study", {});
  write_archives(folder_ / "study.h5", archives_of(known_, planned_));
  write_text(folder_ / "run.json", to_json(known_.provenance));
}

void RunFolder::write_study(const StudyOptions& study) const {
  write_text(folder_ / "study.yaml", to_yaml(study));
}

std::filesystem::path RunFolder::trial_folder(const std::string& id) const {
  auto folder = folder_ / "trials" / id;
  make_folder(folder);
  return folder;
}

std::filesystem::path RunFolder::trial_file(const std::string& id) const {
  return folder_ / "trials" / id / "checkpoint.h5";
}

std::optional<SavedTrial> RunFolder::saved(const PlannedTrial& trial) const {
  const auto file = trial_file(trial.id);
  if (!is_there(file)) return std::nullopt;
  try {
    return with_archives(file, [&](const Archives& archives) -> SavedTrial {
      const Archive& archive = find(archives, trial.id);
      const std::string& run = archive.text("run");
      if (run != known_.provenance.run) {
        fail_input("it is of the run {}, this one is {}", run, known_.provenance.run);
      }
      TrialRecord record = load_record(archive);
      expect_same_trial(trial.record, record);
      if (record.status == "done" && !training_ended(record, options_of(study_, record).train)) {
        go_on(record);
      }
      return {std::move(record), archive};
    });
  } catch (const InputError& error) {
    fail_input(
        "{}\nWhat this trial had reached is lost, the others are whole. Remove the file, and "
        "'carousel resume {}' trains this trial from its start",
        error.what(), folder_.string());
  }
}

void RunFolder::write_trial(const std::string& id, const Archive& archive) const {
  trial_folder(id);
  write_archives(trial_file(id), {{id, archive}});
}

void RunFolder::take_saved(StudyPlan& plan, const std::vector<std::size_t>& trials) const {
  for (const std::size_t k : trials) {
    if (const auto trial = saved(planned_[k])) plan.trials()[k] = trial->record;
  }
}

StudyPlan RunFolder::plan() const {
  StudyPlan plan = plan_without_records();
  for (const StudyCase& one : plan.cases()) {
    take_saved(plan, one.draws);
    take_saved(plan, one.seeds);
  }
  return plan;
}

StudyResults RunFolder::results() const {
  StudyPlan plan = plan_without_records();
  StudyResults results = known_;
  for (std::size_t k = 0; k < planned_.size(); ++k) {
    const auto trial = saved(planned_[k]);
    if (!trial) continue;
    plan.trials()[k] = trial->record;
    const auto changes = trial->archive.texts.find("accepted changes");
    if (changes == trial->archive.texts.end()) continue;
    results.provenance.accepted.push_back(planned_[k].id + ": " + changes->second);
  }
  plan.choose();
  results.trials = plan.trials();
  for (const StudyCase& one : plan.cases()) {
    const auto best = plan.best_selected(one);
    if (!best) continue;
    const TrialRecord& record = plan.trials()[*best];
    for (Exhibit& exhibit : load_exhibits(saved(planned_[*best])->archive)) {
      results.exhibits.push_back(
          {record.dataset, name_at_point(record.name(), record.setting), std::move(exhibit)});
    }
  }
  return results;
}

}  // namespace carousel
