// L-BFGS (Liu and Nocedal 1989, Mathematical Programming 45, algorithm 2.1) with the line search of
// Nocedal and Wright 2006, section 3.1: steps are halved, or made longer by 2.1, until they meet
// the strong Wolfe conditions. Update by update the iterates are those of liblbfgs with
// LBFGS_LINESEARCH_BACKTRACKING_STRONG_WOLFE, where the batch stays the same.
#include <algorithm>
#include <cmath>
#include <limits>

#include "optim/rule.hpp"
#include "optim/tensor_list.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr double decrease = 1e-4;  // of the loss, as a share of the slope's promise
constexpr double flatness = 0.9;   // of the slope at the end, as a share of that at the start
constexpr double shorter = 0.5, longer = 2.1;
constexpr int most_trials = 40;

template <class T>
struct Landing {
  std::vector<Tensor<T>> values, gradient;
  bool found = false;
};

// Along `direction` from `u.values`, where the loss and its gradient are known.
template <class T>
Landing<T> search_line(const WholeUpdate<T>& u, double loss,
                       const std::vector<Tensor<T>>& direction, double step) {
  const double slope = dot(u.gradient, direction);
  Landing<T> at;
  if (!(slope < 0.0)) return at;
  for (int trial = 0; trial < most_trials; ++trial) {
    at.values = moved(u.values, step, direction);
    const double there = u.objective.loss_and_gradient(at.values, at.gradient);
    const double slope_there = dot(at.gradient, direction);
    const bool lower = there <= loss + step * decrease * slope;  // false where it is NaN
    if (!lower || !std::isfinite(slope_there)) {
      step *= shorter;
    } else if (slope_there < flatness * slope) {
      step *= longer;
    } else if (slope_there > -flatness * slope) {
      step *= shorter;
    } else {
      at.found = true;
      return at;
    }
  }
  return at;
}

// The pairs of the last updates, the newest first: where a step led, and how the gradient changed.
template <class T>
struct Pairs {
  std::vector<const std::vector<Tensor<T>>*> steps, changes;
};

template <class T>
Pairs<T> newest_first(const WholeUpdate<T>& u, int kept, int next) {
  const int history = u.options.history;
  Pairs<T> pairs;
  for (int k = 1; k <= kept; ++k) {
    const auto place = static_cast<std::size_t>((next + history - k) % history);
    pairs.steps.push_back(&u.slots[place].values);
    pairs.changes.push_back(&u.slots[static_cast<std::size_t>(history) + place].values);
  }
  return pairs;
}

// The gradient times an estimate of the inverse matrix of second derivatives, negative.
template <class T>
std::vector<Tensor<T>> direction_of(const std::vector<Tensor<T>>& gradient, const Pairs<T>& pairs) {
  std::vector<Tensor<T>> d = clones(gradient);
  scale_by(d, -1.0);
  if (pairs.steps.empty()) return d;
  std::vector<double> curvatures, shares;
  for (std::size_t k = 0; k < pairs.steps.size(); ++k) {
    curvatures.push_back(dot(*pairs.changes[k], *pairs.steps[k]));
    shares.push_back(dot(*pairs.steps[k], d) / curvatures[k]);
    add_scaled(d, -shares[k], *pairs.changes[k]);
  }
  scale_by(d, curvatures[0] / dot(*pairs.changes[0], *pairs.changes[0]));
  for (std::size_t k = pairs.steps.size(); k-- > 0;) {
    add_scaled(d, shares[k] - dot(*pairs.changes[k], d) / curvatures[k], *pairs.steps[k]);
  }
  return d;
}

template <class T>
void update(const WholeUpdate<T>& u) {
  double& kept = u.numbers.at("pairs");
  double& next = u.numbers.at("next_pair");
  const double most = u.options.history;
  if (!(kept >= 0.0 && kept <= most && next >= 0.0 && next < most)) {
    fail_input("lbfgs: got {} pairs and the next one at {}, expected at most {}", kept, next, most);
  }
  const double norm = std::sqrt(dot(u.gradient, u.gradient));
  if (norm == 0.0) return;
  const double loss = u.objective.loss(u.values);
  Landing<T> at;
  if (kept > 0.0) {
    const auto pairs = newest_first(u, static_cast<int>(kept), static_cast<int>(next));
    at = search_line(u, loss, direction_of(u.gradient, pairs), 1.0);
  }
  const bool afresh = !at.found;  // down the gradient, where the memory leads nowhere
  if (afresh) at = search_line(u, loss, direction_of(u.gradient, Pairs<T>{}), 1.0 / norm);
  if (afresh) kept = next = 0.0;
  if (!at.found) return;
  std::vector<Tensor<T>> step = moved(at.values, -1.0, u.values);
  std::vector<Tensor<T>> change = moved(at.gradient, -1.0, u.gradient);
  u.values = std::move(at.values);
  if (!(dot(change, step) > 0.0)) return;
  const auto history = static_cast<std::size_t>(u.options.history);
  const auto place = static_cast<std::size_t>(next);
  u.slots[place].values = std::move(step);
  u.slots[history + place].values = std::move(change);
  kept = std::min(kept + 1.0, static_cast<double>(history));
  next = static_cast<double>((place + 1) % history);
}

}  // namespace

Rule lbfgs_rule() {
  Rule rule{.name = "lbfgs", .slots = {}};
  rule.whole_float = update<float>;
  rule.whole_double = update<double>;
  rule.numbers = {"next_pair", "pairs"};
  rule.histories = {"step", "change"};
  return rule;
}

}  // namespace carousel
