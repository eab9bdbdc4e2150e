// The same numbers as PyTorch's RNN (tanh and relu), LSTM (plain and projected) and GRU from the
// same weights: outputs, final states, loss and every gradient. tests/golden/make_pytorch.py wrote
// the numbers and says what they are.

#include <H5Cpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "catalogue.hpp"
#include "layer/recurrent_stack.hpp"

namespace carousel {
namespace {

// The difference is norm-wise for each array: max |a - b| / max |b|, b being PyTorch's.
constexpr double kToleranceDouble = 1e-11;
constexpr double kToleranceFloat = 1e-5;

struct Case {
  std::string cell;  // PyTorch's: rnn, relu, lstm, lstmp, gru
  int layers = 1;
  bool bidirectional = false;
  bool packed = true;  // runs by lengths

  int directions() const { return bidirectional ? 2 : 1; }
  std::string name() const {
    return cell + "_" + std::to_string(layers) + (bidirectional ? "_bi" : "_uni") +
           (packed ? "_packed" : "_full");
  }
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name(); }

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const char* cell : {"rnn", "lstm", "gru", "relu", "lstmp"}) {
    cases.push_back({cell, 1, false, false});
    for (const int layers : {1, 2}) {
      for (const bool bidirectional : {false, true}) {
        cases.push_back({cell, layers, bidirectional, true});
      }
    }
  }
  return cases;
}

Cell cell_of(const Case& c, Index output) {
  static const std::map<std::string, std::string> names{{"rnn", "rnn_tanh"},
                                                        {"relu", "rnn_relu"},
                                                        {"lstm", "lstm"},
                                                        {"lstmp", "lstmp"},
                                                        {"gru", "gru_reset_after"}};
  Cell cell = catalogue().find(names.at(c.cell));
  if (c.cell == "lstmp") {
    cell.build = [build = cell.build, output](CellSizes sizes) {
      sizes.hyper["projection"] = static_cast<double>(output);
      return build(sizes);
    };
  }
  return cell;
}

// PyTorch stacks the gates' rows in this order.
std::vector<std::string> gates_of(const Case& c) {
  if (c.cell == "rnn" || c.cell == "relu") return {"h"};
  if (c.cell == "lstm" || c.cell == "lstmp") return {"i", "f", "g", "o"};
  return {"r", "z", "n"};
}

struct Array {
  Shape shape;
  std::vector<double> values;

  // The i-th of `count` equal parts along the first axis.
  std::vector<double> part(std::size_t i, std::size_t count) const {
    const std::size_t size = values.size() / count;
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * size);
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
  }
};

H5::H5File open_file() { return {CAROUSEL_SOURCE_DIR "/tests/golden/pytorch.h5", H5F_ACC_RDONLY}; }

Array read(const H5::H5File& file, const std::string& path) {
  try {
    const H5::DataSet data = file.openDataSet(path);
    const H5::DataSpace space = data.getSpace();
    std::vector<hsize_t> dims(static_cast<std::size_t>(space.getSimpleExtentNdims()));
    if (!dims.empty()) space.getSimpleExtentDims(dims.data());
    Array array;
    for (const hsize_t dim : dims) array.shape.push_back(static_cast<Index>(dim));
    array.values.resize(static_cast<std::size_t>(array.shape.numel()));
    data.read(array.values.data(), H5::PredType::NATIVE_DOUBLE);
    return array;
  } catch (const H5::Exception& error) {  // not a std::exception: the test would not name it
    throw std::runtime_error("pytorch.h5: cannot read " + path + ": " + error.getDetailMsg());
  }
}

template <class T>
Tensor<T> to_tensor(const Shape& shape, const std::vector<double>& values) {
  std::vector<T> cast;
  for (const double v : values) cast.push_back(static_cast<T>(v));
  return Tensor<T>::from(shape, cast);
}

template <class T>
double difference(const Tensor<T>& got, const std::vector<double>& want) {
  double worst = 0.0;
  double scale = 0.0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double value = static_cast<double>(got.values()[i]);
    if (!std::isfinite(value)) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, std::abs(value - want[i]));
    scale = std::max(scale, std::abs(want[i]));
  }
  return worst / scale;  // an all-zero reference compares nothing: NaN or infinity fails
}

