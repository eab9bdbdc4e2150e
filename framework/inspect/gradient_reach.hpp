#pragma once

#include <string>
#include <vector>

#include "inspect/heard_model.hpp"

namespace carousel {

/// How much of the loss's gradient comes back through time: for one state of one scan, the norm of
/// d loss / d state, by lag, where the loss is that of each sequence's last step. The state is that
/// which a step leaves to the next one; a norm is over its elements. With J[t] the Jacobian of the
/// states after step t by those before it, the gradient k steps back is J' ... J' (k times) applied
/// to that of the last step (Bengio et al. 1994; Pascanu et al. 2013, equation 5).
struct GradientReach {
  std::string place;  ///< of the scan's parameters: "layers/0/forward"
  std::string state;  ///< its name; "all" where a cell has several: the norm over all of them
  std::vector<double> norms;  ///< [lag - 1], lag 1 and on: the mean over sequences that long
};

/// Of these examples, each run for itself. Throws InputError where a value on the way is not
/// finite.
std::vector<GradientReach> gradient_reach(const HeardModel& model, Ids ids);

/// The lag at which the norm has first fallen to this share of that at lag 1; 0: it never does.
int lag_of_share(const GradientReach& reach, double share);

}  // namespace carousel
