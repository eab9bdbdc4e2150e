#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <set>

#include "exchange/onnx/onnx.hpp"
#include "io/files.hpp"
#include "onnx_subset.pb.h"

namespace carousel {
namespace {

using carousel_onnx::GraphProto;
using carousel_onnx::NodeProto;
using carousel_onnx::TensorProto;

// What protobuf can read.
constexpr std::uintmax_t most_bytes = std::numeric_limits<std::int32_t>::max();

// ONNX's numbers of the types.
constexpr int float32 = 1, float64 = 11;

// Where the weights are among the inputs of an LSTM, a GRU or an RNN.
struct Part {
  const char* name;
  int input;
};
constexpr std::array<Part, 4> parts{Part{"W", 1}, Part{"R", 2}, Part{"B", 3}, Part{"P", 7}};

bool is_recurrent(const NodeProto& node) {
  return node.op_type() == "LSTM" || node.op_type() == "GRU" || node.op_type() == "RNN";
}

bool is_real(const TensorProto& tensor) {
  return tensor.data_type() == float32 || tensor.data_type() == float64;
}

Tensor<double> array_in(const TensorProto& tensor, const std::string& place) {
  if (tensor.data_location() != 0) {
    fail_input(
        "{}: its numbers lie in another file; save the model in one file (in Python: "
        "onnx.save_model(onnx.load(FILE), NEW, save_as_external_data=False))",
        place);
  }
  std::vector<std::uint64_t> sizes;
  for (const std::int64_t size : tensor.dims()) {
    if (size < 0) fail_input("{}: got a size of {}, expected 0 or more", place, size);
    sizes.push_back(static_cast<std::uint64_t>(size));
  }
  const bool single = tensor.data_type() == float32;
  const NumberForm form = single ? NumberForm::float32 : NumberForm::float64;
  if (tensor.has_raw_data()) return array_of(form, sizes, tensor.raw_data(), place);
  std::string bytes;
  for (const float number : tensor.float_data()) {
    if (single) append_little_endian(bytes, std::bit_cast<std::uint32_t>(number));
  }
  for (const double number : tensor.double_data()) {
    if (!single) append_little_endian(bytes, std::bit_cast<std::uint64_t>(number));
  }
  return array_of(form, sizes, bytes, place);
}

// Inputs that may have other sizes than the array that stands for them has: a first state, and no
// weight.
std::set<std::string> open_inputs(const GraphProto& graph) {
  std::set<std::string> names;
  for (const auto& input : graph.input()) {
    for (const auto& size : input.type().tensor_type().shape().dim()) {
      if (!size.has_dim_value()) names.insert(input.name());
    }
  }
  return names;
}

bool has_elements(const TensorProto& tensor) {
  return std::ranges::find(tensor.dims(), 0) == tensor.dims().end();
}

// The arrays of a graph by name: initialisers, and what a node Constant gives.
std::map<std::string, const TensorProto*> tensors_of(const GraphProto& graph) {
  std::map<std::string, const TensorProto*> tensors;
  for (const TensorProto& tensor : graph.initializer()) tensors[tensor.name()] = &tensor;
  for (const NodeProto& node : graph.node()) {
    if (node.op_type() != "Constant" || node.output_size() != 1) continue;
    for (const auto& attribute : node.attribute()) {
      if (attribute.name() == "value" && attribute.has_t())
        tensors[node.output(0)] = &attribute.t();
    }
  }
  return tensors;
}

class WeightsReader {
 public:
  WeightsReader(std::string file, const GraphProto& graph)
      : file_(std::move(file)), graph_(graph), tensors_(tensors_of(graph)) {}

  NamedArrays read() {
    std::map<std::string, int> unnamed;
    for (const NodeProto& node : graph_.node()) {
      if (!is_recurrent(node)) continue;
      const std::string name = node.name().empty()
                                   ? fmt::format("{}_{}", node.op_type(), unnamed[node.op_type()]++)
                                   : node.name();
      for (const Part& part : parts) {
        if (part.input < node.input_size() && !node.input(part.input).empty()) {
          take(node, name, part);
        }
      }
    }
    const std::set<std::string> open = open_inputs(graph_);
    for (const TensorProto& tensor : graph_.initializer()) {
      const std::string& name = tensor.name();
      if (!is_real(tensor) || !has_elements(tensor)) continue;
      if (!of_nodes_.contains(name) && !open.contains(name)) {
        add(name, array_in(tensor, place(name)));
      }
    }
    return std::move(arrays_);
  }

 private:
  std::string place(const std::string& name) const {
    return fmt::format("{}: array '{}'", file_, name);
  }

  void add(const std::string& name, Tensor<double> array) {
    if (!arrays_.emplace(name, std::move(array)).second) {
      fail_input("{}: two arrays have the name '{}'", file_, name);
    }
  }

  void take(const NodeProto& node, const std::string& name, const Part& part) {
    const std::string& value = node.input(part.input);
    const auto found = tensors_.find(value);
    if (found == tensors_.end() || !is_real(*found->second)) {
      fail_input(
          "{}: {} of the {} '{}' is no array of float32 or float64 in the file, but the value "
          "'{}'; "
          "export the model with constant folding (in torch.onnx.export: do_constant_folding=True, "
          "training=TrainingMode.EVAL)",
          file_, part.name, node.op_type(), name, value);
    }
    of_nodes_.insert(value);
    const std::string own = fmt::format("{}/{}", name, part.name);
    add(own, array_in(*found->second, place(own)));
  }

  std::string file_;
  const GraphProto& graph_;
  std::map<std::string, const TensorProto*> tensors_;
  std::set<std::string> of_nodes_;
  NamedArrays arrays_;
};

}  // namespace

NamedArrays read_onnx_weights(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (!error && bytes > most_bytes) {
    fail_input("{}: it has {} bytes, and an ONNX file has 2 GB at most", path.string(), bytes);
  }
  carousel_onnx::ModelProto model;
  if (!model.ParseFromString(read_text(path)) || !model.has_graph()) {
    fail_input("{}: not an ONNX file, or only a part of one", path.string());
  }
  return WeightsReader(path.string(), model.graph()).read();
}

}  // namespace carousel
