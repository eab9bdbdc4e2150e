#pragma once

#include <vector>

#include "tensor/tensor.hpp"

namespace carousel {

/// The mean loss of a batch as a function of the parameters, for a rule that looks at more than the
/// gradient where it stands. Values, gradients and vectors have a tensor for each parameter, in its
/// shape; what is not trained has the gradient 0. Any call may throw Interrupted.
template <class T>
class Objective {
 public:
  virtual ~Objective() = default;
  /// The loss at these values; NaN or infinite where it has none.
  virtual double loss(const std::vector<Tensor<T>>& values) = 0;
  /// The same with its gradient.
  virtual double loss_and_gradient(const std::vector<Tensor<T>>& values,
                                   std::vector<Tensor<T>>& gradient) = 0;
  /// An estimate of the mean of squared gradients of parts of the batch, for a preconditioner.
  virtual std::vector<Tensor<T>> gradient_squares(const std::vector<Tensor<T>>& values) = 0;
  /// Takes the place where curvature_product() is asked for, until the next call of another
  /// function.
  virtual void linearise(const std::vector<Tensor<T>>& values) = 0;
  /// Product of the matrix of curvature (OptimiserOptions::curvature) with a vector.
  virtual std::vector<Tensor<T>> curvature_product(const std::vector<Tensor<T>>& vector) = 0;
};

}  // namespace carousel
