#include "cli/run_input.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "exchange/weights_file.hpp"
#include "io/csv.hpp"
#include "io/files.hpp"
#include "io/npy.hpp"
#include "io/npz.hpp"
#include "layer/masks.hpp"
#include "layer/recurrent_stack.hpp"
#include "tensor/convert.hpp"

namespace carousel {
namespace {

std::optional<double> number_in(std::string_view field) {
  while (field.starts_with(' ')) field.remove_prefix(1);
  while (field.ends_with(' ')) field.remove_suffix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  const bool is_number = error == std::errc() && end == field.data() + field.size();
  return is_number ? std::optional(value) : std::nullopt;
}

Tensor<double> csv_array(const std::filesystem::path& path) {
  const std::string file = path.string();
  const auto rows = csv_fields(read_text(path), file);
  const bool has_names = !rows.empty() && std::ranges::none_of(rows[0], [](const auto& f) {
    return number_in(f).has_value();
  });
  std::vector<double> values;
  const std::size_t first = has_names ? 1 : 0;
  for (std::size_t row = first; row < rows.size(); ++row) {
    if (rows[row].size() != rows[0].size()) {
      fail_input("{}: row {} has {} fields, expected {} as row 1", file, row + 1, rows[row].size(),
                 rows[0].size());
    }
    for (const std::string& field : rows[row]) {
      const std::optional<double> value = number_in(field);
      if (!value) fail_input("{}: row {}: got '{}', expected a number", file, row + 1, field);
      values.push_back(*value);
    }
  }
  if (values.empty()) fail_input("{}: has no rows of numbers, expected one a step", file);
  return Tensor<double>::from({Index(rows.size() - first), Index(rows[0].size())}, values);
}

// [steps, batch, size] of an array that has no axis for its batch of one.
Tensor<double> with_batch_axis(const Tensor<double>& array, int rank) {
  if (array.shape().rank() == rank) return array;
  Shape shape{array.shape()[0], 1};
  for (int axis = 1; axis < array.shape().rank(); ++axis) shape.push_back(array.shape()[axis]);
  return array.reshaped(shape);
}

// What an array at each step may look like.
std::vector<Shape> step_shapes(const Shape& x, const Shape& node) {
  Shape with{x[0]};
  if (x.rank() == 3) with.push_back(x[1]);
  for (const Index size : without_batch(node)) with.push_back(size);
  return {with};
}

Tensor<double> repeated(const Tensor<double>& one, Index times) {
  Shape shape{times};
  for (const Index size : one.shape()) shape.push_back(size);
  auto all = Tensor<double>::uninitialised(shape);
  for (Index k = 0; k < times; ++k) {
    std::ranges::copy(one.values(), all.data() + k * one.numel());
  }
  return all;
}

std::vector<Index> lengths_of(const Tensor<double>& array, Index steps, const std::string& file) {
  std::vector<Index> lengths;
  for (const double length : array.values()) {
    if (!(length >= 0 && length <= double(steps)) || length != std::floor(length)) {
      fail_input(
          "{}: array 'lengths' holds {}, expected whole numbers from 0 to {}, the steps of x", file,
          length, steps);
    }
    lengths.push_back(static_cast<Index>(length));
  }
  return lengths;
}

// A model's file holds more than the scan that is asked for.
NamedArrays arrays_of_scan(const NamedArrays& arrays, const StepProgram& program,
                           const std::string& layer, const std::string& file) {
  const std::vector<std::string> scans = scans_in(arrays);
  const bool has_own = std::ranges::any_of(
      program.parameters, [&](const auto& parameter) { return arrays.contains(parameter.name); });
  if (layer.empty() && (has_own || scans.empty())) return arrays;
  const std::string chosen = layer.empty() && scans.size() == 1 ? scans[0] : layer;
  NamedArrays below = arrays_below(arrays, chosen);
  if (!below.empty()) return below;
  fail_input("{}: expected --layer to be one of {}{}", file,
             scans.empty() ? "those that a model's file has, and this has none"
                           : fmt::format("{}", fmt::join(scans, ", ")),
             layer.empty() ? "" : fmt::format("; got {}", layer));
}

StackArrays only_stack(const NamedArrays& arrays, const std::string& file) {
  const ModelArrays model = model_arrays(arrays);
  const bool is_alone = model.stacks.size() == 1 && model.others.empty();
  if (is_alone) return model.stacks.begin()->second;
  fail_input("{}: it has {}, expected recurrent layers alone, or --layer to be one of {}", file,
             model.others.empty() ? "several stacks" : model.others.begin()->first,
             fmt::join(scans_in(arrays), ", "));
}

// Parameters by their names, and the summands beside them.
NamedArrays parameters_in(const NamedArrays& arrays, const StepProgram& program,
                          const std::string& whom, const std::string& file,
                          const std::vector<Tensor<double>>& drawn) {
  GivenArrays given(file, arrays);
  NamedArrays own;
  for (std::size_t k = 0; k < program.parameters.size(); ++k) {
    const ProgramParameter& parameter = program.parameters[k];
    const auto array = given.take(parameter.name, {parameter.shape});
    if (!array && parameter.trained) given.note_missing(parameter.name, {parameter.shape});
    own[parameter.name] = array.value_or(drawn[k]);
    for (const std::string& name : summand_names(parameter.name)) {
      if (const auto summand = given.take(name, {parameter.shape})) own[name] = *summand;
    }
  }
  for (const std::string& name : result_names(program, {})) given.pass_over(name);
  for (const std::string& name : given.others()) {
    if (name.starts_with("probe_")) given.pass_over(name);
  }
  given.expect_fitting(whom);
  return own;
}

}  // namespace

std::string described(const StepProgram& program, const CellSizes& sizes) {
  return fmt::format("cell {} at input {}, hidden {}", program.name, sizes.input, sizes.hidden);
}

std::vector<Tensor<double>> drawn_values(const Cell& cell, const CellSizes& sizes,
                                         std::uint64_t seed) {
  StackOptions options;
  options.input = sizes.input;
  options.hidden = sizes.hidden;
  const ParameterSet<float> drawn(RecurrentStack(cell, options).parameters(), seed);
  return converted<double>(drawn.values());
}

NamedArrays read_x(const std::filesystem::path& path) {
  const std::string file = path.string(), ending = path.extension().string();
  NamedArrays arrays;
  if (ending == ".npz") arrays = read_npz(path);
  else if (ending == ".npy") arrays["x"] = npy_array(read_text(path), file);
  else if (ending == ".csv") arrays["x"] = csv_array(path);
  else fail_input("--x {}: expected a file that ends in .npy, .npz or .csv", file);
  const auto x = arrays.find("x");
  if (x == arrays.end()) {
    fail_input("{}: there is no array 'x', expected one of [steps, batch, input]", file);
  }
  const Shape& shape = x->second.shape();
  if (shape.rank() != 2 && shape.rank() != 3) {
    fail_input("{}: array 'x' has shape {}, expected [steps, batch, input] or [steps, input]", file,
               shape.to_string());
  }
  if (shape.back() > most_units) {
    fail_input("{}: array 'x' has {} elements at a step, expected at most {}", file, shape.back(),
               most_units);
  }
  return arrays;
}

RunInput run_input(const StepProgram& program, const std::string& whom,
                   const std::filesystem::path& path, const NamedArrays& arrays) {
  const std::string file = path.string();
  GivenArrays given(file, arrays);
  const Shape x = arrays.at("x").shape();
  const Index batch = x.rank() == 3 ? x[1] : 1;
  RunInput input;
  if (const auto lengths = given.take("lengths", {Shape{batch}})) {
    input.lengths = lengths_of(*lengths, x[0], file);
  }
  for (const int id : program.inputs) {
    const ProgramNode& node = program.nodes[static_cast<std::size_t>(id)];
    if (node.supply && node.supply->kind == Supply::Kind::length) {
      input.inputs.push_back(lengths_at_steps<double>({x[0], batch, 1}, input.lengths));
      continue;
    }
    const std::vector<Shape> shapes = step_shapes(x, node.shape);
    const auto array = given.take(node.name, shapes);
    if (array) {
      input.inputs.push_back(with_batch_axis(*array, node.shape.rank() + 1));
    } else if (node.otherwise) {
      input.inputs.push_back(
          Tensor<double>::full({x[0], batch, node.shape.back()}, *node.otherwise));
    } else {
      given.note_missing(node.name, shapes);
    }
  }
  for (const ProgramState& state : program.states) {
    const Shape all = with_batch(state.shape, batch), one = without_batch(state.shape);
    const auto of_state = [&](const char* what) {
      auto array = given.take(what + state.name, {all, one});
      if (array && !(array->shape() == all)) array = repeated(*array, batch);
      return array;
    };
    input.states.push_back(of_state("initial_"));
    input.final_gradients.push_back(of_state("final_gradient_"));
  }
  const int output_rank = program.output_shape().rank() + 1;
  if (const auto array = given.take("output_gradient", step_shapes(x, program.output_shape()))) {
    input.output_gradient = with_batch_axis(*array, output_rank);
  }
  given.expect_fitting(whom);
  return input;
}

std::vector<Tensor<double>> read_weights(const StepProgram& program, const std::string& whom,
                                         const std::filesystem::path& path,
                                         const std::string& layer,
                                         const std::vector<Tensor<double>>& drawn) {
  const NamedArrays scan =
      arrays_of_scan(read_own_weights("--weights", path), program, layer, path.string());
  const NamedArrays own = parameters_in(scan, program, whom, path.string(), drawn);
  std::vector<Tensor<double>> values;
  for (const auto& parameter : program.parameters) values.push_back(own.at(parameter.name));
  return values;
}

StackArrays read_stack(const Cell& cell, const CellSizes& sizes, const std::filesystem::path& path,
                       const std::string& layer, std::uint64_t seed) {
  const NamedArrays arrays = read_own_weights("--weights", path);
  StackArrays stack;
  if (layer.empty() && scans_in(arrays).size() > 1) {
    stack = only_stack(arrays, path.string());
  } else {
    stack = {{arrays_of_scan(arrays, cell.build(sizes), layer, path.string())}};
  }
  CellSizes of_layer = sizes;
  for (auto& directions : stack) {
    const StepProgram program = cell.build(of_layer);
    const auto drawn = drawn_values(cell, of_layer, seed);
    for (NamedArrays& scan : directions) {
      scan = parameters_in(scan, program, described(program, of_layer), path.string(), drawn);
    }
    of_layer.input = program.output_shape().back() * std::ssize(directions);
  }
  return stack;
}

std::vector<std::string> result_names(const StepProgram& program,
                                      const std::vector<std::string>& probes) {
  std::vector<std::string> names{"outputs"};
  for (const ProgramState& state : program.states) {
    names.insert(names.end(), {"initial_" + state.name, "final_" + state.name,
                               "gradient_initial_" + state.name});
  }
  for (const ProgramParameter& parameter : program.parameters) {
    names.push_back("gradient_" + parameter.name);
  }
  for (const int input : program.inputs) {
    names.push_back("gradient_" + program.nodes[static_cast<std::size_t>(input)].name);
  }
  for (const std::string& probe : std::set<std::string>(probes.begin(), probes.end())) {
    names.push_back("probe_" + probe);
  }
  return names;
}

}  // namespace carousel
