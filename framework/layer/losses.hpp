#pragma once

#include "op/functions.hpp"

namespace carousel {

// Masks are [T, batch]: 1 for a step that counts, 0 for padding. Padded entries must be finite.

/// Negative log-likelihood of independent Bernoulli outputs at each step, summed over the outputs,
/// in nats: log(1 + e^l) - y l for logit l and target y in [0, 1].
/// logits, targets: [T, batch, outputs]; out: [T, batch], zero for padding.
Var bernoulli_nll(Var logits, Var targets, Var mask);

/// Negative log-likelihood of a softmax at each step, in nats.
/// logits: [T, batch, classes]; labels: [T, batch] of whole numbers in [0, classes); out: [T, batch],
/// zero for padding.
Var softmax_nll(Var logits, Var labels, Var mask);

/// Squared error, averaged over the outputs of the steps that count.
/// prediction, targets: [T, batch, outputs].
Var mean_squared_error(Var prediction, Var targets, Var mask);

}  // namespace carousel
