#pragma once

#include <filesystem>
#include <optional>

#include "cell/cell.hpp"
#include "exchange/stack_arrays.hpp"
#include "io/given_arrays.hpp"

namespace carousel {

/// What a cell is run on: the file of `carousel run --x`.
struct RunInput {
  std::vector<Tensor<double>> inputs;  ///< [steps, batch, size] each, in the program's order
  std::vector<Index> lengths;          ///< of the sequences; empty: all steps
  /// [batch, ..] each, in the program's order; none where the cell's own value holds.
  std::vector<std::optional<Tensor<double>>> states;
  std::optional<Tensor<double>> output_gradient;  ///< [steps, batch, ..]
  /// [batch, ..] each, in the program's order: of the caller's loss by the final states.
  std::vector<std::optional<Tensor<double>>> final_gradients;
};

/// The arrays of an .npz file, or the one of an .npy or .csv file as `x`. The lines of a CSV file
/// are steps; the first may be names. Throws InputError for other files, and where there is no `x`
/// of [steps, batch, input] or [steps, input].
NamedArrays read_x(const std::filesystem::path& path);

/// Sorts the arrays of read_x() by what they are to the program. Where x is [steps, input] its
/// batch is one sequence, and what goes with it has no axis for the batch either. whom: for
/// messages, as of described(). Throws InputError when they do not fit.
RunInput run_input(const StepProgram& program, const std::string& whom,
                   const std::filesystem::path& path, const NamedArrays& arrays);

/// A cell with its sizes, for messages: "cell gru at input 3, hidden 5".
std::string described(const StepProgram& program, const CellSizes& sizes);

/// The values that training begins with, for this seed.
std::vector<Tensor<double>> drawn_values(const Cell& cell, const CellSizes& sizes,
                                         std::uint64_t seed);

/// The values of the program's parameters from an .npz or .safetensors file. layer: the scan whose
/// parameters they are, where the file is that of a model, "layers/0/forward"; empty: those by the
/// cell's own names, or, where there are none, those of the only scan. Arrays that are a
/// result of `carousel run` are passed over, so that the file that it writes serves too; a
/// parameter that is not trained may be missing, and has its first value, one of `drawn`, then.
/// whom: as of run_input(). Throws InputError when the arrays do not fit.
std::vector<Tensor<double>> read_weights(const StepProgram& program, const std::string& whom,
                                         const std::filesystem::path& path,
                                         const std::string& layer,
                                         const std::vector<Tensor<double>>& drawn);

/// The same of all scans of the file's only stack where `layer` is empty and there are several;
/// sizes: of the first layer; seed: of what is not trained. With the summands that the file has
/// (summand_names). Throws InputError as read_weights(), and where there is more than the stack.
StackArrays read_stack(const Cell& cell, const CellSizes& sizes, const std::filesystem::path& path,
                       const std::string& layer, std::uint64_t seed);

/// Names of the arrays that `carousel run` may write for this program, without those of the
/// parameters. probes: the values whose `probe_NAME` are among them.
std::vector<std::string> result_names(const StepProgram& program,
                                      const std::vector<std::string>& probes);

}  // namespace carousel
