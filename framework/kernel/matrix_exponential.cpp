#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "kernel/factorisation.hpp"
#include "kernel/gemm.hpp"
#include "kernel/matrix_function.hpp"
#include "kernel/tile.hpp"

namespace carousel {
namespace {

using Matrix = std::vector<double>;  // [n, n]

// A matrix and how it moves along a direction. Without a direction `slope` is empty, and all that
// is made of it too; with one, each line below is its own derivative.
struct Moving {
  Matrix value, slope;
};

// out = x y, or out += x y.
void multiply(const Matrix& x, const Matrix& y, Index n, double beta, Matrix& out) {
  out.resize(x.size());
  gemm(false, false, n, n, n, x.data(), n, y.data(), n, beta, out.data(), n);
}

void multiply(const Moving& x, const Moving& y, Index n, Moving& out, double beta = 0.0) {
  multiply(x.value, y.value, n, beta, out.value);
  out.slope.resize(x.slope.size());
  if (x.slope.empty()) return;
  multiply(x.slope, y.value, n, beta, out.slope);
  multiply(x.value, y.slope, n, 1.0, out.slope);
}

// out = f(x, y) for each element.
void combine(Tile f, const Matrix& x, const Matrix& y, Matrix& out) {
  out.resize(x.size());
  const TileArg<double> args[] = {{x.data(), 1}, {y.data(), 1}};
  tile_kernel<double>(f)(args, {out.data()}, 1, static_cast<Index>(x.size()));
}

void combine(Tile f, const Moving& x, const Moving& y, Moving& out) {
  combine(f, x.value, y.value, out.value);
  combine(f, x.slope, y.slope, out.slope);
}

void scale(Moving& x, double factor) {
  for (Matrix* m : {&x.value, &x.slope}) {
    for (double& v : *m) v *= factor;
  }
}

// The sum of weight[2 k] x[k], of which the weights are every second one, a part that stays in the
// first cache at a time.
void weighted_sum(std::span<const Moving> x, const double* weight, Moving& out) {
  constexpr std::size_t part = 1024;
  const TileKernel<double> mul = tile_kernel<double>(Tile::mul);
  const TileKernel<double> mul_add = tile_kernel<double>(Tile::mul_add);
  for (Matrix Moving::*member : {&Moving::value, &Moving::slope}) {
    const std::size_t size = (x[0].*member).size();
    (out.*member).resize(size);
    for (std::size_t first = 0; first < size; first += part) {
      const auto count = static_cast<Index>(std::min(part, size - first));
      double* sum = (out.*member).data() + first;
      for (std::size_t k = 0; k < x.size(); ++k) {
        const TileArg<double> args[] = {
            {(x[k].*member).data() + first, 1}, {weight + 2 * k, 0}, {sum, 1}};
        (k == 0 ? mul : mul_add)(args, {sum}, 1, count);
      }
    }
  }
}

void add_diagonal(Matrix& m, Index n, double value) {
  for (Index i = 0; i < n; ++i) m[static_cast<std::size_t>(i * (n + 1))] += value;
}

// Degree, the largest norm for which it is exact to the precision of double (Higham 2005, table
// 2.3; with the derivative Al-Mohy and Higham 2009, table 6.1), coefficients of the numerator.
struct Pade {
  int degree;
  double largest, largest_moving;
  std::array<double, 14> b;
};

constexpr std::array<Pade, 5> approximants{{
    {3, 1.495585217958292e-2, 1.08e-2, {120, 60, 12, 1}},
    {5, 2.539398330063230e-1, 2.00e-1, {30240, 15120, 3360, 420, 30, 1}},
    {7, 9.504178996162932e-1, 7.83e-1, {17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1}},
    {9,
     2.097847961257068,
     1.78,
     {17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1}},
    {13,
     5.371920351148152,
     4.74,
     {64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
      10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1}},
}};

// NaN where an element is.
double largest_row_sum(const Matrix& a, Index n) {
  double largest = 0.0;
  for (Index i = 0; i < n; ++i) {
    double sum = 0.0;
    for (Index j = 0; j < n; ++j) sum += std::abs(a[static_cast<std::size_t>(i * n + j)]);
    if (std::isnan(sum)) return sum;
    largest = std::max(largest, sum);
  }
  return largest;
}

// a^T = a or -a: then its 2-norm is the largest of its eigenvalues.
bool is_normal(const Matrix& a, Index n) {
  bool even = true, odd = true;
  for (Index i = 0; i < n && (even || odd); ++i) {
    for (Index j = 0; j <= i; ++j) {
      const double lower = a[static_cast<std::size_t>(i * n + j)];
      const double upper = a[static_cast<std::size_t>(j * n + i)];
      even = even && lower == upper;
      odd = odd && lower == -upper;
    }
  }
  return even || odd;
}

// e^a and its derivative along the slope of a. Memory is used again.
class Exponential {
 public:
  // e: the slope, or null. All NaN where an element of `a` is not finite.
  const Moving& run(const double* a, const double* e, Index n) {
    n_ = n;
    a_.value.assign(a, a + n * n);
    a_.slope.assign(e, e ? e + n * n : e);
    const double size = largest_row_sum(a_.value, n_);
    if (!std::isfinite(size)) {
      std::ranges::fill(a_.value, std::numeric_limits<double>::quiet_NaN());
      std::ranges::fill(a_.slope, std::numeric_limits<double>::quiet_NaN());
      return a_;
    }
    const auto limit = [&](const Pade& p) { return e ? p.largest_moving : p.largest; };
    for (const Pade& p : approximants) {
      if (size > limit(p)) continue;
      find_powers(p.degree == 13 ? 3 : (p.degree - 1) / 2);
      approximate(p);
      return result_;
    }
    halve_and_square(size, limit(approximants.back()));
    return result_;
  }

