#include <array>

#include "op/families.hpp"
#include "op/losses.hpp"

namespace carousel {
namespace {

// The sizes of x: [.., 2 D K] for y: [.., D].
struct Sizes {
  Index d, k;
};

Sizes sizes_of(const char* what, const Shape& x, const Shape& y) {
  const bool ranks = x.rank() > 0 && y.rank() > 0 && without_last(x) == without_last(y);
  const Sizes sizes{ranks ? y.back() : 0, ranks && y.back() > 0 ? x.back() / (2 * y.back()) : 0};
  if (sizes.k < 1 || x.back() != 2 * sizes.d * sizes.k) {
    fail_input("{}: got values of shape {} for frames {}, expected [.., 2 D K] for [.., D]", what,
               x.to_string(), y.to_string());
  }
  return sizes;
}

Shape exponent_shape(const ShapeCall& call) {
  const Shape& x = *call.in[0];
  return with_dim(x, x.rank() - 1, sizes_of("gaussian_exponent", x, *call.in[1]).k);
}

Shape slope_shape(const ShapeCall& call) {
  const Shape& x = *call.in[0];
  const Sizes sizes = sizes_of("gaussian_exponent_slope", x, *call.in[1]);
  if (!(*call.in[2] == with_dim(x, x.rank() - 1, sizes.k))) {
    fail_input("gaussian_exponent_slope: got {} for values of shape {}, expected {} in a row",
               call.in[2]->to_string(), x.to_string(), sizes.k);
  }
  return x;
}

// t and exp(-b t) of the values a of a row, n of each.
template <class T>
class Deviations {
 public:
  Deviations(Index n, double bound)
      : n_(n), bound_(static_cast<T>(bound)), both_(Tensor<T>::uninitialised({2 * n})) {}

  void of(const T* a) {
    static const TileKernel<T> tanh = tile_kernel<T>(Tile::tanh), exp = tile_kernel<T>(Tile::exp);
    T *const t = both_.data(), *const w = t + n_;
    for (Index i = 0; i < n_; ++i) t[i] = a[i] / bound_;
    const TileArg<T> squashed{t, 1}, logarithm{w, 1};
    tanh(&squashed, {t}, 1, n_);
    for (Index i = 0; i < n_; ++i) w[i] = -bound_ * t[i];
    exp(&logarithm, {w}, 1, n_);
  }
  const T* t() const { return both_.data(); }
  const T* w() const { return both_.data() + n_; }

 private:
  Index n_;
  T bound_;
  Tensor<T> both_;
};

template <class T>
void exponent_kernel(const KernelCall<T>& call) {
  const Index d = call.in[1]->shape().back(), k = call.out.shape().back(), n = d * k;
  const T bound = static_cast<T>(call.attributes.value);
  Deviations<T> deviations(n, call.attributes.value);
  const T *x = call.in[0]->data(), *y = call.in[1]->data();
  T* out = call.out.data();
  for (Index rows = call.out.numel() / k; rows > 0; --rows, x += 2 * n, y += d, out += k) {
    deviations.of(x + n);
    std::fill_n(out, k, T(0));
    for (Index i = 0; i < n; i += k) {
      const T *const m = x + i, *const t = deviations.t() + i, *const w = deviations.w() + i;
      const T of_frame = y[i / k];
      for (Index j = 0; j < k; ++j) {
        const T z = (of_frame - m[j]) * w[j];
        out[j] += T(0.5) * z * z + bound * t[j];
      }
    }
  }
}

template <class T>
void slope_kernel(const KernelCall<T>& call) {
  const Index d = call.in[1]->shape().back(), k = call.in[2]->shape().back(), n = d * k;
  Deviations<T> deviations(n, call.attributes.value);
  const T *x = call.in[0]->data(), *y = call.in[1]->data(), *g = call.in[2]->data();
  T* out = call.out.data();
  for (Index rows = call.in[2]->numel() / k; rows > 0;
       --rows, x += 2 * n, y += d, g += k, out += 2 * n) {
    deviations.of(x + n);
    for (Index i = 0; i < n; i += k) {
      const T *const m = x + i, *const t = deviations.t() + i, *const w = deviations.w() + i;
      T *const by_mean = out + i, *const by_deviation = out + n + i;
      const T of_frame = y[i / k];
      for (Index j = 0; j < k; ++j) {
        const T z = (of_frame - m[j]) * w[j];
        by_mean[j] = -g[j] * z * w[j];
        by_deviation[j] = g[j] * (T(1) - z * z) * (T(1) - t[j] * t[j]);
      }
    }
  }
}

// The parts of the formulas as values [.., D, K], for the rules.
struct Parts {
  Parts(Var x, Var y, double b) : bound(b) {
    const Sizes sizes = sizes_of("gaussian_exponent", x.shape(), y.shape());
    full = without_last(x.shape());
    by_component = by_element = full;
    full.push_back(sizes.d);
    full.push_back(sizes.k);
    by_component.push_back(1);
    by_component.push_back(sizes.k);
    by_element.push_back(sizes.d);
    by_element.push_back(1);
    t = tanh(second(x) / bound);
    w = exp(-bound * t);
    z = (frames(y) - first(x)) * w;
    h = tanh_slope(t);
  }

  Var half(Var x, Index begin) const {
    const Index n = x.shape().back() / 2;
    return reshape(slice(x, -1, begin * n, n), full);
  }
  Var first(Var x) const { return half(x, 0); }
  Var second(Var x) const { return half(x, 1); }
  Var frames(Var y) const { return reshape(y, by_element); }
  Var components(Var g) const { return reshape(g, by_component); }

