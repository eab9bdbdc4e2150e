#include <array>

#include "kernel/gemm.hpp"
#include "kernel/tile.hpp"
#include "op/families.hpp"

namespace carousel {
namespace {

// The matrix sizes of a product, and how many products there are.
struct Product {
  Index m, n, k, count;
};

Product product_of(const Shape& a, const Shape& b, const Attributes& attributes) {
  const auto at = [](const Shape& s, int from_end) { return s[s.rank() - from_end]; };
  Product p{};
  p.m = at(a, attributes.transpose_a ? 1 : 2);
  p.k = at(a, attributes.transpose_a ? 2 : 1);
  p.n = at(b, attributes.transpose_b ? 2 : 1);
  p.count = 1;
  const Shape& many = a.rank() > 2 ? a : b;
  for (int i = 0; i + 2 < many.rank(); ++i) p.count *= many[i];
  return p;
}

Shape matmul_shape(const ShapeCall& call) {
  const Shape& a = *call.in[0];
  const Shape& b = *call.in[1];
  const Attributes& attributes = call.attributes;
  const auto name = [](const Shape& s, bool transposed) {
    return s.to_string() + (transposed ? " transposed" : "");
  };
  const auto fail = [&](const char* why) {
    fail_input("matmul: got {} @ {}: {}", name(a, attributes.transpose_a),
               name(b, attributes.transpose_b), why);
  };
  if (a.rank() < 2 || b.rank() < 2) fail("expected matrices");
  const Product p = product_of(a, b, attributes);
  const Index b_k = b[b.rank() - (attributes.transpose_b ? 1 : 2)];
  if (p.k != b_k) fail("the inner sizes differ");
  if (a.rank() != 2 && b.rank() != 2) {
    bool same = a.rank() == b.rank();
    for (int i = 0; same && i + 2 < a.rank(); ++i) same = a[i] == b[i];
    if (!same) fail("expected the same leading sizes, or one matrix on a side");
  }
  Shape out = a.rank() > 2 ? a : b;
  out[out.rank() - 2] = p.m;
  out[out.rank() - 1] = p.n;
  for (int i = 1; i < out.rank(); ++i) {
    if (out[i] == batch_dim) fail("this would mix the sequences of a batch");
  }
  return out;
}

template <class T>
void matmul_kernel(const KernelCall<T>& call) {
  const Tensor<T>& a = *call.in[0];
  const Tensor<T>& b = *call.in[1];
  const Attributes& at = call.attributes;
  Product p = product_of(a.shape(), b.shape(), at);
  const Index a_step = a.shape().rank() == 2 ? 0 : p.m * p.k;
  const Index b_step = b.shape().rank() == 2 ? 0 : p.k * p.n;
  if (p.m == 1 && p.n == 1 && p.count > 1) {  // inner products
    const std::array args{TileArg<T>{a.data(), 1, a_step}, TileArg<T>{b.data(), 1, b_step}};
    return tile_sum_kernel<T>(TileSum::dot)(args.data(), {call.out.data(), 1}, p.count, p.k);
  }
  if (b_step == 0 && !at.transpose_a) {  // one tall product
    p.m *= p.count;
    p.count = 1;
  }
  for (Index i = 0; i < p.count; ++i) {
    gemm<T>(at.transpose_a, at.transpose_b, p.m, p.n, p.k, a.data() + i * a_step,
            at.transpose_a ? p.m : p.k, b.data() + i * b_step, at.transpose_b ? p.k : p.n, T(0),
            call.out.data() + i * p.m * p.n, p.n);
  }
}

Var flatten(Var x) {
  const Shape s = x.shape();
  return reshape(x, {s.numel() / s.back(), s.back()});
}

Var matmul_derivative(const DerivativeCall& d) {
  const Attributes& at = d.attributes;
  const bool ta = at.transpose_a;
  const bool tb = at.transpose_b;
  const Var a = d.in[0];
  const Var b = d.in[1];
  if (d.wrt == 0) return ta ? matmul(b, d.grad, tb, true) : matmul(d.grad, b, false, !tb);
  // One matrix on the right of many: its gradient is one product over all their rows, where their
  // number is known; else the caller sums the products.
  const bool shared = b.shape().rank() == 2 && a.shape().rank() > 2;
  const bool one = shared && !ta && a.shape()[0] != batch_dim;
  const Var left = one ? flatten(a) : a;
  const Var grad = one ? flatten(d.grad) : d.grad;
  return tb ? matmul(grad, left, true, ta) : matmul(left, grad, !ta, false);
}

Var matmul_tangent(const TangentCall& call) {
  const bool ta = call.attributes.transpose_a, tb = call.attributes.transpose_b;
  const Var da = call.tangents[0], db = call.tangents[1];
  const Var left = da.defined() ? matmul(da, call.in[1], ta, tb) : Var();
  if (!db.defined()) return left;
  const Var right = matmul(call.in[0], db, ta, tb);
  return left.defined() ? left + right : right;
}

Attributes transposed(bool a, bool b) {
  Attributes attributes;
  attributes.transpose_a = a;
  attributes.transpose_b = b;
  return attributes;
}

}  // namespace

std::vector<Op> contraction_ops() {
  return {
      with_tangent(matmul_tangent, {"matmul",
                                    "matrix product a @ b, either side transposed on demand",
                                    2,
                                    matmul_shape,
                                    matmul_kernel<float>,
                                    matmul_kernel<double>,
                                    matmul_derivative,
                                    {{{Shape{3, 4}, Shape{4, 2}}},
                                     {{Shape{4, 3}, Shape{4, 2}}, transposed(true, false)},
                                     {{Shape{3, 4}, Shape{2, 4}}, transposed(false, true)},
                                     {{Shape{4, 3}, Shape{2, 4}}, transposed(true, true)},
                                     {{Shape{2, 3, 4}, Shape{2, 4}}, transposed(false, true)},
                                     {{Shape{2, 4, 3}, Shape{4, 2}}, transposed(true, false)},
                                     {{Shape{2, 4, 3}, Shape{2, 4}}, transposed(true, true)},
                                     {{Shape{3, 4}, Shape{2, 4, 2}}},
                                     {{Shape{4, 3}, Shape{2, 2, 4}}, transposed(true, true)},
                                     {{Shape{2, 3, 4}, Shape{2, 4, 5}}},
                                     {{Shape{2, 4, 3}, Shape{2, 5, 4}}, transposed(true, true)}}})};
}

}  // namespace carousel
