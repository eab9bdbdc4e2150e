#include "metric/tsne.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "kernel/gemm.hpp"
#include "kernel/matrix_function.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

using Values = std::vector<double>;

void check(const Tensor<double>& points, double perplexity) {
  constexpr Index fewest = 4;
  constexpr double largest = 1e100;  // whose square is no infinity
  if (points.shape().rank() != 2) {
    fail_input("t-SNE got points {}; expected [points, dimensions]", points.shape().to_string());
  }
  const Index n = points.shape()[0];
  if (n < fewest) fail_input("t-SNE got {} points; expected {} at least", n, fewest);
  for (Index i = 0; i < points.numel(); ++i) {
    if (!(std::abs(points.data()[i]) <= largest)) {
      fail_input("t-SNE got the value {} in point {}; expected finite values up to {}",
                 points.data()[i], i / points.shape()[1], largest);
    }
  }
  if (!(perplexity > 1.0 && 3.0 * perplexity <= static_cast<double>(n - 1))) {
    fail_input(
        "t-SNE got perplexity {} for {} points; expected more than 1 and at most a third of the "
        "other points, {:.6g}",
        perplexity, n, static_cast<double>(n - 1) / 3.0);
  }
}

Tensor<double> transposed(const Tensor<double>& a) {
  const Index rows = a.shape()[0], columns = a.shape()[1];
  auto out = Tensor<double>::uninitialised({columns, rows});
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) out.data()[j * rows + i] = a.data()[i * columns + j];
  }
  return out;
}

// Of point i from all points. by_dimension: [d, n], so that the inner loop has no sum to wait for.
void squared_distances(const Tensor<double>& by_dimension, Index i, double* __restrict out) {
  const Index n = by_dimension.shape()[1];
  std::fill_n(out, n, 0.0);
  for (Index k = 0; k < by_dimension.shape()[0]; ++k) {
    const double* x = by_dimension.data() + k * n;
    for (Index j = 0; j < n; ++j) out[j] += (x[j] - x[i]) * (x[j] - x[i]);
  }
}

// Writes shares e^(-precision distance) of all but point i; returns their entropy in nats.
double write_shares(const Values& distances, Index i, double precision, double* shares) {
  const Index n = std::ssize(distances);
  double nearest = std::numeric_limits<double>::infinity();
  for (Index j = 0; j < n; ++j) {
    if (j != i) nearest = std::min(nearest, distances[static_cast<std::size_t>(j)]);
  }
  double sum = 0.0, mean = 0.0;
  for (Index j = 0; j < n; ++j) {
    const double beyond = distances[static_cast<std::size_t>(j)] - nearest;
    shares[j] = j == i ? 0.0 : std::exp(-precision * beyond);
    sum += shares[j];
    mean += shares[j] * beyond;
  }
  for (Index j = 0; j < n; ++j) shares[j] /= sum;
  return std::log(sum) + precision * mean / sum;
}

// The entropy falls as the precision grows: doubled or halved until the right one is between two,
// then bisected. It starts at the scale of the data, which is not that of 1.
void find_shares(const Values& distances, Index i, double perplexity, double* shares) {
  constexpr double tolerance = 1e-5;
  constexpr int most_steps = 200;
  const double infinite = std::numeric_limits<double>::infinity();
  const double mean = std::accumulate(distances.begin(), distances.end(), 0.0) /
                      static_cast<double>(std::ssize(distances));
  double low = 0.0, high = infinite, precision = mean > 0.0 ? 1.0 / mean : 1.0;
  for (int step = 0; step < most_steps; ++step) {
    const double got = std::exp(write_shares(distances, i, precision, shares));
    if (std::abs(got - perplexity) <= tolerance) return;
    (got > perplexity ? low : high) = precision;
    precision = high < infinite ? (low + high) / 2.0 : 2.0 * precision;
    if (!std::isfinite(precision)) return;
  }
}

