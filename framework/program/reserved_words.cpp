#include "program/reserved_words.hpp"

#include <algorithm>

namespace carousel {

const std::vector<std::string>& keywords() {
  static const std::vector<std::string> words = {
      "cell",  "extends", "ref",   "group",   "conventions", "param",   "init",
      "fixed", "hyper",   "input", "default", "state",       "initial", "output",
      "def",   "use",     "as",    "repeat",  "in"};
  return words;
}

const std::vector<std::string>& function_names() {
  static const std::vector<std::string> words = {"exp",
                                                 "log",
                                                 "sqrt",
                                                 "sin",
                                                 "cos",
                                                 "tanh",
                                                 "sigmoid",
                                                 "relu",
                                                 "softplus",
                                                 "logsigmoid",
                                                 "abs",
                                                 "sign",
                                                 "hard_sigmoid",
                                                 "hard_tanh",
                                                 "elu",
                                                 "silu",
                                                 "gelu",
                                                 "softsign",
                                                 "floor",
                                                 "erf",
                                                 "heaviside",
                                                 "leaky_relu",
                                                 "modrelu",
                                                 "min",
                                                 "mod",
                                                 "clipped_sqrt",
                                                 "max",
                                                 "where",
                                                 "sum",
                                                 "mean",
                                                 "softmax",
                                                 "logsumexp",
                                                 "cumsum",
                                                 "layer_norm",
                                                 "rms_norm",
                                                 "concat",
                                                 "reshape",
                                                 "roll",
                                                 "repeat_elements",
                                                 "tile",
                                                 "transpose",
                                                 "outer",
                                                 "dot",
                                                 "diag",
                                                 "block_diagonal",
                                                 "eye",
                                                 "arange",
                                                 "zeros",
                                                 "ones",
                                                 "tril",
                                                 "triu",
                                                 "expm",
                                                 "inverse",
                                                 "stop_gradient",
                                                 "straight_through",
                                                 "size"};
  return words;
}

bool is_reserved(std::string_view word) {
  const auto has = [&](const std::vector<std::string>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  return has(keywords()) || has(function_names()) || word == "t" || word == "x" || word == "hidden";
}

}  // namespace carousel
