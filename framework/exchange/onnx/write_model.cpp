#include <fmt/format.h>

#include <array>
#include <map>

#include "exchange/onnx/layer.hpp"
#include "exchange/onnx/onnx.hpp"
#include "op/composites.hpp"
#include "tensor/convert.hpp"

namespace carousel {
namespace {

// A model's graph while it is written. Parameters have the model's names.
class ModelWriter {
 public:
  ModelWriter(OnnxGraph& graph, const TrainedModel& model, bool defaults)
      : graph_(graph),
        form_(model.model().form()),
        stack_(*form_.stack),
        x_(graph.unique("x")),
        outputs_(graph.unique("outputs")) {
    const std::vector<ParameterSpec>& specs = model.model().parameters();
    const auto values =
        std::visit([](const auto& given) { return converted<double>(given); }, model.values());
    for (std::size_t k = 0; k < specs.size(); ++k) values_[specs[k].name] = values[k];
    declare_x();
    sequences_.emplace(graph, x_, defaults);
  }

  void write() {
    std::string value = x_;
    if (!form_.symbols.empty()) {
      value = graph_.add("Gather", {parameter(form_.symbols), x_}, {{"axis", Index{0}}});
    }
    for (int layer = 0; layer < stack_.depth(); ++layer) value = written_layer(layer, value);
    value = read(value);
    for (const ModelForm::Product& product : form_.products) {
      const std::string matrix = graph_.add("Transpose", {parameter(product.matrix)});
      value = graph_.add("Add", {graph_.add("MatMul", {value, matrix}), parameter(product.bias)});
    }
    graph_.add("Identity", "", {value}, {outputs_});
    const Index width = values_.at(form_.products.back().bias).numel();
    const bool every = form_.reads == ModelForm::Reads::every;
    graph_.output(outputs_, OnnxType::float32,
                  {every ? OnnxSize("T") : OnnxSize(Index{1}), "B", width});
  }

 private:
  void declare_x() {
    if (!form_.symbols.empty()) {
      graph_.input(x_, OnnxType::int64, {"T", "B"});
      return;
    }
    const StepProgram& first = stack_.program(0);
    const ProgramNode& input = first.nodes[static_cast<std::size_t>(first.inputs[0])];
    graph_.input(x_, OnnxType::float32, {"T", "B", input.shape.back()});
  }

  // Written when it is first asked for.
  std::string parameter(const std::string& name) {
    const auto [known, is_new] = written_.try_emplace(name);
    if (is_new) {
      known->second = graph_.unique(name);
      graph_.initialiser(known->second, values_.at(name));
    }
    return known->second;
  }

  std::string written_layer(int layer, const std::string& x) {
    std::vector<std::string> directions;
    for (const bool reverse : {false, true}) {
      if (reverse && !stack_.is_bidirectional()) continue;
      directions.push_back(write_onnx_layer(
          *sequences_,
          filled(stack_.program(layer),
                 fmt::format("layers/{}/{}/", layer, reverse ? "backward" : "forward"), reverse),
          x));
    }
    std::string outputs = directions.size() == 1
                              ? directions[0]
                              : graph_.add("Concat", directions, {{"axis", Index{-1}}});
    const std::string norm = fmt::format("layers/{}/norm/", layer);
    if (!values_.contains(norm + "gain")) return outputs;
    StepBuilder b("norm");
    const Index size = values_.at(norm + "gain").numel();
    const Var row = b.input("x", size);
    b.let("y", layer_norm(row) * b.parameter("gain", {size}, Initialiser::ones()) +
                   b.parameter("bias", {size}, Initialiser::zeros()));
    b.set_output("y");
    const StepProgram program = b.finish();
    return write_onnx_rows(*sequences_, filled(program, norm, false), outputs);
  }

  OnnxLayer filled(const StepProgram& program, const std::string& place, bool reverse) const {
    OnnxLayer layer{program, {}, place, reverse};
    for (const ProgramParameter& own : program.parameters) {
      layer.parameters.push_back(values_.at(place + own.name));
    }
    return layer;
  }

  // The sum over the steps where a condition holds, [1, B, size]. condition: [T, B, 1].
  std::string sum_where(const std::string& condition, const std::string& value) {
    const std::string kept = graph_.add("Where", {condition, value, graph_.number(0.0)});
    return graph_.add("ReduceSum", {kept, graph_.integers({0})}, {{"keepdims", Index{1}}});
  }

  // What each direction gives at its own last step.
  std::string ends(const std::string& value) {
    const std::string last = graph_.add("Sub", {sequences_->lengths(), graph_.integers({1})});
    const std::string is_last = graph_.add(
        "Equal", {sequences_->places(), graph_.add("Unsqueeze", {last, graph_.integers({-1})})});
    if (!stack_.is_bidirectional()) return sum_where(is_last, value);
    const Index size = stack_.output_size();
    const auto part = [&](const std::string& of, Index begin, Index end, Index axis) {
      return graph_.add(
          "Slice", {of, graph_.integers({begin}), graph_.integers({end}), graph_.integers({axis})});
    };
    const std::string forward = sum_where(is_last, part(value, 0, size / 2, -1));
    const std::string backward = part(part(value, size / 2, size, -1), 0, 1, 0);
    return graph_.add("Concat", {forward, backward}, {{"axis", Index{-1}}});
  }

  std::string read(const std::string& value) {
    using enum ModelForm::Reads;
    constexpr double below_all = -1e30;
    switch (form_.reads) {
      case every: return value;
      case last: return ends(value);
      case mean: {
        const std::string steps = graph_.add(
            "Cast", {graph_.add("Unsqueeze", {sequences_->lengths(), graph_.integers({-1})})},
            {{"to", static_cast<Index>(OnnxType::float32)}});
        return graph_.add("Div", {sum_where(sequences_->inside(), value), steps});
      }
      case max: {
        const std::string kept =
            graph_.add("Where", {sequences_->inside(), value, graph_.number(below_all)});
        return graph_.add("ReduceMax", {kept},
                          {{"axes", std::vector<Index>{0}}, {"keepdims", Index{1}}});
      }
    }
    fail_bug("a way to read steps that is not known");
  }

  OnnxGraph& graph_;
  ModelForm form_;
  const RecurrentStack& stack_;
  std::string x_, outputs_;
  std::map<std::string, Tensor<double>> values_;
  std::map<std::string, std::string> written_;
  std::optional<OnnxSequences> sequences_;
};

}  // namespace

void write_onnx(const std::filesystem::path& path, const OpenModel& model,
                const OnnxOptions& options) {
  OnnxGraph graph(model.id());
  ModelWriter(graph, model.model(), options.defaults).write();
  Facts metadata = options.metadata;
  metadata.emplace_back("equations", model.cell_text());
  graph.write(path, metadata);
}

}  // namespace carousel
