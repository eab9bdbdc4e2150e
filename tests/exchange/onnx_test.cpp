// ONNX files: their form, what is refused, and weights read back. tests/exchange/onnx/ runs them.

#include "exchange/onnx/onnx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "catalogue.hpp"
#include "data/subwords.hpp"
#include "exchange/onnx/graph.hpp"
#include "exchange/onnx/op_table.hpp"
#include "exchange/onnx/recurrent_operator.hpp"
#include "io/files.hpp"
#include "tape/parameters.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<Tensor<double>> first_values(const StepProgram& program) {
  std::vector<ParameterSpec> specs;
  for (const ProgramParameter& p : program.parameters) specs.push_back({p.name, p.shape, p.init});
  return ParameterSet<double>(specs, 1).values();
}

StepProgram from_text(const std::string& text) {
  CellRegistry registry;
  const std::string name = registry.add_text(text, "test.cell");
  return registry.find(name).build({3, 4});
}

std::vector<double> in_float(const Tensor<double>& values) {
  std::vector<double> rounded;
  for (const double value : values.values()) rounded.push_back(static_cast<float>(value));
  return rounded;
}

std::vector<double> elements(const Tensor<double>& values) {
  return {values.values().begin(), values.values().end()};
}

class Onnx : public testing::Test {
 protected:
  std::string written(const StepProgram& program, const OnnxOptions& options = {}) const {
    write_onnx(file(), program, first_values(program), options);
    return file_text(file());
  }
  std::string error_of_bytes(const std::string& bytes) const {
    std::ofstream(file(), std::ios::binary) << bytes;
    return error_of<InputError>([&] { read_onnx_weights(file()); });
  }
  std::filesystem::path file() const { return folder_ / "cell.onnx"; }

 private:
  TemporaryFolder folder_;
};

TEST(OnnxOps, HaveOneRowForEachOpOfTheTable) {
  std::vector<std::string> rows, ops;
  for (const OnnxOp& row : onnx_ops()) rows.emplace_back(row.op);
  for (const Op& op : op_table()) ops.emplace_back(op.name);
  EXPECT_THAT(rows, testing::UnorderedElementsAreArray(ops));
}

TEST_F(Onnx, ACellOfItsOwnIsAScanWithItsParameters) {
  const StepProgram program = catalogue().find("mgu").build({3, 4});
  const std::string bytes = written(program, {.metadata = {{"licence", "BSD-3-Clause"}}});
  EXPECT_THAT(bytes, AllOf(HasSubstr("Scan"), HasSubstr("initial_h"), HasSubstr("lengths"),
                           HasSubstr("licence"), HasSubstr("equations")));
  const NamedArrays weights = read_onnx_weights(file());
  const std::vector<Tensor<double>> values = first_values(program);
  ASSERT_EQ(weights.size(), program.parameters.size());
  for (std::size_t k = 0; k < values.size(); ++k) {
    const Tensor<double>& read = weights.at(program.parameters[k].name);
    EXPECT_EQ(read.shape(), values[k].shape());
    EXPECT_EQ(elements(read), in_float(values[k])) << program.parameters[k].name;
  }
}

TEST_F(Onnx, TheSameCellGivesTheSameBytes) {
  const StepProgram program = catalogue().find("ln_lstm").build({3, 4});
  EXPECT_EQ(written(program), written(program));
}

// libsentencepiece holds a library of messages with the same names, of another version.
TEST_F(Onnx, PiecesOfWordsGoOnBesideIt) {
  const std::string before = written(catalogue().find("lstm").build({3, 4}));
  const Subwords pieces({{"cab", "dab"}, {"eab", "fab"}}, 8);
  const std::vector<std::string> words = {"cab", "a"};
  EXPECT_EQ(pieces.join(pieces.split(words)), words);
  EXPECT_EQ(written(catalogue().find("lstm").build({3, 4})), before);
}

