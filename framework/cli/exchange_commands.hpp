#pragma once

#include "cli/cell_arguments.hpp"
#include "cli/common_options.hpp"
#include "study/open_model.hpp"

namespace carousel {

/// Arguments of `carousel export`.
struct ExportArguments {
  std::string source;       // positional: a run folder, or a cell
  std::string to;           // --to
  std::string kind;         // --as: a kind of layout; empty: our names
  bool all_inputs = false;  // --all-inputs: of a graph, see OnnxOptions::defaults
  ModelOfRun model;         // --trial, --cell, --dataset: of a run
  CellArguments cell;       // --hidden, --input, --set: of a cell
  std::string weights;      // --weights: of a cell; empty: drawn from `seed`
  std::string layer;        // --layer: of the weights
  std::uint64_t seed = 1;   // --seed
};

/// Writes the parameters of a run's best model, or of a cell, to a .safetensors or .npz file: by
/// our names, or in the layout of another library; or the whole graph to an .onnx file. Returns the
/// exit code; throws the library's errors.
int export_command(CellRegistry& registry, const ExportArguments& arguments,
                   const CommonOptions& common);

/// Arguments of `carousel import weights`.
struct ImportWeightsArguments {
  std::string file;                    // positional
  std::string to;                      // --to
  std::string kind;                    // --as
  std::vector<std::string> layers;     // --layer
  std::optional<Index> input, hidden;  // --input, --hidden: what is expected
};

/// Turns the weights of a recurrent layer of another library into ours, a .safetensors or .npz file
/// for `carousel run --weights`. Returns the exit code; throws the library's errors.
int import_weights_command(const CellRegistry& registry, const ImportWeightsArguments& arguments,
                           const CommonOptions& common);

}  // namespace carousel
