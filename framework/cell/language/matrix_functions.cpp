// Functions of matrices: of the last two axes, for each place of those before.

#include "cell/language/function_families.hpp"

namespace carousel {
namespace {

// The shape with other sizes in place of the last axis.
Shape instead_of_last(const Shape& shape, std::initializer_list<Index> sizes) {
  Shape out;
  for (int i = 0; i + 1 < shape.rank(); ++i) out.push_back(shape[i]);
  for (const Index size : sizes) out.push_back(size);
  return out;
}

bool same_but_last(const Shape& a, const Shape& b) {
  return instead_of_last(a, {}) == instead_of_last(b, {});
}

Value outer(FunctionCall& call) {
  const Var a = call.array(0), b = call.array(1);
  const Shape left = Value(a).shape(), right = Value(b).shape();
  if (!same_but_last(left, right)) call.fail_shapes({a, b});
  return reshape_one(a, instead_of_last(left, {left.back(), 1})) *
         reshape_one(b, instead_of_last(right, {1, right.back()}));
}

Value dot(FunctionCall& call) {
  const Var a = call.array(0), b = call.array(1);
  const Shape shape = Value(a).shape();
  if (!(shape == Value(b).shape())) call.fail_shapes({a, b});
  const Var sum = sum_over(a * b, -1);
  return shape.rank() == 1 ? sum : reshape_one(sum, instead_of_last(shape, {}));
}

// The numbers of the rows as a column, those of the columns as a row.
struct Places {
  Var row, column;
};

Places places(Graph& graph, Index rows, Index columns) {
  return {reshape(arange(graph, rows), {rows, 1}), reshape(arange(graph, columns), {1, columns})};
}

Var identity(Graph& graph, Index n) {
  const Places at = places(graph, n, n);
  return equal(at.row, at.column);
}

Value diagonal(FunctionCall& call) {
  const Var v = call.array(0);
  const Shape shape = Value(v).shape();
  const Index n = shape.back();
  return reshape_one(v, instead_of_last(shape, {1, n})) * identity(call.graph(), n);
}

Value block_diagonal(FunctionCall& call) {
  const Var v = call.of_rank(0, 3);
  const Shape s = Value(v).shape();
  const Var mask = reshape(identity(call.graph(), s[0]), {s[0], 1, s[0], 1});
  return reshape_one(reshape_one(v, {s[0], s[1], 1, s[2]}) * mask, {s[0] * s[1], s[0] * s[2]});
}

// Throws unless the argument is a matrix, or many of them.
Var matrices(FunctionCall& call, std::size_t i) {
  const Var v = call.array(i);
  if (Value(v).shape().rank() < 2) {
    call.fail(fmt::format("{} is {}, expected a matrix", text_of(call.argument(i).place),
                          Value(v).shape_text()));
  }
  return v;
}

enum class Half { lower, upper };

Value triangle(FunctionCall& call, Half half) {
  const Var v = matrices(call, 0);
  const Index diagonal = call.count() > 1 ? call.whole(1) : 0;
  const Shape s = Value(v).shape();
  const Places at = places(call.graph(), s[s.rank() - 2], s[s.rank() - 1]);
  const Var shifted = diagonal == 0 ? at.row : at.row + static_cast<double>(diagonal);
  return v * (half == Half::lower ? not_above(at.column, shifted) : not_above(shifted, at.column));
}

Value transposed(FunctionCall& call) { return transpose(matrices(call, 0)); }

Var square(FunctionCall& call, std::size_t i) {
  const Var v = call.array(i);
  const Shape s = Value(v).shape();
  if (s.rank() < 2 || s[s.rank() - 1] != s[s.rank() - 2]) {
    call.fail(fmt::format("{} is {}, expected a square matrix", text_of(call.argument(i).place),
                          Value(v).shape_text()));
  }
  return v;
}

// One square matrix, the same for all sequences.
Var of_parameters(FunctionCall& call, std::size_t i) {
  const Var v = square(call, i);
  if (Value(v).batched() || v.shape().rank() > 2) {
    call.fail(fmt::format("{} differs from step to step, expected an expression of parameters",
                          text_of(call.argument(i).place)));
  }
  return v;
}

Value exponential(FunctionCall& call) { return expm(of_parameters(call, 0)); }

Value exponential_derivative(FunctionCall& call) {
  const Var a = of_parameters(call, 0), e = of_parameters(call, 1);
  if (!(a.shape() == e.shape())) call.fail_shapes({a, e});
  return expm_frechet(a, e);
}

// x of A x = b: b is a vector or a matrix for each matrix of A, as on the right of A @ x.
Value solution(FunctionCall& call) {
  const Value a = square(call, 0), b = call.array(1);
  const Shape left = a.shape(), right = b.shape();
  if (!product_of(left, right)) call.fail_shapes({a, b});
  // Its inverse is known before the first step.
  if (!a.batched() && b.batched()) return product(inverse(a.var), b.var);
  const bool vector = right.rank() < left.rank();
  const Index columns = vector ? 1 : right.back();
  const Shape full = instead_of_last(left, {columns});
  const Var columns_of_b =
      vector ? reshape_one(b.var, right.rank() + 1 == left.rank() ? instead_of_last(left, {1})
                                                                  : Shape{right.back(), 1})
             : b.var;
  const std::vector<Var> both = together(call.graph(), {a, columns_of_b}, {left, full});
  const Var x = solve(both[0], both[1]);
  return vector ? reshape_one(x, instead_of_last(left, {})) : x;
}

}  // namespace

std::vector<Function> matrix_functions() {
  return {
      by_parts({"transpose", 1, 1, nullptr, transposed}),
      {"outer", 2, 2, nullptr, outer},
      {"dot", 2, 2, nullptr, dot},
      by_parts({"diag", 1, 1, nullptr, diagonal}),
      {"block_diagonal", 1, 1, nullptr, block_diagonal},
      {"eye", 1, 1, nullptr,
       [](FunctionCall& c) -> Value { return identity(c.graph(), c.size(0)); }},
      {"tril", 1, 2, nullptr, [](FunctionCall& c) { return triangle(c, Half::lower); }},
      {"triu", 1, 2, nullptr, [](FunctionCall& c) { return triangle(c, Half::upper); }},
      {"expm", 1, 1, nullptr, exponential},
      {"expm_frechet", 2, 2, nullptr, exponential_derivative},
      {"inverse", 1, 1, nullptr, [](FunctionCall& c) -> Value { return inverse(square(c, 0)); }},
      {"solve", 2, 2, nullptr, solution},
  };
}

}  // namespace carousel
