#include "tensor/initialiser.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <tuple>
#include <xtensor-blas/xlinalg.hpp>

#include "tensor/blas.hpp"
#include "tensor/xtensor.hpp"

namespace carousel {
namespace {

void expect_matrix(const Shape& shape, const char* what) {
  if (shape.rank() != 2) {
    fail_input("initialiser {}: got shape {}, expected a matrix [out, in]", what,
               shape.to_string());
  }
}

Tensor<double> orthogonal(const Shape& shape, Random& random) {
  expect_matrix(shape, "orthogonal");
  const bool wide = shape[0] < shape[1];
  const auto rows = static_cast<std::size_t>(wide ? shape[1] : shape[0]);
  const auto cols = static_cast<std::size_t>(wide ? shape[0] : shape[1]);
  xt::xarray<double> normal = xt::xarray<double>::from_shape({rows, cols});
  for (double& value : normal) value = random.normal();
  use_one_blas_thread();
  const auto factors = xt::linalg::qr(normal);
  const auto& q = std::get<0>(factors);
  const auto& r = std::get<1>(factors);
  Tensor<double> out = Tensor<double>::uninitialised(shape);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      const double value = q(i, j) * (r(j, j) < 0 ? -1.0 : 1.0);
      out.data()[wide ? j * rows + i : i * cols + j] = value;
    }
  }
  return out;
}

void expect_square(const Shape& shape, const char* what) {
  if (shape.rank() != 2 || shape[0] != shape[1]) {
    fail_input("initialiser {}: got shape {}, expected a square matrix", what, shape.to_string());
  }
}

Tensor<double> permutation(const Shape& shape, Random& random) {
  expect_square(shape, "permutation");
  const Index n = shape[0];
  const std::vector<int> places = random.permutation(static_cast<int>(n));
  Tensor<double> out = Tensor<double>::zeros(shape);
  for (Index i = 0; i < n; ++i) out.data()[i * n + places[static_cast<std::size_t>(i)]] = 1.0;
  return out;
}

Tensor<double> spectral(const Shape& shape, Random& random, double radius) {
  expect_square(shape, "spectral");
  const auto n = static_cast<std::size_t>(shape[0]);
  xt::xarray<double> matrix = xt::xarray<double>::from_shape({n, n});
  for (double& value : matrix) value = random.normal();
  use_one_blas_thread();
  double largest = 0.0;
  for (const auto& value : xt::linalg::eigvals(matrix))
    largest = std::max(largest, std::abs(value));
  Tensor<double> out = Tensor<double>::uninitialised(shape);
  std::transform(matrix.begin(), matrix.end(), out.data(),
                 [&](double v) { return largest > 0.0 ? v * radius / largest : 0.0; });
  return out;
}

Tensor<double> hippo(const Shape& shape) {
  expect_square(shape, "hippo");
  const Index n = shape[0];
  Tensor<double> out = Tensor<double>::zeros(shape);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j <= i; ++j) {
      const double both = (2.0 * double(i) + 1.0) * (2.0 * double(j) + 1.0);
      out.data()[i * n + j] = i == j ? -(double(i) + 1.0) : -std::sqrt(both);
    }
  }
  return out;
}

}  // namespace

Initialiser Initialiser::computed(ComputedValues values) {
  Initialiser made{Kind::computed, 0.0};
  made.computed_values = std::make_shared<const ComputedValues>(std::move(values));
  return made;
}

Initialiser Initialiser::chrono(double n) {
  if (!(n > 2.0)) fail_input("initialiser chrono({}): expected a number of steps above 2", n);
  return {Kind::chrono, n};
}

std::string Initialiser::to_string() const {
  switch (kind) {
    case Kind::constant: return fmt::format("constant({})", scale);
    case Kind::uniform:
      return low == -scale ? fmt::format("uniform({})", scale)
                           : fmt::format("uniform({}, {})", low, scale);
    case Kind::normal: return fmt::format("normal({})", scale);
    case Kind::glorot: return "glorot";
    case Kind::orthogonal: return fmt::format("orthogonal({})", scale);
    case Kind::identity: return fmt::format("identity({})", scale);
    case Kind::chrono: return fmt::format("chrono({})", scale);
    case Kind::minus: return fmt::format("minus({})", other);
    case Kind::sparse: return fmt::format("sparse({})", scale);
    case Kind::permutation: return "permutation";
    case Kind::spectral: return fmt::format("spectral({})", scale);
    case Kind::hippo: return "hippo";
    case Kind::computed: return computed_values->text;
  }
  fail_bug("unknown initialiser");
}

template <class T>
Tensor<T> initialise(const Initialiser& init, const Shape& shape, Random random) {
  Tensor<double> drawn = Tensor<double>::full(shape, init.scale);
  switch (init.kind) {
    case Initialiser::Kind::constant: break;
    case Initialiser::Kind::uniform: {
      const double middle = (init.low + init.scale) / 2.0, half = (init.scale - init.low) / 2.0;
      for (double& v : drawn.values()) v = middle + half * (2.0 * random.uniform() - 1.0);
      break;
    }
    case Initialiser::Kind::normal:
      for (double& v : drawn.values()) v = init.scale * random.normal();
      break;
    case Initialiser::Kind::glorot: {
      expect_matrix(shape, "glorot");
      const double limit = init.scale * std::sqrt(6.0 / static_cast<double>(shape[0] + shape[1]));
      for (double& v : drawn.values()) v = limit * (2.0 * random.uniform() - 1.0);
      break;
    }
    case Initialiser::Kind::orthogonal:
      drawn = orthogonal(shape, random);
      for (double& v : drawn.values()) v *= init.scale;
      break;
    case Initialiser::Kind::identity: {
      expect_matrix(shape, "identity");
      drawn = Tensor<double>::zeros(shape);
      const Index diagonal = std::min(shape[0], shape[1]);
      for (Index i = 0; i < diagonal; ++i) drawn.data()[i * (shape[1] + 1)] = init.scale;
      break;
    }
    case Initialiser::Kind::chrono:
      for (double& v : drawn.values()) v = std::log(1.0 + (init.scale - 2.0) * random.uniform());
      break;
    case Initialiser::Kind::sparse:
      for (double& v : drawn.values()) v = random.uniform() < init.scale ? random.normal() : 0.0;
      break;
    case Initialiser::Kind::permutation: drawn = permutation(shape, random); break;
    case Initialiser::Kind::spectral: drawn = spectral(shape, random, init.scale); break;
    case Initialiser::Kind::hippo: drawn = hippo(shape); break;
    case Initialiser::Kind::computed: drawn = init.computed_values->values(shape, random); break;
    case Initialiser::Kind::minus:
      fail_bug("the initialiser {} is for a ParameterSet to resolve", init.to_string());
  }
  Tensor<T> out = Tensor<T>::uninitialised(shape);
  for (Index i = 0; i < out.numel(); ++i) out.data()[i] = static_cast<T>(drawn.data()[i]);
  return out;
}

template Tensor<float> initialise(const Initialiser&, const Shape&, Random);
template Tensor<double> initialise(const Initialiser&, const Shape&, Random);

}  // namespace carousel
