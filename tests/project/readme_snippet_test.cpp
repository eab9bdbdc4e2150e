// The C++ example of the README, compiled and run; a test keeps the two the same.

#include <gtest/gtest.h>

#include "program/scan.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

TEST(Readme, ItsExampleRuns) {
  // [readme]
  StepBuilder b("leaky");  // a cell is the program of one time step
  Var x = b.input("x", 3), h = b.state("h", 8);
  Var W = b.parameter("W", {8, 3}, Initialiser::glorot());
  Var U = b.parameter("U", {8, 8}, Initialiser::orthogonal());
  b.set_state("h", 0.9 * h + 0.1 * tanh(linear(x, W) + linear(h, U)));
  b.set_output("h");
  StepProgram cell = b.finish();

  Tape<double> tape;  // [steps, batch, input] through time, and back
  std::vector<Var> weights;
  for (const auto& p : cell.parameters)
    weights.push_back(tape.leaf(initialise<double>(p.init, p.shape, Random(1, p.name))));
  Var frames = tape.constant(Tensor<double>::full({20, 4, 3}, 1.0));
  std::vector<Var> start = initial_states(cell, tape, weights, 4);
  ScanResult run = Scan(cell).run(tape, weights, {&frames, 1}, start);
  Var loss = mean(run.outputs * run.outputs);                             // 0.2040
  std::vector<Tensor<double>> gradients = tape.gradients(loss, weights);  // of W and U
  // [readme]
  EXPECT_NEAR(tape.value(loss).item(), 0.2040, 1e-4);
  EXPECT_EQ(gradients[0].shape(), (Shape{8, 3}));
  EXPECT_EQ(gradients[1].shape(), (Shape{8, 8}));
}

// The lines between two markers, without their common indent.
std::string between(const std::string& text, const std::string& marker, std::size_t indent) {
  const auto first = text.find('\n', text.find(marker)) + 1;
  const auto last = text.rfind('\n', text.find(marker, first)) + 1;
  std::istringstream lines(text.substr(first, last - first));
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    out += (line.size() > indent ? line.substr(indent) : "") + "\n";
  }
  return out;
}

TEST(Readme, ShowsThisExample) {
  const std::filesystem::path source = CAROUSEL_SOURCE_DIR;
  const std::string snippet =
      between(file_text(source / "tests/project/readme_snippet_test.cpp"), "// [readme]", 2);
  EXPECT_NE(file_text(source / "README.md").find("```cpp\n" + snippet + "```"), std::string::npos)
      << "README.md must hold:\n"
      << snippet;
}

}  // namespace
}  // namespace carousel
