// `carousel export` and `carousel import weights`: what they write comes back, runs, and is as
// other libraries have it; and what they refuse.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_fixture.hpp"
#include "exchange/exchange_fixtures.hpp"
#include "exchange/onnx/onnx.hpp"
#include "exchange/torch_file.hpp"
#include "io/files.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "io/zip_file.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ExchangeCommand : public Command {
 protected:
  // What a command prints that is to end well.
  std::string done(const std::vector<std::string>& arguments) {
    const Finished ended = run(arguments);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return ended.out;
  }
  // The message of one that is to be refused, and to write nothing.
  std::string refusal(const std::vector<std::string>& arguments) {
    const Finished ended = run(arguments);
    EXPECT_EQ(ended.code, 2) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out.npz"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out.safetensors"));
    return ended.err;
  }
  NamedArrays outputs(const std::string& cell, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"run", cell, "--x", "x.npz", "--out", "y.npz"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    done(arguments);
    return read_npz(folder_ / "y.npz");
  }
  void write_golden_pt(const std::string& name) {
    std::filesystem::copy_file(golden_folder / "exchange" / name, folder_ / "m.pt");
  }
};

Tensor<double> of_pytorch(const std::string& name) {
  return golden_array(golden_folder / "pytorch.h5", name);
}

TEST_F(ExchangeCommand, ImportedWeightsGiveWhatPyTorchGave) {
  write_golden_pt("relu_1_uni_full.pt");
  EXPECT_THAT(done({"import", "weights", "m.pt", "--as", "pytorch-rnn-relu", "--to",
                    "w.safetensors", "--hidden", "3"}),
              HasSubstr("cell rnn_relu: layers 1, directions 1, input 2, hidden 3"));
  const Tensor<double> first = of_pytorch("relu_1_uni_full/h_0");
  write_npz(folder_ / "x.npz",
            {{"x", of_pytorch("relu_1_uni_full/x")},
             {"initial_h", first.reshaped({first.shape()[1], first.shape()[2]})}});
  const Tensor<double> want = of_pytorch("relu_1_uni_full/y");
  const NamedArrays y = outputs("rnn_relu", {"--hidden", "3", "--weights", "w.safetensors"});
  ASSERT_EQ(y.at("outputs").shape(), want.shape());
  for (Index k = 0; k < want.numel(); ++k) {
    EXPECT_NEAR(y.at("outputs").data()[k], want.data()[k], 1e-11);
  }
}

// Of two layers in both directions one scan is named.
TEST_F(ExchangeCommand, AScanOfSeveralIsNamed) {
  write_golden_pt("gru_2_bi_packed.pt");
  done({"import", "weights", "m.pt", "--as", "pytorch-gru", "--to", "w.npz"});
  write_npz(folder_ / "x.npz", {{"x", of_pytorch("gru_2_bi_packed/x")}});
  const NamedArrays weights = read_npz(folder_ / "w.npz");
  const NamedArrays y = outputs(
      "gru_reset_after", {"--hidden", "3", "--weights", "w.npz", "--layer", "layers/0/backward"});
  EXPECT_EQ(bytes_of(y.at("U_z")), bytes_of(weights.at("layers/0/backward/U_z")));
  const std::vector<std::string> without{"run",     "gru_reset_after", "--x", "x.npz",     "--out",
                                         "out.npz", "--hidden",        "3",   "--weights", "w.npz"};
  EXPECT_THAT(refusal(without),
              HasSubstr("w.npz: expected --layer to be one of layers/0/backward, layers/0/forward, "
                        "layers/1/backward, layers/1/forward"));
}

