#include "tape/tape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "tensor/interrupt.hpp"

namespace carousel {

template <class T>
Var CustomNode<T>::tangent(Tape<T>& tape, std::span<const Var> inputs,
                           std::span<const Var> tangents) {
  std::vector<Var> moving, directions;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!tangents[k].defined()) continue;
    moving.push_back(inputs[k]);
    directions.push_back(tangents[k]);
  }
  return tape.tangent(expand(tape, inputs), moving, directions);
}

template <class T>
Var Tape<T>::push(Node node) {
  poll_stop();
  nodes_.push_back(std::move(node));
  return var_at(nodes_.size() - 1);
}

template <class T>
const typename Tape<T>::Node& Tape<T>::node(Var var) const {
  if (var.graph != this) fail_input("this var belongs to another tape or program");
  if (var.generation != generation_ || static_cast<std::size_t>(var.id) >= nodes_.size()) {
    fail_input("this var is gone: its tape was cleared");
  }
  return nodes_[static_cast<std::size_t>(var.id)];
}

template <class T>
Var Tape<T>::constant(Tensor<T> value) {
  return push({std::move(value)});
}

template <class T>
Var Tape<T>::leaf(Tensor<T> value) {
  Node leaf{std::move(value)};
  leaf.needs_gradient = true;
  return push(std::move(leaf));
}

template <class T>
Tensor<T> Tape<T>::value(Var var) const {
  return node(var).value;
}

template <class T>
Shape Tape<T>::shape_of(Var var) const {
  return node(var).value.shape();
}

template <class T>
Var Tape<T>::apply(const Op& op, std::span<const Var> inputs, const Attributes& attributes) {
  shape_scratch_.clear();
  tensor_scratch_.clear();
  bool needs_gradient = false;
  for (const Var& input : inputs) {
    const Node& in = node(input);
    shape_scratch_.push_back(&in.value.shape());
    tensor_scratch_.push_back(&in.value);
    needs_gradient = needs_gradient || in.needs_gradient;
  }
  if (op.arity >= 0 && static_cast<std::size_t>(op.arity) != inputs.size()) {
    fail_input("{}: got {} inputs, expected {}", op.name, inputs.size(), op.arity);
  }
  Node out;
  const Shape shape = op.shape({shape_scratch_, attributes});
  static const Op& reshape_op = find_op("reshape");
  if (&op == &reshape_op) {  // in the same memory
    out.value = tensor_scratch_[0]->reshaped(shape);
  } else {
    out.value = Tensor<T>::uninitialised(shape, &arena_);
    const KernelCall<T> call{tensor_scratch_, attributes, out.value};
    if constexpr (std::is_same_v<T, float>) op.kernel_float(call);
    else op.kernel_double(call);
  }
  if (check_finite_) {
    const auto values = out.value.values();
    const auto bad =
        std::find_if_not(values.begin(), values.end(), [](T v) { return std::isfinite(v); });
    if (bad != values.end()) {
      throw NonFiniteError(fmt::format("op '{}' gave {} (element {} of a result of shape {})",
                                       op.name, *bad, bad - values.begin(),
                                       out.value.shape().to_string()));
    }
  }
  if (recording_ && needs_gradient && op.derivative) {
    out.op = &op;
    out.first_input = inputs_.size();
    out.input_count = inputs.size();
    out.needs_gradient = true;
    out.attributes = attributes;
    inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
  }
  return push(std::move(out));
}

template <class T>
void Tape<T>::truncate(std::size_t nodes, std::size_t inputs) {
  nodes_.resize(nodes);
  inputs_.resize(inputs);
  std::erase_if(predictions_, [&](Var v) { return static_cast<std::size_t>(v.id) >= nodes; });
}

template <class T>
void Tape<T>::clear() {
  truncate(0, 0);
  shared_.reset();
  ++generation_;
}

template <class T>
Var Tape<T>::record(Tensor<T> value, std::span<const Var> inputs,
                    std::shared_ptr<CustomNode<T>> function) {
  Node out;
  out.value = std::move(value);
  for (const Var& input : inputs) {
    out.needs_gradient = out.needs_gradient || node(input).needs_gradient;
  }
  if (recording_ && out.needs_gradient) {
    out.custom = std::move(function);
    out.first_input = inputs_.size();
    out.input_count = inputs.size();
    inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
  }
  return push(std::move(out));
}

