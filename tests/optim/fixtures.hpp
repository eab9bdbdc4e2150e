#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "optim/optimiser.hpp"

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

}  // namespace carousel
