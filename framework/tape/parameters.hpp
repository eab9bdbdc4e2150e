#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tape/tape.hpp"
#include "tensor/initialiser.hpp"

namespace carousel {

/// What a parameter is, before it has values.
struct ParameterSpec {
  std::string name;               ///< "layers/0/forward/W_z"
  Shape shape;                    ///< of the value, without a batch
  Initialiser init;               ///< how its first value is drawn
  bool recurrent_weight = false;  ///< an input or recurrent matrix: takes weight noise
  bool trained = true;            ///< false: it keeps its first value, and is not counted
};

/// Number of elements of the parameters that are trained.
Index trained_count(const std::vector<ParameterSpec>& specs);

/// Named parameters in a fixed order, with their values.
template <class T>
class ParameterSet {
 public:
  ParameterSet() = default;
  /// Draws every value from the seed and the parameter's own name, so that the same name gets
  /// the same numbers whatever else the model holds. Throws InputError where an initialiser
  /// `minus` names no parameter of the same layer and direction, or one that doesn't fit.
  ParameterSet(std::vector<ParameterSpec> specs, std::uint64_t seed);

  /// Number of parameters.
  std::size_t size() const { return specs_.size(); }
  /// What each parameter is, in the order of the values.
  const std::vector<ParameterSpec>& specs() const { return specs_; }
  /// What parameter i is, i in [0, size()).
  const ParameterSpec& spec(std::size_t i) const { return specs_[i]; }
  ///@{
  /// The value of parameter i in [0, size()), in the shape of its spec.
  Tensor<T>& value(std::size_t i) { return values_[i]; }
  const Tensor<T>& value(std::size_t i) const { return values_[i]; }
  ///@}
  /// All values, in the order of specs().
  const std::vector<Tensor<T>>& values() const { return values_; }
  /// The parameter of that name. Throws InputError with a suggestion when there is none.
  Tensor<T>& value(std::string_view name);
  /// Number of elements of the parameters that are trained.
  Index count() const { return trained_count(specs_); }
  /// Deep copies of the values.
  std::vector<Tensor<T>> snapshot() const;
  /// Copies the values of a snapshot() of the same set into this one.
  void restore(const std::vector<Tensor<T>>& values);

 private:
  std::vector<ParameterSpec> specs_;
  std::vector<Tensor<T>> values_;
};

/// The vars of a model's parameters on one tape, by name. A layer asks for its own; what else the
/// model holds, and in which order, is none of its business.
class ParameterView {
 public:
  /// vars: one for each of `specs`, in their order; both must outlive the view.
  ParameterView(const std::vector<ParameterSpec>& specs, std::span<const Var> vars);
  /// Those named `group`/..., in their order. Throws BugError where there are none, or where others
  /// stand between them.
  std::span<const Var> of(std::string_view group) const;
  /// The vars of all parameters, in the order of the specs.
  std::span<const Var> all() const { return vars_; }

 private:
  const std::vector<ParameterSpec>* specs_;
  std::span<const Var> vars_;
};

/// Puts tensors on a tape as leaves, in their order.
template <class T>
std::vector<Var> leaves(Tape<T>& tape, const std::vector<Tensor<T>>& values);

extern template class ParameterSet<float>;
extern template class ParameterSet<double>;

}  // namespace carousel
