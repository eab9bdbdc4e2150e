#pragma once

#include <pybind11/pybind11.h>

namespace carousel::python {

/// Adds what turns parameters of other libraries into ours and back (exchange/layouts.hpp).
void add_layouts(pybind11::module_& module);

}  // namespace carousel::python
