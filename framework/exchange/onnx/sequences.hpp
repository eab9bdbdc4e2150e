#pragma once

#include <string>
#include <vector>

#include "exchange/onnx/graph.hpp"

namespace carousel {

/// What all scans of a graph share: the steps T, the sequences B and their lengths.
class OnnxSequences {
 public:
  /// Takes `lengths` in as an input. x: a value whose first two sizes are T and B. defaults: as
  /// OnnxOptions.
  OnnxSequences(OnnxGraph& graph, const std::string& x, bool defaults);

  /// Where they are.
  OnnxGraph& graph() const { return graph_; }
  /// T, int64 [1].
  const std::string& steps() const { return steps_; }
  /// B, int64 [1].
  const std::string& batch() const { return batch_; }
  /// Steps of each sequence, T at most, int64 [B].
  const std::string& lengths() const { return lengths_; }
  /// The numbers of the steps, int64 [T, 1, 1].
  const std::string& places();
  /// Whether a step belongs to the sequence, boolean [T, B, 1].
  const std::string& inside();

  /// An input of float32 that need not be given. name: unique. value: what it is then, with 1 in
  /// the place of T and B. sizes: of the input, which may lead with "T", "B". Returns the value in
  /// full size.
  std::string input(const std::string& name, const Tensor<double>& value,
                    const std::vector<OnnxSize>& sizes);
  /// A value repeated to these sizes, which are numbers, "T" or "B".
  std::string expanded(const std::string& value, const std::vector<OnnxSize>& sizes);

 private:
  OnnxGraph& graph_;
  bool defaults_;
  std::string steps_, batch_, lengths_, places_, inside_;
};

}  // namespace carousel
