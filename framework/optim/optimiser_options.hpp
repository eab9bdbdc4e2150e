#pragma once

#include <string>

namespace carousel {

/// Which rule updates the parameters, and its constants. g is the gradient, r the rate.
struct OptimiserOptions {
  /// One of these:
  /// ```
  /// sgd:     v = momentum v + g;  p -= r v  (nesterov: p -= r (g + momentum v))
  /// rmsprop: s = decay s + (1 - decay) g^2;  v = momentum v - r g / max(sqrt(s), floor);
  ///          p += v  (the rule of the authors' code of Chung et al. 2014)
  /// adam:    Kingma and Ba 2015, algorithm 1, with bias correction
  /// adamw:   the same, with weight_decay by itself (Loshchilov and Hutter 2019, algorithm 2)
  /// lbfgs:   Liu and Nocedal 1989, with a line search to the strong Wolfe conditions
  /// hessian_free: Martens 2010: conjugate gradients, with the damping of Levenberg and Marquardt
  /// ```
  /// The last two take their own steps, for large batches: no rate, momentum, decay or clipping.
  std::string rule = "adam";
  double learning_rate = 1e-3;  ///< r
  double momentum = 0.9;        ///< sgd, rmsprop
  bool nesterov = false;        ///< sgd
  double decay = 0.95;          ///< rmsprop
  double floor = 0.01;          ///< rmsprop
  double beta1 = 0.9;           ///< adam, adamw
  double beta2 = 0.999;         ///< adam, adamw
  double epsilon = 1e-8;        ///< adam, adamw
  double weight_decay = 0.0;    ///< see Rule::Decay (optim/rule.hpp)
  int history = 10;             ///< lbfgs: updates whose steps and changes of the gradient it keeps
  std::string curvature = "gauss_newton";  ///< hessian_free: or "hessian", the exact matrix
  double damping = 1.0;  ///< hessian_free: what is added to its diagonal, at first
  int cg_steps = 100;    ///< hessian_free: steps of conjugate gradients in an update, at most
};

}  // namespace carousel
