// `carousel run`: what it writes against loops and differences written here, and what it refuses.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <map>

#include "catalogue.hpp"
#include "command_line.hpp"
#include "io/npy.hpp"
#include "io/npz.hpp"
#include "layer/recurrent_stack.hpp"
#include "numpy_file.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Tensor<double> random_array(const Shape& shape, const std::string& stream) {
  return initialise<double>(Initialiser::normal(0.7), shape, Random(5, stream));
}

class RunCommand : public testing::Test {
 protected:
  CommandResult carousel(const std::string& arguments) {
    return run_shell("cd " + folder_.path().string() + " && " CAROUSEL_BINARY " " + arguments);
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  // What `run` writes to y.npz.
  NamedArrays run(const std::string& arguments) {
    const CommandResult done = carousel("run " + arguments + " --out y.npz");
    EXPECT_EQ(done.code, 0) << done.text;
    return done.code == 0 ? read_npz(folder_ / "y.npz") : NamedArrays();
  }
  std::string refusal(const std::string& arguments) {
    const CommandResult done = carousel("run " + arguments + " --out y.npz");
    EXPECT_EQ(done.code, 2) << done.text;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "y.npz"));
    return done.text;
  }
  // Numbers for the parameters of a cell of the catalogue.
  NamedArrays weights_of(const std::string& cell, Index input, Index hidden) {
    NamedArrays weights;
    for (const auto& p : catalogue().find(cell).build({input, hidden}).parameters) {
      weights[p.name] = random_array(p.shape, p.name);
    }
    return weights;
  }

  TemporaryFolder folder_;
};

void expect_near(const Tensor<double>& got, const std::vector<double>& expected) {
  ASSERT_EQ(got.numel(), std::ssize(expected));
  for (Index k = 0; k < got.numel(); ++k) {
    EXPECT_NEAR(got.data()[k], expected[static_cast<std::size_t>(k)], 1e-12) << k;
  }
}

// An LSTM in plain loops, for one step of one sequence.
struct PlainLstm {
  const NamedArrays& w;
  std::vector<double> h, c, i = {};

  double gate(const std::string& name, const double* x, Index inputs, Index unit,
              const std::vector<double>& before) const {
    double sum = w.at("b_" + name).data()[unit];
    for (Index k = 0; k < inputs; ++k) sum += w.at("W_" + name).data()[unit * inputs + k] * x[k];
    const Index n = std::ssize(before);
    for (Index k = 0; k < n; ++k) {
      sum += w.at("U_" + name).data()[unit * n + k] * before[static_cast<std::size_t>(k)];
    }
    return sum;
  }
  void step(const double* x, Index inputs) {
    const auto sigmoid = [](double v) { return 1.0 / (1.0 + std::exp(-v)); };
    const std::vector<double> before = h;
    i.assign(h.size(), 0.0);
    for (std::size_t unit = 0; unit < h.size(); ++unit) {
      const auto of = [&](const char* name) { return gate(name, x, inputs, Index(unit), before); };
      i[unit] = sigmoid(of("i"));
      c[unit] = sigmoid(of("f")) * c[unit] + i[unit] * std::tanh(of("g"));
      h[unit] = sigmoid(of("o")) * std::tanh(c[unit]);
    }
  }
};

