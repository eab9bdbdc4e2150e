#include "cell.hpp"

#include <pybind11/stl.h>

#include <string>

#include "arrays.hpp"
#include "cell/ablation/ablation.hpp"
#include "cell/cell_file.hpp"
#include "cell/changed_cell.hpp"
#include "cell/plugin.hpp"
#include "cells/catalogue.hpp"
#include "layer/recurrent_stack.hpp"
#include "tape/parameters.hpp"
#include "tensor/convert.hpp"
#include "train/batch_scan.hpp"
#include "work_scope.hpp"

namespace carousel::python {
namespace {

// A text has lines; a path ends in .cell; all else is a name.
const Cell& find_cell(CellRegistry& registry, const std::string& source) {
  if (source.find('\n') == source.npos) return find_or_load(registry, source);
  return registry.find(registry.add_text(source, "cell", true));
}

CellSizes checked(Index input, Index hidden, const HyperValues& hyper) {
  for (const auto& [what, size] : {std::pair("input", input), std::pair("hidden", hidden)}) {
    if (size >= 1 && size <= most_units) continue;
    fail_input("{}: got {}, expected a size from 1 to {}", what, size, most_units);
  }
  return {input, hidden, hyper};
}

}  // namespace

CellRegistry& catalogue() {
  static CellRegistry cells = [] {
    CellRegistry registry;
    register_catalogue(registry);
    return registry;
  }();
  return cells;
}

Program::Program(const std::string& source, Index input, Index hidden, const HyperValues& hyper,
                 const std::string& variant)
    : registry_(catalogue()),
      cell_(changed_cell(find_cell(registry_, source), hyper, variant)),
      scan_(cell_.build(checked(input, hidden, hyper))) {}

namespace {

// In the order of Supply::Kind.
constexpr const char* names_of_supplies[] = {"normal",   "uniform", "keep",    "drop",
                                             "training", "length",  "schedule"};

py::tuple sizes_of(const Shape& shape) {
  py::tuple sizes(static_cast<std::size_t>(shape.rank()));
  for (int axis = 0; axis < shape.rank(); ++axis) {
    sizes[static_cast<std::size_t>(axis)] = shape[axis];
  }
  return sizes;
}

// First values, those that training begins with for this seed, layer and direction.
py::dict first_values(const Program& of, std::uint64_t seed, int layer,
                      const std::string& direction) {
  const ParameterSet<float> drawn(
      scan_parameters(fmt::format("layers/{}/{}", layer, direction), of.program()), seed);
  py::dict values;
  for (std::size_t k = 0; k < drawn.size(); ++k) {
    values[py::str(of.program().parameters[k].name)] = array_of(drawn.values()[k].clone());
  }
  return values;
}

py::list parameters_of(const Program& of) {
  py::list all;
  for (const ProgramParameter& p : of.program().parameters) {
    all.append(py::make_tuple(p.name, sizes_of(p.shape), p.trained));
  }
  return all;
}

py::list states_of(const Program& of) {
  py::list all;
  for (const ProgramState& s : of.program().states) {
    all.append(py::make_tuple(s.name, sizes_of(without_batch(with_batch(s.shape, 1)))));
  }
  return all;
}

py::list inputs_of(const Program& of) {
  py::list all;
  for (const int id : of.program().inputs) {
    const ProgramNode& node = of.program().nodes[static_cast<std::size_t>(id)];
    py::object supply = py::none();
    if (node.supply) {
      const bool once = node.supply->often == Supply::Often::sequence;
      supply = py::make_tuple(names_of_supplies[static_cast<int>(node.supply->kind)],
                              node.supply->rate, once);
    }
    all.append(py::make_tuple(node.name, node.shape.back(),
                              node.otherwise ? py::cast(*node.otherwise) : py::none(), supply));
  }
  return all;
}

std::vector<std::string> values_of(const Program& of) {
  std::vector<std::string> names;
  for (const ProgramNode& node : of.program().nodes) {
    if (!node.name.empty() && is_batched(node.shape)) names.push_back(node.name);
  }
  return names;
}

py::tuple output_of(const Program& of) {
  return sizes_of(without_batch(of.program().output_shape()));
}
std::vector<std::string> ablations_of(const Program& of) {
  std::vector<std::string> names;
  for (const Ablation& change : single_changes(of.program())) names.push_back(change.name);
  return names;
}

ScanOptions options_of(bool reverse, const std::vector<Index>& lengths,
                       const std::vector<std::string>& probes) {
  return {.reverse = reverse, .lengths = lengths, .probes = probes};
}

template <class T>
BatchCotangents<T> cotangents_of(const py::object& outputs, const py::list& states) {
  return {view_of<T>(outputs), views_of<T>(states)};
}

template <class T>
py::tuple lists_of(BatchGradients<T> gradients) {
  return py::make_tuple(arrays_of(std::move(gradients.parameters)),
                        arrays_of(std::move(gradients.inputs)),
                        arrays_of(std::move(gradients.states)));
}

// A scan of a program over arrays, which it keeps alive.
template <class T>
class Run {
 public:
  Run(const Program& program, const py::list& parameters, const py::list& inputs,
      const py::list& states, bool reverse, const std::vector<Index>& lengths,
      const std::vector<std::string>& probes, bool gradients, bool input_gradients, int threads)
      : arrays_(py::make_tuple(parameters, inputs, states)) {
    const BatchArguments<T> arguments{.parameters = views_of<T>(parameters),
                                      .inputs = views_of<T>(inputs),
                                      .states = views_of<T>(states),
                                      .options = options_of(reverse, lengths, probes),
                                      .input_gradients = input_gradients,
                                      .tasks = openmp_tasks(threads)};
    using Keep = typename BatchScan<T>::Keep;
    run_ = without_lock([&] {
      return std::make_unique<BatchScan<T>>(program.scan(), arguments,
                                            gradients ? Keep::way_back : Keep::values);
    });
  }

