#include "cli/sample_command.hpp"

#include <cstdio>

#include "data/midi.hpp"

namespace carousel {

int sample_command(CellRegistry& registry, SampleRequest request, const CommonOptions& common) {
  request.data_dir = common.data_dir;
  const SampledMusic music = sample_run(registry, request);
  const TrialRecord& trial = music.trial;
  const std::filesystem::path file =
      common.out.empty()
          ? request.run / fmt::format("{}-{}-{}.mid", trial.dataset, trial.cell, request.seed)
          : std::filesystem::path(common.out);
  write_midi(file, music.frames, music.lowest_pitch);
  if (!common.quiet) {
    std::printf(
        "%s, hidden size %d, trained on %s with seed %llu: valid %.3f nats per step at epoch %d\n"
        "%lld steps after %s: %.2f notes a step, %.2f in the training split\nwritten: %s\n",
        trial.name().c_str(), trial.hidden, trial.dataset.c_str(),
        static_cast<unsigned long long>(trial.seed), trial.valid_nll, trial.best_epoch,
        static_cast<long long>(request.steps),
        request.prime == 0 ? "silence"
                           : fmt::format("the first {} of a test sequence", request.prime).c_str(),
        music.notes_a_step, music.notes_a_step_in_training, file.c_str());
  }
  return 0;
}

}  // namespace carousel