TEST_F(RunCommand, ValuesAreThoseOfAPlainLoop) {
  constexpr Index steps = 4, batch = 2, input = 3, hidden = 2;
  const NamedArrays weights = weights_of("lstm", input, hidden);
  const Tensor<double> x = random_array({steps, batch, input}, "x");
  const Tensor<double> first = random_array({batch, hidden}, "c");
  write_npz(folder_ / "w.npz", weights);
  write_npz(folder_ / "x.npz", {{"x", x}, {"initial_c", first}});
  const NamedArrays y = run("lstm --hidden 2 --x x.npz --weights w.npz --probe i,c,c");
  std::vector<double> outputs(steps * batch * hidden), gates = outputs, cells = outputs;
  std::vector<double> last_h, last_c;
  for (Index b = 0; b < batch; ++b) {
    PlainLstm lstm{weights, {0, 0}, {first.data()[2 * b], first.data()[2 * b + 1]}};
    for (Index t = 0; t < steps; ++t) {
      lstm.step(x.data() + (t * batch + b) * input, input);
      const std::ptrdiff_t at = (t * batch + b) * hidden;
      std::ranges::copy(lstm.h, outputs.begin() + at);
      std::ranges::copy(lstm.i, gates.begin() + at);
      std::ranges::copy(lstm.c, cells.begin() + at);
    }
    last_h.insert(last_h.end(), lstm.h.begin(), lstm.h.end());
    last_c.insert(last_c.end(), lstm.c.begin(), lstm.c.end());
  }
  EXPECT_EQ(y.at("outputs").shape(), (Shape{steps, batch, hidden}));
  expect_near(y.at("outputs"), outputs);
  expect_near(y.at("probe_i"), gates);
  expect_near(y.at("probe_c"), cells);
  expect_near(y.at("final_h"), last_h);
  expect_near(y.at("final_c"), last_c);
  expect_near(y.at("initial_h"), {0, 0, 0, 0});
  expect_near(y.at("initial_c"), {first.values().begin(), first.values().end()});
  for (const auto& [name, value] : weights) {
    expect_near(y.at(name), {value.values().begin(), value.values().end()});
  }
  EXPECT_EQ(y.size(), 7 + weights.size());
}

const char* const timed =
    "cell timed\ninput delta : [1]\nparam W : [hidden, input]\nparam U : [hidden, hidden]\n"
    "param first : [hidden]\nstate m : [2]\ninitial h = tanh(first)\n"
    "h = tanh(W @ x + exp(-delta) * (U @ h[t-1]) + sum(m[t-1]))\nm = 0.5 * m[t-1] + h[0:2]\n"
    "output h\n";

// Of the outputs times given numbers, to the length of each sequence.
double weighted_sum(const NamedArrays& y, const Tensor<double>& weights) {
  double sum = 0.0;
  for (Index k = 0; k < weights.numel(); ++k) sum += y.at("outputs").data()[k] * weights.data()[k];
  return sum;
}

TEST_F(RunCommand, ACellReadsTheLengthsOfItsSequences) {
  write("l.cell", "cell l\nh = length * ones([hidden]) + 0 * x[0]\noutput h\n");
  write_npz(folder_ / "x.npz",
            {{"x", random_array({3, 2, 2}, "x")}, {"lengths", Tensor<double>::from({2}, {3, 2})}});
  expect_near(run("l.cell --hidden 1 --x x.npz").at("outputs"), {3, 2, 3, 2, 3, 0});
}

TEST_F(RunCommand, GradientsAreThoseOfDifferences) {
  write("timed.cell", timed);
  NamedArrays given{{"x", random_array({5, 2, 2}, "x")},
                    {"delta", random_array({5, 2, 1}, "delta")},
                    {"initial_m", random_array({2, 2}, "m")},
                    {"lengths", Tensor<double>::from({2}, {5, 3})},
                    {"output_gradient", random_array({5, 2, 3}, "weights")}};
  NamedArrays weights{{"W", random_array({3, 2}, "W")},
                      {"U", random_array({3, 3}, "U")},
                      {"first", random_array({3}, "first")}};
  const auto run_again = [&](const std::string& more) {
    write_npz(folder_ / "x.npz", given);
    write_npz(folder_ / "w.npz", weights);
    return run("timed.cell --hidden 3 --x x.npz --weights w.npz --quiet" + more);
  };
  const NamedArrays y = run_again(" --gradients");
  for (const auto& [name, number] : std::map<std::string, Index>{
           {"W", 1}, {"U", 4}, {"first", 2}, {"x", 7}, {"delta", 3}, {"initial_m", 3}}) {
    Tensor<double>& array = weights.contains(name) ? weights.at(name) : given.at(name);
    double& element = array.data()[number];
    const double value = element, move = 1e-5;
    std::array<double, 2> sums{};
    for (const int side : {0, 1}) {
      element = value + (side == 0 ? -move : move);
      sums[static_cast<std::size_t>(side)] =
          weighted_sum(run_again(""), given.at("output_gradient"));
    }
    element = value;
    EXPECT_EQ(y.at("gradient_" + name).shape(), array.shape()) << name;
    EXPECT_NEAR(y.at("gradient_" + name).data()[number], (sums[1] - sums[0]) / (2 * move), 1e-8)
        << name;
  }
  EXPECT_EQ(y.at("gradient_initial_h").shape(), (Shape{2, 3}));
  // A sequence that has ended has zeros.
  EXPECT_EQ(y.at("outputs").data()[4 * 6 + 3], 0.0);
}

