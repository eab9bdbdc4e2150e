#include "task/generated.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace carousel {
namespace {

using Scored = SequenceForm::Scored;

constexpr std::uint64_t data_seed = 1;  // validation and test examples are the same in every study

const char* scored_text(Scored scored) {
  switch (scored) {
    case Scored::last: return "the last step is scored";
    case Scored::end: return "the steps of the answer are scored";
    case Scored::every: return "every step is scored";
  }
  return "";
}

// Whether all possible classes are more active than all others.
bool possible_first(std::span<const double> logits, std::uint32_t possible) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (std::size_t k = 0; k < logits.size(); ++k) {
    if (possible >> k & 1) {
      least = std::min(least, logits[k]);
    } else {
      most = std::max(most, logits[k]);
    }
  }
  return least > most;
}

const std::vector<Metric>& value_metrics() {
  static const std::vector<Metric> metrics = {
      {{"error", "mean squared error", "", Better::lower, 5},
       {"squared", "terms"},
       mean_over_terms},
      {{"success", "sequences without a wrong value", "", Better::higher, 3, 0.99},
       {"right", "sequences"},
       mean_over_terms}};
  return metrics;
}

const std::vector<Metric>& class_metrics() {
  static const std::vector<Metric> metrics = {
      {{"nll", "NLL", "nats per scored step", Better::lower, 4},
       {"nats", "terms"},
       mean_over_terms},
      {{"error", "wrong steps", "", Better::lower, 4}, {"wrong", "terms"}, mean_over_terms},
      {{"success", "sequences without a wrong step", "", Better::higher, 3, 0.99},
       {"right", "sequences"},
       mean_over_terms}};
  return metrics;
}

// Outputs that depend on the number of the scored step alone, one after the other; steps beyond
// them get the last ones.
Baseline constant_outputs(const GeneratedProblem& problem, const char* name,
                          const std::vector<double>& outputs) {
  return {name, figures_of(problem, [&](Split split, ExampleId id) {
            const auto size =
                static_cast<std::size_t>(problem.terms(split, id) * problem.form().outputs());
            const auto last = outputs.end() - problem.form().outputs();
            std::vector<double> own(
                outputs.begin(),
                outputs.begin() + static_cast<std::ptrdiff_t>(std::min(size, outputs.size())));
            while (own.size() < size) own.insert(own.end(), last, outputs.end());
            return own;
          })};
}

Baseline mean_target(const GeneratedProblem& problem) {
  double mean = 0.0;
  const Index examples = problem.size(Split::train);
  for (ExampleId id = 0; id < examples; ++id) {
    mean += static_cast<double>(problem.example(Split::train, id).targets[0]) /
            static_cast<double>(examples);
  }
  return constant_outputs(problem, "mean target", {mean});
}

// Log frequencies of the classes at each scored step, and behind them those of all steps. Half a
// count is added to each, by the frequencies of all steps, so that nothing unseen is impossible.
Baseline class_frequencies(const GeneratedProblem& problem) {
  const auto classes = static_cast<std::size_t>(problem.form().classes);
  std::vector<double> counts, all(classes, 0.5);
  for (ExampleId id = 0; id < problem.size(Split::train); ++id) {
    const std::vector<float> targets = problem.example(Split::train, id).targets;
    counts.resize(std::max(counts.size(), targets.size() * classes));
    for (std::size_t k = 0; k < targets.size(); ++k) {
      const auto target = static_cast<std::size_t>(targets[k]);
      counts[k * classes + target] += 1.0;
      all[target] += 1.0;
    }
  }
  const double total = std::accumulate(all.begin(), all.end(), 0.0);
  counts.resize(counts.size() + classes);
  for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += 0.5 * all[k % classes] / total;
  for (std::size_t k = 0; k < counts.size(); k += classes) {
    const std::span<double> step(counts.data() + k, classes);
    const double seen = std::accumulate(step.begin(), step.end(), 0.0);
    for (double& count : step) count = std::log(count / seen);
  }
  return constant_outputs(problem, "class frequencies by step", counts);
}

}  // namespace

