#include "op/op.hpp"

#include <unordered_map>

#include "op/families.hpp"

namespace carousel {

Shape Var::shape() const {
  if (!graph) fail_input("this var is empty: it belongs to no tape and no program");
  return graph->shape_of(*this);
}

std::span<const Op> op_table() {
  static const std::vector<Op> table = [] {
    std::vector<Op> all;
    for (auto family :
         {elementwise_ops, contraction_ops, reduction_ops, movement_ops, index_ops, matrix_ops}) {
      for (Op& op : std::vector<Op>(family())) all.push_back(std::move(op));
    }
    return all;
  }();
  return table;
}

const Op& find_op(std::string_view name) {
  static const std::unordered_map<std::string_view, const Op*> by_name = [] {
    std::unordered_map<std::string_view, const Op*> map;
    for (const Op& op : op_table()) map.emplace(op.name, &op);
    return map;
  }();
  if (const auto found = by_name.find(name); found != by_name.end()) return *found->second;
  std::vector<std::string> known;
  for (const Op& op : op_table()) known.emplace_back(op.name);
  fail_input("there is no op '{}'{}", name, did_you_mean(name, known));
}

Var apply(const Op& op, std::span<const Var> inputs, const Attributes& attributes) {
  if (inputs.empty()) fail_input("{}: got no inputs", op.name);
  for (const Var& input : inputs) {
    if (!input.defined()) fail_input("{}: got an empty var", op.name);
    if (input.graph != inputs[0].graph) {
      fail_input("{}: the inputs are of different tapes or programs", op.name);
    }
  }
  return inputs[0].graph->apply(op, inputs, attributes);
}

}  // namespace carousel
