#pragma once

#include <vector>

#include "data/sequence_set.hpp"
#include "task/problem.hpp"

namespace carousel {

/// Names of the models below.
inline constexpr const char* independent_keys = "independent keys";
/// The second of the two.
inline constexpr const char* markov_chain = "Markov chain per key";

/// The figures of predicted frames: nll, the mean over all scored steps of a split, and
/// nll_by_sequence, the mean of the sequences' own means. Both read the counts "nats" and "steps".
const std::vector<Metric>& frame_metrics();

/// What counting alone gives on a set of zeros and ones, so that a figure of a network can be
/// judged: one rate for each key, and for each key a first-order Markov chain P(on | the frame
/// before). Both count on the training split, with half a count added to either outcome (Krichevsky
/// and Trofimov 1981), so that nothing unseen is impossible. Rates count all training frames. Both
/// score the steps that networks are scored on: the frames from `context` on, the chain never the
/// first. With a context of 0 independent keys are the "note 1-gram" of Boulanger-Lewandowski et
/// al. 2012. NLL in nats per step, summed over keys. No models for sets of real values.
std::vector<Baseline> count_models(const SequenceSet& set);

}  // namespace carousel