TEST_F(ExchangeCommand, AModelGoesToPyTorchAndBackBitByBit) {
  ASSERT_EQ(compare("run").code, 0);
  EXPECT_THAT(done({"export", "run", "--cell", "gru_reset_after", "--to", "own.safetensors"}),
              AllOf(HasSubstr("gru_reset_after, hidden 4, on jsb_chorales"),
                    HasSubstr("written: own.safetensors")));
  const NamedArrays own = read_safetensors(folder_ / "own.safetensors");
  EXPECT_TRUE(own.contains("output/W"));
  const std::string text = file_text(folder_ / "own.safetensors");
  EXPECT_THAT(text, AllOf(HasSubstr(R"("__metadata__":{"cell":"gru_reset_after","hidden":"4")"),
                          HasSubstr("z = sigmoid("), HasSubstr(R"("dtype":"F32")"),
                          testing::Not(HasSubstr("F64"))));

  done({"export", "run", "--cell", "gru_reset_after", "--as", "pytorch-gru", "--to", "torch.npz"});
  const NamedArrays torch = read_npz(folder_ / "torch.npz");
  EXPECT_EQ(bytes_of(torch.at("output.weight")), bytes_of(own.at("output/W")));
  EXPECT_EQ(torch.at("layers.weight_ih_l0").shape(), (Shape{12, 88}));
  done({"import", "weights", "torch.npz", "--as", "pytorch-gru", "--layer", "layers", "--to",
        "back.safetensors"});
  const NamedArrays back = read_safetensors(folder_ / "back.safetensors");
  EXPECT_EQ(back.size(), 10);
  for (const auto& [name, array] : back) {
    EXPECT_EQ(bytes_of(array), bytes_of(own.at("layers/0/forward/" + name))) << name;
  }

  // Both are weights for `carousel run`.
  write_npz(folder_ / "x.npz", {{"x", Tensor<double>::full({3, 1, 88}, 0.5)}});
  const NamedArrays one =
      outputs("gru_reset_after", {"--hidden", "4", "--weights", "own.safetensors"});
  const NamedArrays other =
      outputs("gru_reset_after", {"--hidden", "4", "--weights", "back.safetensors"});
  EXPECT_EQ(bytes_of(one.at("outputs")), bytes_of(other.at("outputs")));

  // As a graph of ONNX, with the same weights.
  EXPECT_THAT(done({"export", "run", "--cell", "gru_reset_after", "--to", "model.onnx"}),
              HasSubstr("written: model.onnx"));
  EXPECT_THAT(file_text(folder_ / "model.onnx"),
              AllOf(HasSubstr("jsb_chorales"), HasSubstr("z = sigmoid("), HasSubstr("lengths")));
  EXPECT_EQ(bytes_of(read_onnx_weights(folder_ / "model.onnx").at("output/W")),
            bytes_of(own.at("output/W")));
  done({"import", "weights", "model.onnx", "--as", "onnx-gru-reset-after", "--layer",
        "layers/0/forward", "--to", "graph.npz"});
  for (const auto& [name, array] : read_npz(folder_ / "graph.npz")) {
    EXPECT_EQ(bytes_of(array), bytes_of(back.at(name))) << name;
  }
  done({"export", "run", "--cell", "gru_reset_after", "--all-inputs", "--to", "given.onnx"});
  EXPECT_LT(file_text(folder_ / "given.onnx").size(), file_text(folder_ / "model.onnx").size());
  EXPECT_THAT(refusal({"export", "run", "--all-inputs", "--to", "out.npz"}),
              HasSubstr("--all-inputs is of graphs of ONNX"));

  EXPECT_THAT(refusal({"export", "run", "--cell", "gru_reset_after", "--as", "pytorch-lstm", "--to",
                       "out.npz"}),
              HasSubstr("its equations are not those of lstm, which pytorch-lstm computes"));
  EXPECT_THAT(refusal({"export", "run", "--hidden", "4", "--to", "out.npz"}),
              HasSubstr("which are a cell's"));
}

