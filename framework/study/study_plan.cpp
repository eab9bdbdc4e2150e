#include "study/study_plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace carousel {

namespace {

// A name that is fit for a folder and for a shell.
std::string id_of(const std::string& text) {
  std::string id = text;
  for (char& c : id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && std::string("._+=-").find(c) == std::string::npos) c = '_';
  }
  return id;
}

// What a cell is, whatever it is called: its program without the name, and what its parameters
// start from.
std::string resolved(const Cell& cell, const Problem& problem, int hidden,
                     const ModelOptions& options) {
  Recurrence recurrence(cell, hidden, options);
  const auto model = problem.model(recurrence);
  recurrence.expect_options_taken();
  std::string text = recurrence.cell_text();
  text.erase(0, text.find('\n'));
  for (const ParameterSpec& spec : model->parameters()) text += spec.init.to_string() + "\n";
  return text;
}

void expect_each_cell_once(const StudyOptions& options, const std::vector<Cell>& cells,
                           const Problem& problem, const std::vector<int>& hidden) {
  std::map<std::pair<int, std::string>, std::size_t> seen;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const std::string text = resolved(cells[c], problem, hidden[c], options.model);
    const auto [first, is_new] = seen.emplace(std::pair(hidden[c], text), c);
    if (is_new) continue;
    fail_input(
        "cells: the same cell with the same hidden size {} stands there twice, as '{}' and as "
        "'{}'; "
        "leave one out",
        hidden[c], options.cells[first->second].name, options.cells[c].name);
  }
}

}  // namespace

std::vector<PlannedTrial> plan_trials(const StudyOptions& options, const std::vector<Cell>& cells,
                                      const std::vector<std::unique_ptr<Problem>>& problems) {
  const std::vector<double> rates = drawn_rates(options);
  std::vector<PlannedTrial> all;
  std::set<std::string> ids, names;
  for (std::size_t p = 0; p < problems.size(); ++p) {
    const Problem& problem = *problems[p];
    if (!names.insert(problem.name()).second) {
      fail_input("task: '{}' stands there twice; leave one out", problem.name());
    }
    std::vector<int> hidden;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const int given = options.cells[c].hidden;
      hidden.push_back(
          given > 0 ? given
                    : hidden_for_parameters(cells[c], problem, options.model, options.parameters));
    }
    expect_each_cell_once(options, cells, problem, hidden);
    for (std::size_t c = 0; c < cells.size(); ++c) {
      PlannedTrial trial{"", p, c, {}};
      TrialRecord& record = trial.record;
      record.cell = cells[c].name;
      record.variant = options.cells[c].changes();
      record.task = options.tasks[p].name;
      record.dataset = problem.name();
      record.hidden = hidden[c];
      record.status = "waiting";
      for (const Metric& metric : problem.metrics()) record.metrics.push_back(metric.name);
      record.loss = problem.metrics()[problem.loss_metric()].name;
      const std::string prefix = problems.size() > 1 ? record.dataset + "-" : "";
      const std::string name = fmt::format("{}{}-h{}", prefix, record.name(), record.hidden);
      const auto add = [&](const std::string& suffix) {
        trial.id = id_of(name + suffix);
        while (!ids.insert(trial.id).second) trial.id += "_";
        all.push_back(trial);
      };
      record.seed = options.seeds.front();
      for (const double rate : rates) {
        record.learning_rate = rate;
        ++record.draw;
        add(fmt::format("-r{}", record.draw));
      }
      record.draw = 0;
      record.learning_rate = rates.empty() ? options.train.optimiser.learning_rate : 0.0;
      record.selected = rates.empty();
      for (std::size_t s = rates.empty() ? 0 : 1; s < options.seeds.size(); ++s) {
        record.seed = options.seeds[s];
        add(fmt::format("-s{}", record.seed));
      }
    }
  }
  return all;
}

StudyPlan::StudyPlan(const std::vector<PlannedTrial>& planned,
                     const std::vector<StudyProblem>& problems)
    : planned_(planned) {
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const bool same = i > 0 && planned[i].problem == planned[i - 1].problem &&
                      planned[i].cell == planned[i - 1].cell;
    if (!same) {
      cases_.emplace_back();
      chooses_.push_back(problems.at(planned[i].problem).chooses());
    }
    (planned[i].record.draw > 0 ? cases_.back().draws : cases_.back().seeds).push_back(i);
    of_case_.push_back(cases_.size() - 1);
    trials_.push_back(planned[i].record);
  }
  taken_.assign(trials_.size(), 0);
}

std::size_t StudyPlan::find(const std::string& id) const {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < planned_.size(); ++i) {
    if (planned_[i].id == id) return i;
    ids.push_back(planned_[i].id);
  }
  fail_input("there is no trial '{}'{}", id, did_you_mean(id, ids));
}

