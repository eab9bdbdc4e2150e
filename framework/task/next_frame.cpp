// Polyphonic music and raw audio: each next frame from the frames before it (Boulanger-Lewandowski
// et al. 2012; Chung et al. 2014, arXiv:1412.3555).
#include <fmt/format.h>

#include <filesystem>

#include "data/data_sets.hpp"
#include "data/datasets.hpp"
#include "data/music.hpp"
#include "io/files.hpp"
#include "task/count_models.hpp"
#include "task/entries.hpp"
#include "task/next_frame_model.hpp"

namespace carousel {
namespace {

class NextFrame final : public Problem {
 public:
  NextFrame(SequenceSet set, const RollOptions& roll) : set_(std::move(set)), roll_(roll) {}

  std::string name() const override { return set_.name; }
  std::string description() const override {
    const auto part = [](const char* name, const SequenceSplit& split) {
      return fmt::format("{} {} sequences ({} steps)", name, split.sequences(), split.total());
    };
    return fmt::format("{} ({}): {}, {}, {}; {} outputs a step. Steps {} to T are scored.",
                       set_.name, set_.source, part("train", set_.train), part("valid", set_.valid),
                       part("test", set_.test), set_.train.width, set_.train.context + 1);
  }
  std::string digest() const override { return digest_of(set_); }
  Index size(Split split) const override { return part_of(set_, split).sequences(); }
  Index length(Split split, ExampleId id) const override {
    return part_of(set_, split).lengths[static_cast<std::size_t>(id)];
  }
  Index terms(Split split, ExampleId id) const override { return part_of(set_, split).scored(id); }
  const std::vector<Metric>& metrics() const override { return frame_metrics(); }
  std::unique_ptr<Model> model(Recurrence& recurrence) const override {
    return std::make_unique<NextFrameModel>(recurrence, set_, roll_);
  }
  std::vector<Baseline> baselines() const override { return count_models(set_); }

 private:
  SequenceSet set_;
  RollOptions roll_;
};

// The set of that name, or where it is nowhere on this machine the fallback.
SequenceSet load(const TaskOptions& options, const DataSource& data) {
  const std::string& name = options.text("data");
  const std::string& fallback = options.text("fallback");
  const Index width = options.integer("width");
  if (name.empty()) fail_input("data is empty, expected the name of a data set, such as chords");
  if (!fallback.empty()) find_set(fallback, DataKind::frames);
  if (is_path(name)) return load_set(name, data.folder, width);
  const DataSet& set = find_set(name, DataKind::frames);
  try {
    return load_set(name, data.folder, width);
  } catch (const InputError& error) {
    for (const auto& place : places_of(set, data.folder)) {
      if (is_there(place)) throw;  // found, but damaged: never replaced in silence
    }
    if (fallback.empty() || name == fallback) throw;
    data.warn(fmt::format("{}\nGoing on with '{}' instead.", error.what(), fallback));
    return load_set(fallback, data.folder, width);
  }
}

std::unique_ptr<Problem> set_up(const TaskOptions& options, const DataSource& data) {
  SequenceSet set = load(options, data);
  const RollOptions roll{options.integer("roll_sequence"), options.integer("roll_steps"),
                         lowest_midi_pitch(options.integer("width"))};
  if (roll.sequence > set.test.sequences()) {
    fail_input("roll_sequence is {}, but {} has {} test sequences", roll.sequence, set.name,
               set.test.sequences());
  }
  return next_frame_problem(std::move(set), roll);
}

}  // namespace

std::unique_ptr<Problem> next_frame_problem(SequenceSet set, const RollOptions& roll) {
  return std::make_unique<NextFrame>(std::move(set), roll);
}

Task next_frame_task() {
  constexpr std::int64_t many = 1 << 24;
  return {
      "next_frame",
      "The next frame of music or of raw audio, from the frames before it",
      "Chung et al. 2014, arXiv:1412.3555",
      {data_option("data", "", "the data set (docs/data.md)"),
       text_option("fallback", "", "a generated set, for machines without that one"),
       integer_option("width", 0, 0, many, "of music: frames by MIDI pitch, this many; 0: 88 keys"),
       integer_option("roll_sequence", 1, 0, many,
                      "the test sequence whose piano roll the report shows; 0: none"),
       integer_option("roll_steps", 100, 1, many, "how many of its steps")},
      set_up};
}

}  // namespace carousel
