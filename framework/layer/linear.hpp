#pragma once

#include <string>
#include <vector>

#include "layer/pass.hpp"

namespace carousel {

/// y = W x + b for each step: x: [.., in], y: [.., out]; W: [out, in] Glorot, b: [out] zero.
class Linear {
 public:
  /// Parameters are named `name`/W and `name`/b.
  Linear(const std::string& name, Index in, Index out);
  /// W and b, for the model's ParameterSet.
  const std::vector<ParameterSpec>& parameters() const { return specs_; }
  /// W x + b in the pass. x: [.., rows, in]. Throws InputError where its size does not fit.
  Var forward(const Pass& pass, Var x) const;

 private:
  std::string name_;
  std::vector<ParameterSpec> specs_;
};

/// Vectors for symbols: index [..] of whole numbers in [0, symbols) to [.., size];
/// table: [symbols, size], normal.
class Embedding {
 public:
  /// The parameter is named `name`/table. deviation: the standard deviation of its first values.
  Embedding(const std::string& name, Index symbols, Index size, double deviation = 1.0);
  /// The table, for the model's ParameterSet.
  const std::vector<ParameterSpec>& parameters() const { return specs_; }
  /// Throws InputError on an index out of range.
  Var forward(const Pass& pass, Var index) const;

 private:
  std::string name_;
  std::vector<ParameterSpec> specs_;
};

}  // namespace carousel