std::vector<std::size_t> StudyPlan::take_ready() {
  std::vector<std::size_t> ready;
  const auto take = [&](const std::vector<std::size_t>& trials) {
    for (const std::size_t trial : trials) {
      const TrialRecord& r = trials_[trial];
      const bool wants_test =
          r.selected && r.status == "done" && std::isnan(r.figure(r.metrics.front(), Split::test));
      if (taken_[trial] || r.learning_rate == 0.0 || (has_ended(r) && !wants_test)) continue;
      taken_[trial] = 1;
      ready.push_back(trial);
    }
  };
  for (const StudyCase& one : cases_) take(one.draws);
  for (StudyCase& one : cases_) {
    choose(one);
    take(one.draws);
    take(one.seeds);
  }
  return ready;
}

void StudyPlan::choose() {
  for (StudyCase& one : cases_) choose(one);
}

// The best draw becomes the case's first selected trial; the other seeds get its rate.
void StudyPlan::choose(StudyCase& one) {
  const auto ended = [&](std::size_t trial) { return has_ended(trials_[trial]); };
  if (one.draws.empty() || one.chosen || !std::ranges::all_of(one.draws, ended)) return;
  one.chosen = true;
  const auto best = best_draw(one);
  for (const std::size_t trial : one.seeds) {
    TrialRecord& r = trials_[trial];
    r.selected = best.has_value();
    if (!best) {
      r.status = "skipped";
      continue;
    }
    const double rate = trials_[*best].learning_rate;
    if (r.learning_rate != 0.0 && r.learning_rate != rate) {
      fail_input("trial {} was trained with the rate {}, but the search chooses {}",
                 planned_[trial].id, r.learning_rate, rate);
    }
    r.draw = trials_[*best].draw;
    r.learning_rate = rate;
  }
  if (!best) return;
  trials_[*best].selected = true;
  taken_[*best] = 0;
}

// Of those that were trained, of equal ones the first.
std::optional<std::size_t> StudyPlan::best_of(const std::vector<std::size_t>& among) const {
  std::optional<std::size_t> best;
  for (const std::size_t trial : among) {
    const TrialRecord& r = trials_[trial];
    if (!was_trained(r)) continue;
    const MetricInfo& chooses = chooses_[of_case_[trial]];
    if (!best || chooses.prefers(r.chosen_by(), trials_[*best].chosen_by())) best = trial;
  }
  return best;
}

std::optional<std::size_t> StudyPlan::best_draw(const StudyCase& one) const {
  return best_of(one.draws);
}

std::optional<std::size_t> StudyPlan::best_selected(const StudyCase& one) const {
  std::vector<std::size_t> selected;
  for (const auto* trials : {&one.draws, &one.seeds}) {
    std::ranges::copy_if(*trials, std::back_inserter(selected),
                         [&](std::size_t trial) { return trials_[trial].selected; });
  }
  return best_of(selected);
}

bool has_ended(const TrialRecord& record) {
  return record.status == "done" || record.status == "diverged" || record.status == "skipped";
}

namespace {

// Trained parameters of the recurrent layers; nothing where the cell can't be built.
std::optional<std::int64_t> count_at(const Cell& cell, const Problem& problem,
                                     const ModelOptions& model, Index hidden) {
  try {
    Recurrence recurrence(cell, hidden, model);
    static_cast<void>(problem.model(recurrence));
    return recurrence.parameter_count();
  } catch (const InputError&) {
    return std::nullopt;
  }
}

}  // namespace

int hidden_for_parameters(const Cell& cell, const Problem& problem, const ModelOptions& model,
                          std::int64_t wanted) {
  // Counts grow with the hidden size: the first one above the number wanted lies in (low, high].
  constexpr int largest = 1 << 14;
  constexpr int gap = 64;  // no cell leaves out more sizes in a row
  const auto next_buildable = [&](int hidden) {
    for (int h = hidden; h < hidden + gap; ++h) {
      if (const auto count = count_at(cell, problem, model, h)) return std::pair(h, *count);
    }
    Recurrence recurrence(cell, hidden, model);
    static_cast<void>(problem.model(recurrence));  // says what is wrong
    fail_input("cell {}: can't be built for hidden sizes {} to {}", cell.name, hidden,
               hidden + gap - 1);
  };
  std::pair<int, std::int64_t> below = next_buildable(1), above = below;
  if (below.second > 2 * wanted) {
    fail_input("cell {}: even {} hidden units have {} parameters, {} were wanted", cell.name,
               below.first, below.second, wanted);
  }
  while (above.second <= wanted) {
    below = above;
    if (2 * above.first > largest) {
      fail_input("cell {}: {} hidden units have only {} parameters, {} were wanted", cell.name,
                 above.first, above.second, wanted);
    }
    above = next_buildable(2 * above.first);
  }
  while (above.first - below.first > 1) {
    const auto middle = next_buildable(below.first + (above.first - below.first) / 2);
    if (middle.first >= above.first) break;
    (middle.second <= wanted ? below : above) = middle;
  }
  // Between them there may be sizes left, where the cell leaves out some.
  for (int h = below.first + 1; h < above.first; ++h) {
    const auto count = count_at(cell, problem, model, h);
    if (count && *count <= wanted) below = {h, *count};
    if (count && *count > wanted) above = {h, *count};
  }
  return wanted - below.second <= above.second - wanted ? below.first : above.first;
}

}  // namespace carousel