// Where a parameter of ours is in PyTorch: one gate's rows of one array, or of two biases that
// PyTorch adds. Each of the two then has the gradient of the sum. A projection is a whole array.
struct Source {
  std::vector<std::string> arrays;
  std::size_t gate = 0;
  std::size_t gates = 1;
};

// name: "layers/1/backward/W_i", which is in PyTorch's weight_ih_l1_reverse.
Source source_of(const Case& c, const std::string& name) {
  const std::string local = name.substr(name.rfind('/') + 1);
  const std::string gate = local.substr(2);
  const std::vector<std::string> gates = gates_of(c);
  Source source;
  if (local != "P_h") {
    const auto found = std::find(gates.begin(), gates.end(), gate);
    if (found == gates.end()) throw std::runtime_error("no gate of PyTorch for " + name);
    source.gate = static_cast<std::size_t>(found - gates.begin());
    source.gates = gates.size();
  }
  const bool two_biases = c.cell == "gru" && gate == "n";  // the reset stands between them
  switch (local[0]) {
    case 'W': source.arrays = {"weight_ih"}; break;
    case 'U': source.arrays = {"weight_hh"}; break;
    case 'b': source.arrays = {"bias_ih"}; break;
    case 'd': source.arrays = {"bias_hh"}; break;
    case 'P': source.arrays = {"weight_hr"}; break;
    default: throw std::runtime_error("no array of PyTorch for " + name);
  }
  if (local[0] == 'b' && !two_biases) source.arrays.push_back("bias_hh");
  const std::size_t layer = name.find('/') + 1;
  std::string suffix = "_l" + name.substr(layer, name.find('/', layer) - layer);
  if (name.find("/backward/") != std::string::npos) suffix += "_reverse";
  for (std::string& array : source.arrays) array += suffix;
  return source;
}

template <class T>
class Comparison {
 public:
  Comparison(const Case& c, double tolerance)
      : case_(c),
        tolerance_(tolerance),
        file_(open_file()),
        stack_(cell_of(c, golden("h_0").shape[2]),
               {golden("x").shape[2],
                golden("weight_hh_l0").shape[0] / static_cast<Index>(gates_of(c).size()), c.layers,
                c.bidirectional}) {}

  void run() {
    make_leaves();
    const StackResult result = stack_.forward(Pass(tape_, {stack_.parameters(), parameters_}), x_,
                                              {lengths(), states_, {}});
    expect_same("y", tape_.value(result.outputs), golden("y").values);
    for (std::size_t s = 0; s < result.states.size(); ++s) {
      expect_same(state_name(s, "_n"), tape_.value(result.states[s]), state(s, "", "_n"));
    }
    const Var loss = make_loss(result);
    expect_same("loss", tape_.value(loss), golden("loss").values);
    expect_gradients(loss);
    testing::Test::RecordProperty("worst_difference", fmt::format("{:.2e}", worst_));
  }

 private:
  Array golden(const std::string& name) const { return read(file_, case_.name() + "/" + name); }

  std::vector<Index> lengths() const {
    std::vector<Index> lengths;
    if (!case_.packed) return lengths;
    for (const double v : golden("lengths").values) lengths.push_back(static_cast<Index>(v));
    return lengths;
  }

  // PyTorch has an array [layers * directions, batch, hidden] for each state of the program;
  // ours are a list with the program's states innermost.
  std::size_t states_per_scan() const { return stack_.program(0).states.size(); }
  std::string array_name(std::size_t s, const std::string& suffix) const {
    return stack_.program(0).states[s % states_per_scan()].name + suffix;
  }
  std::string state_name(std::size_t s, const std::string& suffix) const {
    return fmt::format("{}[{}]", array_name(s, suffix), s / states_per_scan());
  }
  std::vector<double> state(std::size_t s, const std::string& prefix,
                            const std::string& suffix) const {
    const auto scans = std::size_t(case_.layers) * std::size_t(case_.directions());
    return golden(prefix + array_name(s, suffix)).part(s / states_per_scan(), scans);
  }
  Shape state_shape(std::size_t s) const {
    const Shape shape = golden(array_name(s, "_0")).shape;
    return {shape[1], shape[2]};
  }

