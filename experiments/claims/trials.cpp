#include "trials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "csv_file.hpp"
#include "tensor/error.hpp"

namespace carousel::claims {
namespace {

/// What tells a trial from all others of its study.
std::string key_of(const PlacedRow& at) {
  std::string all;
  for (const char* column : {"cell", "variant", "dataset", "hidden", "setting", "seed", "draw"}) {
    all += at.text(column) + '\n';
  }
  return all;
}

/// The metric that is the loss: the one for which curves have a training figure.
std::string loss_of(const CsvRow& row, const std::string& place) {
  for (const auto& [column, value] : row) {
    if (column.starts_with("train_") && !value.empty()) return column.substr(6);
  }
  fail_input("{}: there is no figure in a column 'train_LOSS'", place);
}

bool has_setting(const std::string& all, const std::string& one) {
  std::istringstream in(all);
  for (std::string word; in >> word;) {
    if (word == one) return true;
  }
  return false;
}

}  // namespace

Trials::Trials(const std::filesystem::path& folder) : name_(folder.string()) {
  std::map<std::string, std::vector<Epoch>> curves;
  std::map<std::string, std::string> losses;  // by key: tasks of a study may have different ones
  for_each_row(folder / "curves.csv", [&](const PlacedRow& at) {
    std::string& loss = losses[key_of(at)];
    if (loss.empty()) loss = loss_of(at.row, at.place);
    curves[key_of(at)].push_back(
        {at.number("updates"), at.number("seconds"), at.number("valid_" + loss)});
  });
  for_each_row(folder / "results.csv", [&](const PlacedRow& at) {
    if (at.text("selected") != "1") return;
    Entry& entry = entries_.emplace_back();
    entry.dataset = at.text("dataset");
    entry.cell = at.text("cell");
    if (!at.text("variant").empty()) entry.cell += "+" + at.text("variant");
    entry.setting = at.text("setting");
    entry.done = at.text("status") == "done";
    if (!entry.done) return;
    const std::string& loss = losses[key_of(at)];
    if (loss.empty()) fail_input("{}: the trial has no curve in curves.csv", at.place);
    entry.trial = {static_cast<std::uint64_t>(at.number("seed")),
                   at.number("best_epoch"),
                   at.number("memory"),
                   at.number("train_" + loss),
                   at.number("valid_" + loss),
                   at.number("test_" + loss),
                   curves[key_of(at)]};
  });
}

std::map<std::uint64_t, Trial> Trials::of(const std::string& dataset, const Side& side) const {
  std::map<std::uint64_t, Trial> found;
  for (const Entry& entry : entries_) {
    const bool meant =
        entry.done && entry.dataset == dataset && entry.cell == side.cell &&
        std::all_of(side.settings.begin(), side.settings.end(),
                    [&](const std::string& one) { return has_setting(entry.setting, one); });
    if (!meant) continue;
    if (!found.emplace(entry.trial.seed, entry.trial).second) {
      fail_input("{}: {} has two trials of seed {} on {}; further settings must tell them apart",
                 name_, side.cell, entry.trial.seed, dataset);
    }
  }
  if (found.empty()) {
    fail_input("{}: {} with {} has no trial on {} that ended", name_, side.cell,
               fmt::join(side.settings, " "), dataset);
  }
  return found;
}

}  // namespace carousel::claims
