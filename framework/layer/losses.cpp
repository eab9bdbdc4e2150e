#include "layer/losses.hpp"

namespace carousel {
namespace {

void expect_same(const char* what, Var a, Var b) {
  if (!(a.shape() == b.shape())) {
    fail_input("{}: got shapes {} and {}, expected the same", what, a.shape().to_string(),
               b.shape().to_string());
  }
}

Var mask_for(const char* what, Var values, Var mask) {
  const Shape v = values.shape();
  const Shape m = mask.shape();
  if (v.rank() != 3 || m.rank() != 2 || m[0] != v[0] || m[1] != v[1]) {
    fail_input("{}: got values {} with the mask {}, expected [T, batch, outputs] and [T, batch]",
               what, v.to_string(), m.to_string());
  }
  return reshape(mask, {m[0], m[1], 1});
}

}  // namespace

Var bernoulli_nll(Var logits, Var targets, Var mask) {
  expect_same("bernoulli_nll", logits, targets);
  const Var weight = mask_for("bernoulli_nll", logits, mask);
  const Var nll = sum_to(weight * (softplus(logits) - targets * logits), weight.shape());
  return reshape(nll, mask.shape());
}

Var softmax_nll(Var logits, Var labels, Var mask) {
  mask_for("softmax_nll", logits, mask);
  expect_same("softmax_nll", labels, mask);
  return mask * (reshape(logsumexp(logits), mask.shape()) - pick(logits, labels));
}

Var mean_squared_error(Var prediction, Var targets, Var mask) {
  expect_same("mean_squared_error", prediction, targets);
  const Var weight = mask_for("mean_squared_error", prediction, mask);
  const Var difference = prediction - targets;
  const double outputs = static_cast<double>(prediction.shape().back());
  return sum(weight * (difference * difference)) / (sum(mask) * outputs);
}

}  // namespace carousel
