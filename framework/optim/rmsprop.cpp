// RMSProp with momentum and a floor, as in the authors' code of Chung et al. 2014.
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
    const T decay = static_cast<T>(u.options.decay);
    const T new_share = static_cast<T>(1.0 - u.options.decay);  // in float 1 - 0.999 is 1e-5 off
    const T floor = static_cast<T>(u.options.floor);
    const T* g = u.g;
    T *p = u.p, *mean_square = u.slots[0], *velocity = u.slots[1];
#pragma GCC ivdep  // the memory of values and slots is their own
    for (Index i = 0; i < u.n; ++i) {
      mean_square[i] = decay * mean_square[i] + new_share * g[i] * g[i];
      const T divisor = std::max(std::sqrt(mean_square[i]), floor);
      velocity[i] = momentum * velocity[i] - rate * g[i] / divisor;
      p[i] += velocity[i];
    }
  }
};

template <class T>
void update(const RuleUpdate<T>& u) {
  run_loop<Loop>(u);
}

}  // namespace

Rule rmsprop_rule() {
  return {"rmsprop", {"mean_square", "velocity"}, update<float>, update<double>};
}

}  // namespace carousel
