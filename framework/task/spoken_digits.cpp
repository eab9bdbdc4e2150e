// Which of ten digits somebody says, in the Free Spoken Digit Dataset
// (github.com/Jakobovski/free-spoken-digit-dataset). A step is a frame of log-mel energies
// (data/log_mel.hpp).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <set>

#include "data/data_sets.hpp"
#include "data/log_mel.hpp"
#include "data/recordings.hpp"
#include "io/digest.hpp"
#include "task/classification.hpp"
#include "task/entries.hpp"

namespace carousel {
namespace {

constexpr Index digits = 10;

struct SpokenDigit {
  Index digit = 0;
  std::vector<float> frames;  // [steps, mels]
};

struct SpokenDigits {
  std::array<std::vector<SpokenDigit>, 3> parts;  // train, valid, test
  Index mels = 0;
  std::string digest;  // of the recordings

  const SpokenDigit& at(Split split, ExampleId id) const {
    return parts[static_cast<std::size_t>(split)][static_cast<std::size_t>(id)];
  }
  Index size(Split split) const { return std::ssize(parts[static_cast<std::size_t>(split)]); }
  Index steps(Split split, ExampleId id) const { return std::ssize(at(split, id).frames) / mels; }
};

std::string digest_of(const std::vector<Recording>& recordings) {
  Sha256 digest;
  for (const Recording& r : recordings) {
    digest.add(fmt::format("{}\t{}\t{}\t{}\n", split_names[r.split], r.digit, r.speaker, r.sha256));
  }
  return digest.hex();
}

// Makes all that a speaker said the test split, and what others said there is not used.
void leave_out(const std::string& speaker, std::vector<Recording>& recordings) {
  std::set<std::string> speakers;
  for (const Recording& r : recordings) speakers.insert(r.speaker);
  if (!speakers.contains(speaker)) {
    fail_input("speaker is '{}'{}, expected one of those in split.tsv: {}", speaker,
               did_you_mean(speaker, {speakers.begin(), speakers.end()}),
               fmt::join(speakers, ", "));
  }
  constexpr std::size_t test = 2;
  std::erase_if(recordings,
                [&](const Recording& r) { return r.split == test && r.speaker != speaker; });
  for (Recording& r : recordings) {
    if (r.speaker == speaker) r.split = test;
  }
}

// Less the mean of each element over all training frames, divided by its deviation there.
void standardise(SpokenDigits& set, const std::string& data) {
  const auto mels = static_cast<std::size_t>(set.mels);
  for (std::size_t mel = 0; mel < mels; ++mel) {
    double count = 0.0, sum = 0.0, squares = 0.0;
    const auto each = [&](std::vector<SpokenDigit>& part, auto&& f) {
      for (SpokenDigit& spoken : part) {
        for (std::size_t k = mel; k < spoken.frames.size(); k += mels) f(spoken.frames[k]);
      }
    };
    each(set.parts[0], [&](float x) { count += 1.0, sum += x; });
    const double mean = sum / count;
    each(set.parts[0], [&](float x) { squares += (x - mean) * (x - mean); });
    const double deviation = std::sqrt(squares / count);
    if (!(deviation > 1e-6)) {
      fail_input("{}: filter {} of {} hears the same in all of the training split", data, mel,
                 set.mels);
    }
    for (auto& part : set.parts) {
      each(part, [&](float& x) { x = static_cast<float>((x - mean) / deviation); });
    }
  }
}

void add_frames(SpokenDigits& set, const std::vector<Recording>& recordings,
                const LogMelForm& form) {
  const LogMel log_mel(form);
  for (const Recording& r : recordings) {
    if (log_mel.frames(std::ssize(r.samples)) == 0) {
      fail_input("{}: got {} samples, expected at least the {} of a window; leave it out", r.file,
                 r.samples.size(), form.window);
    }
    set.parts[r.split].push_back({r.digit, log_mel(r.samples)});
  }
}

LogMelForm form_of(const TaskOptions& options) {
  constexpr Index samples_of_a_millisecond = recording_rate / 1000;
  LogMelForm form;
  form.sample_rate = recording_rate;
  form.window = options.integer("window") * samples_of_a_millisecond;
  form.hop = options.integer("hop") * samples_of_a_millisecond;
  form.mels = options.integer("mels");
  return form;
}

std::shared_ptr<const SpokenDigits> load(const TaskOptions& options, const DataSource& data) {
  const std::string& name = options.text("data");
  const std::string& speaker = options.text("speaker");
  std::vector<Recording> recordings =
      read_recordings(find_data(name, DataKind::recordings, data.folder));
  auto set = std::make_shared<SpokenDigits>();
  set->mels = options.integer("mels");
  set->digest = digest_of(recordings);
  if (!speaker.empty()) leave_out(speaker, recordings);
  add_frames(*set, recordings, form_of(options));
  for (std::size_t k = 0; k < split_names.size(); ++k) {
    if (set->parts[k].empty()) {
      fail_input("{}: the split {} holds no recording{}", name, split_names[k],
                 speaker.empty() ? "" : " when " + speaker + " is left out");
    }
  }
  standardise(*set, name);
  return set;
}

// The mean frame of each of so many equal parts of a recording, one after the other.
std::vector<float> means(const SpokenDigits& set, Split split, ExampleId id, Index parts) {
  const Index steps = set.steps(split, id);
  const float* frames = set.at(split, id).frames.data();
  std::vector<float> all;
  for (Index part = 0; part < parts; ++part) {
    const Index from = part * steps / parts;
    const Index to = std::max(from + 1, (part + 1) * steps / parts);
    for (Index mel = 0; mel < set.mels; ++mel) {
      float sum = 0.0f;
      for (Index t = from; t < to; ++t) sum += frames[t * set.mels + mel];
      all.push_back(sum / static_cast<float>(to - from));
    }
  }
  return all;
}

double distance(std::span<const float> a, std::span<const double> b) {
  double squares = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) squares += (a[k] - b[k]) * (a[k] - b[k]);
  return std::sqrt(squares);
}

// The digit whose mean over the training split is the nearest one. Its probabilities are a softmax
// of the distances to all of them, below zero.
Baseline nearest_mean(const SpokenDigits& set, const ClassificationProblem& problem, Index parts) {
  const auto size = static_cast<std::size_t>(parts * set.mels);
  std::vector<std::vector<double>> mean(digits, std::vector<double>(size));
  std::vector<double> count(digits);
  for (ExampleId id = 0; id < set.size(Split::train); ++id) {
    const std::vector<float> x = means(set, Split::train, id, parts);
    const auto digit = static_cast<std::size_t>(set.at(Split::train, id).digit);
    count[digit] += 1.0;
    for (std::size_t k = 0; k < size; ++k) mean[digit][k] += (x[k] - mean[digit][k]) / count[digit];
  }
  return {"nearest mean", figures_of(problem, [&](Split split, ExampleId id) {
            const std::vector<float> x = means(set, split, id, parts);
            std::vector<double> outputs;
            for (const auto& m : mean) outputs.push_back(-distance(x, m));
            return outputs;
          })};
}

Baseline linear(const SpokenDigits& set, const ClassificationProblem& problem, Index parts) {
  const auto features = [&](Split split, ExampleId id) {
    Features all;
    for (const float x : means(set, split, id, parts)) all.emplace_back(std::ssize(all), x);
    return all;
  };
  return linear_classifier("linear classifier", problem, parts * set.mels, features);
}

// Of a baseline for each number of parts the one that is right most often in validation.
Baseline best_in_parts(const ClassificationProblem& problem,
                       const std::function<Baseline(Index parts)>& baseline) {
  const Metric& accuracy = problem.metrics()[0];
  Baseline best = baseline(1);
  for (const Index parts : {2, 4, 8, 16}) {
    Baseline other = baseline(parts);
    if (accuracy.prefers(other.figures[accuracy.name][Split::valid],
                         best.figures[accuracy.name][Split::valid])) {
      best = std::move(other);
    }
  }
  return best;
}

std::unique_ptr<Problem> set_up(const TaskOptions& options, const DataSource& data) {
  const auto set = load(options, data);
  const std::string& speaker = options.text("speaker");
  ClassificationForm form;
  form.name = name_of_data(options.text("data")) + (speaker.empty() ? "" : "_without_" + speaker);
  form.description = fmt::format(
      "spoken digits as {} log-mel energies of {} ms every {} ms{}", options.integer("mels"),
      options.integer("window"), options.integer("hop"),
      speaker.empty() ? "" : fmt::format(", all that {} said is the test split", speaker));
  form.digest = set->digest;
  form.width = set->mels;
  form.pool = pool_of(options);
  form.sight = Sight::whole;
  form.classes = digits;
  for (Index k = 0; k < digits; ++k) form.class_names.push_back(std::to_string(k));
  form.sizes = {set->size(Split::train), set->size(Split::valid), set->size(Split::test)};
  form.steps = [set](Split split, ExampleId id) { return set->steps(split, id); };
  form.x = [set](Split split, ExampleId id) { return set->at(split, id).frames; };
  form.label = [set](Split split, ExampleId id) { return set->at(split, id).digit; };
  form.baselines = [set](const ClassificationProblem& problem) {
    const auto with = [&](auto&& baseline) {
      return best_in_parts(problem, [&](Index parts) { return baseline(*set, problem, parts); });
    };
    return std::vector{with(nearest_mean), with(linear)};
  };
  return std::make_unique<ClassificationProblem>(std::move(form));
}

}  // namespace

Task spoken_digits_task() {
  return {"spoken_digits",
          "The digit that somebody says",
          "Free Spoken Digit Dataset, github.com/Jakobovski/free-spoken-digit-dataset",
          {data_option("data", "speech_digits", "the recordings (docs/data.md)"),
           text_option("speaker", "",
                       "all that this speaker said is the test split; empty: the table's split"),
           integer_option("mels", 40, 1, 1000, "log-mel energies of a step"),
           integer_option("window", 25, 1, 1000, "milliseconds of sound that a step reads"),
           integer_option("hop", 10, 1, 1000, "milliseconds from a step to the next"),
           pool_option("mean")},
          set_up};
}

}  // namespace carousel
