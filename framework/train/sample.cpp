#include "train/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "cell/changed_cell.hpp"
#include "data/datasets.hpp"
#include "data/music.hpp"
#include "io/cell_file.hpp"
#include "tensor/random.hpp"
#include "train/saved_results.hpp"
#include "train/study_options.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

void expect_binary(const FrameTask& task, const std::string& what) {
  if (task.outputs != OutputKind::bernoulli) {
    fail_input(
        "{} has frames of real numbers; only sets with frames of zeros and ones, such as "
        "music, can be sampled",
        what);
  }
}

// A model with its states, which reads frames and says what comes next.
template <class T>
class Predictor {
 public:
  Predictor(const NextFrameModel& model, const std::vector<Tensor<T>>& parameters)
      : model_(model), parameters_(parameters) {}

  // x: [T, 1, context width]. Probabilities of the frame after the last one.
  std::vector<double> read(const Tensor<T>& x) {
    tape_.clear();
    std::vector<Var> parameters, states;
    for (const auto& value : parameters_) parameters.push_back(tape_.constant(value));
    for (const auto& state : states_) states.push_back(tape_.constant(state));
    const StackResult result = model_.step(tape_, parameters, tape_.constant(x), states);
    states_.clear();
    for (const Var state : result.states) states_.push_back(tape_.value(state));
    const Tensor<T> logits = tape_.value(result.outputs);
    const Index width = logits.shape()[2];
    std::vector<double> probabilities;
    for (const T logit : logits.values().last(static_cast<std::size_t>(width))) {
      probabilities.push_back(1.0 / (1.0 + std::exp(-static_cast<double>(logit))));
    }
    return probabilities;
  }

 private:
  const NextFrameModel& model_;
  const std::vector<Tensor<T>>& parameters_;
  Tape<T> tape_;
  std::vector<Tensor<T>> states_;
};

// The windows of `context` frames that end at the frames [first, last) of `frames`, one a step.
template <class T>
Tensor<T> windows(const std::vector<float>& frames, const FrameTask& task, Index first,
                  Index last) {
  const Index row = task.context * task.width;
  Tensor<T> x = Tensor<T>::uninitialised({last - first, 1, row});
  for (Index t = first; t < last; ++t) {
    const float* window = frames.data() + (t + 1 - task.context) * task.width;
    std::copy_n(window, row, x.data() + (t - first) * row);
  }
  return x;
}

}  // namespace

template <class T>
SampledFrames sample_frames(const NextFrameModel& model, const FrameTask& task,
                            const std::vector<Tensor<T>>& parameters, const Tensor<float>& start,
                            Index steps, std::uint64_t seed) {
  expect_binary(task, "the model");
  if (start.shape().rank() != 2 || start.shape()[1] != task.width || steps < 1) {
    fail_input("sample: got a start of {} and {} steps, expected [frames, {}] and 1 or more",
               start.shape().to_string(), steps, task.width);
  }
  const Index silence = std::max<Index>(task.context - start.shape()[0], 0);
  std::vector<float> all(static_cast<std::size_t>(silence * task.width), 0.0f);
  all.insert(all.end(), start.values().begin(), start.values().end());
  const Index before = silence + start.shape()[0];

  SampledFrames sampled{Tensor<float>::uninitialised({steps, task.width}),
                        Tensor<float>::uninitialised({steps, task.width})};
  Predictor<T> predictor(model, parameters);
  Index read = task.context - 1;  // frames whose windows the model has seen
  for (Index t = 0; t < steps; ++t) {
    const Index known = before + t;
    const std::vector<double> next = predictor.read(windows<T>(all, task, read, known));
    read = known;
    Random random(seed, Random::hash("sampled frame", static_cast<std::uint64_t>(t)));
    for (Index k = 0; k < task.width; ++k) {
      const double probability = next[static_cast<std::size_t>(k)];
      const float value = random.uniform() < probability ? 1.0f : 0.0f;
      all.push_back(value);
      sampled.frames.data()[t * task.width + k] = value;
      sampled.probabilities.data()[t * task.width + k] = static_cast<float>(probability);
    }
  }
  return sampled;
}

template SampledFrames sample_frames(const NextFrameModel&, const FrameTask&,
                                     const std::vector<Tensor<float>>&, const Tensor<float>&, Index,
                                     std::uint64_t);
template SampledFrames sample_frames(const NextFrameModel&, const FrameTask&,
                                     const std::vector<Tensor<double>>&, const Tensor<float>&,
                                     Index, std::uint64_t);

