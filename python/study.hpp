#pragma once

#include <pybind11/pybind11.h>

namespace carousel::python {

/// Adds what runs studies, and Model, which is a trained one of a run.
void add_studies(pybind11::module_& module);

}  // namespace carousel::python
