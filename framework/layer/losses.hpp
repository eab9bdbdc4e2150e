#pragma once

#include "op/functions.hpp"

namespace carousel {

/// Negative log-likelihood of independent Bernoulli outputs at each step, summed over the outputs,
/// in nats: log(1 + e^l) - y l for logit l and target y in [0, 1].
/// logits, targets: [T, batch, outputs]; mask: [T, batch], 1 for a step that counts and 0 for
/// padding, whose entries must be finite; none: every step counts. out: [T, batch], zero for
/// padding. Throws InputError where shapes do not fit.
Var bernoulli_nll(Var logits, Var targets, Var mask = {});

/// Negative log-likelihood of a softmax at each step, in nats.
/// logits: [T, batch, classes]; labels: [T, batch] of whole numbers in [0, classes); mask: as
/// bernoulli_nll(). out: [T, batch], zero for padding. Throws InputError where shapes do not fit,
/// or a label is outside.
Var softmax_nll(Var logits, Var labels, Var mask = {});

/// Bound of a mixture's log standard deviations, on either side. Without one, a constant stretch of
/// data gives a component a density without limit. e^-7 = 0.0009 of standardised speech is one or
/// two steps of a 16-bit recording.
inline constexpr double log_deviation_bound = 7.0;

/// Negative log density of a mixture of K Gaussians at each step, in nats. Each component has a
/// diagonal covariance over the D elements of a frame: our choice, as Chung et al. 2014 do not say.
/// outputs: [T, batch, K + 2 D K]: K logits of the weights; D K means, those of element 1 first;
/// D K values a in the same order, whose log standard deviation is b tanh(a / b) with b =
/// log_deviation_bound. targets: [T, batch, D]; mask: as bernoulli_nll(). out:
/// [T, batch], zero for padding.
/// Throws InputError where the shapes fit no whole number of components.
Var gaussian_mixture_nll(Var outputs, Var targets, Var mask = {});

/// Squared error at each step, summed over the outputs.
/// prediction, targets: [T, batch, outputs]; mask: as bernoulli_nll(). out: [T, batch], zero for
/// padding. Throws InputError where shapes do not fit.
Var squared_error(Var prediction, Var targets, Var mask = {});

/// Squared error, averaged over the outputs of the steps that count.
/// prediction, targets: [T, batch, outputs]; mask: as bernoulli_nll(). out: []. Throws InputError
/// where shapes do not fit.
Var mean_squared_error(Var prediction, Var targets, Var mask = {});

}  // namespace carousel