template <class T>
void Tape<T>::expect_differentiable(Var loss, std::span<const Var> wrt) const {
  if (node(loss).value.numel() != 1) {
    fail_input("gradients: got a loss of shape {}, expected one element",
               shape_of(loss).to_string());
  }
  for (const Var& var : wrt) {
    if (!node(var).needs_gradient) {
      fail_input("gradients: var {} is a constant; put it on the tape with leaf()", var.id);
    }
  }
}

// Of what depends on one of wrt, and is what `value` depends on.
template <class T>
std::vector<char> Tape<T>::ids_on_path(Var value, std::span<const Var> wrt) const {
  std::vector<char> on_path(static_cast<std::size_t>(value.id) + 1, 0);
  for (const Var& var : wrt) {
    if (var.id <= value.id) on_path[static_cast<std::size_t>(var.id)] = 1;
  }
  for (std::size_t id = 0; id < on_path.size(); ++id) {
    const Node& n = nodes_[id];
    for (std::size_t k = 0; k < n.input_count && !on_path[id]; ++k) {
      on_path[id] = on_path[static_cast<std::size_t>(inputs_[n.first_input + k].id)];
    }
  }
  std::vector<char> reaches(on_path.size(), 0);
  reaches.back() = 1;
  for (std::size_t id = on_path.size(); id-- > 0;) {
    const Node& n = nodes_[id];
    for (std::size_t k = 0; k < n.input_count && reaches[id]; ++k) {
      reaches[static_cast<std::size_t>(inputs_[n.first_input + k].id)] = 1;
    }
    on_path[id] = on_path[id] && reaches[id];
  }
  return on_path;
}

// Cotangents as plain tensors: what a rule computed on the way is dropped at once, so the
// memory in use stays in the caches.
template <class T>
struct Tape<T>::TensorAdjoints {
  Tape& tape;
  std::vector<Tensor<T>> values;
  std::vector<char> asked_for;
  std::size_t mark = 0, input_mark = 0;

  bool has(std::size_t id) const { return values[id].defined(); }
  Var start(std::size_t id) {
    mark = tape.nodes_.size();
    input_mark = tape.inputs_.size();
    return tape.constant(values[id]);
  }
  void add(std::size_t id, Var contribution) { add(id, tape.value(contribution)); }
  void add(std::size_t id, Tensor<T> more) {
    Tensor<T>& sum = values[id];
    if (!sum.defined()) {
      sum = std::move(more);
      return;
    }
    static const TileKernel<T> add_kernel = tile_kernel<T>(Tile::add);
    const std::array<TileArg<T>, 2> args{TileArg<T>{sum.data(), 1}, TileArg<T>{more.data(), 1}};
    if (sum.unique()) {
      add_kernel(args.data(), {sum.data()}, 1, sum.numel());
    } else {
      Tensor<T> fresh = Tensor<T>::uninitialised(sum.shape(), &tape.arena_);
      add_kernel(args.data(), {fresh.data()}, 1, sum.numel());
      sum = std::move(fresh);
    }
  }
  void run_custom(std::size_t id, CustomNode<T>& function, std::span<const Var> in,
                  const std::vector<char>& on_path) {
    std::vector<Tensor<T>> shares = function.backward(values[id]);
    for (std::size_t k = 0; k < in.size(); ++k) {
      const auto input = static_cast<std::size_t>(in[k].id);
      if (on_path[input] && shares[k].defined()) add(input, std::move(shares[k]));
    }
  }
  void finish(std::size_t id) {
    tape.truncate(mark, input_mark);
    if (!asked_for[id]) values[id] = {};
  }
};

// Cotangents as vars of the tape, for a second derivative.
template <class T>
struct Tape<T>::VarAdjoints {
  Tape& tape;
  std::vector<Var> values;

  bool has(std::size_t id) const { return values[id].defined(); }
  Var start(std::size_t id) { return values[id]; }
  void add(std::size_t id, Var contribution) {
    values[id] = values[id].defined() ? values[id] + contribution : contribution;
  }
  // The function again, with ops, and back through those alone.
  void run_custom(std::size_t id, CustomNode<T>& function, std::span<const Var> in,
                  const std::vector<char>& on_path) {
    const std::size_t mark = tape.nodes_.size();
    const Var expanded = function.expand(tape, in);
    VarAdjoints inner{tape, std::vector<Var>(static_cast<std::size_t>(expanded.id) + 1)};
    inner.values.back() = values[id];
    tape.sweep(expanded, mark, tape.ids_on_path(expanded, in), inner);
    for (std::size_t k = 0; k < in.size(); ++k) {
      const auto input = static_cast<std::size_t>(in[k].id);
      const bool first = std::find_if(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(k),
                                      [&](Var v) { return v.id == in[k].id; }) ==
                         in.begin() + static_cast<std::ptrdiff_t>(k);
      if (first && on_path[input] && inner.has(input)) add(input, inner.values[input]);
    }
  }
  void finish(std::size_t) {}
};

