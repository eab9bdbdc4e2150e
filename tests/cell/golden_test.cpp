// The cells of the catalogue, and those of second_edition/, give the numbers of an independent
// implementation in plain Python: outputs, final states and gradients. tests/golden/make_scalar.py
// wrote them and says what they are.

#include <H5Cpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "cell/cell_file.hpp"
#include "program/scan.hpp"

namespace carousel {
namespace {

// The difference is norm-wise for each array: max |a - b| / max |b|, b being the file's. The
// file's gradients are differences of the loss, so they have fewer digits.
constexpr double kToleranceValue = 1e-12;
constexpr double kToleranceGradient = 1e-9;
constexpr double kToleranceGradientSecondEdition = 1e-10;

constexpr const char* kCatalogue = "scalar.h5";
constexpr const char* kSecondEdition = "second_edition.h5";
constexpr const char* kSecondEditionFolder = CAROUSEL_SOURCE_DIR "/tests/cell/second_edition/";

struct Golden {
  std::string file;
  CellSizes sizes;
  std::map<std::string, Tensor<double>> arrays;

  const Tensor<double>& at(const std::string& name) const {
    const auto found = arrays.find(name);
    if (found == arrays.end()) throw std::runtime_error(file + " has no " + name);
    return found->second;
  }
  /// The names behind a prefix, such as those of the states behind "initial/".
  std::set<std::string> names(const std::string& prefix) const {
    std::set<std::string> found;
    for (const auto& [name, value] : arrays) {
      if (name.starts_with(prefix)) found.insert(name.substr(prefix.size()));
    }
    return found;
  }
};

H5::H5File open_file(const std::string& name) {
  return {CAROUSEL_SOURCE_DIR "/tests/golden/" + name, H5F_ACC_RDONLY};
}

std::vector<std::string> cells_of_file(const std::string& name) try {
  const H5::H5File file = open_file(name);
  std::vector<std::string> names;
  for (hsize_t i = 0; i < file.getNumObjs(); ++i) names.push_back(file.getObjnameByIdx(i));
  return names;
} catch (const H5::Exception&) {
  return {};  // the test of the file's cells fails
}

std::string read_text(const H5::Attribute& attribute) {
  std::string text;
  attribute.read(attribute.getStrType(), text);
  return text.substr(0, text.find('\0'));  // without the padding
}

CellSizes read_sizes(const H5::Group& group) {
  CellSizes sizes;
  for (int i = 0; i < group.getNumAttrs(); ++i) {
    const H5::Attribute attribute = group.openAttribute(static_cast<unsigned>(i));
    double value = 0.0;
    attribute.read(H5::PredType::NATIVE_DOUBLE, &value);
    const std::string name = attribute.getName();
    if (name == "input") {
      sizes.input = static_cast<Index>(value);
    } else if (name == "hidden") {
      sizes.hidden = static_cast<Index>(value);
    } else {
      sizes.hyper[name.substr(name.find('/') + 1)] = value;
    }
  }
  return sizes;
}

Golden read_golden(const std::string& file_name, const std::string& cell) try {
  const H5::H5File file = open_file(file_name);
  const H5::Group group = file.openGroup(cell);
  const H5::DataSet data = group.openDataSet("values");
  std::vector<double> values(static_cast<std::size_t>(data.getSpace().getSimpleExtentNpoints()));
  data.read(values.data(), H5::PredType::NATIVE_DOUBLE);
  Golden golden{file_name, read_sizes(group), {}};
  std::istringstream layout(read_text(data.openAttribute("layout")));
  auto next = values.begin();
  for (std::string line; std::getline(layout, line);) {
    std::istringstream words(line);
    std::string name;
    Shape shape;
    words >> name;
    for (Index size = 0; words >> size;) shape.push_back(size);
    if (shape.numel() > values.end() - next) throw std::runtime_error(file_name + " is cut off");
    const auto end = next + static_cast<std::ptrdiff_t>(shape.numel());
    golden.arrays[name] = Tensor<double>::from(shape, {next, end});
    next = end;
  }
  if (next != values.end()) throw std::runtime_error(file_name + " has more values than names");
  return golden;
} catch (const H5::Exception& error) {  // not a std::exception: the test would not name it
  throw std::runtime_error(file_name + ": cannot read " + cell + ": " + error.getDetailMsg());
}

void expect_same(const std::string& name, const Tensor<double>& got, const Tensor<double>& want,
                 double tolerance) {
  ASSERT_TRUE(got.defined()) << name;
  ASSERT_EQ(got.shape(), want.shape()) << name;
  double worst = 0.0;
  double scale = 1e-3;  // what is smaller is compared as it stands
  for (Index i = 0; i < want.numel(); ++i) {
    const double difference = std::abs(got.data()[i] - want.data()[i]);
    worst = std::isfinite(difference) ? std::max(worst, difference)
                                      : std::numeric_limits<double>::infinity();
    scale = std::max(scale, std::abs(want.data()[i]));
  }
  EXPECT_LE(worst / scale, tolerance) << name;
}

using Runner = ScanResult (*)(const StepProgram&, Tape<double>&, std::span<const Var>,
                              std::span<const Var>, std::span<const Var>);

ScanResult run_on_tape(const StepProgram& program, Tape<double>& tape,
                       std::span<const Var> parameters, std::span<const Var> inputs,
                       std::span<const Var> states) {
  return scan_on_tape(program, tape, parameters, inputs, states);
}

ScanResult run_compiled(const StepProgram& program, Tape<double>& tape,
                        std::span<const Var> parameters, std::span<const Var> inputs,
                        std::span<const Var> states) {
  return Scan(program).run(tape, parameters, inputs, states);
}

class Comparison {
 public:
  Comparison(const Cell& cell, const std::string& file, double tolerance_gradient)
      : golden_(read_golden(file, cell.name)),
        program_(cell.build(golden_.sizes)),
        tolerance_gradient_(tolerance_gradient) {}

