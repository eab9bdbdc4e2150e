// Hessian-free optimisation (Martens 2010, ICML, "Deep learning via Hessian-free optimization";
// Martens and Sutskever 2011, ICML, for recurrent networks): conjugate gradients on the matrix of
// curvature plus a multiple of the identity, which follows the rule of Levenberg and Marquardt.
#include <algorithm>
#include <cmath>

#include "optim/rule.hpp"
#include "optim/tensor_list.hpp"

namespace carousel {
namespace {

// Constants of Martens 2010, sections 4.1 to 4.7; the decay is that of Martens and Sutskever 2012.
constexpr double start_share = 0.95;        // of the last direction, where the next search begins
constexpr double damping_factor = 1.5;      // of the damping, up or down
constexpr double poor = 0.25, good = 0.75;  // shares of the promised decrease
constexpr double precondition_power = 0.75;
constexpr double least_progress = 5e-4;  // of a step, on average, relative to all
constexpr double keep_growth = 1.3;      // of the distance between steps that are kept
constexpr double line_decrease = 1e-2, line_factor = 0.8;
constexpr int most_line_trials = 60;

// A point on the way of the conjugate gradients.
template <class T>
struct Candidate {
  std::vector<Tensor<T>> move;
  double promise = 0.0;  // of the quadratic model without damping: what the loss changes by
};

// Of the model g move + move (C + damping) move / 2, from `start`; the last one comes last.
template <class T>
class ConjugateGradients {
 public:
  ConjugateGradients(const WholeUpdate<T>& update, double damping)
      : u_(update), damping_(damping), divisors_(u_.objective.gradient_squares(u_.values)) {
    for (Tensor<T>& divisor : divisors_) {
      for (T& d : divisor.values()) {
        d = static_cast<T>(std::pow(static_cast<double>(d) + damping, precondition_power));
      }
    }
    u_.objective.linearise(u_.values);
  }

  std::vector<Candidate<T>> run(std::vector<Tensor<T>> start) {
    x_ = std::move(start);
    residual_ = moved(product(x_), 1.0, u_.gradient);
    std::vector<Tensor<T>> scaled = preconditioned(residual_);
    std::vector<Tensor<T>> p = clones(scaled);
    scale_by(p, -1.0);
    double size = dot(residual_, scaled), next_kept = 1.0;
    std::vector<Candidate<T>> kept;
    for (int step = 1; step <= u_.options.cg_steps && size > 0.0; ++step) {
      const std::vector<Tensor<T>> along = product(p);
      const double curvature = dot(p, along);
      if (!(curvature > 0.0)) {  // the model has no minimum that way
        if (kept.empty() && dot(x_, x_) == 0.0) go(1.0, p, along);
        break;
      }
      go(size / curvature, p, along);
      scaled = preconditioned(residual_);
      const double smaller = dot(residual_, scaled);
      scale_by(p, smaller / size);
      add_scaled(p, -1.0, scaled);
      size = smaller;
      models_.push_back(model());
      if (step >= next_kept) {
        kept.push_back(candidate());
        next_kept = std::ceil(next_kept * keep_growth + 1e-9);
      }
      if (slow()) break;
    }
    kept.push_back(candidate());
    return kept;
  }

 private:
  void go(double length, const std::vector<Tensor<T>>& p, const std::vector<Tensor<T>>& along) {
    add_scaled(x_, length, p);
    add_scaled(residual_, length, along);
  }
  std::vector<Tensor<T>> product(const std::vector<Tensor<T>>& vector) {
    return moved(u_.objective.curvature_product(vector), damping_, vector);
  }
  std::vector<Tensor<T>> preconditioned(const std::vector<Tensor<T>>& vector) const {
    std::vector<Tensor<T>> scaled = clones(vector);
    for (std::size_t k = 0; k < scaled.size(); ++k) {
      for (Index i = 0; i < scaled[k].numel(); ++i) scaled[k].data()[i] /= divisors_[k].data()[i];
    }
    return scaled;
  }
  // With r = (C + damping) x + g: x (C + damping) x = x r - x g.
  double model() const { return 0.5 * (dot(x_, residual_) + dot(x_, u_.gradient)); }
  Candidate<T> candidate() const { return {clones(x_), model() - 0.5 * damping_ * dot(x_, x_)}; }
  // Whether the last tenth of the steps brought next to nothing.
  bool slow() const {
    const auto steps = static_cast<double>(models_.size());
    const double back = std::max(10.0, 0.1 * steps);
    if (!(steps > back) || !(models_.back() < 0.0)) return false;
    const double before = models_[models_.size() - 1 - static_cast<std::size_t>(back)];
    return (models_.back() - before) / models_.back() < back * least_progress;
  }

  const WholeUpdate<T>& u_;
  double damping_;
  std::vector<Tensor<T>> divisors_, x_, residual_;
  std::vector<double> models_;
};

// The last candidate, or an earlier one as long as the loss there is lower.
template <class T>
std::pair<std::size_t, double> best_of(const WholeUpdate<T>& u,
                                       const std::vector<Candidate<T>>& candidates) {
  const auto loss_at = [&](std::size_t k) {
    return u.objective.loss(moved(u.values, 1.0, candidates[k].move));
  };
  std::size_t best = candidates.size() - 1;
  double loss = loss_at(best);
  while (best > 0) {
    const double earlier = loss_at(best - 1);
    if (std::isfinite(loss) && !(earlier < loss)) break;
    --best;
    loss = earlier;
  }
  return {best, loss};
}

// What part of the move to take, so that the loss is lower; 0: none of it.
template <class T>
double share_of(const WholeUpdate<T>& u, const std::vector<Tensor<T>>& move, double loss,
                double loss_there) {
  const double slope = dot(u.gradient, move);
  double share = 1.0;
  for (int trial = 0; trial < most_line_trials && slope < 0.0; ++trial) {
    if (loss_there <= loss + line_decrease * share * slope) return share;
    share *= line_factor;
    loss_there = u.objective.loss(moved(u.values, share, move));
  }
  return 0.0;
}

template <class T>
void update(const WholeUpdate<T>& u) {
  double& kept_damping = u.numbers.at("damping");
  double damping = kept_damping > 0.0 ? kept_damping : u.options.damping;
  if (dot(u.gradient, u.gradient) == 0.0) return;
  const double loss = u.objective.loss(u.values);
  std::vector<Tensor<T>> start = clones(u.slots[0].values);
  scale_by(start, start_share);
  std::vector<Candidate<T>> candidates = ConjugateGradients<T>(u, damping).run(std::move(start));
  const auto [best, loss_there] = best_of(u, candidates);
  const double promise = candidates[best].promise;
  const double kept_share = promise < 0.0 ? (loss_there - loss) / promise : 0.0;
  if (kept_share > good) damping /= damping_factor;
  if (!(kept_share >= poor)) damping *= damping_factor;
  const double share = share_of(u, candidates[best].move, loss, loss_there);
  std::vector<Tensor<T>> values = moved(u.values, share, candidates[best].move);
  u.values = std::move(values);
  // A move that was of no use is no place to begin from.
  if (share == 0.0) scale_by(candidates.back().move, 0.0);
  u.slots[0].values = std::move(candidates.back().move);
  kept_damping = damping;
}

}  // namespace

Rule hessian_free_rule() {
  Rule rule{.name = "hessian_free", .slots = {"direction"}};
  rule.whole_float = update<float>;
  rule.whole_double = update<double>;
  rule.numbers = {"damping"};
  return rule;
}

}  // namespace carousel
