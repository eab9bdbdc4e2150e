#include "layer/losses.hpp"

#include <cmath>
#include <numbers>

#include "op/losses.hpp"

namespace carousel {
namespace {

void expect_same(const char* what, Var a, Var b) {
  if (!(a.shape() == b.shape())) {
    fail_input("{}: got shapes {} and {}, expected the same", what, a.shape().to_string(),
               b.shape().to_string());
  }
}

// [T, batch] of values [T, batch, outputs]: the mask, or ones where there is none.
Var mask_for(const char* what, Var values, Var mask) {
  const Shape v = values.shape();
  if (v.rank() != 3) {
    fail_input("{}: got values {}, expected [T, batch, outputs]", what, v.to_string());
  }
  if (!mask.defined()) return broadcast_to(constant(*values.graph, 1.0), {v[0], v[1]});
  const Shape m = mask.shape();
  if (m.rank() != 2 || m[0] != v[0] || m[1] != v[1]) {
    fail_input("{}: got values {} with the mask {}, expected [T, batch, outputs] and [T, batch]",
               what, v.to_string(), m.to_string());
  }
  return mask;
}

// [T, batch, 1], to multiply values with.
Var weight_of(Var mask) { return reshape(mask, {mask.shape()[0], mask.shape()[1], 1}); }

}  // namespace

Var bernoulli_nll(Var logits, Var targets, Var mask) {
  expect_same("bernoulli_nll", logits, targets);
  logits.graph->note_prediction(logits);
  mask = mask_for("bernoulli_nll", logits, mask);
  return mask * binary_cross_entropy(logits, targets);
}

Var softmax_nll(Var logits, Var labels, Var mask) {
  mask = mask_for("softmax_nll", logits, mask);
  expect_same("softmax_nll", labels, mask);
  logits.graph->note_prediction(logits);
  return mask * cross_entropy(logits, labels);
}

Var gaussian_mixture_nll(Var outputs, Var targets, Var mask) {
  mask = mask_for("gaussian_mixture_nll", outputs, mask);
  mask_for("gaussian_mixture_nll", targets, mask);
  const Index d = targets.shape()[2], all = outputs.shape()[2];
  const Index k = all / (1 + 2 * d);
  if (k < 1 || all != k * (1 + 2 * d)) {
    fail_input(
        "gaussian_mixture_nll: got {} outputs for frames of {} elements, expected a multiple of {}",
        all, d, 1 + 2 * d);
  }
  outputs.graph->note_prediction(outputs);
  const Var logits = slice(outputs, -1, 0, k);
  const double log_norm = 0.5 * static_cast<double>(d) * std::log(2.0 * std::numbers::pi);
  const Var terms =
      logits - gaussian_exponent(slice(outputs, -1, k, 2 * d * k), targets, log_deviation_bound);
  return mask * reshape(logsumexp(logits) - logsumexp(terms) + log_norm, mask.shape());
}

Var squared_error(Var prediction, Var targets, Var mask) {
  expect_same("squared_error", prediction, targets);
  prediction.graph->note_prediction(prediction);
  mask = mask_for("squared_error", prediction, mask);
  const Var weight = weight_of(mask);
  const Var difference = prediction - targets;
  return reshape(sum_to(weight * (difference * difference), weight.shape()), mask.shape());
}

Var mean_squared_error(Var prediction, Var targets, Var mask) {
  const double outputs = static_cast<double>(prediction.shape().back());
  mask = mask_for("mean_squared_error", prediction, mask);
  return sum(squared_error(prediction, targets, mask)) / (sum(mask) * outputs);
}

}  // namespace carousel