// Files that PyTorch wrote, of two layers in both directions: the two biases of a gate too.
TEST_F(ExchangeCommand, AFileOfPyTorchComesBackBitByBit) {
  write_golden_pt("gru_2_bi_packed.pt");
  const NamedArrays start = read_torch_file(folder_ / "m.pt", "");
  const auto exported = [](const std::string& weights, const std::string& to) {
    return std::vector<std::string>{
        "export", "gru_reset_after", "--input",   "2",     "--hidden", "3",
        "--as",   "pytorch-gru",     "--weights", weights, "--to",     to};
  };
  for (const char* const weights : {"w.safetensors", "w.npz"}) {
    done({"import", "weights", "m.pt", "--as", "pytorch-gru", "--to", weights});
    done(exported(weights, "back.safetensors"));
    EXPECT_TRUE(same_bits(read_safetensors(folder_ / "back.safetensors"), start)) << weights;
  }
  std::vector<std::string> one_scan = exported("w.npz", "one.npz");
  one_scan.insert(one_scan.end(), {"--layer", "layers/0/backward"});
  done(one_scan);
  EXPECT_EQ(bytes_of(read_npz(folder_ / "one.npz").at("bias_hh_l0")),
            bytes_of(start.at("bias_hh_l0_reverse")));

  // More than a stack, and less.
  NamedArrays model = read_npz(folder_ / "w.npz");
  model["output/W"] = Tensor<double>::zeros({1, 6});
  write_npz(folder_ / "model.npz", model);
  EXPECT_THAT(refusal(exported("model.npz", "out.npz")),
              HasSubstr("model.npz: it has output/W, expected recurrent layers alone, or --layer "
                        "to be one of layers/0/backward"));
  model.erase("output/W");
  model.erase("layers/1/forward/U_z");
  write_npz(folder_ / "model.npz", model);
  EXPECT_THAT(refusal(exported("model.npz", "out.npz")),
              AllOf(HasSubstr("at input 6, hidden 3"), HasSubstr("U_z: got nothing")));
}

// use_bias=False.
TEST_F(ExchangeCommand, ALayerWithoutBiasesHasZeros) {
  write_npz(folder_ / "k.npz", {{"kernel", Tensor<double>::full({2, 3}, 0.5)},
                                {"recurrent_kernel", Tensor<double>::full({3, 3}, 0.25)}});
  EXPECT_THAT(done({"import", "weights", "k.npz", "--as", "keras-simple-rnn", "--to", "w.npz"}),
              HasSubstr("biases: none there, zeros here"));
  EXPECT_THAT(read_npz(folder_ / "w.npz").at("b_h").values(), testing::ElementsAre(0, 0, 0));
}

// The same parameters by another computation.
TEST_F(ExchangeCommand, AModelWithZoneoutIsNoGruOfPyTorch) {
  ASSERT_EQ(compare("run", {"model.zoneout={h: 0.1}", "seeds=[3]"}).code, 0);
  EXPECT_THAT(refusal({"export", "run", "--cell", "gru_reset_after", "--as", "pytorch-gru", "--to",
                       "out.npz"}),
              HasSubstr("its equations are not those of gru_reset_after"));
}

TEST_F(ExchangeCommand, ACellIsDrawnAsInTraining) {
  done({"export", "lstm_gers", "--input", "2", "--hidden", "3", "--seed", "5", "--to",
        "own.safetensors"});
  done({"export", "lstm_gers", "--input", "2", "--hidden", "3", "--weights", "own.safetensors",
        "--as", "keras-lstm", "--to", "keras.npz"});
  write_npz(folder_ / "x.npz", {{"x", Tensor<double>::full({3, 1, 2}, 0.5)}});
  const NamedArrays drawn = outputs("lstm_gers", {"--hidden", "3", "--seed", "5"});
  const NamedArrays keras = read_npz(folder_ / "keras.npz");
  EXPECT_EQ(keras.at("kernel").shape(), (Shape{2, 12}));
  for (Index row = 0; row < 3; ++row) {  // f is the second block of columns
    EXPECT_EQ(keras.at("kernel").data()[12 + 3 + row], drawn.at("W_f").data()[row * 2 + 1]);
  }
  done({"import", "weights", "keras.npz", "--as", "keras-lstm", "--to", "back.npz"});
  const NamedArrays back = outputs("lstm", {"--hidden", "3", "--weights", "back.npz"});
  EXPECT_EQ(bytes_of(back.at("outputs")), bytes_of(drawn.at("outputs")));
}