  Var both(Var by_mean, Var by_deviation) const {
    Shape flat = without_last(without_last(full));
    flat.push_back(full[full.rank() - 2] * full.back());
    return concat(std::array{reshape(by_mean, flat), reshape(by_deviation, flat)}, -1);
  }
  Var sum_of_elements(Var v) const {
    Shape flat = without_last(without_last(full));
    flat.push_back(full.back());
    return reshape(sum_to(v, by_component), flat);
  }
  Var sum_of_components(Var v) const { return reshape(sum_to(v, by_element), without_last(full)); }

  double bound;
  Shape full, by_component, by_element;
  Var t, w, z, h;
};

Var exponent_derivative(const DerivativeCall& d) {
  const double bound = d.attributes.value;
  if (d.wrt == 0) return gaussian_exponent_slope(d.in[0], d.in[1], d.grad, bound);
  const Parts p(d.in[0], d.in[1], bound);
  return p.sum_of_components(p.components(d.grad) * p.z * p.w);
}

// How z moves where x and y do; one of both does.
Var tangent_of_z(const Parts& p, Var dx, Var dy) {
  Var moved;
  if (dx.defined()) moved = -(p.w * p.first(dx) + p.z * p.h * p.second(dx));
  if (!dy.defined()) return moved;
  const Var of_frame = p.frames(dy) * p.w;
  return moved.defined() ? moved + of_frame : of_frame;
}

Var exponent_tangent(const TangentCall& call) {
  const Parts p(call.in[0], call.in[1], call.attributes.value);
  const Var dx = call.tangents[0];
  Var moved = p.z * tangent_of_z(p, dx, call.tangents[1]);
  if (dx.defined()) moved = moved + p.h * p.second(dx);
  return p.sum_of_elements(moved);
}

Var slope_derivative(const DerivativeCall& d) {
  const Parts p(d.in[0], d.in[1], d.attributes.value);
  const Var g = p.components(d.in[2]), by_mean = p.first(d.grad), by_deviation = p.second(d.grad);
  const Var zwh = p.z * p.w * p.h, rest = 1.0 - p.z * p.z;
  if (d.wrt == 2) return p.sum_of_elements(by_deviation * rest * p.h - by_mean * p.z * p.w);
  const Var of_mean = g * (by_mean * p.w * p.w + 2.0 * by_deviation * zwh);
  if (d.wrt == 1) return -p.sum_of_components(of_mean);
  const Var curved = 2.0 * p.z * p.z * p.h * p.h - (2.0 / p.bound) * rest * p.t * p.h;
  return p.both(of_mean, g * (2.0 * by_mean * zwh + by_deviation * curved));
}

Var slope_tangent(const TangentCall& call) {
  const double bound = call.attributes.value;
  const Parts p(call.in[0], call.in[1], bound);
  const Var dx = call.tangents[0], dy = call.tangents[1], dg = call.tangents[2];
  Var sum;
  if (dx.defined() || dy.defined()) {
    const Var g = p.components(call.in[2]), dz = tangent_of_z(p, dx, dy);
    Var by_mean = dz * p.w, by_deviation = -2.0 * p.z * dz * p.h;
    if (dx.defined()) {
      const Var squashed = p.h * p.second(dx);
      by_mean = by_mean - p.z * p.w * squashed;
      by_deviation = by_deviation - (2.0 / bound) * (1.0 - p.z * p.z) * p.t * squashed;
    }
    sum = p.both(-g * by_mean, g * by_deviation);
  }
  if (!dg.defined()) return sum;
  const Var of_g = gaussian_exponent_slope(call.in[0], call.in[1], dg, bound);
  return sum.defined() ? sum + of_g : of_g;
}

Attributes with_bound(double bound) {
  Attributes attributes;
  attributes.value = bound;
  return attributes;
}

}  // namespace

std::vector<Op> mixture_ops() {
  return {
      with_tangent(
          exponent_tangent,
          {"gaussian_exponent",
           "of each component: sum of z^2 / 2 + b tanh(a / b), z = (y - m) e^(-b tanh(a / b))",
           2,
           exponent_shape,
           exponent_kernel<float>,
           exponent_kernel<double>,
           exponent_derivative,
           {{{Shape{2, 12}, Shape{2, 3}}, with_bound(2.0)},
            {{Shape{2, 1, 4}, Shape{2, 1, 1}}, with_bound(7.0)}}}),
      with_tangent(slope_tangent, {"gaussian_exponent_slope",
                                   "its slope by m and a, times a number for each component",
                                   3,
                                   slope_shape,
                                   slope_kernel<float>,
                                   slope_kernel<double>,
                                   slope_derivative,
                                   {{{Shape{2, 12}, Shape{2, 3}, Shape{2, 2}}, with_bound(2.0)}}}),
  };
}

Var gaussian_exponent(Var x, Var y, double bound) {
  static const Op& op = find_op("gaussian_exponent");
  Attributes attributes;
  attributes.value = bound;
  return carousel::apply(op, std::array{x, y}, attributes);
}

Var gaussian_exponent_slope(Var x, Var y, Var g, double bound) {
  static const Op& op = find_op("gaussian_exponent_slope");
  Attributes attributes;
  attributes.value = bound;
  return carousel::apply(op, std::array{x, y, g}, attributes);
}

}  // namespace carousel
