// Stochastic gradient descent with momentum, as it is or after Nesterov.
#include <algorithm>
#include <cmath>

#include "optim/rule.hpp"
#include "optim/vector_loop.hpp"

namespace carousel {
namespace {

struct Loop {
  template <class T>
  [[gnu::always_inline]] static inline void run(const RuleUpdate<T>& u) {
    const T rate = static_cast<T>(u.options.learning_rate);
    const T momentum = static_cast<T>(u.options.momentum);
    const bool nesterov = u.options.nesterov;
    const T* g = u.g;
    T *p = u.p, *velocity = u.slots[0];
#pragma GCC ivdep  // the memory of values and slots is their own
    for (Index i = 0; i < u.n; ++i) {
      velocity[i] = momentum * velocity[i] + g[i];
      p[i] -= rate * (nesterov ? g[i] + momentum * velocity[i] : velocity[i]);
    }
  }
};

template <class T>
void update(const RuleUpdate<T>& u) {
  run_loop<Loop>(u);
}

}  // namespace

Rule sgd_rule() { return {"sgd", {"velocity"}, update<float>, update<double>}; }

}  // namespace carousel
