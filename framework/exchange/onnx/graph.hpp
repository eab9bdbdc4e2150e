#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "io/machine.hpp"
#include "tensor/tensor.hpp"

namespace carousel_onnx {
class GraphProto;
}

namespace carousel {

/// What the elements of a value are, with ONNX's number of the type.
enum class OnnxType { float32 = 1, int32 = 6, int64 = 7, boolean = 9 };

/// A size of a value: a number, or a name such as "B" for one that who runs the graph chooses; an
/// empty name says nothing.
using OnnxSize = std::variant<Index, std::string>;

/// Sizes of a value of a step program; "B" for the batch.
std::vector<OnnxSize> onnx_sizes(const Shape& shape);

class OnnxGraph;

/// An attribute of a node.
struct OnnxAttribute {
  std::string name;  ///< as in ONNX's list of operators
  /// Its value; a graph is the body of a Scan, which is taken away from it.
  std::variant<Index, std::string, std::vector<Index>, std::vector<std::string>, OnnxGraph*> value;
};

/// A graph of ONNX while it is written. Values are known by their names, which are unique over a
/// graph and its bodies.
class OnnxGraph {
 public:
  /// The outermost graph.
  explicit OnnxGraph(const std::string& name);
  /// The body of a node of `outer`, which must outlive it; it may read values of `outer`.
  OnnxGraph(OnnxGraph& outer, const std::string& name);
  ~OnnxGraph();
  OnnxGraph(const OnnxGraph&) = delete;
  OnnxGraph& operator=(const OnnxGraph&) = delete;

  /// The wanted name, with a number behind it where it is taken; it is taken then.
  std::string unique(const std::string& wanted);

  /// Adds a node with one output, which gets a number for a name.
  std::string add(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<OnnxAttribute>& attributes = {});
  /// Adds a node that has a name. outputs: unique names.
  void add(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
           const std::vector<std::string>& outputs,
           const std::vector<OnnxAttribute>& attributes = {});
  /// Gives the value of the last node, where it is this one and has a number for a name, a name
  /// like the wanted one. Returns the name that it has then.
  std::string rename(const std::string& value, const std::string& wanted);

  /// Declares an input or output of the graph.
  void input(const std::string& name, OnnxType type, const std::vector<OnnxSize>& sizes);
  /// The same of an output.
  void output(const std::string& name, OnnxType type, const std::vector<OnnxSize>& sizes);

  /// Puts an array into the outermost graph, in float32, under a name that is unique. Throws
  /// InputError when the file would be larger than 2 GB.
  void initialiser(const std::string& name, const Tensor<double>& value);
  /// The same of a row of whole numbers (int64).
  void initialiser(const std::string& name, const std::vector<Index>& values);
  /// A number of float32, as the value of a node Constant of the outermost graph.
  std::string number(double value);
  /// A row of numbers.
  std::string numbers(const std::vector<double>& values);
  /// A row of whole numbers.
  std::string integers(const std::vector<Index>& values);
  /// A whole number of rank 0.
  std::string integer(Index value);

  /// Writes the outermost graph to a file, with `metadata_props`; of two facts with one name the
  /// first. Throws EnvironmentError.
  void write(const std::filesystem::path& path, const Facts& metadata);

 private:
  // What a graph shares with its bodies.
  struct Shared {
    std::set<std::string> names;
    std::map<std::string, std::string> constants;  // the value of each that is there, by its text
    int unnamed = 0;
    std::size_t bytes = 0;
  };

  // The value of a node Constant that `fill` fills, one for each text.
  template <class Fill>
  std::string constant(const std::string& text, Fill fill);
  OnnxGraph& outermost() { return outer_ ? outer_->outermost() : *this; }
  void make_room(std::size_t bytes);

  OnnxGraph* outer_ = nullptr;
  std::shared_ptr<Shared> shared_;
  std::unique_ptr<carousel_onnx::GraphProto> graph_;
};

}  // namespace carousel
