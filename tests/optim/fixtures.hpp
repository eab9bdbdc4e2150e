#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "optim/optimiser.hpp"
#include "optim/rule.hpp"
#include "tape/tape.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {

/// Two parameters, so that a rule that forgets the second one shows.
template <class T>
ParameterSet<T> two_parameters() {
  ParameterSet<T> set({{"a", {3}, Initialiser::zeros()}, {"b", {1, 2}, Initialiser::zeros()}}, 1);
  set.restore(
      {Tensor<T>::from({3}, {T(0.5), T(-1.25), T(2)}), Tensor<T>::from({1, 2}, {T(-0.75), T(0)})});
  return set;
}

/// Gradients that differ in every element and every update; some are zero, small or large.
template <class T>
std::vector<Tensor<T>> gradients_at(int update) {
  const T t = T(update);
  return {Tensor<T>::from({3}, {T(0.3) * t, T(-2) / t, T(0.001)}),
          Tensor<T>::from({1, 2}, {T(50) * std::cos(t), T(update % 2)})};
}

template <class T>
std::vector<double> flatten(const std::vector<Tensor<T>>& tensors) {
  std::vector<double> all;
  for (const auto& t : tensors) {
    for (const T v : t.values()) all.push_back(static_cast<double>(v));
  }
  return all;
}

/// A function of parameters on a tape, with its exact second derivatives.
template <class T>
class TapeObjective final : public Objective<T> {
 public:
  using Function = std::function<Var(std::span<const Var>)>;
  explicit TapeObjective(Function function) : function_(std::move(function)) {}

  double loss(const std::vector<Tensor<T>>& values) override {
    count();
    return static_cast<double>(tape_.value(on_tape(values)).item());
  }
  double loss_and_gradient(const std::vector<Tensor<T>>& values,
                           std::vector<Tensor<T>>& gradient) override {
    count();
    const Var loss = on_tape(values);
    gradient = tape_.gradients(loss, vars_);
    return static_cast<double>(tape_.value(loss).item());
  }
  std::vector<Tensor<T>> gradient_squares(const std::vector<Tensor<T>>& values) override {
    std::vector<Tensor<T>> gradient;
    loss_and_gradient(values, gradient);
    for (Tensor<T>& g : gradient) {
      for (T& element : g.values()) element *= element;
    }
    return gradient;
  }
  void linearise(const std::vector<Tensor<T>>& values) override {
    count();
    loss_ = on_tape(values);
  }
  std::vector<Tensor<T>> curvature_product(const std::vector<Tensor<T>>& vector) override {
    count();
    return tape_.hessian_product(loss_, vars_, vector);
  }

  int calls = 0;       ///< so far
  int interrupt = -1;  ///< the call, from 0, that throws Interrupted; -1: none

 private:
  void count() {
    if (calls++ == interrupt) throw Interrupted("asked for");
  }
  Var on_tape(const std::vector<Tensor<T>>& values) {
    tape_.clear();
    vars_.clear();
    for (const Tensor<T>& value : values) vars_.push_back(tape_.leaf(value.clone()));
    return function_(vars_);
  }

  Function function_;
  Tape<T> tape_;
  std::vector<Var> vars_;
  Var loss_;
};

/// A bent valley over two_parameters(), which changes with the number: no rule is at its bottom
/// soon.
template <class T>
TapeObjective<T> valley(int number = 1) {
  return TapeObjective<T>([number](std::span<const Var> v) {
    const Var a = v[0], b = v[1];
    const Var bent = slice(a, 0, 1, 2) - slice(a * a, 0, 0, 2);
    return sum(bent * bent) * (10.0 + number) + sum((a - 1.0) * (a - 1.0)) +
           sum(softplus(b * 3.0)) + sum(b * b) * 0.5;
  });
}

/// One update with the gradient of a valley.
template <class T>
void update_in(TapeObjective<T>&& objective, Optimiser<T>& optimiser, ParameterSet<T>& parameters) {
  std::vector<Tensor<T>> gradient;
  objective.loss_and_gradient(parameters.values(), gradient);
  optimiser.update(parameters, gradient, 1.0, &objective);
}

}  // namespace carousel