  py::object outputs() const { return array_of(run_->outputs()); }
  py::list states() const { return arrays_of(run_->final_states()); }
  py::list probes() const { return arrays_of(run_->probes()); }
  py::tuple gradients(const py::object& outputs, const py::list& states) {
    const BatchCotangents<T> cotangents = cotangents_of<T>(outputs, states);
    return lists_of(without_lock([&] { return run_->gradients(cotangents); }));
  }

 private:
  py::tuple arrays_;
  std::unique_ptr<BatchScan<T>> run_;
};

template <class T>
py::tuple second(const Program& program, const py::list& parameters, const py::list& inputs,
                 const py::list& states, bool reverse, const std::vector<Index>& lengths,
                 bool input_gradients, int threads, const py::object& by_outputs,
                 const py::list& by_states, const py::list& parameter_directions,
                 const py::list& input_directions, const py::list& state_directions) {
  const BatchArguments<T> arguments{.parameters = views_of<T>(parameters),
                                    .inputs = views_of<T>(inputs),
                                    .states = views_of<T>(states),
                                    .options = options_of(reverse, lengths, {}),
                                    .input_gradients = input_gradients,
                                    .tasks = openmp_tasks(threads)};
  const BatchCotangents<T> cotangents = cotangents_of<T>(by_outputs, by_states);
  const BatchGradients<T> directions{views_of<T>(parameter_directions),
                                     views_of<T>(input_directions), views_of<T>(state_directions)};
  BatchSecond<T> all = without_lock(
      [&] { return second_gradients(program.scan(), arguments, cotangents, directions); });
  return py::make_tuple(lists_of(std::move(all.gradients)),
                        array_of(std::move(all.cotangents.outputs)),
                        arrays_of(std::move(all.cotangents.states)));
}

template <class T>
void add_run(py::module_& module, const std::string& bits) {
  using namespace py::literals;
  py::class_<Run<T>>(module, ("Run" + bits).c_str())
      .def(py::init<const Program&, const py::list&, const py::list&, const py::list&, bool,
                    const std::vector<Index>&, const std::vector<std::string>&, bool, bool, int>(),
           py::keep_alive<1, 2>(), "program"_a, "parameters"_a, "inputs"_a, "states"_a, "reverse"_a,
           "lengths"_a, "probes"_a, "gradients"_a, "input_gradients"_a, "threads"_a)
      .def("outputs", &Run<T>::outputs)
      .def("states", &Run<T>::states)
      .def("probes", &Run<T>::probes)
      .def("gradients", &Run<T>::gradients, "outputs"_a, "states"_a);
  module.def(("second" + bits).c_str(), &second<T>, "program"_a, "parameters"_a, "inputs"_a,
             "states"_a, "reverse"_a, "lengths"_a, "input_gradients"_a, "threads"_a, "by_outputs"_a,
             "by_states"_a, "parameter_directions"_a, "input_directions"_a, "state_directions"_a);
}

py::list listed_cells() {
  py::list all;
  for (const Cell& cell : catalogue().cells()) {
    all.append(py::make_tuple(cell.name, cell.title, cell.group));
  }
  return all;
}

}  // namespace

void add_cells(py::module_& module) {
  using namespace py::literals;
  py::class_<Program>(module, "Program")
      .def(py::init<const std::string&, Index, Index, const HyperValues&, const std::string&>(),
           "source"_a, "input"_a, "hidden"_a, "hyper"_a, "variant"_a)
      .def_property_readonly("name", [](const Program& p) { return p.program().name; })
      .def_property_readonly("title", [](const Program& p) { return p.cell().title; })
      .def_property_readonly("reference", [](const Program& p) { return p.cell().reference; })
      .def_property_readonly("text", [](const Program& p) { return p.cell().text; })
      .def_property_readonly("warnings", [](const Program& p) { return p.cell().warnings; })
      .def("parameters", &parameters_of)
      .def("states", &states_of)
      .def("inputs", &inputs_of)
      .def("values", &values_of)
      .def("output", &output_of)
      .def("ablations", &ablations_of)
      .def("first_values", &first_values, "seed"_a, "layer"_a, "direction"_a)
      .def("equations", [](const Program& p) { return to_text(p.program()); })
      .def("latex", [](const Program& p) { return to_latex(p.program()); });
  add_run<float>(module, "32");
  add_run<double>(module, "64");
  module.def("cells", &listed_cells);
  module.def("load_plugin", [](const std::string& path, bool check_gradients) {
    load_plugin(path, catalogue(), {.check_gradients = check_gradients});
  });
}

}  // namespace carousel::python
