#pragma once
// Included by one .cpp file per instruction set, each compiled with its own flags. Everything
// is in an unnamed namespace or a template of the architecture, and no standard header beyond
// xsimd's is used: a function shared with other files could carry AVX-512 code into them.

#include <xsimd/xsimd.hpp>

#include "kernel/tile.hpp"

namespace carousel {
namespace {

// Vectors of half the elements, for short rows. They are a type of this file: what is made of them
// is shared with no other.
struct half_vector : xsimd::fma3<xsimd::avx2> {};

}  // namespace
}  // namespace carousel

#if defined(__AVX512F__)
namespace xsimd::types {
XSIMD_DECLARE_SIMD_REGISTER_ALIAS(::carousel::half_vector, ::xsimd::fma3<::xsimd::avx2>);
}  // namespace xsimd::types
#endif

namespace carousel {

// In tile.cpp, compiled for the baseline.
float sin_alone(float x);
double sin_alone(double x);
float cos_alone(float x);
double cos_alone(double x);

namespace {

// xsimd reduces the angles of a vector in the way that its largest one needs, so an angle's
// neighbours could change its last bit; and for the largest it calls a function that is not a
// template of the architecture. Large angles therefore go one by one to the standard library.
template <class V, class F, class G>
V each_angle(V x, F f, G alone) {
  using T = typename V::value_type;
  const auto usual = xsimd::abs(x) <= V(T(62));  // below 20 pi the ways agree
  const V y = f(xsimd::select(usual, x, V(T(0))));
  if (xsimd::all(usual)) return y;
  alignas(64) T in[V::size];
  alignas(64) T out[V::size];
  x.store_aligned(in);
  y.store_aligned(out);
  for (unsigned i = 0; i < V::size; ++i) {
    if (!(in[i] <= T(62) && in[i] >= T(-62))) out[i] = alone(in[i]);
  }
  return V::load_aligned(out);
}

struct neg {
  // Zero becomes -0 on every instruction set, which -x does not do on AVX-512.
  template <class V>
  static V run(V x) {
    return V(-0.0f) - x;
  }
};
struct exp {
  template <class V>
  static V run(V x) {
    return xsimd::exp(x);
  }
};
struct log {
  template <class V>
  static V run(V x) {
    return xsimd::log(x);
  }
};
struct sqrt {
  template <class V>
  static V run(V x) {
    return xsimd::sqrt(x);
  }
};
struct clipped_sqrt {
  // In this order a NaN stays a NaN.
  template <class V>
  static V run(V x) {
    return xsimd::sqrt(xsimd::max(V(0), x));
  }
};
struct sin {
  template <class V>
  static V run(V x) {
    using T = typename V::value_type;
    return each_angle(
        x, [](V v) { return xsimd::sin(v); }, [](T v) { return sin_alone(v); });
  }
};
struct cos {
  template <class V>
  static V run(V x) {
    using T = typename V::value_type;
    return each_angle(
        x, [](V v) { return xsimd::cos(v); }, [](T v) { return cos_alone(v); });
  }
};
struct mul_add {
  // xsimd 8.1 has no fma for AVX-512: it multiplies and adds, and the compiler joins the two in
  // some loops only, so that a value would depend on its place.
  template <class V>
  static V run(V a, V b, V c) {
#if defined(__AVX512F__)
    if constexpr (sizeof(V) != 64) return xsimd::fma(a, b, c);
    else if constexpr (sizeof(typename V::value_type) == 4) return V(_mm512_fmadd_ps(a, b, c));
    else return V(_mm512_fmadd_pd(a, b, c));
#else
    return xsimd::fma(a, b, c);
#endif
  }
};

// ln 2 in two parts, the first with few digits; the number that leaves the nearest whole number in
// the last bits of a sum; where tanh is 1; bits of the fraction. Two polynomials from the highest
// power down, interpolated at Chebyshev nodes: (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, and
// (tanh(x) / x - 1) / x^2 in powers of x^2 for |x| <= 0.28.
template <class T>
struct TanhNumbers;
template <>
struct TanhNumbers<float> {
  using Bits = std::int32_t;
  static constexpr float high = 0.693359375f, low = -2.12194440e-4f;
  static constexpr float round = 12582912.0f, limit = 10.0f;
  static constexpr int fraction = 23;
  static constexpr float powers[] = {0.001392625083f, 0.008363232884f, 0.04166655421f,
                                     0.1666657667f, 0.5f};
  static constexpr float odd[] = {0.02053824773f, -0.05390389447f, 0.1333323296f, -0.3333333309f};
};
template <>
struct TanhNumbers<double> {
  using Bits = std::int64_t;
  static constexpr double high = 0x1.62e42feep-1, low = 1.90821492927058770002e-10;
  static constexpr double round = 6755399441055744.0, limit = 22.0;
  static constexpr int fraction = 52;
  static constexpr double powers[] = {2.09147553258932022e-9,
                                      2.51053127296221018e-8,
                                      2.75572734787185805e-7,
                                      2.75572551700008874e-6,
                                      0.0000248015873256774619,
                                      0.000198412698750022788,
                                      0.00138888888888837112,
                                      0.00833333333332608312,
                                      0.0416666666666666698,
                                      0.16666666666666671,
                                      0.5};
  static constexpr double odd[] = {0.00052038034497045731, -0.00144717834157320341,
                                   0.00359156066896795972, -0.00886321482078148179,
                                   0.0218694881245746277,  -0.0539682539642303792,
                                   0.133333333333318331,   -0.333333333333333324};
};

// From the highest power down.
template <class V, class T, std::size_t n>
V polynomial(const T (&powers)[n], V x) {
  V sum(powers[0]);
  for (std::size_t i = 1; i < n; ++i) sum = mul_add::run(sum, x, V(powers[i]));
  return sum;
}

struct tanh {
  // For a large |x|, e / (e + 2) with e = e^2|x| - 1 = 2^k (p + 1) - 1, p = e^r - 1 and
  // 2|x| = k ln(2) + r; for a small one, the odd polynomial. Both are computed, without a branch.
  // Each product that is added to goes through mul_add, so that every copy of this rounds alike.
  template <class V>
  static V run(V x) {
    using T = typename V::value_type;
    using N = TanhNumbers<T>;
    using Bits = xsimd::batch<typename N::Bits, typename V::arch_type>;
    const V a = xsimd::min(V(N::limit), xsimd::abs(x));  // in this order a NaN stays a NaN
    const V sum = mul_add::run(a, V(T(2.885390081777926815)), V(N::round));
    const V k = sum - V(N::round);
    const Bits exponent = xsimd::bitwise_cast<Bits>(sum) << N::fraction;
    const V scale = xsimd::bitwise_cast<V>(exponent + xsimd::bitwise_cast<Bits>(V(1)));
    const V r = mul_add::run(k, V(-N::low), mul_add::run(k, V(-N::high), a + a));
    const V p = mul_add::run(polynomial(N::powers, r), r * r, r);
    const V e = mul_add::run(scale, p, scale - V(1));
    const V a2 = a * a;
    const V small = mul_add::run(polynomial(N::odd, a2) * a2, a, a);
    return xsimd::select(a < V(T(0.28)), small, e / (e + V(2))) | xsimd::bitofsign(x);
  }
};
struct tanh_slope {
  // Near 1 the product keeps the digits that 1 - y^2 loses.
  template <class V>
  static V run(V y) {
    return (V(1) - y) * (V(1) + y);
  }
};
struct sigmoid_slope {
  template <class V>
  static V run(V y) {
    return y * (V(1) - y);
  }
};
struct sigmoid {
  template <class V>
  static V run(V x) {
    return V(1) / (V(1) + xsimd::exp(-x));
  }
};
struct relu {
  // In this order a NaN stays a NaN.
  template <class V>
  static V run(V x) {
    return xsimd::max(V(0), x);
  }
};
struct softplus {
  // log(1 + e^x) without overflow. Not inlined: GCC 12 gives two copies of the baseline's double
  // form different last bits.
  template <class V>
  [[gnu::noinline]] static V run(V x) {
    return xsimd::max(V(0), x) + xsimd::log1p(xsimd::exp(-xsimd::abs(x)));
  }
};
struct erf {
  // Beyond 6 it is 1 in double too, and xsimd's gives NaN for the largest. In this order a NaN
  // stays a NaN.
  template <class V>
  static V run(V x) {
    return xsimd::erf(xsimd::min(V(6), xsimd::max(V(-6), x)));
  }
};
struct asinh {
  // log(a + sqrt(a^2 + 1)), a = |x|, without losing the digits of a small a and without a^2 of a
  // large one.
  template <class V>
  [[gnu::noinline]] static V run(V x) {
    using T = typename V::value_type;
    const V a = xsimd::abs(x);
    const auto large = a > V(T(1e15));
    const V b = xsimd::select(large, V(T(1)), a);
    const V small = xsimd::log1p(b + b * b / (V(T(1)) + xsimd::sqrt(b * b + V(T(1)))));
    const V y = xsimd::select(large, xsimd::log(a) + V(T(0.693147180559945309417)), small);
    return y | xsimd::bitofsign(x);
  }
};
struct atanh {
  template <class V>
  [[gnu::noinline]] static V run(V x) {
    using T = typename V::value_type;
    const V a = xsimd::abs(x);
    const V y = V(T(0.5)) * xsimd::log1p((a + a) / (V(T(1)) - a));
    return y | xsimd::bitofsign(x);
  }
};
struct floor {
  template <class V>
  static V run(V x) {
    return xsimd::floor(x);
  }
};
struct abs {
  template <class V>
  static V run(V x) {
    return xsimd::abs(x);
  }
};
struct sign {
  template <class V>
  static V run(V x) {
    return xsimd::select(x > V(0), V(1), xsimd::select(x < V(0), V(-1), x));
  }
};
struct step {
  template <class V>
  static V run(V x) {
    return xsimd::select(x > V(0), V(1), V(0));
  }
};
struct copy {
  template <class V>
  static V run(V x) {
    return x;
  }
};
struct add {
  template <class V>
  static V run(V a, V b) {
    return a + b;
  }
};
struct sub {
  template <class V>
  static V run(V a, V b) {
    return a - b;
  }
};
struct mul {
  template <class V>
  static V run(V a, V b) {
    return a * b;
  }
};
struct div {
  template <class V>
  static V run(V a, V b) {
    return a / b;
  }
};
struct safe_mul {
  template <class V>
  static V run(V a, V b) {
    return xsimd::select(a == V(0), a, a * b);
  }
};
struct safe_div {
  template <class V>
  static V run(V a, V b) {
    return xsimd::select(a == V(0), a, a / b);
  }
};
struct pow {
  // xsimd's has 0 for 0^0 and for negative powers of 0.
  template <class V>
  [[gnu::noinline]] static V run(V a, V b) {
    using T = typename V::value_type;
    const V whole = xsimd::floor(b);
    const V half = whole * V(T(0.5));
    const auto odd = !(xsimd::floor(half) == half);
    V y = xsimd::exp(b * xsimd::log(xsimd::abs(a)));
    y = xsimd::select((a < V(0)) & odd, V(-0.0f) - y, y);
    y = xsimd::select((a < V(0)) & !(whole == b), V(T(__builtin_nan(""))), y);
    return xsimd::select((b == V(0)) | (a == V(T(1))), V(T(1)), y);
  }
};
struct maximum {
  template <class V>
  static V run(V a, V b) {
    return xsimd::select((a < b) | xsimd::isnan(b), b, a);
  }
};
struct minimum {
  template <class V>
  static V run(V a, V b) {
    return xsimd::select((b < a) | xsimd::isnan(b), b, a);
  }
};
struct less {
  template <class V>
  static V run(V a, V b) {
    return xsimd::select(a < b, V(1), V(0));
  }
};
struct where {
  template <class V>
  static V run(V c, V a, V b) {
    return xsimd::select(c == V(0), b, a);
  }
};

struct add_sigmoid {
  template <class V>
  static V run(V a, V b) {
    return sigmoid::run(a + b);
  }
};
struct add_tanh {
  template <class V>
  static V run(V a, V b) {
    return tanh::run(a + b);
  }
};
struct add_relu {
  template <class V>
  static V run(V a, V b) {
    return relu::run(a + b);
  }
};
struct mul_step {
  template <class V>
  static V run(V a, V b) {
    return a * step::run(b);
  }
};
struct mul_mul {
  template <class V>
  static V run(V a, V b, V c) {
    return a * b * c;
  }
};
struct mul_sigmoid_slope {
  template <class V>
  static V run(V a, V y) {
    return a * sigmoid_slope::run(y);
  }
};
struct mul_tanh_slope {
  template <class V>
  static V run(V a, V y) {
    return a * tanh_slope::run(y);
  }
};
struct mul_mul_sigmoid_slope {
  template <class V>
  static V run(V a, V b, V y) {
    return a * b * sigmoid_slope::run(y);
  }
};
struct mul_mul_tanh_slope {
  template <class V>
  static V run(V a, V b, V y) {
    return a * b * tanh_slope::run(y);
  }
};

}  // namespace
}  // namespace carousel