// The points less their mean.
Tensor<double> centred(const Tensor<double>& points) {
  Tensor<double> out = points.clone();
  const Index n = out.shape()[0], d = out.shape()[1];
  for (Index k = 0; k < d; ++k) {
    double mean = 0.0;
    for (Index i = 0; i < n; ++i) mean += out.data()[i * d + k];
    mean /= static_cast<double>(n);
    for (Index i = 0; i < n; ++i) out.data()[i * d + k] -= mean;
  }
  return out;
}

// The points along the two directions in which they vary most, [n, 2]: by the matrix of
// dimensions or that of points, whichever is smaller.
Tensor<double> principal_components(const Tensor<double>& points) {
  const Tensor<double> x = centred(points);
  const Index n = x.shape()[0], d = x.shape()[1], order = std::min(n, d);
  const bool of_points = n < d;
  auto products = Tensor<double>::uninitialised({order, order});
  gemm(!of_points, of_points, order, order, of_points ? d : n, x.data(), d, x.data(), d, 0.0,
       products.data(), order);
  Values values(static_cast<std::size_t>(order));
  auto vectors = Tensor<double>::uninitialised({order, order});
  if (!symmetric_eigen(products.data(), order, values.data(), vectors.data())) {
    fail_bug("t-SNE found no principal components of finite points");
  }
  auto out = Tensor<double>::zeros({n, 2});
  for (Index c = 0; c < std::min<Index>(2, order); ++c) {
    const double* vector = vectors.data() + (order - 1 - c) * order;
    const double length = std::sqrt(std::max(0.0, values[static_cast<std::size_t>(order - 1 - c)]));
    for (Index i = 0; i < n; ++i) {
      const double* point = x.data() + i * d;
      out.data()[2 * i + c] =
          of_points ? length * vector[i] : std::inner_product(point, point + d, vector, 0.0);
    }
  }
  return out;
}

void scale(Tensor<double>& a, double factor) {
  for (double& value : a.values()) value *= factor;
}

// Where the descent begins: so small that no point is far from another one yet.
Tensor<double> first_places(const Tensor<double>& points) {
  constexpr double deviation = 1e-4;
  Tensor<double> places = principal_components(points);
  const Index n = places.shape()[0];
  double squares = 0.0;
  for (Index i = 0; i < n; ++i) squares += places.data()[2 * i] * places.data()[2 * i];
  if (squares == 0.0) return places;
  scale(places, deviation / std::sqrt(squares / static_cast<double>(n)));
  return places;
}

// What the others do to each point: sums over j of p_ij w, w^2 and w, each but the last times
// y_i - y_j, with w = 1 / (1 + |y_i - y_j|^2).
struct Forces {
  Values pull_x, pull_y, push_x, push_y, near;
  explicit Forces(std::size_t n) : pull_x(n), pull_y(n), push_x(n), push_y(n), near(n) {}
};

// Adds what point j does to the points [first, end). One loop without sums that wait for each
// other, so that the compiler makes vectors of it.
void add_forces(const double* __restrict p, const double* __restrict x, const double* __restrict y,
                Index j, Index first, Index end, Forces& forces) {
  double* __restrict pull_x = forces.pull_x.data();
  double* __restrict pull_y = forces.pull_y.data();
  double* __restrict push_x = forces.push_x.data();
  double* __restrict push_y = forces.push_y.data();
  double* __restrict near = forces.near.data();
  const double xj = x[j], yj = y[j];
  for (Index i = first; i < end; ++i) {
    const double dx = x[i] - xj, dy = y[i] - yj;
    const double w = 1.0 / (1.0 + dx * dx + dy * dy);
    const double pull = p[i] * w, push = w * w;
    pull_x[i] += pull * dx;
    pull_y[i] += pull * dy;
    push_x[i] += push * dx;
    push_y[i] += push * dy;
    near[i] += w;
  }
}

Forces forces_at(const Tensor<double>& joint, const Tensor<double>& places) {
  constexpr Index together = 256;  // points, whose forces stay in the first cache
  const Index n = places.shape()[0];
  const Tensor<double> by_axis = transposed(places);
  Forces forces(static_cast<std::size_t>(n));
  for (Index first = 0; first < n; first += together) {
    for (Index j = 0; j < n; ++j) {
      add_forces(joint.data() + j * n, by_axis.data(), by_axis.data() + n, j, first,
                 std::min(first + together, n), forces);
    }
  }
  return forces;
}

