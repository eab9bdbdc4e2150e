#include "exchange/onnx/op_table.hpp"

#include <algorithm>
#include <numeric>

namespace carousel {
namespace {

using Call = const OnnxCall&;

std::string zero(Call c) { return c.graph.number(0.0); }
std::string one(Call c) { return c.graph.number(1.0); }

// A truth value as 0 or 1, a number as a truth value, a number as an index.
std::string cast(Call c, const std::string& value, OnnxType type) {
  return c.add("Cast", {value}, {{"to", static_cast<Index>(type)}});
}
std::string as_number(Call c, const std::string& value) {
  return cast(c, value, OnnxType::float32);
}

// 0 where a is 0, else the value.
std::string zero_where_zero(Call c, const std::string& value) {
  return c.add("Where", {c.add("Equal", {c.in[0], zero(c)}), c.in[0], value});
}

std::string squeeze(Call c, const std::string& value, Index axis) {
  return c.add("Squeeze", {value, c.graph.integers({axis})});
}
std::string unsqueeze(Call c, const std::string& value, Index axis) {
  return c.add("Unsqueeze", {value, c.graph.integers({axis})});
}

// Along the innermost axis, which stays with one element.
std::string reduced(Call c, const std::string& op, bool keep) {
  return c.add(op, {c.in[0]}, {{"axes", std::vector<Index>{-1}}, {"keepdims", Index{keep}}});
}

// [.., n] of zeros but for a 1 at each index.
std::string one_hot(Call c, const std::string& index, Index n) {
  return c.add("OneHot", {index, c.graph.integer(n), c.graph.numbers({0.0, 1.0})},
               {{"axis", Index{-1}}});
}

std::string index_of(Call c, std::size_t operand) {
  return cast(c, c.in[operand], OnnxType::int64);
}

// The element of each row at an index, without the row's axis.
std::string picked(Call c) {
  const std::string index = unsqueeze(c, index_of(c, 1), -1);
  return squeeze(c, c.add("GatherElements", {c.in[0], index}, {{"axis", Index{-1}}}), -1);
}

std::string transposed(Call c, const std::string& value, int rank) {
  std::vector<Index> axes;
  for (int k = 0; k < rank; ++k) axes.push_back(k);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return c.add("Transpose", {value}, {{"perm", axes}});
}

std::string constant(Call c) { return c.graph.number(c.node.attributes.value); }

std::string arange(Call c) {
  std::vector<double> values(static_cast<std::size_t>(c.node.attributes.size));
  std::iota(values.begin(), values.end(), 0.0);
  return c.graph.numbers(values);
}

std::string matmul(Call c) {
  const Attributes& at = c.node.attributes;
  if (c.rank(0) == 2 && c.rank(1) == 2) {
    return c.add("Gemm", c.in,
                 {{"transA", Index{at.transpose_a}}, {"transB", Index{at.transpose_b}}});
  }
  return c.add("MatMul", {at.transpose_a ? transposed(c, c.in[0], c.rank(0)) : c.in[0],
                          at.transpose_b ? transposed(c, c.in[1], c.rank(1)) : c.in[1]});
}

std::string sum_to(Call c) {
  const Shape &from = c.shapes[0], &to = c.node.shape;
  const int missing = from.rank() - to.rank();
  std::vector<Index> summed, dropped;
  for (int axis = 0; axis < from.rank(); ++axis) {
    const bool is_dropped = axis < missing;
    if (is_dropped) dropped.push_back(axis - from.rank());
    if (is_dropped || (to[axis - missing] == 1 && from[axis] != 1)) {
      summed.push_back(axis - from.rank());
    }
  }
  if (summed.empty()) return c.in[0];
  const std::string sum =
      c.add("ReduceSum", {c.in[0], c.graph.integers(summed)}, {{"keepdims", Index{1}}});
  return dropped.empty() ? sum : c.add("Squeeze", {sum, c.graph.integers(dropped)});
}

std::string reshape(Call c) {
  std::vector<Index> sizes(c.node.shape.begin(), c.node.shape.end());
  for (Index& size : sizes) size = std::max(size, Index{-1});  // what is left
  return c.add("Reshape", {c.in[0], c.graph.integers(sizes)});
}

// An attribute's axis, counted from the end.
Index axis_of(Call c) {
  const Index axis = c.node.attributes.axis;
  return axis < 0 ? axis : axis - c.node.shape.rank();
}

std::string slice(Call c) {
  const Index begin = c.node.attributes.begin;
  return c.add("Slice", {c.in[0], c.graph.integers({begin}),
                         c.graph.integers({begin + c.node.attributes.size}),
                         c.graph.integers({axis_of(c)})});
}

std::string pad(Call c) {
  const int rank = c.rank(0);
  const auto axis = static_cast<std::size_t>(axis_of(c) + rank);
  std::vector<Index> pads(static_cast<std::size_t>(2 * rank), 0);
  const Index begin = c.node.attributes.begin;
  pads[axis] = begin;
  pads[axis + static_cast<std::size_t>(rank)] =
      c.node.attributes.size - begin - c.shapes[0][static_cast<int>(axis)];
  return c.add("Pad", {c.in[0], c.graph.integers(pads)});
}

std::string first_max(Call c) {
  const std::string place =
      c.add("ArgMax", {c.in[0]}, {{"axis", Index{-1}}, {"keepdims", Index{0}}});
  return one_hot(c, place, c.node.shape.back());
}

// Rows by index, as a product: [n, size] with a 1 in each row, turned, times [n, d].
std::string scatter_rows(Call c) {
  const std::string places = c.add("Reshape", {index_of(c, 1), c.graph.integers({-1})});
  const std::string rows = c.add("Reshape", {c.in[0], c.graph.integers({-1, c.node.shape.back()})});
  return c.add("Gemm", {one_hot(c, places, c.node.attributes.size), rows}, {{"transA", Index{1}}});
}

std::string unpick(Call c) {
  return c.add("Mul",
               {unsqueeze(c, c.in[0], -1), one_hot(c, index_of(c, 1), c.node.attributes.size)});
}

std::string put_along(Call c) {
  const std::string places = one_hot(c, index_of(c, 1), c.node.attributes.size);
  return squeeze(c, c.add("MatMul", {unsqueeze(c, c.in[0], -2), places}), -2);
}

// The places are the second output.
std::string order(Call c) {
  const std::string values = c.graph.unique("sorted"), places = c.graph.unique("places");
  c.graph.add("TopK", "", {c.in[0], c.graph.integers({c.node.shape.back()})}, {values, places},
              {{"axis", Index{-1}}, {"largest", Index{c.node.attributes.reverse}}});
  return as_number(c, places);
}

constexpr OnnxOp table[] = {
    {"constant", "an initialiser", constant},
    {"arange", "an initialiser", arange},
    {"neg", "Neg"},
    {"exp", "Exp"},
    {"log", "Log"},
    {"sqrt", "Sqrt"},
    {"clipped_sqrt", "Max, Sqrt",
     [](Call c) {
       return c.add("Sqrt", {c.add("Max", {c.in[0], zero(c)})});
     }},
    {"sin", "Sin"},
    {"cos", "Cos"},
    {"tanh", "Tanh"},
    {"sigmoid", "Sigmoid"},
    {"tanh_slope", "Sub, Add, Mul",
     [](Call c) {
       return c.add("Mul", {c.add("Sub", {one(c), c.in[0]}), c.add("Add", {one(c), c.in[0]})});
     }},
    {"sigmoid_slope", "Sub, Mul",
     [](Call c) {
       return c.add("Mul", {c.in[0], c.add("Sub", {one(c), c.in[0]})});
     }},
    {"relu", "Relu"},
    {"softplus", "Softplus"},
    {"erf", "Erf"},
    {"asinh", "Asinh"},
    {"atanh", "Atanh"},
    {"floor", "Floor"},
    {"abs", "Abs"},
    {"sign", "Sign"},
    {"step", "Greater, Cast",
     [](Call c) {
       return as_number(c, c.add("Greater", {c.in[0], zero(c)}));
     }},
    {"stop_gradient", "Identity"},
    {"add", "Add"},
    {"sub", "Sub"},
    {"mul", "Mul"},
    {"div", "Div"},
    {"safe_mul", "Mul, Equal, Where",
     [](Call c) { return zero_where_zero(c, c.add("Mul", c.in)); }},
    {"safe_div", "Div, Equal, Where",
     [](Call c) { return zero_where_zero(c, c.add("Div", c.in)); }},
    {"pow", "Pow"},
    {"maximum", "Max"},
    {"minimum", "Min"},
    {"less", "Less, Cast", [](Call c) { return as_number(c, c.add("Less", c.in)); }},
    {"where", "Cast, Where",
     [](Call c) {
       return c.add("Where", {cast(c, c.in[0], OnnxType::boolean), c.in[1], c.in[2]});
     }},
    {"matmul", "Gemm, or Transpose, MatMul", matmul},
    {"sum_to", "ReduceSum, Squeeze", sum_to},
    {"logsumexp", "ReduceLogSumExp", [](Call c) { return reduced(c, "ReduceLogSumExp", true); }},
    {"softmax", "Softmax",
     [](Call c) {
       return c.add("Softmax", c.in, {{"axis", Index{-1}}});
     }},
    {"row_max", "ReduceMax", [](Call c) { return reduced(c, "ReduceMax", true); }},
    {"first_max", "ArgMax, OneHot", first_max},
    {"cumsum", "CumSum",
     [](Call c) {
       return c.add("CumSum", {c.in[0], c.graph.integer(-1)},
                    {{"reverse", Index{c.node.attributes.reverse}}});
     }},
    {"broadcast_to", "Expand",
     [](Call c) {
       return onnx_expand(c.graph, c.in[0], c.shapes[0], c.node.attributes.shape, c.batch);
     }},
    {"reshape", "Reshape", reshape},
    {"transpose", "Transpose", [](Call c) { return transposed(c, c.in[0], c.rank(0)); }},
    {"slice", "Slice", slice},
    {"pad", "Pad", pad},
    {"concat", "Concat",
     [](Call c) {
       return c.add("Concat", c.in, {{"axis", axis_of(c)}});
     }},
    {"gather_rows", "Gather",
     [](Call c) {
       return c.add("Gather", {c.in[0], index_of(c, 1)}, {{"axis", Index{0}}});
     }},
    {"scatter_rows", "OneHot, Gemm", scatter_rows},
    {"pick", "GatherElements", picked},
    {"unpick", "OneHot, Mul", unpick},
    {"take_along", "GatherElements",
     [](Call c) {
       return c.add("GatherElements", {c.in[0], index_of(c, 1)}, {{"axis", Index{-1}}});
     }},
    {"put_along", "OneHot, MatMul", put_along},
    {"order", "TopK", order},
    {"expm", ""},
    {"expm_frechet", ""},
    {"inverse", ""},
    {"solve", ""},
    {"cross_entropy", "ReduceLogSumExp, GatherElements, Sub",
     [](Call c) {
       return c.add("Sub", {reduced(c, "ReduceLogSumExp", false), picked(c)});
     }},
    {"cross_entropy_slope", ""},
    {"binary_cross_entropy", "Softplus, Mul, Sub, ReduceSum",
     [](Call c) {
       const std::string terms =
           c.add("Sub", {c.add("Softplus", {c.in[0]}), c.add("Mul", {c.in[0], c.in[1]})});
       return c.add("ReduceSum", {terms, c.graph.integers({-1})}, {{"keepdims", Index{0}}});
     }},
    {"binary_cross_entropy_slope", ""},
    {"gaussian_exponent", ""},
    {"gaussian_exponent_slope", ""},
};

const OnnxOp* row_of(std::string_view op) {
  const auto* row = std::ranges::find(table, op, &OnnxOp::op);
  return row == std::end(table) || row->onnx.empty() ? nullptr : row;
}

}  // namespace

std::span<const OnnxOp> onnx_ops() { return table; }

bool has_onnx(const Op& op) { return row_of(op.name) != nullptr; }

std::string write_onnx_op(const OnnxCall& call) {
  const OnnxOp* row = row_of(call.node.op->name);
  if (!row) fail_bug("{} has no counterpart in ONNX", call.node.op->name);
  return row->write ? row->write(call) : call.add(std::string(row->onnx), call.in);
}

std::string onnx_expand(OnnxGraph& graph, const std::string& value, const Shape& from,
                        const Shape& to, const std::string& batch) {
  std::vector<Index> sizes(to.begin(), to.end());
  // Sequences that are there stay, as 1 asks for nothing.
  const bool has_batch = is_batched(from);
  if (!is_batched(to) || has_batch) {
    if (has_batch) sizes[0] = 1;
    return graph.add("Expand", {value, graph.integers(sizes)});
  }
  const std::string rows =
      sizes[0] == batch_dim ? batch : graph.add("Mul", {batch, graph.integers({-sizes[0]})});
  sizes.erase(sizes.begin());
  const std::string shape =
      sizes.empty() ? rows
                    : graph.add("Concat", {rows, graph.integers(sizes)}, {{"axis", Index{0}}});
  return graph.add("Expand", {value, shape});
}

}  // namespace carousel