// Without numbers of its own the loss is the sum of the outputs.
TEST_F(RunCommand, TheGradientIsThatOfTheSumOfOutputs) {
  write("plain.cell", "cell plain\nparam w : [hidden]\nh = w * x + h[t-1]\noutput h\n");
  write_npz(folder_ / "x.npz", {{"x", Tensor<double>::from({3, 1}, {1, 10, 100})}});
  const NamedArrays y = run("plain.cell --hidden 1 --x x.npz --gradients");
  expect_near(y.at("gradient_w"), {1 * 3 + 10 * 2 + 100 * 1});
  expect_near(y.at("gradient_initial_h"), {3});
  // And what a loss of the final states adds to it.
  write_npz(folder_ / "x.npz", {{"x", Tensor<double>::from({3, 1}, {1, 10, 100})},
                                {"final_gradient_h", Tensor<double>::from({1}, {2})}});
  const NamedArrays z = run("plain.cell --hidden 1 --x x.npz --gradients");
  expect_near(z.at("gradient_w"), {1 * 3 + 10 * 2 + 100 * 1 + 2 * 111});
  expect_near(z.at("gradient_initial_h"), {3 + 2});
}

TEST_F(RunCommand, FirstValuesAreThoseOfTrainingAndTheFileIsOneOfWeights) {
  write("x.npy", npy_bytes(random_array({6, 2, 3}, "x")));
  const NamedArrays y = run("gru_reset_before --hidden 4 --x x.npy --seed 9 --gradients --probe z");
  const RecurrentStack stack(catalogue().find("gru_reset_before"), {.input = 3, .hidden = 4});
  const ParameterSet<float> drawn(stack.parameters(), 9);
  for (std::size_t k = 0; k < drawn.size(); ++k) {
    const auto values = drawn.value(k).values();
    const std::string name = drawn.spec(k).name;
    expect_near(y.at(name.substr(name.rfind('/') + 1)), {values.begin(), values.end()});
  }
  std::filesystem::rename(folder_ / "y.npz", folder_ / "w.npz");
  const NamedArrays again = run("gru_reset_before --hidden 4 --x x.npy --weights w.npz --seed 1");
  const auto outputs = y.at("outputs").values();
  expect_near(again.at("outputs"), {outputs.begin(), outputs.end()});
}

TEST_F(RunCommand, AFileOfOneSequenceMayBeCsv) {
  const auto x = Tensor<double>::from({3, 2}, {0.5, -1, 2, 0.25, 1e-3, 4});
  write("x.npy", npy_bytes(x));
  write("bare.csv", "0.5,-1\n2, 0.25\n1e-3,4\n");
  write("named.csv", "a,b\r\n0.5,-1\r\n2,0.25\r\n1e-3,4\r\n");
  const NamedArrays y = run("lstm --hidden 2 --x x.npy");
  EXPECT_EQ(y.at("outputs").shape(), (Shape{3, 1, 2}));
  const auto outputs = y.at("outputs").values();
  for (const char* file : {"bare.csv", "named.csv"}) {
    const NamedArrays same = run("lstm --hidden 2 --x " + std::string(file));
    expect_near(same.at("outputs"), {outputs.begin(), outputs.end()});
  }
  std::filesystem::remove(folder_ / "y.npz");
  write("wrong.csv", "1,2\n3,four\n");
  EXPECT_THAT(refusal("lstm --hidden 2 --x wrong.csv"),
              HasSubstr("wrong.csv: row 2: got 'four', expected a number"));
  write("wrong.csv", "1,2\n3\n");
  EXPECT_THAT(refusal("lstm --hidden 2 --x wrong.csv"),
              HasSubstr("wrong.csv: row 2 has 1 fields, expected 2 as row 1"));
  write("wrong.csv", "a,b\n");
  EXPECT_THAT(refusal("lstm --hidden 2 --x wrong.csv"), HasSubstr("has no rows of numbers"));
}

