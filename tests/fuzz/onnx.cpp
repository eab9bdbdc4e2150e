// Any bytes give the weights of an ONNX file or an InputError.

#include "exchange/onnx/onnx.hpp"

#include <cstddef>
#include <string_view>

#include "exchange/onnx/graph.hpp"
#include "target.hpp"

namespace carousel {
namespace {

void write_seeds(const std::filesystem::path& folder) {
  OnnxGraph graph("seed");
  const Tensor<double> weights = Tensor<double>::full({1, 4, 1}, 0.5);
  graph.input("x", OnnxType::float32, {"T", "B", Index{1}});
  for (const char* name : {"W", "R", "other"}) graph.initialiser(graph.unique(name), weights);
  graph.add("LSTM", "", {"x", "W", "R", graph.numbers({1.0, 2.0})}, {"Y"});
  graph.write(folder / "lstm", {{"equations", "h = x"}});
}

}  // namespace

void run(std::string_view input) {
  const auto path = fuzz_folder() / "weights.onnx";
  write_bytes(path, input);
  for (const auto& [name, array] : read_onnx_weights(path)) {
    must_hold(array.numel() > 0, "an array has elements");
  }
}

}  // namespace carousel

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (!carousel::seed_folder().empty()) carousel::write_seeds(carousel::seed_folder());
  return 0;
}
