#include "search/search_files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/csv.hpp"
#include "io/files.hpp"

namespace carousel {
namespace {

std::string joined(const std::vector<std::string>& changes) {
  return fmt::format("{}", fmt::join(changes, "; "));
}

const Candidate* find(const SearchResults& results, const std::string& name) {
  const auto found = std::ranges::find(results.all, name, &Candidate::name);
  return found == results.all.end() ? nullptr : &*found;
}

const StageRecord* record_of(const Candidate& cell, const std::string& stage) {
  const auto found = cell.stages.find(stage);
  return found == cell.stages.end() ? nullptr : &found->second;
}

std::string last_score(const SearchResults& results, const Candidate& cell, int decimals) {
  const StageRecord* record = record_of(cell, results.options.stages.back().name);
  return record ? csv_number(record->score, decimals) : "";
}

// From the cell back to a first one, a line each.
std::string history(const SearchResults& results, const Candidate& cell) {
  std::string text;
  for (const Candidate* at = &cell; at && !at->parent.empty(); at = find(results, at->parent)) {
    text += fmt::format("- {}, of {}: {}\n", at->name, at->parent, joined(at->changes));
  }
  return text;
}

std::string column(const std::string& stage, const std::string& task) { return stage + " " + task; }

// What the study of a stage calls its tasks; known once the first cells were there.
std::vector<std::string> tasks_of(const SearchResults& results, const SearchStage& stage) {
  const auto found = results.tasks.find(stage.name);
  return found == results.tasks.end() ? std::vector<std::string>() : found->second;
}

}  // namespace

std::string candidates_csv(const SearchResults& results) {
  std::vector<std::string> columns{"cell",   "generation", "parent", "mutations",
                                   "status", "stage",      "hidden", "parameters"};
  for (const SearchStage& stage : results.options.stages) {
    for (const std::string& task : tasks_of(results, stage))
      columns.push_back(column(stage.name, task));
    columns.push_back(column(stage.name, "score"));
  }
  CsvText csv(columns);
  for (const Candidate& cell : results.all) {
    std::string last;
    std::vector<std::string> figures;
    int hidden = 0;
    std::int64_t parameters = 0;
    for (const SearchStage& stage : results.options.stages) {
      const StageRecord* record = record_of(cell, stage.name);
      const std::size_t tasks = tasks_of(results, stage).size();
      for (std::size_t k = 0; k < tasks; ++k) {
        figures.push_back(record ? csv_number(record->figures[k]) : "");
      }
      figures.push_back(record ? csv_number(record->score) : "");
      if (!record) continue;
      last = stage.name;
      hidden = record->hidden;
      parameters = record->parameters;
    }
    std::vector<std::string> row{cell.name,
                                 std::to_string(cell.generation),
                                 cell.parent,
                                 joined(cell.changes),
                                 cell.status,
                                 last,
                                 hidden > 0 ? std::to_string(hidden) : "",
                                 hidden > 0 ? std::to_string(parameters) : ""};
    row.insert(row.end(), figures.begin(), figures.end());
    csv.add(row);
  }
  return csv.text();
}

std::string generations_csv(const SearchResults& results) {
  CsvText csv({"generation", "made", "twice_the_same", "malformed", "too_large", "diverged",
               "behind_the_bar", "survivors"});
  for (std::size_t g = 0; g < results.counts.size(); ++g) {
    const MutantCounts& c = results.counts[g];
    std::vector<std::string> row{std::to_string(g)};
    for (const int count :
         {c.made, c.twice, c.malformed, c.too_large, c.diverged, c.behind, c.survivors}) {
      row.push_back(std::to_string(count));
    }
    csv.add(row);
  }
  return csv.text();
}

std::string population_csv(const SearchResults& results) {
  CsvText csv({"rank", "cell", "score", "generation", "parent", "mutations"});
  for (std::size_t k = 0; k < results.population.size(); ++k) {
    const Candidate& cell = results.population[k];
    const StageRecord* record = record_of(cell, results.options.stages.back().name);
    csv.add({std::to_string(k + 1), cell.name, csv_number(record->score),
             std::to_string(cell.generation), cell.parent, joined(cell.changes)});
  }
  return csv.text();
}

std::string best_markdown(const SearchResults& results) {
  constexpr std::size_t shown = 5;
  std::string text = fmt::format(
      "# {}\n\nThe best cells of {}. Score: 1 is the best first cell, 0 the weakest baseline; the "
      "worst over the tasks of the last stage, on validation.\n",
      results.options.name, results.all.size());
  for (std::size_t k = 0; k < std::min(shown, results.population.size()); ++k) {
    const Candidate& cell = results.population[k];
    text += fmt::format("\n## {}. {}\n\nScore {}", k + 1, cell.name, last_score(results, cell, 4));
    for (const SearchStage& stage : results.options.stages) {
      const StageRecord* record = record_of(cell, stage.name);
      const std::vector<std::string> tasks = tasks_of(results, stage);
      for (std::size_t t = 0; record && t < tasks.size(); ++t) {
        text +=
            fmt::format("; {}, {}: {}", stage.name, tasks[t], csv_number(record->figures[t], 4));
      }
    }
    const std::string way = history(results, cell);
    text += fmt::format(".\n\n{}\n```\n{}```\n", way.empty() ? "A first cell.\n" : way, cell.text);
  }
  return text;
}

std::string population_table(const SearchResults& results) {
  std::string text = fmt::format("{:>4}  {:<24} {:>8}  made from\n", "rank", "cell", "score");
  for (std::size_t k = 0; k < results.population.size(); ++k) {
    const Candidate& cell = results.population[k];
    text += fmt::format("{:>4}  {:<24} {:>8}  {}\n", k + 1, cell.name, last_score(results, cell, 4),
                        cell.parent.empty() ? "" : cell.parent + ": " + joined(cell.changes));
  }
  return text;
}

void write_search_files(const SearchResults& results, const std::filesystem::path& folder) {
  write_text(folder / "candidates.csv", candidates_csv(results));
  write_text(folder / "generations.csv", generations_csv(results));
  write_text(folder / "population.csv", population_csv(results));
  write_text(folder / "best.md", best_markdown(results));
}

}  // namespace carousel
