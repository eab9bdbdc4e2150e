#include "cli/exchange_commands.hpp"

#include <cstdio>

#include "cell/cell_file.hpp"
#include "cell/changed_cell.hpp"
#include "cli/run_input.hpp"
#include "exchange/layout_arrays.hpp"
#include "exchange/onnx/onnx.hpp"
#include "exchange/weights_file.hpp"
#include "tensor/convert.hpp"

namespace carousel {
namespace {

bool is_onnx(const std::filesystem::path& path) { return path.extension() == ".onnx"; }

void print_written(const std::string& what, const NamedArrays& arrays, const std::string& to,
                   const CommonOptions& common) {
  if (common.quiet) return;
  Index numbers = 0;
  for (const auto& [name, array] : arrays) numbers += array.numel();
  std::printf("%s\n%zu arrays, %lld numbers\nwritten: %s\n", what.c_str(), arrays.size(),
              static_cast<long long>(numbers), to.c_str());
}

void print_graph(const std::string& what, const std::string& to, const CommonOptions& common) {
  if (!common.quiet) std::printf("%s\nwritten: %s\n", what.c_str(), to.c_str());
}

OnnxOptions graph_options(const ExportArguments& arguments, const Facts& notes) {
  return {.metadata = notes, .defaults = !arguments.all_inputs};
}

NamedArrays parameters_of(const TrainedModel& model) {
  NamedArrays parameters;
  std::visit(
      [&](const auto& values) {
        const auto in_double = converted<double>(values);
        for (std::size_t k = 0; k < in_double.size(); ++k) {
          parameters[model.model().parameters()[k].name] = in_double[k];
        }
      },
      model.values());
  return parameters;
}

NamedArrays by_name(const StepProgram& program, const std::vector<Tensor<double>>& values) {
  NamedArrays arrays;
  for (std::size_t k = 0; k < values.size(); ++k) arrays[program.parameters[k].name] = values[k];
  return arrays;
}

int export_run(CellRegistry& registry, const ExportArguments& arguments,
               const CommonOptions& common) {
  ModelOfRun wanted = arguments.model;
  wanted.run = arguments.source;
  wanted.data_dir = common.data_dir;
  const OpenModel model = open_model(registry, wanted);
  const TrialRecord& trial = model.trial();
  NamedArrays arrays = parameters_of(model.model());
  const std::string whose = fmt::format("trial {}: {}, hidden {}, on {}", model.id(), trial.name(),
                                        trial.hidden, trial.dataset);
  Facts notes{{"cell", trial.name()},
              {"hidden", std::to_string(trial.hidden)},
              {"dataset", trial.dataset},
              {"trial", model.id()},
              {"equations", model.cell_text()}};
  if (is_onnx(arguments.to)) {
    write_onnx(arguments.to, model, graph_options(arguments, notes));
    print_graph(whose, arguments.to, common);
    return 0;
  }
  if (!arguments.kind.empty()) {
    const Layout& layout = find_layout(arguments.kind);
    const Cell& reference = registry.find(layout.cell);
    const auto names = reference_names(layout, reference, model.cell_program(), whose);
    arrays = model_in_layout(layout, reference, arrays, names, whose);
    notes.emplace_back("layout", layout.kind);
  }
  write_weights(arguments.to, arrays, notes);
  print_written(whose, arrays, arguments.to, common);
  return 0;
}

// A cell's parameters in a layout: all layers that the weights have, or drawn ones of one layer.
NamedArrays cell_in_layout(const CellRegistry& registry, const ExportArguments& arguments,
                           const Cell& cell, const CellSizes& sizes) {
  const StepProgram program = cell.build(sizes);
  const std::string whose = described(program, sizes);
  const Layout& layout = find_layout(arguments.kind);
  const Cell& reference = registry.find(layout.cell);
  const auto names = reference_names(layout, reference, program, whose);
  const StackArrays stack =
      arguments.weights.empty()
          ? StackArrays{{by_name(program, drawn_values(cell, sizes, arguments.seed))}}
          : read_stack(cell, sizes, arguments.weights, arguments.layer, arguments.seed);
  return theirs_of(layout, reference, renamed(stack, names), whose);
}

int export_cell(CellRegistry& registry, const ExportArguments& arguments,
                const CommonOptions& common) {
  if (!arguments.cell.input || !arguments.cell.hidden) {
    fail_input("export {}: expected its sizes, --input and --hidden", arguments.source);
  }
  const CellSizes sizes = sizes_of(arguments.cell, {});
  const Cell cell = changed_cell(find_or_load(registry, arguments.source), sizes.hyper, "");
  const StepProgram program = cell.build(sizes);
  const std::string whose = described(program, sizes);
  Facts notes{{"cell", program.name},
              {"input", std::to_string(sizes.input)},
              {"hidden", std::to_string(sizes.hidden)},
              {"equations", to_text(program)}};
  NamedArrays arrays;
  if (!arguments.kind.empty()) {
    arrays = cell_in_layout(registry, arguments, cell, sizes);
    notes.emplace_back("layout", arguments.kind);
  } else {
    std::vector<Tensor<double>> values = drawn_values(cell, sizes, arguments.seed);
    if (!arguments.weights.empty()) {
      values = read_weights(program, whose, arguments.weights, arguments.layer, values);
    }
    if (is_onnx(arguments.to)) {
      write_onnx(arguments.to, program, values, graph_options(arguments, notes));
      print_graph(whose, arguments.to, common);
      return 0;
    }
    arrays = by_name(program, values);
  }
  write_weights(arguments.to, arrays, notes);
  print_written(whose, arrays, arguments.to, common);
  return 0;
}

void expect_size(const char* option, const std::optional<Index>& wanted, Index got,
                 const std::string& file) {
  if (!wanted || *wanted == got) return;
  fail_input("{}: its weights are those of {} {}, {} says {}", file, option + 2, got, option,
             *wanted);
}

}  // namespace

int export_command(CellRegistry& registry, const ExportArguments& arguments,
                   const CommonOptions& common) {
  if (!is_onnx(arguments.to)) expect_weights_ending("--to", arguments.to);
  if (is_onnx(arguments.to) && !arguments.kind.empty()) {
    fail_input("--as {}: got --to {} too; a graph of ONNX has its own layout: leave out --as",
               arguments.kind, arguments.to);
  }
  if (arguments.all_inputs && !is_onnx(arguments.to)) {
    fail_input("--all-inputs is of graphs of ONNX, and --to is {}; leave it out", arguments.to);
  }
  std::error_code none;
  if (!std::filesystem::is_directory(arguments.source, none)) {
    return export_cell(registry, arguments, common);
  }
  const bool has_cell_options = arguments.cell.input || arguments.cell.hidden ||
                                !arguments.cell.hyper.empty() || !arguments.weights.empty();
  if (has_cell_options) {
    fail_input(
        "export {}: got --input, --hidden, --set or --weights, which are a cell's; a run has its "
        "own",
        arguments.source);
  }
  return export_run(registry, arguments, common);
}

int import_weights_command(const CellRegistry& registry, const ImportWeightsArguments& arguments,
                           const CommonOptions& common) {
  expect_weights_ending("--to", arguments.to);
  const Layout& layout = find_layout(arguments.kind);
  const Cell& reference = registry.find(layout.cell);
  const NamedArrays theirs = read_their_weights(arguments.file, arguments.layers);
  const StackArrays stack = ours_of(layout, reference, theirs, arguments.file);
  const CellSizes sizes = first_sizes(layout, stack, arguments.file);
  expect_size("--input", arguments.input, sizes.input, arguments.file);
  expect_size("--hidden", arguments.hidden, sizes.hidden, arguments.file);
  const NamedArrays arrays = named_arrays(stack, "");
  write_weights(arguments.to, arrays,
                {{"cell", layout.cell},
                 {"input", std::to_string(sizes.input)},
                 {"hidden", std::to_string(sizes.hidden)},
                 {"layers", std::to_string(stack.size())},
                 {"directions", std::to_string(stack[0].size())},
                 {"from", layout.kind}});
  print_written(fmt::format("cell {}: layers {}, directions {}, input {}, hidden {}", layout.cell,
                            stack.size(), stack[0].size(), sizes.input, sizes.hidden),
                arrays, arguments.to, common);
  if (!common.quiet && lacks_biases(layout, theirs)) {
    std::printf("biases: none there, zeros here\n");
  }
  return 0;
}

}  // namespace carousel