template <class T>
template <class Adjoint>
void Tape<T>::sweep(Var loss, std::size_t lowest, const std::vector<char>& on_path,
                    Adjoint& adjoint) {
  for (std::size_t id = static_cast<std::size_t>(loss.id) + 1; id-- > lowest;) {
    if (!on_path[id] || nodes_[id].input_count == 0 || !adjoint.has(id)) continue;
    poll_stop();
    std::vector<Var> in;
    // Copies: a rule applies ops, which may move the nodes.
    const std::shared_ptr<CustomNode<T>> custom = nodes_[id].custom;
    const Attributes attributes = nodes_[id].attributes;
    const auto first = inputs_.begin() + static_cast<std::ptrdiff_t>(nodes_[id].first_input);
    in.assign(first, first + static_cast<std::ptrdiff_t>(nodes_[id].input_count));
    const Var grad = adjoint.start(id);
    if (custom) {
      adjoint.run_custom(id, *custom, in, on_path);
      adjoint.finish(id);
      continue;
    }
    const Op& op = *nodes_[id].op;
    for (std::size_t k = 0; k < in.size(); ++k) {
      const auto input = static_cast<std::size_t>(in[k].id);
      const int wrt = static_cast<int>(k);
      if (!on_path[input] || wrt >= op.differentiable_inputs) continue;
      const Var share = op.derivative({in, var_at(id), grad, attributes, wrt});
      if (share.defined()) adjoint.add(input, sum_to(share, in[k].shape()));
    }
    adjoint.finish(id);
  }
}

template <class T>
std::vector<Tensor<T>> Tape<T>::gradients(Var loss, std::span<const Var> wrt) {
  expect_differentiable(loss, wrt);
  const std::vector<char> on_path = ids_on_path(loss, wrt);
  TensorAdjoints adjoint{*this, std::vector<Tensor<T>>(on_path.size()),
                         std::vector<char>(on_path.size(), 0)};
  for (const Var& var : wrt) {
    if (var.id <= loss.id) adjoint.asked_for[static_cast<std::size_t>(var.id)] = 1;
  }
  adjoint.values.back() = Tensor<T>::full(shape_of(loss), T(1), &arena_);
  {
    const NotRecording sweeping(*this);
    sweep(loss, 0, on_path, adjoint);
  }
  std::vector<Tensor<T>> result;
  for (const Var& var : wrt) {
    const auto id = static_cast<std::size_t>(var.id);
    const bool reached = id < on_path.size() && adjoint.has(id);
    result.push_back(reached ? adjoint.values[id] : Tensor<T>::zeros(shape_of(var)));
  }
  adjoint.values.clear();
  // The caller may scale gradients in place: a and b of a + b must not share theirs.
  for (Tensor<T>& gradient : result) {
    if (!gradient.unique()) gradient = gradient.clone();
  }
  return result;
}

template <class T>
std::vector<Var> Tape<T>::recorded_gradients(Var loss, std::span<const Var> wrt) {
  expect_differentiable(loss, wrt);
  const std::vector<char> on_path = ids_on_path(loss, wrt);
  VarAdjoints adjoint{*this, std::vector<Var>(on_path.size())};
  adjoint.values.back() = constant(Tensor<T>::full(shape_of(loss), T(1), &arena_));
  sweep(loss, 0, on_path, adjoint);
  std::vector<Var> result;
  for (const Var& var : wrt) {
    const auto id = static_cast<std::size_t>(var.id);
    const bool reached = id < on_path.size() && adjoint.has(id);
    result.push_back(reached ? adjoint.values[id]
                             : constant(Tensor<T>::zeros(shape_of(var), &arena_)));
  }
  return result;
}

