#include "program/composites.hpp"

#include "op/composites.hpp"

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

// For op(a, number): a; -1: it is something else.
int Composites::before_number(int id, std::string_view op, double value) const {
  if (!is_op(id, op)) return -1;
  const auto& in = node(id).inputs;
  return is_op(in[1], "constant") && node(in[1]).attributes.value == value ? in[0] : -1;
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

// Whether node `id` is computed as node `made` of the composite is, from parts without names.
// stands_for: of each node of the composite, the node that was found for it, or -1.
bool Composites::is_made_as(const StepProgram& composite, int made, int id,
                            std::vector<int>& stands_for) const {
  int& found = stands_for[static_cast<std::size_t>(made)];
  if (found >= 0) return found == id;
  found = id;
  const ProgramNode &pattern = composite.nodes[static_cast<std::size_t>(made)], &n = node(id);
  if (made == 0) return n.shape == pattern.shape;  // the argument
  if (n.kind != ProgramNode::Kind::op || n.op != pattern.op ||
      !(n.attributes == pattern.attributes)) {
    return false;
  }
  for (std::size_t k = 0; k < n.inputs.size(); ++k) {
    const int input = n.inputs[k], inner = pattern.inputs[k];
    if (inner != 0 && has_name(input) && !is_op(input, "constant")) return false;
    if (!is_made_as(composite, inner, input, stands_for)) return false;
  }
  return true;
}

std::optional<Composites::Named> Composites::named(int id) const {
  for (const Composite& composite : composites()) {
    StepProgram argument;
    argument.nodes.push_back({ProgramNode::Kind::parameter, nullptr, {}, {}, node(id).shape, "v"});
    StepBuilder builder(argument);
    const int made = composite.function(builder.at(0)).id;
    const StepProgram program = builder.take();
    std::vector<int> stands_for(program.nodes.size(), -1);
    if (is_made_as(program, made, id, stands_for)) return Named{composite.name, stands_for[0]};
  }
  return {};
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