namespace {

// A finished trial with the archive that holds its parameters.
struct Trained {
  TrialRecord record;
  const Archive* archive = nullptr;
};

bool is_asked_for(const TrialRecord& record, const SampleRequest& request) {
  const bool cell =
      request.cell.empty() || request.cell == record.cell || request.cell == record.name();
  return cell && (request.dataset.empty() || request.dataset == record.dataset);
}

Trained best_trial(const std::map<std::string, Archive>& archives, const SampleRequest& request) {
  std::vector<Trained> trials;
  std::set<std::string> there, datasets;
  for (const auto& [key, archive] : archives) {
    if (key == study_key) continue;
    const TrialRecord record = load_record(archive);
    if (record.status != "done") continue;
    there.insert(fmt::format("{} on {}", record.name(), record.dataset));
    if (!is_asked_for(record, request)) continue;
    datasets.insert(record.dataset);
    trials.push_back({record, &archive});
  }
  if (trials.empty()) {
    fail_input("{}: no trained model of {} on {}; finished: {}", request.run.string(),
               request.cell.empty() ? "any cell" : "'" + request.cell + "'",
               request.dataset.empty() ? "any data set" : "'" + request.dataset + "'",
               there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", ")));
  }
  if (datasets.size() > 1) {
    fail_input("{}: there are models of several data sets ({}); choose one with --dataset",
               request.run.string(), fmt::join(datasets, ", "));
  }
  // Of the draws of a search the best one alone keeps its parameters.
  return *std::ranges::min_element(trials, {}, [](const Trained& trial) {
    return std::pair(!trial.record.selected, trial.record.valid_nll);
  });
}

const StudyCell& cell_of(const StudyOptions& options, CellRegistry& registry,
                         const TrialRecord& record) {
  for (const StudyCell& cell : options.cells) {
    if (find_or_load(registry, cell.name).name == record.cell && cell.changes() == record.variant &&
        (cell.hidden == 0 || cell.hidden == record.hidden)) {
      return cell;
    }
  }
  fail_input("study.yaml has no cell {} of hidden size {}, which the checkpoint has", record.name(),
             record.hidden);
}

// The width is that of the study's data set, or of the one that this stands in for.
int width_of(const StudyOptions& options, const std::string& dataset) {
  for (const StudyDataset& d : options.datasets) {
    if (d.name == dataset || d.fallback == dataset) return d.width;
  }
  fail_input("study.yaml has no data set '{}', which the checkpoint has", dataset);
}

Tensor<float> first_frames(const SequenceSplit& split, Index count) {
  if (count < 0 || count > split.lengths[0]) {
    fail_input("got {} frames to start from, expected 0 to {}, the first test sequence", count,
               split.lengths[0]);
  }
  const float* first = split.frame(0, 0);
  return Tensor<float>::from({count, split.width}, {first, first + count * split.width});
}

template <class Frames>
double notes_a_step(const Frames& frames, Index width) {
  double notes = 0.0;
  for (const float note : frames) notes += note;
  return notes * static_cast<double>(width) / static_cast<double>(frames.size());
}

}  // namespace

SampledMusic sample_run(CellRegistry& registry, const SampleRequest& request) {
  const auto study = request.run / "study.yaml";
  if (!std::filesystem::exists(study)) {
    fail_input("{}: this is no run folder, it has no study.yaml", request.run.string());
  }
  const StudyOptions options = read_study(study, {});
  const std::map<std::string, Archive> archives = read_archives(request.run / "checkpoint.h5");
  const Trained best = best_trial(archives, request);
  const int width = width_of(options, best.record.dataset);
  const SequenceSet set = load_set(best.record.dataset, request.data_dir, width);
  expect_binary(set.task(), "the data set '" + set.name + "'");
  const StudyCell& of_study = cell_of(options, registry, best.record);
  const Cell cell =
      changed_cell(find_or_load(registry, of_study.name), of_study.hyper, of_study.variant);
  const NextFrameModel model(cell, set.task(), best.record.hidden, options.model.depth);

  const Tensor<float> start = first_frames(set.test, request.prime);
  const auto draw = [&]<class T>(T) {
    return sample_frames(model, set.task(), saved_parameters<T>(model, *best.archive), start,
                         request.steps, request.seed)
        .frames;
  };
  const Tensor<float> drawn = best.archive->text("precision") == "double" ? draw(0.0) : draw(0.0f);

  std::vector<float> all(start.values().begin(), start.values().end());
  all.insert(all.end(), drawn.values().begin(), drawn.values().end());
  return {best.record, Tensor<float>::from({request.prime + request.steps, set.train.width}, all),
          lowest_midi_pitch(width), notes_a_step(drawn.values(), set.train.width),
          notes_a_step(set.train.frames, set.train.width)};
}

}  // namespace carousel