std::vector<float> one_hot(std::span<const Index> symbols, Index count) {
  std::vector<float> x(symbols.size() * static_cast<std::size_t>(count));
  for (std::size_t t = 0; t < symbols.size(); ++t) {
    x[t * static_cast<std::size_t>(count) + static_cast<std::size_t>(symbols[t])] = 1.0f;
  }
  return x;
}

Index drawn(Random& random, Index count) {
  return static_cast<Index>(random.below(static_cast<std::uint64_t>(count)));
}

Index stretched(Random& random, Index length) { return length + drawn(random, length / 10 + 1); }

GeneratedProblem::GeneratedProblem(GeneratedForm form, const TaskOptions& options)
    : SequenceProblem(form),
      form_(std::move(form)),
      sizes_{options.integer("examples"), options.integer("valid"), options.integer("test")} {}

std::string GeneratedProblem::description() const {
  return fmt::format(
      "{}: {}. {} new training sequences an epoch, {} of validation, {} of test; {}.", form_.name,
      form_.description, sizes_[0], sizes_[1], sizes_[2], scored_text(form_.scored));
}

Random GeneratedProblem::numbers(Split split, ExampleId id) const {
  return {data_seed, Random::hash(form_.task, static_cast<std::uint64_t>(split),
                                  static_cast<std::uint64_t>(id))};
}

Index GeneratedProblem::length(Split split, ExampleId id) const {
  Random random = numbers(split, id);
  return form_.steps(random);
}

Index GeneratedProblem::terms(Split split, ExampleId id) const { return scored_steps(split, id); }

const std::vector<Metric>& GeneratedProblem::metrics() const {
  return form_.classes > 0 ? class_metrics() : value_metrics();
}

std::vector<Baseline> GeneratedProblem::baselines() const {
  return {form_.classes > 0 ? class_frequencies(*this) : mean_target(*this)};
}

SequenceExample GeneratedProblem::example(Split split, ExampleId id) const {
  Random random = numbers(split, id);
  return form_.example(random);
}

void GeneratedProblem::count(Split split, ExampleId id, std::span<const double> outputs,
                             Tally& tally) const {
  const SequenceExample example = this->example(split, id);
  const auto width = static_cast<std::size_t>(form_.outputs());
  double wrong = 0.0;
  for (std::size_t k = 0; k < example.targets.size(); ++k) {
    const auto own = outputs.subspan(k * width, width);
    const auto target = static_cast<double>(example.targets[k]);
    if (form_.classes > 0) {
      const auto label = static_cast<std::size_t>(target);
      tally.at("nats", id) += log_sum(own) - own[label];
      const std::uint32_t possible =
          example.possible.empty() ? std::uint32_t{1} << label : example.possible[k];
      wrong += possible_first(own, possible) ? 0.0 : 1.0;
    } else {
      tally.at("squared", id) += (own[0] - target) * (own[0] - target);
      wrong += std::abs(own[0] - target) < form_.tolerance ? 0.0 : 1.0;
    }
  }
  if (form_.classes > 0) tally.at("wrong", id) = wrong;
  tally.at("terms", id) = static_cast<double>(example.targets.size());
  tally.at("right", id) = wrong == 0.0 ? 1.0 : 0.0;
  tally.at("sequences", id) = 1.0;
}

std::vector<TaskOption> generated_options(std::vector<TaskOption> own) {
  constexpr std::int64_t many = 1 << 24;
  own.push_back(integer_option("examples", 1000, 1, many, "new training sequences of an epoch"));
  own.push_back(integer_option("valid", 500, 1, many, "sequences of the validation split"));
  own.push_back(integer_option("test", 2560, 1, many, "sequences of the test split"));
  return own;
}

}  // namespace carousel
