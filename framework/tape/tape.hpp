#pragma once

#include <memory>
#include <span>
#include <vector>

#include "op/functions.hpp"
#include "op/op.hpp"
#include "tape/shared_values.hpp"

namespace carousel {

template <class T>
class Tape;
/// A function of vars that computes its own way back, such as a compiled scan.
template <class T>
class CustomNode {
 public:
  virtual ~CustomNode() = default;
  /// Cotangents of the inputs (an empty handle stands for zero), given that of the value.
  virtual std::vector<Tensor<T>> backward(const Tensor<T>& gradient) = 0;
  /// The same value made with ops of the table, for second derivatives.
  virtual Var expand(Tape<T>& tape, std::span<const Var> inputs) = 0;
  /// How the value moves where the inputs move by `tangents` (empty: one that does not), a var that
  /// can be differentiated; empty where it does not move. At least one tangent is there. By
  /// default that of expand().
  virtual Var tangent(Tape<T>& tape, std::span<const Var> inputs, std::span<const Var> tangents);
};

/// Eager reverse mode: each op runs when it is applied, and is noted down for the way back.
/// One thread uses a tape at a time; parallel tasks have a tape each.
template <class T>
class Tape final : public Graph {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Puts data on the tape; no gradient flows to it.
  Var constant(Tensor<T> value);
  /// Puts a value on the tape for which gradients can be asked.
  Var leaf(Tensor<T> value);
  /// Puts a value on the tape that `function` made of `inputs`.
  Var record(Tensor<T> value, std::span<const Var> inputs, std::shared_ptr<CustomNode<T>> function);
  /// Says that tapes beside this one read the same values; until clear(). What a scan makes of
  /// those alone is then made once for all of them.
  void share(std::shared_ptr<const SharedValues<T>> values) { shared_ = std::move(values); }
  /// What share() said; null: nothing is shared.
  const SharedValues<T>* shared() const { return shared_.get(); }
  /// True when gradients can flow to the var, through what is applied to it now.
  bool needs_gradient(Var var) const { return recording_ && node(var).needs_gradient; }
  /// The value of a var; the tensor stays valid after clear(). Throws InputError for a var of
  /// another tape, or of before clear().
  Tensor<T> value(Var var) const;

  Var apply(const Op& op, std::span<const Var> inputs, const Attributes& attributes) override;
  Shape shape_of(Var var) const override;
  void note_prediction(Var prediction) override { predictions_.push_back(prediction); }

  /// Gradients of a one-element `loss` with respect to each of `wrt`, in their shapes; zeros
  /// where there is no path. Throws InputError when the loss has more than one element.
  std::vector<Tensor<T>> gradients(Var loss, std::span<const Var> wrt);
  /// The same as vars that can be differentiated again.
  std::vector<Var> recorded_gradients(Var loss, std::span<const Var> wrt);

  /// How `value` moves where each of `wrt` moves by its direction, a var of the same shape on the
  /// tape: the derivative along a direction (forward mode), a var that can be differentiated. Zeros
  /// where there is no path. Throws InputError when a direction has another shape, or for an op
  /// that has no tangent rule.
  Var tangent(Var value, std::span<const Var> wrt, std::span<const Var> directions);
  /// Counts the calls of tangent(): nodes that share work do it once for each.
  std::uint64_t tangent_calls() const { return tangent_calls_; }
  /// Product of the matrix of second derivatives of a one-element `loss` with a vector, given and
  /// returned in the shapes of `wrt` (Pearlmutter 1994, Neural Computation 6, "Fast exact
  /// multiplication by the Hessian"): the gradient of the derivative along it. Throws as
  /// gradients() and tangent() do.
  std::vector<Tensor<T>> hessian_product(Var loss, std::span<const Var> wrt,
                                         const std::vector<Tensor<T>>& vector);
  /// The same with J^T H J in the place of that matrix: J the Jacobian of the predictions that the
  /// loss judges (Graph::note_prediction), H the second derivatives of the loss by them
  /// (Schraudolph 2002, Neural Computation 14, "Fast curvature matrix-vector products"). It has no
  /// negative eigenvalue where the loss is convex in the predictions. Throws InputError where the
  /// loss depends on no prediction that was noted, else as hessian_product().
  std::vector<Tensor<T>> gauss_newton_product(Var loss, std::span<const Var> wrt,
                                              const std::vector<Tensor<T>>& vector);

  /// Forgets all values; vars made before are invalid. The memory is kept for the next use.
  void clear();
  /// When on, an op that gives NaN or infinity throws NonFiniteError with the op's name.
  void set_check_finite(bool on) { check_finite_ = on; }
  /// Whether ops are checked for NaN and infinity.
  bool check_finite() const { return check_finite_; }
  /// Number of values on the tape.
  std::size_t size() const { return nodes_.size(); }
  /// Bytes taken from the system for the values.
  std::size_t bytes_reserved() const { return arena_.bytes_reserved(); }

 private:
  struct Node {
    Tensor<T> value;
    const Op* op = nullptr;  // null: a leaf, a constant, or not differentiated
    std::shared_ptr<CustomNode<T>> custom = {};
    std::size_t first_input = 0;
    std::size_t input_count = 0;
    bool needs_gradient = false;
    Attributes attributes = {};
  };

  Var push(Node node);
  Var var_at(std::size_t id) { return {this, static_cast<std::int32_t>(id), generation_}; }
  const Node& node(Var var) const;
  void truncate(std::size_t nodes, std::size_t inputs);
  std::vector<char> ids_on_path(Var value, std::span<const Var> wrt) const;
  std::vector<Var> constants(const std::vector<Tensor<T>>& values);
  std::vector<Var> predictions_of(Var loss) const;
  void expect_differentiable(Var loss, std::span<const Var> wrt) const;
  template <class Adjoint>
  void sweep(Var loss, std::size_t lowest, const std::vector<char>& on_path, Adjoint& adjoint);

  // While it lives, nothing is noted down for a way back.
  class NotRecording {
   public:
    explicit NotRecording(Tape& tape) : tape_(tape) { tape_.recording_ = false; }
    ~NotRecording() { tape_.recording_ = true; }
    NotRecording(const NotRecording&) = delete;
    NotRecording& operator=(const NotRecording&) = delete;

   private:
    Tape& tape_;
  };

  struct TensorAdjoints;
  struct VarAdjoints;

  Arena arena_;  // outlives the nodes
  std::vector<Node> nodes_;
  std::vector<Var> inputs_;
  std::vector<Var> predictions_;
  std::vector<const Shape*> shape_scratch_;
  std::vector<const Tensor<T>*> tensor_scratch_;
  std::shared_ptr<const SharedValues<T>> shared_;
  std::uint32_t generation_ = 0;
  std::uint64_t tangent_calls_ = 0;
  bool recording_ = true;
  bool check_finite_ = false;
};

extern template class Tape<float>;
extern template class Tape<double>;

}  // namespace carousel
