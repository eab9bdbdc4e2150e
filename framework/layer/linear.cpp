#include "layer/linear.hpp"

namespace carousel {

Linear::Linear(const std::string& name, Index in, Index out)
    : name_(name),
      specs_{{name + "/W", {out, in}, Initialiser::glorot()},
             {name + "/b", {out}, Initialiser::zeros()}} {}

Var Linear::forward(const Pass& pass, Var x) const {
  const auto own = pass.parameters().of(name_);
  return carousel::linear(x, own[0]) + own[1];
}

Embedding::Embedding(const std::string& name, Index symbols, Index size, double deviation)
    : name_(name), specs_{{name + "/table", {symbols, size}, Initialiser::normal(deviation)}} {}

Var Embedding::forward(const Pass& pass, Var index) const {
  return gather_rows(pass.parameters().of(name_)[0], index);
}

}  // namespace carousel
