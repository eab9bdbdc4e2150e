// The part of the Python package that is compiled. It is for the package's own .py files, which
// check what users give and say what it is.

#include <pybind11/pybind11.h>

#include <exception>
#include <utility>

#include "cell.hpp"
#include "io/version.hpp"
#include "layouts.hpp"
#include "study.hpp"
#include "tensor/error.hpp"
#include "tensor/interrupt.hpp"

namespace carousel::python {

namespace py = pybind11;

namespace {

void add_errors(py::module_& module) {
  static const py::exception<InputError> input(module, "InputError", PyExc_ValueError);
  static const py::exception<NonFiniteError> non_finite(module, "NonFiniteError",
                                                        PyExc_ArithmeticError);
  static const py::exception<EnvironmentError> environment(module, "EnvironmentError",
                                                           PyExc_OSError);
  py::register_exception_translator([](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(std::move(error));
    } catch (const InputError& e) {
      PyErr_SetString(input.ptr(), e.what());
    } catch (const NonFiniteError& e) {
      PyErr_SetString(non_finite.ptr(), e.what());
    } catch (const EnvironmentError& e) {
      PyErr_SetString(environment.ptr(), e.what());
    } catch (const Interrupted& e) {
      PyErr_SetString(PyExc_KeyboardInterrupt, e.what());
    }
  });
}

}  // namespace
}  // namespace carousel::python

PYBIND11_MODULE(_carousel, module) {
  carousel::python::add_errors(module);
  carousel::python::add_cells(module);
  carousel::python::add_layouts(module);
  carousel::python::add_studies(module);
  module.attr("version") = carousel::version();
}
