#include "train/saved_results.hpp"

#include <fmt/core.h>

#include "train/study_options.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

// Lists of texts are numbered: "note/0", "note/1", ..
std::string numbered(const char* name, std::size_t k) { return fmt::format("{} {}", name, k); }

constexpr double Baseline::*const figures[] = {&Baseline::train_nll,
                                               &Baseline::valid_nll,
                                               &Baseline::test_nll,
                                               &Baseline::train_nll_by_sequence,
                                               &Baseline::valid_nll_by_sequence,
                                               &Baseline::test_nll_by_sequence};

void save_baselines(const std::vector<Baseline>& baselines, Archive& archive) {
  std::vector<double> values;
  for (std::size_t k = 0; k < baselines.size(); ++k) {
    archive.texts[numbered("baseline", k)] = baselines[k].name;
    archive.texts[numbered("baseline set", k)] = baselines[k].dataset;
    for (const auto figure : figures) values.push_back(baselines[k].*figure);
  }
  const Index count = static_cast<Index>(baselines.size());
  archive.doubles["baselines"] = Tensor<double>::from({count, std::ssize(figures)}, values);
}

std::vector<Baseline> load_baselines(const Archive& archive) {
  const Tensor<double>& values = archive.tensor<double>("baselines");
  std::vector<Baseline> baselines(static_cast<std::size_t>(values.shape()[0]));
  for (std::size_t k = 0; k < baselines.size(); ++k) {
    baselines[k].name = archive.text(numbered("baseline", k));
    baselines[k].dataset = archive.text(numbered("baseline set", k));
    const double* row = values.data() + k * std::size(figures);
    for (const auto figure : figures) baselines[k].*figure = *row++;
  }
  return baselines;
}

void save_rolls(const std::vector<PianoRoll>& rolls, Archive& archive) {
  archive.counters["rolls"] = std::ssize(rolls);
  for (std::size_t k = 0; k < rolls.size(); ++k) {
    const std::string name = numbered("roll", k);
    archive.texts[name + " set"] = rolls[k].dataset;
    archive.texts[name + " cell"] = rolls[k].cell;
    archive.texts[name + " sequence"] = rolls[k].sequence;
    archive.counters[name + " lowest_pitch"] = rolls[k].lowest_pitch;
    archive.floats[name + "/notes"] = rolls[k].notes;
    archive.floats[name + "/expected"] = rolls[k].expected;
  }
}

std::vector<PianoRoll> load_rolls(const Archive& archive) {
  std::vector<PianoRoll> rolls(static_cast<std::size_t>(archive.counter("rolls")));
  for (std::size_t k = 0; k < rolls.size(); ++k) {
    const std::string name = numbered("roll", k);
    rolls[k].dataset = archive.text(name + " set");
    rolls[k].cell = archive.text(name + " cell");
    rolls[k].sequence = archive.text(name + " sequence");
    rolls[k].lowest_pitch = static_cast<int>(archive.counter(name + " lowest_pitch"));
    rolls[k].notes = archive.tensor<float>(name + "/notes");
    rolls[k].expected = archive.tensor<float>(name + "/expected");
  }
  return rolls;
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
  std::vector<std::pair<std::string, std::string>> pairs(
      static_cast<std::size_t>(archive.counter(name)));
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    pairs[k] = {archive.text(numbered(name, k) + " name"),
                archive.text(numbered(name, k) + " value")};
  }
  return pairs;
}

}  // namespace

Archive study_archive(const StudyResults& results, const std::vector<std::string>& keys) {
  Archive archive;
  archive.texts["study"] = results.study_yaml;
  archive.counters["notes"] = std::ssize(results.dataset_notes);
  for (std::size_t k = 0; k < results.dataset_notes.size(); ++k) {
    archive.texts[numbered("note", k)] = results.dataset_notes[k];
  }
  save_pairs("machine", results.machine, archive);
  save_pairs("cell", results.cell_texts, archive);
  archive.counters["trials"] = std::ssize(keys);
  for (std::size_t k = 0; k < keys.size(); ++k) archive.texts[numbered("trial", k)] = keys[k];
  save_baselines(results.baselines, archive);
  save_rolls(results.piano_rolls, archive);
  return archive;
}

StudyResults results_of(const std::map<std::string, Archive>& archives) {
  const auto find = [&](const std::string& key) -> const Archive& {
    const auto found = archives.find(key);
    if (found == archives.end()) fail_input("the checkpoint has no group '{}'", key);
    return found->second;
  };
  const Archive& archive = find(study_key);
  StudyResults results;
  results.study_yaml = archive.text("study");
  const StudyOptions options = parse_study(results.study_yaml, "the checkpoint's study", {});
  results.study = options.name;
  results.description = options.description;
  results.published = options.published;
  for (std::int64_t k = 0; k < archive.counter("notes"); ++k) {
    results.dataset_notes.push_back(archive.text(numbered("note", static_cast<std::size_t>(k))));
  }
  results.machine = load_pairs("machine", archive);
  results.cell_texts = load_pairs("cell", archive);
  for (std::int64_t k = 0; k < archive.counter("trials"); ++k) {
    const std::string& key = archive.text(numbered("trial", static_cast<std::size_t>(k)));
    results.trials.push_back(load_record(find(key)));
  }
  results.baselines = load_baselines(archive);
  results.piano_rolls = load_rolls(archive);
  return results;
}

}  // namespace carousel
