#pragma once

#include <pybind11/pybind11.h>

#include "cell/cell.hpp"
#include "program/scan.hpp"

namespace carousel::python {

/// The cells of the catalogue, made once, and those of plug-ins.
CellRegistry& catalogue();

/// A cell at its sizes.
class Program {
 public:
  /// source: a name of the catalogue, a path that ends in .cell, or a text, which has lines. Throws
  /// InputError.
  Program(const std::string& source, Index input, Index hidden, const HyperValues& hyper,
          const std::string& variant);

  /// The cell with its changes.
  const Cell& cell() const { return cell_; }
  /// Compiled when it first runs.
  const Scan& scan() const { return scan_; }
  /// One step of it.
  const StepProgram& program() const { return scan_.program(); }

 private:
  CellRegistry registry_;  // of its own: a file that has changed is read again
  Cell cell_;
  Scan scan_;
};

/// Adds Program, and Run32 and Run64, which are scans of it.
void add_cells(pybind11::module_& module);

}  // namespace carousel::python
