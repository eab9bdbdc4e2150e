#include "task/classification.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <numeric>

#include "tensor/interrupt.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

Index largest(std::span<const double> outputs) {
  return std::ranges::max_element(outputs) - outputs.begin();
}

// Log shares of the classes in the training split; half a count is added to each.
std::vector<double> log_shares(const ClassificationProblem& problem) {
  std::vector<double> counts(static_cast<std::size_t>(problem.form().classes), 0.5);
  for (ExampleId id = 0; id < problem.size(Split::train); ++id) {
    counts[static_cast<std::size_t>(problem.label(Split::train, id))] += 1.0;
  }
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  for (double& count : counts) count = std::log(count / total);
  return counts;
}

class LinearClassifier {
 public:
  LinearClassifier(Index features, Index classes)
      : classes_(static_cast<std::size_t>(classes)),
        weights_(static_cast<std::size_t>(features + 1) * classes_),
        squares_(weights_.size(), 1e-8) {}

  std::vector<double> outputs(const Features& features) const {
    std::vector<double> given(classes_);
    visit(features, [&](std::size_t at, double x) {
      for (std::size_t k = 0; k < classes_; ++k) given[k] += weights_[at + k] * x;
    });
    return given;
  }

  void learn(const Features& features, Index label) {
    constexpr double rate = 0.02;
    std::vector<double> slope = outputs(features);
    const double log_total = log_sum(slope);
    for (double& s : slope) s = std::exp(s - log_total);
    slope[static_cast<std::size_t>(label)] -= 1.0;
    visit(features, [&](std::size_t at, double x) {
      for (std::size_t k = 0; k < classes_; ++k) {
        const double g = slope[k] * x;
        squares_[at + k] += g * g;
        weights_[at + k] -= rate * g / std::sqrt(squares_[at + k]);
      }
    });
  }

 private:
  // Calls f(place of its weights, value) for each feature, and for the bias in front of them.
  template <class F>
  void visit(const Features& features, F&& f) const {
    f(0, 1.0);
    for (const auto& [feature, value] : features) {
      f(static_cast<std::size_t>(feature + 1) * classes_, static_cast<double>(value));
    }
  }

  std::size_t classes_;
  std::vector<double> weights_, squares_;
};

}  // namespace

ClassificationProblem::ClassificationProblem(ClassificationForm form)
    : SequenceProblem(form), form_(std::move(form)) {}

std::string ClassificationProblem::description() const {
  return fmt::format("{}: {}. Sequences: {} train, {} valid, {} test; {} classes.", form_.name,
                     form_.description, form_.sizes[0], form_.sizes[1], form_.sizes[2],
                     form_.classes);
}

const std::vector<Metric>& ClassificationProblem::metrics() const {
  static const std::vector<Metric> metrics = {
      {{"accuracy", "accuracy", "", Better::higher, 4}, {"right", "sequences"}, mean_over_terms},
      {{"nll", "NLL", "nats per sequence", Better::lower, 4},
       {"nats", "sequences"},
       mean_over_terms}};
  return metrics;
}

std::vector<Baseline> ClassificationProblem::baselines() const {
  const std::vector<double> shares = log_shares(*this);
  std::vector<Baseline> all = {{"most frequent class", figures_of(*this, [&](Split, ExampleId) {
                                  return std::vector(shares);
                                })}};
  for (Baseline& own : form_.baselines(*this)) all.push_back(std::move(own));
  return all;
}

SequenceExample ClassificationProblem::example(Split split, ExampleId id) const {
  return {form_.x(split, id), {static_cast<float>(form_.label(split, id))}};
}

void ClassificationProblem::count(Split split, ExampleId id, std::span<const double> outputs,
                                  Tally& tally) const {
  const Index label = form_.label(split, id);
  tally.at("nats", id) = log_sum(outputs) - outputs[static_cast<std::size_t>(label)];
  tally.at("right", id) = largest(outputs) == label ? 1.0 : 0.0;
  tally.at("sequences", id) = 1.0;
}

std::vector<Exhibit> ClassificationProblem::exhibits(const OutputsOf& outputs) const {
  constexpr Index most = 2000, at_a_time = 100;
  const Index shown = std::min(size(Split::test), most);
  Tensor<float> times = Tensor<float>::zeros({form_.classes, form_.classes});
  for (Index first = 0; first < shown; first += at_a_time) {
    poll_stop();
    std::vector<ExampleId> ids(static_cast<std::size_t>(std::min(at_a_time, shown - first)));
    std::iota(ids.begin(), ids.end(), first);
    const auto given = outputs(Split::test, ids);
    for (std::size_t k = 0; k < ids.size(); ++k) {
      times.data()[label(Split::test, ids[k]) * form_.classes + largest(given[k])] += 1.0f;
    }
  }
  Exhibit matrix{"matrix", fmt::format("answers to {} test sequences", shown), {}, {}, {}};
  matrix.arrays["values"] = times;
  matrix.texts["rows"] = matrix.texts["columns"] =
      fmt::format("{}", fmt::join(form_.class_names, "\n"));
  matrix.texts["row_title"] = "class";
  matrix.texts["column_title"] = "answer";
  return {matrix};
}

TaskOption pool_option(std::string otherwise) {
  return choice_option("pool", std::move(otherwise), {"last", "mean", "max"},
                       "what the output reads: the last step, or mean or maximum over the steps");
}

SequenceForm::Pool pool_of(const TaskOptions& options) {
  using enum SequenceForm::Pool;
  const std::string& pool = options.text("pool");
  return pool == "mean" ? mean : pool == "max" ? max : last;
}

Baseline linear_classifier(const std::string& name, const ClassificationProblem& problem,
                           Index count, const std::function<Features(Split, ExampleId)>& features) {
  constexpr std::uint64_t seed = 1;
  constexpr int epochs = 10;
  LinearClassifier classifier(count, problem.form().classes);
  std::optional<Figures> best;
  const Metric& accuracy = problem.metrics()[0];
  for (int epoch = 0; epoch < epochs; ++epoch) {
    Random random(seed, Random::hash("linear classifier", static_cast<std::uint64_t>(epoch)));
    for (const int id : random.permutation(static_cast<int>(problem.size(Split::train)))) {
      poll_stop();
      classifier.learn(features(Split::train, id), problem.label(Split::train, id));
    }
    Figures figures = figures_of(problem, [&](Split split, ExampleId id) {
      return classifier.outputs(features(split, id));
    });
    if (!best || accuracy.prefers(figures[accuracy.name][Split::valid],
                                  (*best)[accuracy.name][Split::valid])) {
      best = std::move(figures);
    }
  }
  return {name, std::move(*best)};
}

}  // namespace carousel
