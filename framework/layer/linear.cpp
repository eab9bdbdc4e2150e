#include "layer/linear.hpp"

namespace carousel {

Linear::Linear(const std::string& name, Index in, Index out)
    : specs_{{name + "/W", {out, in}, Initialiser::glorot()},
             {name + "/b", {out}, Initialiser::zeros()}} {}

Var Linear::forward(std::span<const Var> parameters, Var x) const {
  return carousel::linear(x, parameters[0]) + parameters[1];
}

Embedding::Embedding(const std::string& name, Index symbols, Index size)
    : specs_{{name + "/table", {symbols, size}, Initialiser::normal(1.0)}} {}

Var Embedding::forward(std::span<const Var> parameters, Var index) const {
  return gather_rows(parameters[0], index);
}

}  // namespace carousel
