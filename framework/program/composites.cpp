#include "program/composites.hpp"

#include <cmath>

namespace carousel {

Shape language_shape(const Shape& shape) {
  Shape out;
  for (const Index dim : shape) {
    if (dim != batch_dim) out.push_back(dim);
  }
  if (out.rank() == 0) out.push_back(1);
  return out;
}

bool Composites::is_op(int id, std::string_view op) const {
  return node(id).kind == ProgramNode::Kind::op && node(id).op->name == op;
}

bool Composites::is_hidden(int id, std::string_view op) const {
  return is_op(id, op) && !has_name(id);
}

int Composites::under_reshapes(int id) const {
  while (is_hidden(id, "reshape")) id = node(id).inputs[0];
  return id;
}

// v of exp(v - logsumexp(v)); -1: it is something else.
int Composites::softmax_of(int id) const {
  if (!is_op(id, "exp") || !is_hidden(node(id).inputs[0], "sub")) return -1;
  const auto& in = node(node(id).inputs[0]).inputs;
  return is_hidden(in[1], "logsumexp") && node(in[1]).inputs[0] == in[0] ? in[0] : -1;
}

// For op(a, number): a; -1: it is something else.
int Composites::before_number(int id, std::string_view op, double value) const {
  if (!is_op(id, op)) return -1;
  const auto& in = node(id).inputs;
  return is_op(in[1], "constant") && node(in[1]).attributes.value == value ? in[0] : -1;
}

int Composites::hidden_before_number(int id, std::string_view op, double value) const {
  return is_hidden(id, op) ? before_number(id, op, value) : -1;
}

// v of max(min(v / 6 + 0.5, 1), 0)
int Composites::hard_sigmoid_of(int id) const {
  int v = before_number(id, "maximum", 0.0);
  if (v >= 0) v = hidden_before_number(v, "minimum", 1.0);
  if (v >= 0) v = hidden_before_number(v, "add", 0.5);
  return v < 0 ? v : hidden_before_number(v, "div", 6.0);
}

// v of v * 0.5 * (1 + erf(v * (1 / sqrt(2))))
int Composites::gelu_of(int id) const {
  if (!is_op(id, "mul") || !is_hidden(node(id).inputs[1], "add")) return -1;
  const int v = hidden_before_number(node(id).inputs[0], "mul", 0.5);
  const auto& in = node(node(id).inputs[1]).inputs;
  if (v < 0 || !is_op(in[0], "constant") || node(in[0]).attributes.value != 1.0) return -1;
  if (!is_hidden(in[1], "erf")) return -1;
  const double scale = 1.0 / std::sqrt(2.0);
  return hidden_before_number(node(in[1]).inputs[0], "mul", scale) == v ? v : -1;
}

// v of sum(v) / n over the last axis
int Composites::mean_of(int id) const {
  if (!is_op(id, "div") || !is_hidden(node(id).inputs[0], "sum_to")) return -1;
  const ProgramNode& sum = node(node(id).inputs[0]);
  Shape rows = node(sum.inputs[0]).shape;
  const Index n = rows.back();
  rows[rows.rank() - 1] = 1;
  if (!(rows == sum.shape) || n < 2) return -1;
  return before_number(id, "div", static_cast<double>(n)) < 0 ? -1 : sum.inputs[0];
}

// v of u / sqrt(mean(u * u) + 1e-5) with u = v - mean(v)
int Composites::layer_norm_of(int id) const {
  if (!is_op(id, "div")) return -1;
  const int centred = node(id).inputs[0], root = node(id).inputs[1];
  if (!is_hidden(root, "sqrt") || !is_hidden(centred, "sub")) return -1;
  const int variance = hidden_before_number(node(root).inputs[0], "add", 1e-5);
  const int square = variance < 0 ? -1 : mean_of(variance);
  if (square < 0 || !is_hidden(square, "mul")) return -1;
  const auto& factors = node(square).inputs;
  const int v = node(centred).inputs[0];
  const bool fits = factors[0] == centred && factors[1] == centred &&
                    !has_name(node(centred).inputs[1]) && mean_of(node(centred).inputs[1]) == v;
  return fits ? v : -1;
}

// R of block_diagonal(R): rank 4 inside.
int Composites::blocks_of(int id) const {
  if (!is_op(id, "reshape")) return -1;
  const int masked = under_reshapes(node(id).inputs[0]);
  if (!is_hidden(masked, "mul") || shape_of(masked).rank() != 4) return -1;
  const int wide = node(masked).inputs[0];
  if (!is_hidden(wide, "reshape")) return -1;
  const int blocks = node(wide).inputs[0];
  return shape_of(blocks).rank() == 3 ? blocks : -1;
}

Index Composites::roll_of(const ProgramNode& n) const {
  if (n.inputs.size() != 2 || !is_hidden(n.inputs[0], "slice") ||
      !is_hidden(n.inputs[1], "slice")) {
    return 0;
  }
  const ProgramNode &a = node(n.inputs[0]), &b = node(n.inputs[1]);
  const bool whole = a.inputs[0] == b.inputs[0] && b.attributes.begin == 0 &&
                     a.attributes.begin == b.attributes.size &&
                     node(a.inputs[0]).shape == n.shape && a.attributes.axis == n.attributes.axis &&
                     b.attributes.axis == n.attributes.axis;
  return whole ? a.attributes.size : 0;
}

}  // namespace carousel
