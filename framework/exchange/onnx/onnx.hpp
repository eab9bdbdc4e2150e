#pragma once
// ONNX files (opset 17), which ONNX Runtime and others run. docs/onnx.md says what is written how.

#include <filesystem>
#include <string>
#include <vector>

#include "io/array_bytes.hpp"
#include "io/machine.hpp"
#include "program/step_program.hpp"
#include "study/open_model.hpp"

namespace carousel {

/// How a graph of ONNX is written.
struct OnnxOptions {
  /// Put into the file as `metadata_props`, with the cell's `equations` where it does not hold any.
  Facts metadata = {};
  /// Of a cell: it runs from each sequence's last step to its first.
  bool reverse = false;
  /// Lengths, first states and inputs with a default need not be given by who runs the graph.
  /// false: they must be, as some runtimes ask for (onnxruntime-web gives no value to an input
  /// that has a default).
  bool defaults = true;
};

/// Writes a cell that runs through time, in float32. Inputs: x [T, B, input], further inputs of the
/// data by their names, `lengths` [B] (int64; T where it is not given) and `initial_NAME` of each
/// state [B, ..]. Outputs: `outputs` [T, B, ..], zero beyond a sequence's length, and each state
/// by its name, after the sequence's own last step. parameters: values in the program's order,
/// which the file holds under their names. Where the equations are those of ONNX's LSTM, GRU or
/// RNN, that operator is written, with W, R, B and P in its layout; else a Scan over the step.
/// What is made of parameters by an op without a counterpart is computed when the file is written.
/// Throws InputError when an op has no counterpart in ONNX, when a parameter does not fit and when
/// the file would be larger than 2 GB; EnvironmentError when it can't be written.
void write_onnx(const std::filesystem::path& path, const StepProgram& program,
                const std::vector<Tensor<double>>& parameters, const OnnxOptions& options = {});

/// Writes a whole model: vectors for symbols where it reads them, every layer and direction, and
/// what is behind them, to the logits (see Model::forward). Inputs: x, [T, B, width] or int64
/// symbols [T, B]; `lengths` and the first states as of a cell, `layers/0/forward/initial_h`.
/// Outputs: `outputs` and `layers/0/forward/h`. Parameters have the model's names. Throws as the
/// other one does, and where the task's model has no form that can be written.
void write_onnx(const std::filesystem::path& path, const OpenModel& model,
                const OnnxOptions& options = {});

/// The weights in an ONNX file, in double: W, R, B and P of each LSTM, GRU and RNN as NODE/W and
/// so on, in ONNX's layout (NODE: the name of the node, else its operator and number, LSTM_0); all
/// other initialisers of float32 or float64 by their names, but for those of inputs with sizes that
/// are open, such as first states. Throws InputError when it is missing,
/// no ONNX file, above 2 GB, when its data lies in other files, when weights of those three are
/// computed by the graph, and as array_of() does.
NamedArrays read_onnx_weights(const std::filesystem::path& path);

}  // namespace carousel