TEST_F(RunCommand, WeightsMayBeSafetensors) {
  write("plain.cell", "cell plain\nparam w : [hidden]\nh = w * x + h[t-1]\noutput h\n");
  write("x.csv", "1\n10\n");
  std::string numbers;
  append_little_endian(numbers, std::bit_cast<std::uint32_t>(0.5f));
  write("w.safetensors",
        safetensors_file(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", numbers));
  expect_near(run("plain.cell --hidden 1 --x x.csv --weights w.safetensors").at("outputs"),
              {0.5, 5.5});
}

// A matrix that is not trained has its values from the cell.
TEST_F(RunCommand, WeightsThatAreFixedMayBeMissing) {
  write("plain.cell",
        "cell plain\nparam w : [hidden]\nparam v : [hidden] fixed\nh = w * x + v + h[t-1]\noutput "
        "h\n");
  write("x.csv", "1\n");
  write_npz(folder_ / "w.npz", {{"w", Tensor<double>::from({1}, {0.5})}});
  EXPECT_TRUE(run("plain.cell --hidden 1 --x x.csv --weights w.npz").contains("v"));
}

TEST_F(RunCommand, AStateOfItsOwnShapeIsThatOfAllSequences) {
  const NamedArrays weights = weights_of("lstm", 1, 2);
  write_npz(folder_ / "w.npz", weights);
  const auto x = Tensor<double>::zeros({1, 2, 1});
  write_npz(folder_ / "x.npz", {{"x", x}, {"initial_c", Tensor<double>::from({2}, {1, 2})}});
  expect_near(run("lstm --hidden 2 --x x.npz --weights w.npz").at("initial_c"), {1, 2, 1, 2});
}

TEST_F(RunCommand, SaysAllThatDoesNotFit) {
  NamedArrays weights = weights_of("lstm", 3, 2);
  weights.erase("b_i");
  weights["W_f"] = Tensor<double>::zeros({3, 2});
  weights["W_forget"] = Tensor<double>::zeros({2, 3});
  write_npz(folder_ / "w.npz", weights);
  write("x.npy", npy_bytes(random_array({4, 1, 3}, "x")));
  EXPECT_THAT(refusal("lstm --hidden 2 --x x.npy --weights w.npz"),
              AllOf(HasSubstr("w.npz does not fit cell lstm at input 3, hidden 2:"),
                    HasSubstr("  W_f: got [3, 2], expected [2, 3]\n"),
                    HasSubstr("  b_i: got nothing, expected [2]\n"),
                    HasSubstr("  W_forget: got [2, 3], expected no such array")));
  write("timed.cell", timed);
  write_npz(folder_ / "x.npz", {{"x", random_array({4, 2, 3}, "x")},
                                {"dlta", random_array({4, 2, 1}, "d")},
                                {"initial_h", random_array({3, 2}, "h")}});
  EXPECT_THAT(refusal("timed.cell --hidden 2 --x x.npz"),
              AllOf(HasSubstr("x.npz does not fit cell timed at input 3, hidden 2:"),
                    HasSubstr("  delta: got nothing, expected [4, 2, 1]\n"),
                    HasSubstr("  initial_h: got [3, 2], expected [2, 2] or [2]\n"),
                    HasSubstr("  dlta: got [4, 2, 1], expected no such array")));
}

TEST_F(RunCommand, RefusesWhatIsNoInput) {
  write("x.npy", npy_bytes(random_array({4, 1, 3}, "x")));
  write("flat.npy", npy_bytes(random_array({4}, "x")));
  write("text.npz", "no zip");
  auto holed = random_array({4, 1, 3}, "x");
  holed.data()[7] = std::nan("");
  write("holed.npy", npy_bytes(holed));
  write_npz(folder_ / "none.npz", {{"y", holed}});
  write_npz(folder_ / "long.npz",
            {{"x", random_array({4, 1, 3}, "x")}, {"lengths", Tensor<double>::from({1}, {5})}});
  for (const auto& [arguments, message] : std::map<std::string, std::string>{
           {"--x none.npy", "none.npy: can't read this file"},
           {"--x x.txt", "--x x.txt: expected a file that ends in .npy, .npz or .csv"},
           {"--x text.npz", "text.npz: not an .npz file"},
           {"--x none.npz", "none.npz: there is no array 'x'"},
           {"--x flat.npy",
            "array 'x' has shape [4], expected [steps, batch, input] or [steps, input]"},
           {"--x holed.npy", "holed.npy: array 'x' holds nan at [2, 0, 1], expected finite"},
           {"--x long.npz", "array 'lengths' holds 5, expected whole numbers from 0 to 4"},
           {"--x x.npy --probe zz", "there is no value 'zz' to record"},
           {"--x x.npy --weights w.pt", "--weights w.pt: expected a file that ends in .npz or"},
           {"--x x.npy --set depth=3", "depth"}}) {
    EXPECT_THAT(refusal("lstm --hidden 2 " + arguments), HasSubstr(message)) << arguments;
  }
  EXPECT_THAT(refusal("lstm --hidden 0 --x x.npy"),
              HasSubstr("--hidden: got 0, expected 1 to 65536"));
  EXPECT_THAT(refusal("lstm --x x.npy"), HasSubstr("--hidden is required"));
  const CommandResult nowhere = carousel("run lstm --hidden 2 --x x.npy");
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.text, HasSubstr("expected the file to write, which ends in .npz"));
}

// Else the file would hold one of the two.
TEST_F(RunCommand, NoTwoArraysHaveOneName) {
  write("own.cell", "cell own\nparam final_h : [hidden]\nh = final_h * x + h[t-1]\noutput h\n");
  write("x.csv", "1\n");
  EXPECT_THAT(refusal("own.cell --hidden 1 --x x.csv"),
              HasSubstr("cell own: two of the arrays to write have the name 'final_h'"));
  write("lengths.cell",
        "cell lengths_of\ninput lengths : [1] default 1\nh = lengths * x + h[t-1]\noutput h\n");
  EXPECT_THAT(refusal("lengths.cell --hidden 1 --x x.csv"),
              HasSubstr("x.csv: 'lengths' stands for two things here"));
}

TEST_F(RunCommand, AValueThatIsNotFiniteIsNamed) {
  write("log.cell",
        "cell log_cell\nparam W : [hidden, input]\na = log(x)\nh = W @ a + h[t-1]\noutput h\n");
  write("x.csv", "1\n2\n-3\n");
  const CommandResult done = carousel("run log.cell --hidden 1 --x x.csv --out y.npz");
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.text,
              AllOf(HasSubstr("step 2: value 'a' of cell log_cell"), HasSubstr("'log'")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "y.npz"));
}

TEST_F(RunCommand, PrintsWhatItWroteIn80Columns) {
  write("x.npy", npy_bytes(random_array({12, 2, 3}, "x")));
  const CommandResult done =
      carousel("run gru_reset_before --hidden 5 --x x.npy --probe z --gradients --out y.npz");
  EXPECT_THAT(done.text, AllOf(HasSubstr("gru_reset_before, hidden 5, on 2 x 12 steps\n"),
                               HasSubstr("135 parameters drawn with seed 1\n"),
                               testing::ContainsRegex("probe_z +\\[12, 2, 5\\]\n"),
                               testing::ContainsRegex("gradient_NAME +11 arrays\n"),
                               HasSubstr("written: y.npz\n")));
  std::istringstream lines(done.text);
  for (std::string line; std::getline(lines, line);) EXPECT_LT(line.size(), 80U) << line;
  EXPECT_EQ(carousel("run gru_reset_before --hidden 5 --x x.npy --out y.npz --quiet").text, "");
}

}  // namespace
}  // namespace carousel
