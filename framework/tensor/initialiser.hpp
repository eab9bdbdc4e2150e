#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tensor/random.hpp"
#include "tensor/tensor.hpp"

namespace carousel {

/// First values that an expression gives, such as log(-0.5 * log(u)).
struct ComputedValues {
  std::string text;                                             ///< as in a cell file
  std::function<Tensor<double>(const Shape&, Random&)> values;  ///< drawn from the numbers
};

/// How a parameter gets its first values.
struct Initialiser {
  /// The rules, one for each function below.
  enum class Kind {
    constant,
    uniform,
    normal,
    glorot,
    orthogonal,
    identity,
    chrono,
    minus,
    sparse,
    permutation,
    spectral,
    hippo,
    computed
  };
  Kind kind = Kind::constant;  ///< the rule; the fields below are its numbers
  double scale = 0.0;          ///< uniform: the upper end; chrono: its n
  double low = 0.0;            ///< uniform
  std::string other = {};      ///< minus: the name of a parameter
  std::shared_ptr<const ComputedValues> computed_values = {};  ///< of `computed`

  /// Every element is `value`.
  static Initialiser constant(double value) { return {Kind::constant, value}; }
  /// Every element is 0, as of biases.
  static Initialiser zeros() { return constant(0.0); }
  /// Every element is 1, as of gains.
  static Initialiser ones() { return constant(1.0); }
  /// Uniform in [-limit, limit].
  static Initialiser uniform(double limit) { return uniform(-limit, limit); }
  /// Uniform in [low, high].
  static Initialiser uniform(double low, double high) { return {Kind::uniform, high, low}; }
  /// Normal with mean 0 and the given standard deviation.
  static Initialiser normal(double deviation) { return {Kind::normal, deviation}; }
  /// Uniform in +-sqrt(6 / (fan_in + fan_out)) of a [out, in] matrix
  /// (Glorot and Bengio 2010, equation 16).
  static Initialiser glorot() { return {Kind::glorot, 1.0}; }
  /// Orthonormal rows or columns times `gain`, whichever are fewer (Saxe et al. 2014):
  /// Q of the QR factors of a normal matrix, with the signs of R's diagonal.
  static Initialiser orthogonal(double gain = 1.0) { return {Kind::orthogonal, gain}; }

  /// `value` on the diagonal of a matrix, which need not be square, and 0 elsewhere.
  static Initialiser identity(double value = 1.0) { return {Kind::identity, value}; }
  /// log(u), u uniform in [1, n - 1]: the bias of a gate that remembers for up to n steps (Tallec
  /// and Ollivier 2018, arXiv:1804.11188, section 2.3). Throws InputError unless n > 2.
  static Initialiser chrono(double n);
  /// -1 times the first value of the parameter `other` of the same cell, which has the same shape.
  static Initialiser minus(std::string other) { return {Kind::minus, -1.0, 0.0, std::move(other)}; }

  /// Each element is normal with deviation 1 with probability p, else 0; p in [0, 1].
  static Initialiser sparse(double p) { return {Kind::sparse, p}; }
  /// A square matrix that exchanges elements: a 1 in each row and column.
  static Initialiser permutation() { return {Kind::permutation, 1.0}; }
  /// A square normal matrix whose largest eigenvalue has the magnitude r, as of echo state networks
  /// (Jaeger 2001).
  static Initialiser spectral(double r) { return {Kind::spectral, r}; }
  /// The square matrix A of HiPPO-LegS (Gu et al. 2020, arXiv:2008.07669, equation 3).
  static Initialiser hippo() { return {Kind::hippo, 1.0}; }
  /// What an expression gives.
  static Initialiser computed(ComputedValues values);

  /// "glorot", "uniform(0.1)" and so on, as in a cell file.
  std::string to_string() const;
};

/// Draws a tensor. The numbers are drawn in double, so float and double agree but for rounding.
/// Throws InputError when glorot, orthogonal or identity meets a shape that is not a matrix, and
/// permutation, spectral or hippo one that is not square. The
/// parameter that `minus` names is not known here: a ParameterSet resolves it.
template <class T>
Tensor<T> initialise(const Initialiser& init, const Shape& shape, Random random);

}  // namespace carousel
