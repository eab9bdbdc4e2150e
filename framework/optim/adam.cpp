// Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1), with bias correction.
#include <algorithm>
#include <cmath>

#include "optim/rule.hpp"
#include "optim/vector_loop.hpp"

namespace carousel {
namespace {

struct Loop {
  template <class T>
  [[gnu::always_inline]] static inline void run(const RuleUpdate<T>& u) {
    const OptimiserOptions& o = u.options;
    const double t = static_cast<double>(u.number);
    const T rate = static_cast<T>(o.learning_rate / (1.0 - std::pow(o.beta1, t)));
    const T square_scale = static_cast<T>(1.0 / (1.0 - std::pow(o.beta2, t)));
    const T beta1 = static_cast<T>(o.beta1), share1 = static_cast<T>(1.0 - o.beta1);
    const T beta2 = static_cast<T>(o.beta2), share2 = static_cast<T>(1.0 - o.beta2);
    const T epsilon = static_cast<T>(o.epsilon);
    const T* g = u.g;
    T *p = u.p, *mean = u.slots[0], *mean_square = u.slots[1];
#pragma GCC ivdep  // the memory of values and slots is their own
    for (Index i = 0; i < u.n; ++i) {
      mean[i] = beta1 * mean[i] + share1 * g[i];
      mean_square[i] = beta2 * mean_square[i] + share2 * g[i] * g[i];
      p[i] -= rate * mean[i] / (std::sqrt(mean_square[i] * square_scale) + epsilon);
    }
  }
};

template <class T>
void update(const RuleUpdate<T>& u) {
  run_loop<Loop>(u);
}

}  // namespace

Rule adam_rule() { return {"adam", {"mean", "mean_square"}, update<float>, update<double>}; }

}  // namespace carousel
