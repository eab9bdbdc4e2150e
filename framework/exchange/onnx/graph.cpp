#include "exchange/onnx/graph.hpp"

#include <fmt/format.h>

#include <bit>

#include "io/array_bytes.hpp"
#include "io/files.hpp"
#include "io/version.hpp"
#include "onnx_subset.pb.h"

namespace carousel {
namespace {

constexpr int ir_version = 8;  // the first of opset 17
constexpr int opset = 17;
// What protobuf can read is below 2^31 bytes; the rest is for the graph.
constexpr std::size_t most_bytes = 2'000'000'000;

void declare(carousel_onnx::ValueInfoProto& value, const std::string& name, OnnxType type,
             const std::vector<OnnxSize>& sizes) {
  value.set_name(name);
  auto& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(static_cast<int>(type));
  tensor.mutable_shape();
  for (const OnnxSize& size : sizes) {
    auto& dim = *tensor.mutable_shape()->add_dim();
    if (const Index* number = std::get_if<Index>(&size)) dim.set_dim_value(*number);
    else if (!std::get<std::string>(size).empty()) dim.set_dim_param(std::get<std::string>(size));
  }
}

void fill(carousel_onnx::TensorProto& tensor, const Tensor<double>& value) {
  tensor.set_data_type(static_cast<int>(OnnxType::float32));
  for (const Index size : value.shape()) tensor.add_dims(size);
  std::string& bytes = *tensor.mutable_raw_data();
  bytes.reserve(static_cast<std::size_t>(value.numel()) * sizeof(float));
  for (const double number : value.values()) {
    append_little_endian(bytes, std::bit_cast<std::uint32_t>(static_cast<float>(number)));
  }
}

void fill(carousel_onnx::TensorProto& tensor, const std::vector<Index>& sizes,
          const std::vector<Index>& values) {
  tensor.set_data_type(static_cast<int>(OnnxType::int64));
  for (const Index size : sizes) tensor.add_dims(size);
  for (const Index value : values) {
    append_little_endian(*tensor.mutable_raw_data(), static_cast<std::uint64_t>(value));
  }
}

// A number for a name, as add() gives it.
std::string numbered(int number) { return fmt::format("v{}", number); }

}  // namespace

std::vector<OnnxSize> onnx_sizes(const Shape& shape) {
  std::vector<OnnxSize> sizes;
  for (const Index size : shape) {
    if (size == batch_dim) sizes.emplace_back("B");
    else if (size < 0) sizes.emplace_back("");
    else sizes.emplace_back(size);
  }
  return sizes;
}

OnnxGraph::OnnxGraph(const std::string& name)
    : shared_(std::make_shared<Shared>()), graph_(std::make_unique<carousel_onnx::GraphProto>()) {
  graph_->set_name(name);
}

OnnxGraph::OnnxGraph(OnnxGraph& outer, const std::string& name)
    : outer_(&outer),
      shared_(outer.shared_),
      graph_(std::make_unique<carousel_onnx::GraphProto>()) {
  graph_->set_name(name);
}

OnnxGraph::~OnnxGraph() = default;

std::string OnnxGraph::unique(const std::string& wanted) {
  std::string name = wanted;
  for (int k = 2; !shared_->names.insert(name).second; ++k) name = fmt::format("{}_{}", wanted, k);
  return name;
}

std::string OnnxGraph::add(const std::string& op, const std::vector<std::string>& inputs,
                           const std::vector<OnnxAttribute>& attributes) {
  std::string output;
  do {
    output = numbered(++shared_->unnamed);
  } while (!shared_->names.insert(output).second);
  add(op, "", inputs, {output}, attributes);
  return output;
}

void OnnxGraph::add(const std::string& op, const std::string& name,
                    const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                    const std::vector<OnnxAttribute>& attributes) {
  auto& node = *graph_->add_node();
  node.set_op_type(op);
  if (!name.empty()) node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  for (const OnnxAttribute& given : attributes) {
    using Proto = carousel_onnx::AttributeProto;
    Proto& attribute = *node.add_attribute();
    attribute.set_name(given.name);
    if (const auto* number = std::get_if<Index>(&given.value)) {
      attribute.set_type(Proto::INT);
      attribute.set_i(*number);
    } else if (const auto* text = std::get_if<std::string>(&given.value)) {
      attribute.set_type(Proto::STRING);
      attribute.set_s(*text);
    } else if (const auto* numbers = std::get_if<std::vector<Index>>(&given.value)) {
      attribute.set_type(Proto::INTS);
      for (const Index of_them : *numbers) attribute.add_ints(of_them);
    } else if (const auto* texts = std::get_if<std::vector<std::string>>(&given.value)) {
      attribute.set_type(Proto::STRINGS);
      for (const std::string& of_them : *texts) attribute.add_strings(of_them);
    } else {
      attribute.set_type(Proto::GRAPH);
      attribute.mutable_g()->Swap(std::get<OnnxGraph*>(given.value)->graph_.get());
    }
  }
}

std::string OnnxGraph::rename(const std::string& value, const std::string& wanted) {
  if (graph_->node_size() == 0) return value;
  auto& last = *graph_->mutable_node(graph_->node_size() - 1);
  if (last.output_size() != 1 || last.output(0) != value || value != numbered(shared_->unnamed)) {
    return value;
  }
  last.set_output(0, unique(wanted));
  return last.output(0);
}

void OnnxGraph::input(const std::string& name, OnnxType type, const std::vector<OnnxSize>& sizes) {
  declare(*graph_->add_input(), name, type, sizes);
}

void OnnxGraph::output(const std::string& name, OnnxType type, const std::vector<OnnxSize>& sizes) {
  declare(*graph_->add_output(), name, type, sizes);
}

void OnnxGraph::make_room(std::size_t bytes) {
  shared_->bytes += bytes;
  if (shared_->bytes > most_bytes) {
    fail_input(
        "an ONNX file holds 2 GB at most, and these parameters take more: write them to a "
        ".safetensors file instead");
  }
}

void OnnxGraph::initialiser(const std::string& name, const Tensor<double>& value) {
  make_room(static_cast<std::size_t>(value.numel()) * sizeof(float));
  auto& tensor = *outermost().graph_->add_initializer();
  tensor.set_name(name);
  fill(tensor, value);
}

void OnnxGraph::initialiser(const std::string& name, const std::vector<Index>& values) {
  auto& tensor = *outermost().graph_->add_initializer();
  tensor.set_name(name);
  fill(tensor, {std::ssize(values)}, values);
}

template <class Fill>
std::string OnnxGraph::constant(const std::string& text, Fill fill) {
  const auto [known, is_new] = shared_->constants.try_emplace(text);
  if (is_new) {
    known->second = unique(text);
    auto& node = *outermost().graph_->add_node();
    node.set_op_type("Constant");
    node.add_output(known->second);
    auto& value = *node.add_attribute();
    value.set_name("value");
    value.set_type(carousel_onnx::AttributeProto::TENSOR);
    fill(*value.mutable_t());
  }
  return known->second;
}

std::string OnnxGraph::number(double value) {
  return constant(fmt::format("number {}", value),
                  [&](auto& tensor) { fill(tensor, Tensor<double>::full({}, value)); });
}

std::string OnnxGraph::numbers(const std::vector<double>& values) {
  return constant(fmt::format("numbers {}", fmt::join(values, ", ")), [&](auto& tensor) {
    fill(tensor, Tensor<double>::from({std::ssize(values)}, values));
  });
}

std::string OnnxGraph::integers(const std::vector<Index>& values) {
  return constant(fmt::format("[{}]", fmt::join(values, ", ")),
                  [&](auto& tensor) { fill(tensor, {std::ssize(values)}, values); });
}

std::string OnnxGraph::integer(Index value) {
  return constant(fmt::format("{}", value), [&](auto& tensor) { fill(tensor, {}, {value}); });
}

void OnnxGraph::write(const std::filesystem::path& path, const Facts& metadata) {
  carousel_onnx::ModelProto model;
  model.set_ir_version(ir_version);
  model.set_producer_name("carousel");
  model.set_producer_version(version());
  model.add_opset_import()->set_version(opset);
  std::set<std::string> keys;
  for (const auto& [key, value] : metadata) {
    if (!keys.insert(key).second) continue;
    auto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  model.mutable_graph()->Swap(graph_.get());
  write_text(path, model.SerializeAsString());
}

}  // namespace carousel