  void run(Runner runner) {
    expect_same_names();
    if (testing::Test::HasFailure()) return;
    make_leaves();
    const ScanResult result = runner(program_, tape_, parameters_, inputs_, states_);
    expect_same("y", tape_.value(result.outputs), golden_.at("y"), kToleranceValue);
    Var loss = sum(tape_.constant(golden_.at("weight_y")) * result.outputs);
    for (std::size_t s = 0; s < program_.states.size(); ++s) {
      const std::string& name = program_.states[s].name;
      const Var state = result.final_states[s];
      expect_same("final " + name, tape_.value(state), golden_.at("final/" + name),
                  kToleranceValue);
      loss = loss + sum(tape_.constant(golden_.at("weight/" + name)) * state);
    }
    if (!golden_.names("gradient/").empty()) expect_gradients(loss);
  }

 private:
  void expect_same_names() const {
    std::set<std::string> parameters, states, inputs;
    for (const ProgramParameter& p : program_.parameters) parameters.insert(p.name);
    for (const ProgramState& s : program_.states) states.insert(s.name);
    for (const int node : program_.inputs) inputs.insert(input_name(node));
    inputs.erase("x");
    EXPECT_EQ(parameters, golden_.names("parameter/"));
    EXPECT_EQ(states, golden_.names("initial/"));
    EXPECT_EQ(inputs, golden_.names("input/"));
  }

  std::string input_name(int node) const {
    return program_.nodes[static_cast<std::size_t>(node)].name;
  }

  Var leaf(const std::string& name) {
    leaves_.push_back(tape_.leaf(golden_.at(name)));
    names_.push_back(name);
    return leaves_.back();
  }

  void make_leaves() {
    for (const int node : program_.inputs) {
      const std::string name = input_name(node);
      inputs_.push_back(name == "x" ? leaf("x") : tape_.constant(golden_.at("input/" + name)));
    }
    for (const ProgramParameter& p : program_.parameters) {
      parameters_.push_back(leaf("parameter/" + p.name));
    }
    for (const ProgramState& s : program_.states) states_.push_back(leaf("initial/" + s.name));
  }

  void expect_gradients(Var loss) {
    const std::vector<Tensor<double>> gradients = tape_.gradients(loss, leaves_);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const Tensor<double>& want = golden_.at("gradient/" + names_[i]);
      const bool none = !gradients[i].defined();
      expect_same("gradient of " + names_[i],
                  none ? Tensor<double>::zeros(want.shape()) : gradients[i], want,
                  tolerance_gradient_);
    }
  }

  Golden golden_;
  StepProgram program_;
  double tolerance_gradient_;
  Tape<double> tape_;
  std::vector<Var> inputs_, parameters_, states_;
  std::vector<Var> leaves_;  // what the gradients are asked for
  std::vector<std::string> names_;
};

class GoldenCell : public testing::TestWithParam<std::string> {
 protected:
  void compare(Runner runner) const {
    const Cell& cell = catalogue().find(GetParam());
    Comparison(cell, kCatalogue, kToleranceGradient).run(runner);
  }
};

TEST_P(GoldenCell, SameNumbersOnTheTape) { compare(run_on_tape); }

TEST_P(GoldenCell, SameNumbersCompiled) { compare(run_compiled); }

INSTANTIATE_TEST_SUITE_P(Cells, GoldenCell, testing::ValuesIn(cells_of_file(kCatalogue)),
                         [](const auto& instance) { return instance.param; });

class SecondEditionCell : public testing::TestWithParam<std::string> {
 protected:
  SecondEditionCell() { register_catalogue(registry_); }

  void compare(Runner runner) {
    const Cell& cell = find_or_load(registry_, kSecondEditionFolder + GetParam() + ".cell");
    Comparison(cell, kSecondEdition, kToleranceGradientSecondEdition).run(runner);
  }

 private:
  CellRegistry registry_;
};

TEST_P(SecondEditionCell, SameNumbersOnTheTape) { compare(run_on_tape); }

TEST_P(SecondEditionCell, SameNumbersCompiled) { compare(run_compiled); }

INSTANTIATE_TEST_SUITE_P(Cells, SecondEditionCell, testing::ValuesIn(cells_of_file(kSecondEdition)),
                         [](const auto& instance) { return instance.param; });

TEST(GoldenFile, HoldsTheCellsOfTheSecondEdition) {
  std::set<std::string> cells;
  for (const auto& entry : std::filesystem::directory_iterator(kSecondEditionFolder)) {
    cells.insert(entry.path().stem().string());
  }
  const std::vector<std::string> golden = cells_of_file(kSecondEdition);
  EXPECT_EQ(cells, std::set<std::string>(golden.begin(), golden.end()));
}

TEST(GoldenFile, HoldsCellsOfEveryGroup) {
  std::map<std::string, int> cells;
  for (const std::string& name : cells_of_file(kCatalogue)) ++cells[catalogue().find(name).group];
  for (const Cell& cell : catalogue().cells()) EXPECT_GE(cells[cell.group], 3) << cell.group;
}

}  // namespace
}  // namespace carousel
