#include "cli/sample_command.hpp"

#include <cstdio>

#include "data/midi.hpp"
#include "io/files.hpp"

namespace carousel {
namespace {

std::string whose(const TrialRecord& trial) {
  return fmt::format("{}, hidden size {}, trained on {} with seed {}: valid {:.3f} at epoch {}",
                     trial.name(), trial.hidden, trial.dataset, trial.seed, trial.chosen_by(),
                     trial.best_epoch);
}

std::filesystem::path write_roll(const Exhibit& roll, const std::filesystem::path& otherwise,
                                 const CommonOptions& common) {
  auto file = common.out.empty() ? otherwise : std::filesystem::path(common.out);
  write_midi(file, roll.arrays.at("notes"), static_cast<int>(roll.numbers.at("lowest")));
  return file;
}

void print_now(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// A text was printed symbol by symbol. What is said of it goes to the standard error, so that the
// standard output holds the text alone.
void end_text(const Sample& drawn, const TrialRecord& trial, const CommonOptions& common) {
  const std::string whole = drawn.exhibit.texts.at("prime") + drawn.exhibit.texts.at("text");
  if (!whole.ends_with('\n')) print_now("\n");
  if (!common.out.empty()) write_text(common.out, whole);
  if (common.quiet) return;
  std::fprintf(stderr, "\n%s\n%s\n", whose(trial).c_str(), drawn.note.c_str());
}

}  // namespace

int sample_command(CellRegistry& registry, ModelOfRun wanted, SampleRequest request,
                   const CommonOptions& common) {
  wanted.data_dir = common.data_dir;
  request.stream = print_now;
  const OpenModel model = open_model(registry, wanted);
  const TrialRecord& trial = model.trial();
  const Sample drawn = model.sample(request);
  if (drawn.exhibit.kind == "text") {
    end_text(drawn, trial, common);
    return 0;
  }
  if (drawn.exhibit.kind != "roll") {
    fail_bug("a sample of kind '{}' has no file format", drawn.exhibit.kind);
  }
  const std::filesystem::path file = write_roll(
      drawn.exhibit,
      wanted.run / fmt::format("{}-{}-{}.mid", trial.dataset, trial.cell, request.seed), common);
  if (!common.quiet) {
    std::printf("%s\n%s\nwritten: %s\n", whose(trial).c_str(), drawn.note.c_str(), file.c_str());
  }
  return 0;
}

}  // namespace carousel
