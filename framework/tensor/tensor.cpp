#include "tensor/tensor.hpp"

#include <algorithm>

namespace carousel {

template <class T>
Tensor<T> Tensor<T>::uninitialised(const Shape& shape, Arena* arena) {
  for (const Index dim : shape) {
    if (dim < 0) fail_input("a tensor can't have the shape {}", shape.to_string());
  }
  Tensor t;
  t.shape_ = shape;
  t.numel_ = shape.numel();
  const std::size_t bytes = static_cast<std::size_t>(t.numel_) * sizeof(T);
  t.storage_ = arena ? arena->allocate(bytes) : Storage::heap(bytes);
  t.data_ = static_cast<T*>(t.storage_.data());
  return t;
}

template <class T>
Tensor<T> Tensor<T>::full(const Shape& shape, T value, Arena* arena) {
  Tensor t = uninitialised(shape, arena);
  std::fill_n(t.data_, t.numel_, value);
  return t;
}

template <class T>
Tensor<T> Tensor<T>::zeros(const Shape& shape, Arena* arena) {
  return full(shape, T(0), arena);
}

template <class T>
Tensor<T> Tensor<T>::from(const Shape& shape, const std::vector<T>& values) {
  Tensor t = uninitialised(shape);
  if (static_cast<Index>(values.size()) != t.numel_) {
    fail_input("got {} values for the shape {}, expected {}", values.size(), shape.to_string(),
               t.numel_);
  }
  std::copy(values.begin(), values.end(), t.data_);
  return t;
}

template <class T>
Tensor<T> Tensor<T>::view(const Shape& shape, T* values) {
  Tensor t;
  t.shape_ = shape;
  t.numel_ = shape.numel();
  t.data_ = values;
  return t;
}

template <class T>
T Tensor<T>::item() const {
  if (numel_ != 1) {
    fail_input("item() wants one element, got a tensor of shape {}", shape_.to_string());
  }
  return data_[0];
}

template <class T>
Tensor<T> Tensor<T>::clone() const {
  if (!defined()) return {};
  Tensor t = uninitialised(shape_);
  std::copy_n(data_, numel_, t.data_);
  return t;
}

template <class T>
Tensor<T> Tensor<T>::reshaped(const Shape& shape) const {
  const bool negative = std::any_of(shape.begin(), shape.end(), [](Index dim) { return dim < 0; });
  if (negative || shape.numel() != numel_) {
    fail_input("reshape: got {} for a tensor of shape {}, expected {} elements", shape.to_string(),
               shape_.to_string(), numel_);
  }
  Tensor t = *this;
  t.shape_ = shape;
  return t;
}

template class Tensor<float>;
template class Tensor<double>;

}  // namespace carousel
