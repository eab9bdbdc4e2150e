#pragma once
// NumPy's arrays as tensors and back, without copies.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <utility>
#include <vector>

#include "tensor/tensor.hpp"

namespace carousel::python {

namespace py = pybind11;

/// An array as a tensor over its memory, which the caller keeps alive. None is an empty handle.
/// Throws InputError for another type of elements, or a layout other than row by row.
template <class T>
Tensor<T> view_of(const py::object& object) {
  if (object.is_none()) return {};
  const auto array = py::reinterpret_borrow<py::array>(object);
  if (!py::isinstance<py::array_t<T, py::array::c_style>>(array)) {
    fail_input("got an array of {}, expected {} in C order",
               py::str(array.dtype()).cast<std::string>(),
               py::str(py::dtype::of<T>()).cast<std::string>());
  }
  Shape shape;
  for (py::ssize_t axis = 0; axis < array.ndim(); ++axis) shape.push_back(array.shape(axis));
  // Nothing writes into what an op reads.
  return Tensor<T>::view(shape, const_cast<T*>(static_cast<const T*>(array.data())));
}

/// As view_of(), of a list.
template <class T>
std::vector<Tensor<T>> views_of(const py::list& arrays) {
  std::vector<Tensor<T>> tensors;
  for (const py::handle array : arrays) {
    tensors.push_back(view_of<T>(py::reinterpret_borrow<py::object>(array)));
  }
  return tensors;
}

/// A tensor as an array over its memory, which the array keeps alive; None for an empty handle.
template <class T>
py::object array_of(Tensor<T> tensor) {
  if (!tensor.defined()) return py::none();
  auto owned = std::make_unique<Tensor<T>>(std::move(tensor));
  const std::vector<py::ssize_t> shape(owned->shape().begin(), owned->shape().end());
  T* data = owned->data();
  const py::capsule owner(owned.release(), [](void* p) { delete static_cast<Tensor<T>*>(p); });
  return py::array_t<T>(shape, data, owner);
}

/// As array_of(), of a list.
template <class T>
py::list arrays_of(std::vector<Tensor<T>> tensors) {
  py::list arrays;
  for (Tensor<T>& tensor : tensors) arrays.append(array_of(std::move(tensor)));
  return arrays;
}

}  // namespace carousel::python
