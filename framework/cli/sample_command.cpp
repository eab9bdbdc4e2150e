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

std::filesystem::path write_roll(const RunSample& drawn, const SampleOfRun& wanted,
                                 const CommonOptions& common) {
  const Exhibit& exhibit = drawn.sample.exhibit;
  const std::filesystem::path file =
      common.out.empty() ? wanted.run / fmt::format("{}-{}-{}.mid", drawn.trial.dataset,
                                                    drawn.trial.cell, wanted.request.seed)
                         : std::filesystem::path(common.out);
  write_midi(file, exhibit.arrays.at("notes"), static_cast<int>(exhibit.numbers.at("lowest")));
  return file;
}

void print_now(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// A text was printed symbol by symbol. What is said of it goes to the standard error, so that the
// standard output holds the text alone.
void end_text(const RunSample& drawn, const CommonOptions& common) {
  const auto& texts = drawn.sample.exhibit.texts;
  const std::string whole = texts.at("prime") + texts.at("text");
  if (!whole.ends_with('\n')) print_now("\n");
  if (!common.out.empty()) write_text(common.out, whole);
  if (common.quiet) return;
  std::fprintf(stderr, "\n%s\n%s\n", whose(drawn.trial).c_str(), drawn.sample.note.c_str());
}

}  // namespace

int sample_command(CellRegistry& registry, SampleOfRun wanted, const CommonOptions& common) {
  wanted.data_dir = common.data_dir;
  wanted.request.stream = print_now;
  const RunSample drawn = sample_run(registry, wanted);
  if (drawn.sample.exhibit.kind == "text") {
    end_text(drawn, common);
    return 0;
  }
  if (drawn.sample.exhibit.kind != "roll") {
    fail_bug("a sample of kind '{}' has no file format", drawn.sample.exhibit.kind);
  }
  const std::filesystem::path file = write_roll(drawn, wanted, common);
  if (!common.quiet) {
    std::printf("%s\n%s\nwritten: %s\n", whose(drawn.trial).c_str(), drawn.sample.note.c_str(),
                file.c_str());
  }
  return 0;
}

}  // namespace carousel