  std::vector<double> parameter(const ParameterSpec& spec) const {
    const Source source = source_of(case_, spec.name);
    std::vector<double> sum(static_cast<std::size_t>(spec.shape.numel()), 0.0);
    for (const std::string& array : source.arrays) {
      const auto part = golden(array).part(source.gate, source.gates);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part.at(i);
    }
    return sum;
  }

  void make_leaves() {
    const Array x = golden("x");
    x_ = tape_.leaf(to_tensor<T>(x.shape, x.values));
    const std::size_t scans = std::size_t(case_.layers) * std::size_t(case_.directions());
    for (std::size_t s = 0; s < scans * states_per_scan(); ++s) {
      states_.push_back(tape_.leaf(to_tensor<T>(state_shape(s), state(s, "", "_0"))));
    }
    for (const ParameterSpec& spec : stack_.parameters()) {
      parameters_.push_back(tape_.leaf(to_tensor<T>(spec.shape, parameter(spec))));
    }
  }

  Var make_loss(const StackResult& result) {
    const Array weight = golden("weight_y");
    const Var y = result.outputs;
    Var loss = sum(tape_.constant(to_tensor<T>(weight.shape, weight.values)) * y + 0.5 * y * y);
    for (std::size_t s = 0; s < result.states.size(); ++s) {
      const auto values = state(s, "weight_", "_n");
      loss = loss + sum(tape_.constant(to_tensor<T>(state_shape(s), values)) * result.states[s]);
    }
    return loss;
  }

  void expect_gradients(Var loss) {
    std::vector<Var> wrt{x_};
    wrt.insert(wrt.end(), states_.begin(), states_.end());
    wrt.insert(wrt.end(), parameters_.begin(), parameters_.end());
    const std::vector<Tensor<T>> gradients = tape_.gradients(loss, wrt);
    std::size_t next = 0;
    expect_same("grad/x", gradients[next++], golden("grad/x").values);
    for (std::size_t s = 0; s < states_.size(); ++s) {
      expect_same("grad/" + state_name(s, "_0"), gradients[next++], state(s, "grad/", "_0"));
    }
    const std::size_t gates = gates_of(case_).size();
    std::size_t blocks = 0;
    for (const ParameterSpec& spec : stack_.parameters()) {
      const Source source = source_of(case_, spec.name);
      for (const std::string& array : source.arrays) {
        expect_same(fmt::format("grad/{} for {}", array, spec.name), gradients[next],
                    golden("grad/" + array).part(source.gate, source.gates));
        ++blocks;
      }
      ++next;
    }
    // Two weights and two biases in each scan, a block a gate, and a projection: none was left out.
    const std::size_t in_scan = 4 * gates + (case_.cell == "lstmp" ? 1 : 0);
    EXPECT_EQ(blocks, in_scan * std::size_t(case_.layers) * std::size_t(case_.directions()));
  }

  void expect_same(const std::string& name, const Tensor<T>& got, const std::vector<double>& want) {
    ASSERT_EQ(static_cast<std::size_t>(got.numel()), want.size()) << name;
    const double found = difference(got, want);
    worst_ = std::max(worst_, found);
    EXPECT_LE(found, tolerance_) << name;
  }

  Case case_;
  double tolerance_;
  H5::H5File file_;
  RecurrentStack stack_;
  Tape<T> tape_;
  Var x_;
  std::vector<Var> states_;
  std::vector<Var> parameters_;
  double worst_ = 0.0;
};

class PyTorch : public testing::TestWithParam<Case> {};

TEST_P(PyTorch, SameNumbersInDouble) { Comparison<double>(GetParam(), kToleranceDouble).run(); }

TEST_P(PyTorch, SameNumbersInFloat) { Comparison<float>(GetParam(), kToleranceFloat).run(); }

INSTANTIATE_TEST_SUITE_P(Cases, PyTorch, testing::ValuesIn(all_cases()),
                         [](const auto& instance) { return instance.param.name(); });

TEST(PyTorchFile, HoldsTheCasesAndNoOthers) {
  const H5::H5File file = open_file();
  EXPECT_EQ(file.getNumObjs(), all_cases().size());
  for (const Case& c : all_cases()) EXPECT_TRUE(file.nameExists(c.name())) << c.name();
}

}  // namespace
}  // namespace carousel