// Sum over all pairs of w; a point is no neighbour of itself.
double sum_of(const Values& near) {
  return std::accumulate(near.begin(), near.end(), 0.0) - static_cast<double>(std::ssize(near));
}

// The steps of a descent (section 3.4): a gain for each coordinate grows while its gradient keeps
// its sign, and shrinks when it turns.
class Descent {
 public:
  Descent(Tensor<double>& places, double rate)
      : places_(places),
        rate_(rate),
        speed_(static_cast<std::size_t>(places.numel())),
        gain_(static_cast<std::size_t>(places.numel()), 1.0) {}

  void step(const Tensor<double>& gradient, double momentum) {
    constexpr double more = 0.2, less = 0.8, least = 0.01;
    for (std::size_t k = 0; k < speed_.size(); ++k) {
      const double slope = gradient.values()[k];
      const bool same_way = (slope > 0.0) != (speed_[k] > 0.0);
      gain_[k] = std::max(least, same_way ? gain_[k] + more : gain_[k] * less);
      speed_[k] = momentum * speed_[k] - rate_ * gain_[k] * slope;
      places_.values()[k] += speed_[k];
    }
  }

 private:
  Tensor<double>& places_;
  double rate_;
  Values speed_, gain_;
};

}  // namespace

Tensor<double> neighbour_shares(const Tensor<double>& points, double perplexity) {
  check(points, perplexity);
  const Index n = points.shape()[0];
  const Tensor<double> by_dimension = transposed(points);
  auto shares = Tensor<double>::uninitialised({n, n});
  Values distances(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) {
    poll_stop();
    squared_distances(by_dimension, i, distances.data());
    find_shares(distances, i, perplexity, shares.data() + i * n);
  }
  return shares;
}

Tensor<double> joint_similarities(const Tensor<double>& shares) {
  const Index n = shares.shape()[0];
  auto joint = Tensor<double>::uninitialised({n, n});
  const double half = 0.5 / static_cast<double>(n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) {
      joint.data()[i * n + j] = (shares.data()[i * n + j] + shares.data()[j * n + i]) * half;
    }
  }
  return joint;
}

double tsne_divergence(const Tensor<double>& joint, const Tensor<double>& places) {
  const Index n = places.shape()[0];
  const double all = sum_of(forces_at(joint, places).near);
  double divergence = 0.0;
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) {
      const double p = joint.data()[i * n + j];
      if (p == 0.0) continue;
      const double dx = places.data()[2 * i] - places.data()[2 * j];
      const double dy = places.data()[2 * i + 1] - places.data()[2 * j + 1];
      divergence += p * std::log(p * all * (1.0 + dx * dx + dy * dy));
    }
  }
  return divergence;
}

Tensor<double> tsne_gradient(const Tensor<double>& joint, const Tensor<double>& places) {
  const Index n = places.shape()[0];
  const Forces forces = forces_at(joint, places);
  const double all = sum_of(forces.near);
  auto gradient = Tensor<double>::uninitialised({n, 2});
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    gradient.values()[2 * i] = 4.0 * (forces.pull_x[i] - forces.push_x[i] / all);
    gradient.values()[2 * i + 1] = 4.0 * (forces.pull_y[i] - forces.push_y[i] / all);
  }
  return gradient;
}

Tensor<double> tsne(const Tensor<double>& points, double perplexity) {
  constexpr int steps = 1000, early = 250;
  constexpr double exaggeration = 12.0, least_rate = 200.0, factor = 4.0;
  Tensor<double> joint = joint_similarities(neighbour_shares(points, perplexity));
  Tensor<double> places = first_places(points);
  const auto n = static_cast<double>(points.shape()[0]);
  Descent descent(places, std::max(n / exaggeration, least_rate) / factor);
  scale(joint, exaggeration);
  for (int step = 0; step < steps; ++step) {
    poll_stop();
    if (step == early) scale(joint, 1.0 / exaggeration);
    descent.step(tsne_gradient(joint, places), step < early ? 0.5 : 0.8);
  }
  return places;
}

}  // namespace carousel
