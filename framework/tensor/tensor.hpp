#pragma once

#include <span>
#include <vector>

#include "tensor/arena.hpp"
#include "tensor/error.hpp"
#include "tensor/shape.hpp"

namespace carousel {

/// A row-major, contiguous, 64-byte aligned array of float or double.
/// Copies share their memory (clone() does not); an op never writes into its inputs.
/// tensor/xtensor.hpp shows a tensor as an xtensor container, without a copy, and evaluates xtensor
/// expressions into tensors.
template <class T>
class Tensor {
 public:
  /// An empty handle: no memory, defined() is false.
  Tensor() = default;
  /// Not initialised, on the heap, or in `arena` when one is given. Throws InputError when a size
  /// is negative, as that of a batch in a step program.
  static Tensor uninitialised(const Shape& shape, Arena* arena = nullptr);
  /// All elements 0; else as uninitialised().
  static Tensor zeros(const Shape& shape, Arena* arena = nullptr);
  /// All elements `value`; else as uninitialised().
  static Tensor full(const Shape& shape, T value, Arena* arena = nullptr);
  /// Row-major values. Throws InputError when their number is not shape.numel().
  static Tensor from(const Shape& shape, const std::vector<T>& values);
  /// Row-major values where they lie, of any alignment: whoever keeps them must outlive the tensor
  /// and all that share its memory.
  static Tensor view(const Shape& shape, T* values);

  /// False for an empty handle alone; a tensor without elements is defined.
  bool defined() const { return data_ != nullptr; }
  /// Sizes, outermost first.
  const Shape& shape() const { return shape_; }
  /// Number of elements; 1 for a scalar.
  Index numel() const { return numel_; }
  ///@{
  /// The first element, row-major. Writing shows in every tensor that shares the memory.
  T* data() { return data_; }
  const T* data() const { return data_; }
  ///@}
  ///@{
  /// All elements, row-major, in the memory that data() has.
  std::span<T> values() { return {data_, static_cast<std::size_t>(numel_)}; }
  std::span<const T> values() const { return {data_, static_cast<std::size_t>(numel_)}; }
  ///@}
  /// The only element. Throws InputError when there is not exactly one.
  T item() const;

  /// A copy with memory of its own on the heap.
  Tensor clone() const;
  /// The same memory under another shape. Throws InputError when the sizes differ.
  Tensor reshaped(const Shape& shape) const;
  /// True when no other tensor shares the memory.
  bool unique() const { return storage_.unique(); }

 private:
  Shape shape_;
  Index numel_ = 0;
  Storage storage_;
  T* data_ = nullptr;
};

extern template class Tensor<float>;
extern template class Tensor<double>;

}  // namespace carousel
