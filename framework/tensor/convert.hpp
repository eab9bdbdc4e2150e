#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

/// The numbers in another type; the tensor itself where that is its own type.
template <class To, class From>
Tensor<To> converted(const Tensor<From>& tensor) {
  if constexpr (std::is_same_v<To, From>) {
    return tensor;
  } else {
    Tensor<To> result = Tensor<To>::uninitialised(tensor.shape());
    std::transform(tensor.values().begin(), tensor.values().end(), result.data(),
                   [](From value) { return static_cast<To>(value); });
    return result;
  }
}

/// The same of each tensor.
template <class To, class From>
std::vector<Tensor<To>> converted(const std::vector<Tensor<From>>& tensors) {
  std::vector<Tensor<To>> result;
  for (const Tensor<From>& tensor : tensors) result.push_back(converted<To>(tensor));
  return result;
}

}  // namespace carousel
