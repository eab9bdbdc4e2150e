#include "cli/sample_command.hpp"

#include <cstdio>

#include "data/midi.hpp"

namespace carousel {

int sample_command(CellRegistry& registry, SampleOfRun wanted, const CommonOptions& common) {
  wanted.data_dir = common.data_dir;
  const RunSample drawn = sample_run(registry, wanted);
  const TrialRecord& trial = drawn.trial;
  const Exhibit& exhibit = drawn.sample.exhibit;
  if (exhibit.kind != "roll") fail_bug("a sample of kind '{}' has no file format", exhibit.kind);
  const std::filesystem::path file =
      common.out.empty()
          ? wanted.run / fmt::format("{}-{}-{}.mid", trial.dataset, trial.cell, wanted.request.seed)
          : std::filesystem::path(common.out);
  write_midi(file, exhibit.arrays.at("notes"), static_cast<int>(exhibit.numbers.at("lowest")));
  if (!common.quiet) {
    std::printf(
        "%s, hidden size %d, trained on %s with seed %llu: valid %.3f at epoch %d\n%s\n"
        "written: %s\n",
        trial.name().c_str(), trial.hidden, trial.dataset.c_str(),
        static_cast<unsigned long long>(trial.seed), trial.chosen_by(), trial.best_epoch,
        drawn.sample.note.c_str(), file.c_str());
  }
  return 0;
}

}  // namespace carousel
