#include "exchange/onnx/layer.hpp"
#include "exchange/onnx/onnx.hpp"

namespace carousel {

void write_onnx(const std::filesystem::path& path, const StepProgram& program,
                const std::vector<Tensor<double>>& parameters, const OnnxOptions& options) {
  OnnxGraph graph(program.name);
  const ProgramNode& input = program.nodes[static_cast<std::size_t>(program.inputs[0])];
  const std::string x = graph.unique(input.name), outputs = graph.unique("outputs");
  graph.input(x, OnnxType::float32, {"T", "B", input.shape.back()});
  std::vector<OnnxSize> sizes = onnx_sizes(program.output_shape());
  sizes.insert(sizes.begin(), "T");
  graph.output(outputs, OnnxType::float32, sizes);
  OnnxSequences sequences(graph, x, options.defaults);
  const OnnxLayer layer{program, parameters, "", options.reverse};
  graph.add("Identity", "", {write_onnx_layer(sequences, layer, x)}, {outputs});
  Facts metadata = options.metadata;
  metadata.emplace_back("equations", to_text(program));
  graph.write(path, metadata);
}

}  // namespace carousel
