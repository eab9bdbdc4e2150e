#include "study/run_folder.hpp"

#include <fmt/format.h>

#include "io/files.hpp"
#include "study/trial.hpp"

namespace carousel {
namespace {

using Archives = std::map<std::string, Archive>;

constexpr const char* study_key = "study";

// Lists of texts are numbered: "problem 0", "problem 1", ..
std::string numbered(const char* name, std::size_t k) { return fmt::format("{} {}", name, k); }

const Archive& find(const Archives& archives, const std::string& key) {
  const auto found = archives.find(key);
  if (found == archives.end()) fail_input("it has no group '{}'", key);
  return found->second;
}

void save_pairs(const char* name, const std::vector<std::pair<std::string, std::string>>& pairs,
                Archive& archive) {
  archive.counters[name] = std::ssize(pairs);
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    archive.texts[numbered(name, k) + " name"] = pairs[k].first;
    archive.texts[numbered(name, k) + " value"] = pairs[k].second;
  }
}

std::vector<std::pair<std::string, std::string>> load_pairs(const char* name,
                                                            const Archive& archive) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t k = 0; k < static_cast<std::size_t>(archive.counter(name)); ++k) {
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
  for (std::size_t k = 0; k < static_cast<std::size_t>(archive.counter("metrics")); ++k) {
    problem.metrics.push_back(load_metric(numbered("metric", k), archive));
  }
  if (problem.metrics.empty()) fail_input("the problem '{}' has no metrics", problem.name);
  for (std::size_t k = 0; k < static_cast<std::size_t>(archive.counter("baselines")); ++k) {
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

Archives plan_archives(const StudyResults& results, const std::vector<PlannedTrial>& planned) {
  Archives all;
  Archive& study = all[study_key];
  study.texts["study"] = results.study_yaml;
  save_pairs("machine", results.machine, study);
  save_pairs("cell", results.cell_texts, study);
  study.counters["problems"] = std::ssize(results.problems);
  study.counters["trials"] = std::ssize(planned);
  for (std::size_t k = 0; k < results.problems.size(); ++k) {
    all[numbered("problem", k)] = problem_archive(results.problems[k]);
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
  const std::int64_t trials = find(archives, study_key).counter("trials");
  const std::int64_t problems = find(archives, study_key).counter("problems");
  for (std::size_t k = 0; k < static_cast<std::size_t>(trials); ++k) {
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

StudyResults load_study(const Archives& archives) {
  const Archive& study = find(archives, study_key);
  StudyResults results;
  results.study_yaml = study.text("study");
  const StudyOptions options = parse_study(results.study_yaml, "the run's study", {});
  results.study = options.name;
  results.description = options.description;
  results.published = options.published;
  results.machine = load_pairs("machine", study);
  results.cell_texts = load_pairs("cell", study);
  for (std::size_t k = 0; k < static_cast<std::size_t>(study.counter("problems")); ++k) {
    results.problems.push_back(load_problem(find(archives, numbered("problem", k))));
  }
  return results;
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

const StudyProblem& StudyResults::problem(const std::string& name) const {
  for (const StudyProblem& one : problems) {
    if (one.name == name) return one;
  }
  fail_bug("the results have no problem '{}'", name);
}

StudyOptions RunFolder::options() const {
  const auto file = folder_ / "study.yaml";
  if (!std::filesystem::exists(file)) {
    fail_input("{}: this is no run folder, it has no study.yaml", folder_.string());
  }
  if (!std::filesystem::exists(folder_ / "study.h5") &&
      std::filesystem::exists(folder_ / "checkpoint.h5")) {
    fail_input(
        "{}: this run was made by an earlier version, which kept all trials in one checkpoint.h5. "
        "Its results.csv, curves.csv and report.html stay readable; to go on with it or to make "
        "its "
        "report anew, take the version that run.json names, or run the study again",
        folder_.string());
  }
  return read_study(file, {});
}

void RunFolder::write_plan(const StudyResults& results,
                           const std::vector<PlannedTrial>& planned) const {
  write_archives(folder_ / "study.h5", plan_archives(results, planned));
}

std::vector<PlannedTrial> RunFolder::plan() const {
  return with_archives(folder_ / "study.h5", load_plan);
}

std::filesystem::path RunFolder::trial_folder(const std::string& id) const {
  const auto folder = folder_ / "trials" / id;
  make_folder(folder);
  return folder;
}

std::filesystem::path RunFolder::trial_file(const std::string& id) const {
  return folder_ / "trials" / id / "checkpoint.h5";
}

std::optional<Archive> RunFolder::trial(const std::string& id) const {
  const auto file = trial_file(id);
  if (!std::filesystem::exists(file)) return std::nullopt;
  return with_archives(file, [&](const Archives& archives) { return find(archives, id); });
}

void RunFolder::write_trial(const std::string& id, const Archive& archive) const {
  trial_folder(id);
  write_archives(trial_file(id), {{id, archive}});
}

StudyResults RunFolder::known() const {
  if (!std::filesystem::exists(folder_ / "study.h5")) {
    options();  // says what is wrong
    fail_input("{}: there is no study.h5, so no results yet", folder_.string());
  }
  return with_archives(folder_ / "study.h5", load_study);
}

StudyResults RunFolder::results() const {
  StudyResults results = known();
  StudyPlan plan(this->plan(), results.problems);
  std::vector<std::vector<Exhibit>> exhibits(plan.trials().size());
  for (std::size_t k = 0; k < plan.trials().size(); ++k) {
    const std::string& id = plan.planned(k).id;
    const std::optional<Archive> archive = trial(id);
    if (!archive) continue;
    try {
      plan.trials()[k] = load_record(*archive);
      exhibits[k] = load_exhibits(*archive);
    } catch (const InputError& error) {
      fail_input("{}: {}", trial_file(id).string(), error.what());
    }
  }
  plan.choose();
  results.trials = plan.trials();
  for (const StudyCase& one : plan.cases()) {
    const auto best = plan.best_selected(one);
    if (!best) continue;
    const TrialRecord& record = plan.trials()[*best];
    for (const Exhibit& exhibit : exhibits[*best]) {
      results.exhibits.push_back({record.dataset, record.name(), exhibit});
    }
  }
  return results;
}

}  // namespace carousel
