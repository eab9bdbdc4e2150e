#include "op/op.hpp"

#include <algorithm>
#include <cctype>
#include <unordered_map>

#include "op/families.hpp"

namespace carousel {

Shape Var::shape() const {
  if (!graph) fail_input("this var is empty: it belongs to no tape and no program");
  return graph->shape_of(*this);
}

namespace {

struct Table {
  std::deque<Op> ops;  // grows without moving what is in it
  std::unordered_map<std::string_view, const Op*> by_name;

  const Op& add(Op op) {
    ops.push_back(std::move(op));
    by_name.emplace(ops.back().name, &ops.back());
    return ops.back();
  }
};

Table& table() {
  static Table table = [] {
    Table all;
    for (auto family : {elementwise_ops, contraction_ops, reduction_ops, movement_ops, index_ops,
                        matrix_ops, loss_ops, mixture_ops}) {
      for (const Op& op : family()) all.add(op);
    }
    return all;
  }();
  return table;
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || c == '_' || (c >= '0' && c <= '9');
  });
}

}  // namespace

const std::deque<Op>& op_table() { return table().ops; }

const Op& register_op(Op op) {
  if (!is_name(op.name)) {
    fail_input("op '{}': expected a name of letters, digits and '_' that begins with a letter",
               op.name);
  }
  if (table().by_name.contains(op.name)) {
    fail_input("op '{}': the table has an op of this name already; choose another one", op.name);
  }
  const auto need = [&](bool there, const char* part) {
    if (!there) fail_input("op '{}' has no {}", op.name, part);
  };
  need(!op.doc.empty(), "doc: one line with its formula");
  need(op.shape, "shape rule");
  need(op.kernel_float, "kernel for float");
  need(op.kernel_double, "kernel for double");
  return table().add(std::move(op));
}

const Op& find_op(std::string_view name) {
  const auto& by_name = table().by_name;
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

Var linear_tangent(const TangentCall& call) {
  std::vector<Var> inputs(call.in.begin(), call.in.end());
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (static_cast<int>(k) >= call.op.differentiable_inputs) break;
    const Var tangent = call.tangents[k];
    inputs[k] = tangent.defined()
                    ? tangent
                    : broadcast_to(constant(*inputs[k].graph, 0.0), inputs[k].shape());
  }
  return apply(call.op, inputs, call.attributes);
}

Var tangent_of(const TangentCall& call) {
  const auto last =
      std::min(call.in.size(), static_cast<std::size_t>(call.op.differentiable_inputs));
  const auto moving = call.tangents.first(last);
  const auto moves = [](Var tangent) { return tangent.defined(); };
  if (!call.op.derivative || std::ranges::none_of(moving, moves)) return {};
  if (call.op.tangent) return call.op.tangent(call);
  if (!call.op.tile) fail_input("op '{}' has no tangent rule", call.op.name);
  Var sum;
  for (std::size_t k = 0; k < last; ++k) {
    if (!moving[k].defined()) continue;
    const Var along = broadcast_to(moving[k], call.out.shape());
    const Var share =
        call.op.derivative({call.in, call.out, along, call.attributes, static_cast<int>(k)});
    if (share.defined()) sum = sum.defined() ? sum + share : share;
  }
  return sum;
}

}  // namespace carousel