// The rows of a gate are where ONNX has them: i, o, f, c.
TEST_F(Onnx, TheLstmIsTheOperatorInItsLayout) {
  const StepProgram program = catalogue().find("lstm_peephole").build({3, 4});
  EXPECT_THAT(written(program), AllOf(HasSubstr("LSTM"), Not(HasSubstr("Scan"))));
  const NamedArrays weights = read_onnx_weights(file());
  std::map<std::string, Tensor<double>> own;
  const std::vector<Tensor<double>> values = first_values(program);
  for (std::size_t k = 0; k < values.size(); ++k) own[program.parameters[k].name] = values[k];
  std::vector<double> w, b, p;
  const auto append = [&](std::vector<double>& all, const std::string& name) {
    const std::vector<double> more = in_float(own.at(name));
    all.insert(all.end(), more.begin(), more.end());
  };
  for (const char* gate : {"i", "o", "f", "g"}) {
    append(w, std::string("W_") + gate);
    append(b, std::string("b_") + gate);
  }
  b.resize(2 * b.size(), 0.0);
  for (const char* gate : {"i", "o", "f"}) append(p, std::string("p_") + gate);
  EXPECT_EQ(weights.at("lstm_peephole/W").shape(), (Shape{1, 16, 3}));
  EXPECT_EQ(elements(weights.at("lstm_peephole/W")), w);
  EXPECT_EQ(elements(weights.at("lstm_peephole/B")), b);
  EXPECT_EQ(elements(weights.at("lstm_peephole/P")), p);
  EXPECT_EQ(weights.size(), 4u);
}

// The gate of gru_reset_before takes the candidate, ONNX's keeps the old state.
TEST_F(Onnx, AGateOfTheOtherSenseIsNegated) {
  const StepProgram takes = catalogue().find("gru_reset_before").build({3, 4});
  const StepProgram keeps = catalogue().find("gru_cho").build({3, 4});
  const auto of_takes = recurrent_operator(takes, first_values(takes));
  const auto of_keeps = recurrent_operator(keeps, first_values(keeps));
  ASSERT_TRUE(of_takes && of_keeps);
  EXPECT_EQ(of_takes->op, "GRU");
  for (Index i = 0; i < of_takes->w.numel(); ++i) {
    const double sign = i < of_takes->w.numel() / 3 ? -1.0 : 1.0;
    EXPECT_EQ(of_takes->w.data()[i], sign * of_keeps->w.data()[i]) << i;
  }
}

// Other names, another order of states, terms and factors.
const char* const own_lstm = R"(cell mine
param A_1, A_2, A_3, A_4 : [hidden, input]
param B_1, B_2, B_3, B_4 : [hidden, hidden]
param d_1, d_2, d_3, d_4 : [hidden]
keep = sigmoid(d_1 + A_1 @ x + B_1 @ out[t-1])
new = tanh(A_2 @ x + (d_2 + B_2 @ out[t-1]))
take = sigmoid(B_3 @ out[t-1] + A_3 @ x + d_3)
memory = new * take + memory[t-1] * keep
out = tanh(memory) * sigmoid(A_4 @ x + B_4 @ out[t-1] + d_4)
output out
)";

TEST_F(Onnx, TheEquationsCountAndNotTheNames) {
  const StepProgram program = from_text(own_lstm);
  const std::vector<Tensor<double>> values = first_values(program);
  const auto made = recurrent_operator(program, values);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->op, "LSTM");
  ASSERT_EQ(made->states.size(), 2u);
  EXPECT_EQ(program.states[made->states[0]].name, "out");
  EXPECT_EQ(program.states[made->states[1]].name, "memory");
  // The third block is that of the forget gate.
  const auto forget = std::ranges::find(program.parameters, "A_1", &ProgramParameter::name);
  const std::vector<double>
      w = elements(made->w),
      a = elements(values[static_cast<std::size_t>(forget - program.parameters.begin())]);
  EXPECT_EQ(std::vector<double>(w.begin() + 24, w.begin() + 36), a);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(Onnx, WhatIsNearlyAnLstmIsNone) {
  const auto is_operator = [](const std::string& text) {
    const StepProgram program = from_text(text);
    return recurrent_operator(program, first_values(program)).has_value();
  };
  EXPECT_TRUE(is_operator(own_lstm));
  EXPECT_FALSE(is_operator(replaced(own_lstm, "tanh(memory)", "memory")));
  EXPECT_FALSE(is_operator(replaced(own_lstm, "A_3 @ x", "A_1 @ x")));  // a shared matrix
  EXPECT_FALSE(is_operator(replaced(own_lstm, "memory[t-1] * keep", "memory[t-1]")));
  EXPECT_FALSE(is_operator(replaced(own_lstm, "output out", "output memory")));
}

