#include "search/search_options.hpp"

#include <fmt/format.h>

#include <map>
#include <sstream>

#include "io/files.hpp"
#include "study/key_reader.hpp"

namespace carousel {
namespace {

constexpr TextRule file_name{100, TextRule::Kind::file_name};

// Studies in files of their own, by the names of their stages.
using StudyFiles = std::map<std::string, std::filesystem::path>;

// A path that is meant from a folder, where something is there.
std::filesystem::path from_folder(const std::filesystem::path& folder, const std::string& path) {
  return is_there(folder / path) ? folder / path : std::filesystem::path(path);
}

// Puts the tree of a study's file in the place of its name, so that overrides reach its keys.
StudyFiles put_in_studies(YAML::Node root, const std::filesystem::path& file) {
  StudyFiles files;
  const YAML::Node stages = root["stages"];
  if (!stages || !stages.IsMap()) return files;
  for (auto entry : stages) {
    YAML::Node stage = entry.second;
    if (!stage.IsMap() || !stage["study"] || !stage["study"].IsScalar()) continue;
    const std::filesystem::path study = from_folder(file.parent_path(), stage["study"].Scalar());
    const YAML::Mark mark = stage["study"].Mark();
    try {
      stage["study"] = load_yaml(read_text(study), study.string());
    } catch (const InputError& error) {
      fail_input(
          "{}:{}:{}: stages.{}.study: {}; expected the path of a study's file, from the "
          "folder of this one, or the study itself as keys and values",
          file.string(), mark.line + 1, mark.column + 1, entry.first.Scalar(), error.what());
    }
    files[entry.first.Scalar()] = study;
  }
  return files;
}

void check_stage(const SearchStage& stage, const std::string& source) {
  const StudyOptions& study = stage.study;
  const auto expect = [&](bool holds, const char* text) {
    if (!holds) fail_input("{}: stages.{}.study: {}", source, stage.name, text);
  };
  expect(study.parameters > 0,
         "expected 'parameters', 1 or more: the number that each candidate's hidden size is solved "
         "for");
  expect(study.grid.empty() && study.points.empty(),
         "grid and points make several results of a cell, and a stage wants one; leave them out");
}

SearchStage read_stage(KeyReader& reader, const std::string& name,
                       const std::vector<std::string>& cells, const std::string& file,
                       const StudyFiles& files) {
  SearchStage stage;
  stage.name = name;
  const auto own = files.find(name);
  const std::filesystem::path source =
      own == files.end() ? std::filesystem::path(file) : own->second;
  const std::string source_name = source.string();
  reader.number("bar", stage.bar, Range{0, 10});
  reader.number("keep", stage.keep, Range{0, 1, Range::Ends::above});
  reader.group_of_file("study", source_name, [&](KeyReader& keys) {
    visit_fields(stage.study, keys);
    keys.check_settings(stage.study);
  });
  stage.study.name = name;
  stage.study.cells.clear();
  for (const std::string& cell : cells) stage.study.cells.push_back({cell});
  check_stage(stage, file);
  stage.study = checked(stage.study, fmt::format("{}: stages.{}.study", source_name, name));
  for (StudyTask& task : stage.study.tasks) task.options.resolve_data(source.parent_path());
  return stage;
}

// Line by line behind so many blanks.
std::string indented(const std::string& text, int blanks) {
  std::istringstream lines(text);
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    all += std::string(static_cast<std::size_t>(blanks), ' ') + line + "\n";
  }
  return all;
}

}  // namespace

CellSearchOptions read_search(const std::filesystem::path& file,
                              const std::vector<std::string>& cells,
                              const std::vector<std::string>& overrides) {
  const std::string source = file.string();
  YAML::Node root = load_yaml(read_text(file), source);
  if (!root.IsMap()) fail_input("{}: expected keys and values", source);
  const StudyFiles files = put_in_studies(root, file);
  for (const std::string& text : overrides) apply_override(root, text);
  CellSearchOptions o;
  KeyReader reader(root, source, overrides, "");
  reader.text("name", o.name, file_name);
  reader.text("description", o.description, TextRule{10000, TextRule::Kind::lines});
  reader.texts("cells", o.cells, short_text, Range{1, 100});
  reader.number("seed", o.seed, any_seed);
  reader.number("generations", o.generations, Range{1, 1000});
  reader.number("candidates", o.candidates, Range{1, most_records});
  reader.number("population", o.population, Range{1, most_records});
  reader.number("mutations", o.mutations, Range{1, 20});
  reader.number("growth", o.growth, Range{1, 100});
  reader.number("nodes", o.nodes, Range{1, 1000});
  for (std::string& cell : o.cells) {
    if (cell.ends_with(".cell")) cell = from_folder(file.parent_path(), cell);
  }
  if (!cells.empty()) o.cells = cells;
  if (o.cells.empty()) {
    fail_input(
        "{}: cells: expected the cells to begin from, such as [lstm, gru_reset_before], here "
        "or on the command line",
        source);
  }
  reader.groups("stages", file_name, Range{1, 20}, [&](const std::string& name, KeyReader& stage) {
    o.stages.push_back(read_stage(stage, name, o.cells, source, files));
  });
  reader.expect_no_more();
  if (o.stages.empty()) {
    fail_input("{}: stages: expected at least one, such as {{memory: {{study: memory.yaml}}}}",
               source);
  }
  return o;
}

std::string to_yaml(const CellSearchOptions& o) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  out << YAML::Key << "name" << YAML::Value << o.name;
  out << YAML::Key << "description" << YAML::Value << YAML::DoubleQuoted << o.description;
  out << YAML::Key << "cells" << YAML::Value << YAML::Flow << o.cells;
  out << YAML::Key << "seed" << YAML::Value << o.seed;
  out << YAML::Key << "generations" << YAML::Value << o.generations;
  out << YAML::Key << "candidates" << YAML::Value << o.candidates;
  out << YAML::Key << "population" << YAML::Value << o.population;
  out << YAML::Key << "mutations" << YAML::Value << o.mutations;
  out << YAML::Key << "growth" << YAML::Value << fmt::format("{}", o.growth);
  out << YAML::Key << "nodes" << YAML::Value << o.nodes;
  out << YAML::EndMap;
  std::string text = std::string(out.c_str()) + "\nstages:\n";
  for (const SearchStage& stage : o.stages) {
    YAML::Emitter name;
    name << YAML::DoubleQuoted << stage.name;
    text += fmt::format("  {}:\n    bar: {}\n    keep: {}\n    study:\n{}", name.c_str(), stage.bar,
                        stage.keep, indented(to_yaml(stage.study), 6));
  }
  return text;
}

}  // namespace carousel
