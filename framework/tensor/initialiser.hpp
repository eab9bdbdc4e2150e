#pragma once

#include <string>

#include "tensor/random.hpp"
#include "tensor/tensor.hpp"

namespace carousel {

/// How a parameter gets its first values.
struct Initialiser {
  enum class Kind { constant, uniform, normal, glorot, orthogonal };
  Kind kind = Kind::constant;
  double scale = 0.0;

  /// Every element is `value`.
  static Initialiser constant(double value) { return {Kind::constant, value}; }
  static Initialiser zeros() { return constant(0.0); }
  static Initialiser ones() { return constant(1.0); }
  /// Uniform in [-limit, limit].
  static Initialiser uniform(double limit) { return {Kind::uniform, limit}; }
  /// Normal with mean 0 and the given standard deviation.
  static Initialiser normal(double deviation) { return {Kind::normal, deviation}; }
  /// Uniform in +-sqrt(6 / (fan_in + fan_out)) of a [out, in] matrix
  /// (Glorot and Bengio 2010, equation 16).
  static Initialiser glorot() { return {Kind::glorot, 1.0}; }
  /// Orthonormal rows or columns times `gain`, whichever are fewer (Saxe et al. 2014):
  /// Q of the QR factors of a normal matrix, with the signs of R's diagonal.
  static Initialiser orthogonal(double gain = 1.0) { return {Kind::orthogonal, gain}; }

  /// "glorot", "uniform(0.1)" and so on.
  std::string to_string() const;
};

/// Draws a tensor. The numbers are drawn in double, so float and double agree but for rounding.
/// Throws InputError when glorot or orthogonal meets a shape that is not a matrix.
template <class T>
Tensor<T> initialise(const Initialiser& init, const Shape& shape, Random random);

}  // namespace carousel