 private:
  void halve_and_square(double size, double limit) {
    int halvings = 0;
    while (std::ldexp(size, -halvings) > limit) ++halvings;
    const bool normal = is_normal(a_.value, n_);
    scale(a_, std::ldexp(1.0, -halvings));
    find_powers(3);
    if (normal) halvings = undo_halvings(halvings, limit);
    approximate(approximants.back());
    for (int i = 0; i < halvings; ++i) {
      std::swap(result_, root_);
      multiply(root_, root_, n_, result_);
    }
  }

  // a^2, a^4, .., a^(2 count).
  void find_powers(int count) {
    powers_.resize(static_cast<std::size_t>(count));
    for (std::size_t k = 0; k < powers_.size(); ++k) {
      multiply(k == 0 ? a_ : powers_[0], k == 0 ? a_ : powers_[k - 1], n_, powers_[k]);
    }
  }

  // The bounds hold in any norm. The 2-norm of a normal matrix is at most that of its sixth power
  // in another norm, to the power of 1/6: far below its sums of rows where the matrix is large.
  int undo_halvings(int halvings, double limit) {
    const double size = std::pow(largest_row_sum(powers_[2].value, n_), 1.0 / 6.0);
    int undone = 0;
    while (undone < halvings && std::ldexp(size, undone + 1) <= limit) ++undone;
    scale(a_, std::ldexp(1.0, undone));
    for (std::size_t k = 0; k < powers_.size(); ++k) {
      scale(powers_[k], std::ldexp(1.0, undone * 2 * static_cast<int>(k + 1)));
    }
    return halvings - undone;
  }

  // (v - u)^-1 (v + u), u the odd powers and v the even ones.
  void approximate(const Pade& p) {
    even_part(p, 1, v_);  // u is a times that
    multiply(a_, v_, n_, u_);
    even_part(p, 0, v_);
    divide();
  }

  // b[first] + b[first + 2] a^2 + ..; from degree 13 the upper half of it is divided by a^6.
  void even_part(const Pade& p, int first, Moving& out) {
    const double* b = p.b.data() + first;
    weighted_sum(powers_, b + 2, out);
    if (p.degree == 13) {
      weighted_sum(powers_, b + 8, high_);
      multiply(powers_[2], high_, n_, out, 1.0);
    }
    add_diagonal(out.value, n_, b[0]);
  }

  // Of (v - u) r = v + u: (v - u) r' = v' + u' + (u' - v') r.
  void divide() {
    combine(Tile::add, v_, u_, result_);
    combine(Tile::sub, v_.value, u_.value, v_.value);
    factors_.factor(v_.value.data(), n_, false);
    factors_.solve(result_.value.data(), n_);
    if (result_.slope.empty()) return;
    combine(Tile::sub, u_.slope, v_.slope, v_.slope);
    multiply(v_.slope, result_.value, n_, 1.0, result_.slope);
    factors_.solve(result_.slope.data(), n_);
  }

  Index n_ = 0;
  Moving a_, high_, u_, v_, root_, result_;
  std::vector<Moving> powers_;
  LuFactorisation factors_;
};

Exponential& exponential() {
  thread_local Exponential work;
  return work;
}

}  // namespace

void matrix_exponential(const double* a, Index n, double* out) {
  std::ranges::copy(exponential().run(a, nullptr, n).value, out);
}

void matrix_exponential_derivative(const double* a, const double* e, Index n, double* out) {
  std::ranges::copy(exponential().run(a, e, n).slope, out);
}

}  // namespace carousel
