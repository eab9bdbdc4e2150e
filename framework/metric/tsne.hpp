#pragma once

#include "tensor/tensor.hpp"

namespace carousel {

/// The conditional similarities of t-SNE, [n, n]: share j of row i is p_{j|i}, a Gaussian of the
/// distance, 0 for i itself, whose width is found by bisection so that the row has the given
/// perplexity to 1e-5 (van der Maaten and Hinton 2008, JMLR 9, equation 1). points: [n, d]. A row
/// that can't have it, because more others stand in the very same place, is shared among these.
/// Throws InputError for fewer than 4 points, a value that is not finite, and a perplexity that is
/// not above 1 or is above (n - 1) / 3.
Tensor<double> neighbour_shares(const Tensor<double>& points, double perplexity);

/// The joint similarities, [n, n]: p_ij = (p_{j|i} + p_{i|j}) / 2 n (section 3.1). shares: of
/// neighbour_shares().
Tensor<double> joint_similarities(const Tensor<double>& shares);

/// The cost of t-SNE in nats: the Kullback-Leibler divergence of the similarities q_ij of places in
/// the plane, Student's t with one degree of freedom, from p_ij (equations 4 and 2). joint: [n, n];
/// places: [n, 2].
double tsne_divergence(const Tensor<double>& joint, const Tensor<double>& places);

/// Its gradient by the places, [n, 2] (equation 5).
Tensor<double> tsne_gradient(const Tensor<double>& joint, const Tensor<double>& places);

/// A map of points in the plane on which neighbours stay neighbours, [n, 2]: t-SNE, exactly (van
/// der Maaten and Hinton 2008, JMLR 9), in time n^2. It starts at the first two principal
/// components, scaled to a deviation of 1e-4 (Kobak and Berens 2019, Nature Communications 10), so
/// nothing is random. 1000 steps with gains, the first 250 with p_ij times 12 and momentum 0.5,
/// the others with momentum 0.8; the rate is n / 12, and 200 at least, of the gradient without its
/// factor 4 (Belkina et al. 2019, Nature Communications 10). points: [n, d]; of one dimension they
/// stay on a line. Throws as neighbour_shares() does, and Interrupted.
Tensor<double> tsne(const Tensor<double>& points, double perplexity);

}  // namespace carousel
