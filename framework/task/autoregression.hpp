#pragma once

#include "task/sequence_problem.hpp"

namespace carousel {

/// Linear autoregression: the targets as a linear function, with a constant, of all values of the
/// last steps of an example, by least squares with a ridge (Hoerl and Kennard 1970) on the training
/// split. The ridge is that of 10^-8, 10^-7, .. 10^2 times the number of windows which is best on
/// validation. For a problem of values, scored at the last step, whose examples are of one length.
/// It reads as many steps as make 1000 values at most, one at least, and learns from 20000 windows
/// at most, evenly spaced; its name says so where it leaves something out.
Baseline linear_autoregression(const SequenceProblem& problem);

}  // namespace carousel
