#include "layouts.hpp"

#include <pybind11/stl.h>

#include "arrays.hpp"
#include "cell.hpp"
#include "exchange/layout_arrays.hpp"

namespace carousel::python {
namespace {

const Cell& cell_of(const Layout& layout) { return catalogue().find(layout.cell); }

NamedArrays arrays_in(const py::dict& given) {
  NamedArrays arrays;
  for (const auto& [name, array] : given) {
    arrays[name.cast<std::string>()] = view_of<double>(py::reinterpret_borrow<py::object>(array));
  }
  return arrays;
}

py::dict dict_of(const NamedArrays& arrays) {
  py::dict all;
  for (const auto& [name, array] : arrays) all[py::str(name)] = array_of(array.clone());
  return all;
}

py::list to_ours(const std::string& kind, const py::dict& theirs) {
  const Layout& layout = find_layout(kind);
  py::list layers;
  for (const auto& layer : ours_of(layout, cell_of(layout), arrays_in(theirs), kind)) {
    py::list directions;
    for (const NamedArrays& arrays : layer) directions.append(dict_of(arrays));
    layers.append(directions);
  }
  return layers;
}

py::dict to_theirs(const std::string& kind, const py::list& ours, const std::string& whose) {
  const Layout& layout = find_layout(kind);
  StackArrays stack;
  for (const py::handle layer : ours) {
    stack.emplace_back();
    for (const py::handle direction : layer) {
      stack.back().push_back(arrays_in(py::reinterpret_borrow<py::dict>(direction)));
    }
  }
  return dict_of(theirs_of(layout, cell_of(layout), stack, whose));
}

// What the layout's cell calls the parameters of this one; None where they compute different
// things.
py::object names_in(const std::string& kind, const Program& program) {
  const Layout& layout = find_layout(kind);
  try {
    return py::cast(
        reference_names(layout, cell_of(layout), program.program(), program.program().name));
  } catch (const InputError&) {
    return py::none();
  }
}

}  // namespace

void add_layouts(py::module_& module) {
  using namespace py::literals;
  module.def("names_in", &names_in, "kind"_a, "program"_a);
  module.def("to_ours", &to_ours, "kind"_a, "theirs"_a);
  module.def("to_theirs", &to_theirs, "kind"_a, "ours"_a, "whose"_a);
}

}  // namespace carousel::python
