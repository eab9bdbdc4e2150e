#include "task/autoregression.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "kernel/factorisation.hpp"
#include "kernel/gemm.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

constexpr Index most_features = 1000;  // the work grows with their square
constexpr Index most_windows = 20000;
constexpr Index at_a_time = 512;  // windows of a product

class LinearAutoregression {
 public:
  explicit LinearAutoregression(const SequenceProblem& problem)
      : problem_(problem),
        context_(problem.length(Split::train, 0)),
        steps_(std::min(context_, std::max(Index{1}, most_features / problem.form().width))),
        features_(steps_ * problem.form().width + 1),
        outputs_(problem.form().outputs()),
        every_((problem.size(Split::train) + most_windows - 1) / most_windows) {}

  Baseline fitted() {
    gather_products();
    const Metric& metric = problem_.metrics()[0];
    double best = not_known;
    std::vector<double> best_weights;
    for (int exponent = -8; exponent <= 2; ++exponent) {
      if (!solve(std::pow(10.0, exponent))) continue;
      const double figure = figure_of(metric, tally(Split::valid));
      if (!best_weights.empty() && !metric.prefers(figure, best)) continue;
      best = figure;
      best_weights = weights_;
    }
    if (best_weights.empty()) fail_bug("no ridge makes the products of a window's values definite");
    weights_ = std::move(best_weights);
    Baseline baseline{name(), {}};
    for (const Split split : all_splits)
      set_figures(problem_, split, tally(split), baseline.figures);
    return baseline;
  }

 private:
  std::string name() const {
    std::string name = "linear autoregression";
    if (steps_ < context_) name += fmt::format(", last {} steps", steps_);
    if (every_ > 1) name += fmt::format(", one of {} windows", every_);
    return name;
  }

  // Appends what is read of an example, and a one for the constant.
  void add_features(const SequenceExample& example, std::vector<double>& x) const {
    x.insert(x.end(), example.x.end() - (features_ - 1), example.x.end());
    x.push_back(1.0);
  }

  void gather_products() {
    squares_.assign(static_cast<std::size_t>(features_ * features_), 0.0);
    moments_.assign(static_cast<std::size_t>(features_ * outputs_), 0.0);
    const Index size = problem_.size(Split::train);
    for (Index first = 0; first < size; first += at_a_time * every_) {
      poll_stop();
      std::vector<double> x, y;
      const Index end = std::min(size, first + at_a_time * every_);
      for (ExampleId id = first; id < end; id += every_) {
        const SequenceExample example = problem_.example(Split::train, id);
        add_features(example, x);
        y.insert(y.end(), example.targets.begin(), example.targets.end());
        ++windows_;
      }
      const Index rows = std::ssize(x) / features_;
      gemm(true, false, features_, features_, rows, x.data(), features_, x.data(), features_, 1.0,
           squares_.data(), features_);
      gemm(true, false, features_, outputs_, rows, x.data(), features_, y.data(), outputs_, 1.0,
           moments_.data(), outputs_);
    }
  }

  bool solve(double ridge) {
    std::vector<double> squares = squares_;
    for (Index k = 0; k + 1 < features_; ++k) {  // the constant is free
      squares[static_cast<std::size_t>(k * features_ + k)] += ridge * static_cast<double>(windows_);
    }
    weights_.assign(static_cast<std::size_t>(features_ * outputs_), 0.0);
    return solve_positive_definite(squares.data(), features_, moments_.data(), outputs_,
                                   weights_.data());
  }

  Tally tally(Split split) const {
    Tally tally = tally_of(problem_, split);
    for (Index first = 0; first < problem_.size(split); first += at_a_time) {
      poll_stop();
      const Index rows = std::min(at_a_time, problem_.size(split) - first);
      std::vector<double> x, y(static_cast<std::size_t>(rows * outputs_));
      for (Index k = 0; k < rows; ++k) add_features(problem_.example(split, first + k), x);
      gemm(false, false, rows, outputs_, features_, x.data(), features_, weights_.data(), outputs_,
           0.0, y.data(), outputs_);
      for (Index k = 0; k < rows; ++k) {
        problem_.count(split, first + k, {y.data() + k * outputs_, std::size_t(outputs_)}, tally);
      }
    }
    return tally;
  }

  const SequenceProblem& problem_;
  Index context_;             // steps of an example
  Index steps_;               // that are read
  Index features_, outputs_;  // with the constant
  Index every_;               // of so many training windows one is learnt from
  Index windows_ = 0;
  std::vector<double> squares_, moments_;  // of features with features, and with targets
  std::vector<double> weights_;            // [features, outputs]
};

}  // namespace

Baseline linear_autoregression(const SequenceProblem& problem) {
  return LinearAutoregression(problem).fitted();
}

}  // namespace carousel
