#include "exchange/onnx/sequences.hpp"

#include <limits>

namespace carousel {
namespace {

// What `lengths` is where it is not given: more than any T.
constexpr Index all_steps = std::numeric_limits<std::int32_t>::max();

}  // namespace

OnnxSequences::OnnxSequences(OnnxGraph& graph, const std::string& x, bool defaults)
    : graph_(graph),
      defaults_(defaults),
      steps_(graph.add("Shape", {x}, {{"start", Index{0}}, {"end", Index{1}}})),
      batch_(graph.add("Shape", {x}, {{"start", Index{1}}, {"end", Index{2}}})) {
  const std::string given = graph.unique("lengths");
  graph.input(given, OnnxType::int64, {defaults ? "" : "B"});
  if (defaults) graph.initialiser(given, std::vector<Index>{all_steps});
  lengths_ = graph.add("Min", {given, steps_});
  if (defaults) lengths_ = graph.add("Expand", {lengths_, batch_});
}

const std::string& OnnxSequences::places() {
  if (places_.empty()) {
    const std::string end = graph_.add("Squeeze", {steps_});
    const std::string range = graph_.add("Range", {graph_.integer(0), end, graph_.integer(1)});
    places_ = graph_.add("Reshape", {range, graph_.integers({-1, 1, 1})});
  }
  return places_;
}

const std::string& OnnxSequences::inside() {
  if (inside_.empty()) {
    const std::string column = graph_.add("Unsqueeze", {lengths_, graph_.integers({-1})});
    inside_ = graph_.add("Less", {places(), column});
  }
  return inside_;
}

std::string OnnxSequences::expanded(const std::string& value, const std::vector<OnnxSize>& sizes) {
  std::vector<std::string> parts;
  for (const OnnxSize& size : sizes) {
    const Index* number = std::get_if<Index>(&size);
    parts.push_back(number ? graph_.integers({*number}) : size == OnnxSize("T") ? steps_ : batch_);
  }
  return graph_.add("Expand", {value, graph_.add("Concat", parts, {{"axis", Index{0}}})});
}

std::string OnnxSequences::input(const std::string& name, const Tensor<double>& value,
                                 const std::vector<OnnxSize>& sizes) {
  if (!defaults_) {
    graph_.input(name, OnnxType::float32, sizes);
    return name;
  }
  // 1 or T, 1 or B.
  std::vector<OnnxSize> open = sizes;
  for (OnnxSize& size : open) {
    if (std::holds_alternative<std::string>(size)) size = "";
  }
  graph_.input(name, OnnxType::float32, open);
  graph_.initialiser(name, value);
  return expanded(name, sizes);
}

}  // namespace carousel