template <class T>
Var Tape<T>::tangent(Var value, std::span<const Var> wrt, std::span<const Var> directions) {
  if (wrt.size() != directions.size()) {
    fail_input("tangent: got {} directions for {} vars", directions.size(), wrt.size());
  }
  ++tangent_calls_;
  const std::vector<char> on_path = ids_on_path(value, wrt);
  std::vector<Var> moves(on_path.size());
  for (std::size_t k = 0; k < wrt.size(); ++k) {
    if (shape_of(directions[k]) != shape_of(wrt[k])) {
      fail_input("tangent: got a direction of shape {} for a var of shape {}",
                 shape_of(directions[k]).to_string(), shape_of(wrt[k]).to_string());
    }
    if (wrt[k].id <= value.id) moves[static_cast<std::size_t>(wrt[k].id)] = directions[k];
  }
  for (std::size_t id = 0; id < on_path.size(); ++id) {
    if (!on_path[id] || nodes_[id].input_count == 0 || moves[id].defined()) continue;
    poll_stop();
    // Copies: a rule applies ops, which may move the nodes.
    const std::shared_ptr<CustomNode<T>> custom = nodes_[id].custom;
    const Op* op = nodes_[id].op;
    const Attributes attributes = nodes_[id].attributes;
    const auto first = inputs_.begin() + static_cast<std::ptrdiff_t>(nodes_[id].first_input);
    const std::vector<Var> in(first, first + static_cast<std::ptrdiff_t>(nodes_[id].input_count));
    std::vector<Var> tangents;
    for (const Var& input : in) tangents.push_back(moves[static_cast<std::size_t>(input.id)]);
    if (op) {
      moves[id] = tangent_of({*op, in, var_at(id), tangents, attributes});
    } else if (std::ranges::any_of(tangents, [](Var v) { return v.defined(); })) {
      moves[id] = custom->tangent(*this, in, tangents);
    }
  }
  if (moves.back().defined()) return moves.back();
  return constant(Tensor<T>::zeros(shape_of(value), &arena_));
}

template <class T>
std::vector<Tensor<T>> Tape<T>::hessian_product(Var loss, std::span<const Var> wrt,
                                                const std::vector<Tensor<T>>& vector) {
  expect_differentiable(loss, wrt);
  const std::size_t nodes = nodes_.size(), inputs = inputs_.size();
  const Var along = tangent(loss, wrt, constants(vector));
  std::vector<Tensor<T>> product;
  if (needs_gradient(along)) {
    product = gradients(along, wrt);
  } else {  // the loss is linear
    for (const Var& var : wrt) product.push_back(Tensor<T>::zeros(shape_of(var)));
  }
  truncate(nodes, inputs);
  return product;
}

template <class T>
std::vector<Var> Tape<T>::constants(const std::vector<Tensor<T>>& values) {
  std::vector<Var> vars;
  for (const Tensor<T>& value : values) vars.push_back(constant(value));
  return vars;
}

// Those through which a gradient goes.
template <class T>
std::vector<Var> Tape<T>::predictions_of(Var loss) const {
  std::vector<Var> reached;
  for (const Var& prediction : predictions_) {
    if (!needs_gradient(prediction)) continue;
    if (ids_on_path(loss, std::array{prediction}).back()) reached.push_back(prediction);
  }
  return reached;
}

template <class T>
std::vector<Tensor<T>> Tape<T>::gauss_newton_product(Var loss, std::span<const Var> wrt,
                                                     const std::vector<Tensor<T>>& vector) {
  expect_differentiable(loss, wrt);
  const std::size_t nodes = nodes_.size(), inputs = inputs_.size();
  const std::vector<Var> predictions = predictions_of(loss);
  if (predictions.empty()) {
    fail_input(
        "gauss_newton_product: the loss depends on no prediction, expected one of the "
        "losses of layer/losses.hpp, or note_prediction(); hessian_product() needs none");
  }
  const std::vector<Var> directions = constants(vector);
  std::vector<Tensor<T>> moves;
  {
    const NotRecording forward(*this);
    for (const Var& prediction : predictions) {
      moves.push_back(value(tangent(prediction, wrt, directions)));
    }
  }
  const std::vector<Tensor<T>> curved = hessian_product(loss, predictions, moves);
  Var along;
  for (std::size_t k = 0; k < predictions.size(); ++k) {
    const Var share = sum(predictions[k] * constant(curved[k]));
    along = along.defined() ? along + share : share;
  }
  std::vector<Tensor<T>> product = gradients(along, wrt);
  truncate(nodes, inputs);
  return product;
}

template class CustomNode<float>;
template class CustomNode<double>;
template class Tape<float>;
template class Tape<double>;

}  // namespace carousel