const char* const with_solve = R"(cell solver
state S : [hidden, hidden]
param W : [hidden, input]
param A : [hidden, hidden]  init orthogonal
k = W @ x
S = 0.5 * S[t-1] + outer(k, k)
h = solve(S + eye(hidden), k)
output h
)";

TEST_F(Onnx, AnOpWithoutACounterpartIsNamedWithItsEquation) {
  EXPECT_THAT(error_of<InputError>([&] { written(from_text(with_solve)); }),
              AllOf(HasSubstr("cell solver"), HasSubstr("op solve"), HasSubstr("h = solve("),
                    HasSubstr(".safetensors")));
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(Onnx, WhatIsMadeOfParametersAloneIsComputed) {
  const StepProgram program = catalogue().find("exprnn").build({3, 4});
  EXPECT_THAT(written(program), HasSubstr("Scan"));
}

TEST_F(Onnx, ParametersOfAnotherShapeAreRefused) {
  const StepProgram program = catalogue().find("mgu").build({3, 4});
  std::vector<Tensor<double>> values = first_values(program);
  values[0] = Tensor<double>::zeros({4, 4});
  EXPECT_THAT(error_of<InputError>([&] { write_onnx(file(), program, values); }),
              AllOf(HasSubstr("W_f"), HasSubstr("[4, 4]"), HasSubstr("[4, 3]")));
  values.pop_back();
  EXPECT_THAT(error_of<InputError>([&] { write_onnx(file(), program, values); }),
              HasSubstr("parameters, expected"));
}

TEST_F(Onnx, WeightsAreNamedByTheirNode) {
  OnnxGraph graph("of others");
  const auto array = [&](const std::string& name, const Shape& shape, double value) {
    graph.initialiser(name, Tensor<double>::full(shape, value));
  };
  array("w", {1, 4, 3}, 1.0);
  array("r", {1, 4, 4}, 2.0);
  array("kernel", {2, 2}, 3.0);
  array("empty", {0}, 0.0);
  graph.input("start", OnnxType::float32, {Index{1}, "B", Index{4}});
  array("start", {1, 1, 4}, 5.0);
  const std::string bias = graph.numbers({6.0, 7.0});
  graph.add("RNN", "", {"x", "w", "r", bias, "", "start"}, {"y"});
  graph.add("RNN", "second", {"y", "w", "r"}, {"z"});
  graph.write(file(), {});
  const NamedArrays weights = read_onnx_weights(file());
  std::vector<std::string> names;
  for (const auto& [name, values] : weights) names.push_back(name);
  EXPECT_THAT(names,
              ElementsAre("RNN_0/B", "RNN_0/R", "RNN_0/W", "kernel", "second/R", "second/W"));
  EXPECT_THAT(elements(weights.at("RNN_0/B")), ElementsAre(6.0, 7.0));
  EXPECT_EQ(elements(weights.at("second/R")), std::vector<double>(16, 2.0));
}

TEST_F(Onnx, WeightsThatTheGraphComputesAreRefused) {
  OnnxGraph graph("of others");
  graph.add("GRU", "gru", {"x", graph.add("Neg", {"w"}), "r"}, {"y"});
  graph.write(file(), {});
  EXPECT_THAT(error_of<InputError>([&] { read_onnx_weights(file()); }),
              AllOf(HasSubstr("W of the GRU 'gru'"), HasSubstr("constant folding")));
}

// A part of a message of Protocol Buffers: bytes with a number and a length in front.
std::string field(int number, const std::string& bytes) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}
std::string number_field(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

// By the field numbers of onnx.proto, as others write files.
TEST_F(Onnx, NumbersAreReadInEachForm) {
  const std::string two_floats("\0\0\x80\x3f\0\0\0\x40", 8);  // 1, 2
  const std::string one_double("\0\0\0\0\0\0\x08\xc0", 8);    // -3
  const std::string raw =
      number_field(1, 2) + number_field(2, 1) + field(8, "raw") + field(9, two_floats);
  const std::string floats =
      number_field(1, 2) + number_field(2, 1) + field(4, two_floats) + field(8, "floats");
  const std::string doubles =
      number_field(1, 1) + number_field(2, 11) + field(8, "doubles") + field(10, one_double);
  const std::string whole =
      number_field(1, 1) + number_field(2, 7) + field(8, "whole") + field(9, std::string(8, '\1'));
  const auto model = [](const std::string& tensors) { return field(7, tensors); };
  write_text(file(), model(field(5, raw) + field(5, floats) + field(5, doubles) + field(5, whole)));
  const NamedArrays arrays = read_onnx_weights(file());
  EXPECT_EQ(arrays.size(), 3u);
  EXPECT_THAT(elements(arrays.at("raw")), ElementsAre(1.0, 2.0));
  EXPECT_THAT(elements(arrays.at("floats")), ElementsAre(1.0, 2.0));
  EXPECT_THAT(elements(arrays.at("doubles")), ElementsAre(-3.0));
  EXPECT_THAT(error_of_bytes(model(field(5, raw) + field(5, raw))), HasSubstr("'raw'"));
  EXPECT_THAT(error_of_bytes(model(field(5, raw + number_field(14, 1)))),
              HasSubstr("another file"));
  const std::string short_of_numbers =
      number_field(1, 3) + number_field(2, 1) + field(4, two_floats);
  EXPECT_THAT(error_of_bytes(model(field(5, short_of_numbers))), HasSubstr("[3]"));
}

TEST_F(Onnx, AFileThatIsNoneIsRefused) {
  EXPECT_THAT(error_of_bytes("not a model"), HasSubstr("not an ONNX file"));
  EXPECT_THAT(error_of_bytes(""), HasSubstr("not an ONNX file"));
  const std::string whole = written(catalogue().find("lstm").build({3, 4}));
  for (const std::size_t part : {whole.size() / 3, whole.size() / 2, whole.size() - 1}) {
    EXPECT_THAT(error_of_bytes(whole.substr(0, part)), HasSubstr("cell.onnx"));
  }
  EXPECT_THAT(error_of<InputError>([&] { read_onnx_weights(file().string() + "x"); }),
              HasSubstr("cell.onnxx"));
}

TEST_F(Onnx, AnArrayThatIsShorterThanItsSizesIsRefused) {
  std::string bytes = written(catalogue().find("rnn_tanh").build({3, 4}));
  // dims of R: [1, 4, 4], as field 1 of the tensor; 100 in the place of the first.
  const std::string sizes("\x08\x01\x08\x04\x08\x04", 6);
  ASSERT_NE(bytes.find(sizes), bytes.npos);
  bytes[bytes.find(sizes) + 1] = 100;
  EXPECT_THAT(error_of_bytes(bytes), AllOf(HasSubstr("rnn_tanh/R"), HasSubstr("100")));
}

// As of a task whose models are no stack with products behind it.
class OtherModel final : public Model {
 public:
  Var loss(const Pass&, Split, Ids) const override { return {}; }
  void count(const Pass&, Split, Ids, Tally&) const override {}
  StackResult forward(const Pass&, Var x, const StackArguments&) const override { return {x, {}}; }
};

TEST(OnnxModels, OneOfAnotherFormIsRefused) {
  EXPECT_THAT(error_of<InputError>([] { OtherModel().form(); }),
              HasSubstr("can't be written as a graph"));
}

}  // namespace
}  // namespace carousel
