#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tape/parameters.hpp"

namespace carousel {

/// What is made of layers: it gathers their parameters, so that nobody counts them by hand.
/// ```
///   struct Tagger : Network {
///     Embedding words = with(Embedding("words", 1000, 32));
///     Linear tags = with(Linear("tags", 32, 5));
///   };
/// ```
class Network {
 public:
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// The parameters of all layers, in a fixed order: that in which they were given.
  const std::vector<ParameterSpec>& parameters() const { return specs_; }
  /// Names of the losses of the layers' cells, each once.
  const std::vector<std::string>& losses() const { return losses_; }

 protected:
  Network() = default;
  ~Network() = default;
  /// Takes a layer's parameters in; each layer is given once, when it is made.
  template <class Layer>
  Layer with(Layer layer) {
    specs_.insert(specs_.end(), layer.parameters().begin(), layer.parameters().end());
    if constexpr (requires { layer.losses(); }) {
      for (const std::string& name : layer.losses()) {
        if (std::ranges::find(losses_, name) == losses_.end()) losses_.push_back(name);
      }
    }
    return layer;
  }
  /// A parameter that is no layer's.
  void add(ParameterSpec spec) { specs_.push_back(std::move(spec)); }

 private:
  std::vector<ParameterSpec> specs_;
  std::vector<std::string> losses_;
};

}  // namespace carousel
