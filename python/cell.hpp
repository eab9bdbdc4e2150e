#pragma once

#include <pybind11/pybind11.h>

namespace carousel::python {

/// Adds Program, which is a cell at its sizes, and Run32 and Run64, which are scans of it.
void add_cells(pybind11::module_& module);

}  // namespace carousel::python