// ONNX's z keeps the old state, and ours takes the new one.
TEST_F(ExchangeCommand, AGraphOfOnnxGivesItsWeightsBack) {
  const std::vector<std::string> sizes{"--input", "2", "--hidden", "3", "--to"};
  const auto with = [&](std::vector<std::string> arguments, const std::string& file) {
    arguments.insert(arguments.end(), sizes.begin(), sizes.end());
    arguments.push_back(file);
    return arguments;
  };
  done(with({"export", "gru_reset_before"}, "own.npz"));
  EXPECT_THAT(done(with({"export", "gru_reset_before"}, "g.onnx")), HasSubstr("written: g.onnx"));
  done({"import", "weights", "g.onnx", "--as", "onnx-gru-reset-before", "--layer",
        "gru_reset_before", "--to", "back.npz"});
  const NamedArrays own = read_npz(folder_ / "own.npz"), back = read_npz(folder_ / "back.npz");
  ASSERT_EQ(back.size(), own.size());
  for (const auto& [name, array] : own) {
    EXPECT_THAT(back.at(name).values(), testing::ElementsAreArray(array.values())) << name;
  }
  EXPECT_THAT(refusal(with({"export", "lstm", "--as", "onnx-lstm"}, "out.onnx")),
              HasSubstr("a graph of ONNX has its own layout: leave out --as"));
}

TEST_F(ExchangeCommand, WhatCannotBeReadOrWrittenIsSaidInOneMessage) {
  write_golden_pt("gru_2_bi_packed.pt");
  const std::string trace = folder_ / "trace";
  write_text(folder_ / "code.pt", zip_bytes({{"m/data.pkl",
                                              "\x80\x02"
                                              "cos\nsystem\nX\x05\0\0\0touch\x85R."}}));
  write_text(folder_ / "huge.safetensors", std::string(7, '\0') + "\x7f{}");
  write_text(folder_ / "text.h5", "text");
  const auto import = [&](const std::string& file, std::vector<std::string> more) {
    more.insert(more.begin(), {"import", "weights", file});
    more.insert(more.end(), {"--to", "out.npz"});
    return refusal(more);
  };
  EXPECT_THAT(import("m.pt", {"--as", "pytorch-lstm"}),
              HasSubstr("m.pt: there is no weight_ih_l0 as pytorch-lstm has it"));
  EXPECT_THAT(import("m.pt", {"--as", "pytorch-rnn-tanh"}),
              HasSubstr("m.pt does not fit pytorch-rnn-tanh of 2 layers in both directions"));
  EXPECT_THAT(import("m.pt", {"--as", "pytorch-gruu"}), HasSubstr("did you mean 'pytorch-gru'?"));
  EXPECT_THAT(import("m.pt", {}), HasSubstr("there is no kind of layout ''"));
  EXPECT_THAT(import("m.pt", {"--as", "pytorch-gru", "--hidden", "4"}),
              HasSubstr("m.pt: its weights are those of hidden 3, --hidden says 4"));
  EXPECT_THAT(import("m.pt", {"--as", "pytorch-gru", "--layer", "rnn"}),
              HasSubstr("holds no tensors whose names begin with 'rnn'"));
  EXPECT_THAT(import("code.pt", {"--as", "pytorch-gru"}), HasSubstr("asks for 'os.system'"));
  EXPECT_THAT(import("huge.safetensors", {"--as", "pytorch-gru"}),
              HasSubstr("its header is to have"));
  EXPECT_THAT(import("text.h5", {"--as", "keras-lstm"}), HasSubstr("expected --layer"));
  EXPECT_THAT(import("text.h5", {"--as", "keras-lstm", "--layer", "a"}),
              HasSubstr("not a whole HDF5 file"));
  EXPECT_THAT(import("none.pt", {"--as", "pytorch-gru"}), HasSubstr("none.pt"));
  EXPECT_THAT(import("m.zip", {"--as", "pytorch-gru"}),
              HasSubstr("expected a file that ends in .pt"));
  EXPECT_THAT(refusal({"import", "weights", "m.pt", "--as", "pytorch-gru"}),
              HasSubstr("--to : expected a file that ends in .npz or .safetensors"));
  EXPECT_THAT(refusal({"export", "lstm", "--to", "out.npz"}),
              HasSubstr("expected its sizes, --input and --hidden"));
  EXPECT_THAT(refusal({"export", "lsmt", "--input", "2", "--hidden", "3", "--to", "out.npz"}),
              HasSubstr("did you mean 'lstm'"));
  EXPECT_THAT(refusal({"export", "lstm", "--input", "2", "--hidden", "3", "--to", "out.pt"}),
              HasSubstr("--to out.pt: expected a file that ends in"));
  EXPECT_FALSE(std::filesystem::exists(trace));
}

}  // namespace
}  // namespace carousel
