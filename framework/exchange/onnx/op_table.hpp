#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/onnx/graph.hpp"
#include "program/step_program.hpp"

namespace carousel {

/// A node of a step program that is to be written.
struct OnnxCall {
  OnnxGraph& graph;             ///< where it is written
  const ProgramNode& node;      ///< op, attributes, shape
  std::vector<std::string> in;  ///< the values of its operands
  std::vector<Shape> shapes;    ///< of the operands, in the step program
  std::string batch;            ///< the number of sequences, int64 [1]

  /// As OnnxGraph::add().
  std::string add(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<OnnxAttribute>& attributes = {}) const {
    return graph.add(op, inputs, attributes);
  }
  /// Rank of an operand.
  int rank(std::size_t operand) const { return shapes[operand].rank(); }
};

/// How an op of the op table is written in opset 17.
struct OnnxOp {
  std::string_view op;    ///< its name in the op table
  std::string_view onnx;  ///< the nodes that it becomes; empty: it has no counterpart
  /// Adds the nodes and returns the value. Null: one node `onnx` with the same operands.
  std::string (*write)(const OnnxCall&) = nullptr;
};

/// A row for each op, in the order of the op table. Axes are counted from the end, so that what
/// does not name a leading axis can have further ones.
std::span<const OnnxOp> onnx_ops();

/// Whether an op has a counterpart; one of a plug-in has none.
bool has_onnx(const Op& op);

/// Writes a node whose op has a counterpart; returns its value.
std::string write_onnx_op(const OnnxCall& call);

/// A value repeated to a shape that may lead with the batch. from: its shape in the step program.
std::string onnx_expand(OnnxGraph& graph, const std::string& value, const Shape& from,
                        const Shape& to, const std::string& batch);

}  // namespace carousel
