#include "exchange/layouts.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "tensor/error.hpp"

namespace carousel {
namespace {

using enum BlockOrder;

// Equations: the documentation of torch.nn.LSTM, GRU and RNN (PyTorch 1.13). Both biases of a gate
// are added, but for the candidate of the GRU, where the reset stands between them.
const std::vector<Layout> pytorch = {
    {"pytorch-lstm",
     Library::pytorch,
     "lstm",
     "nn.LSTM",
     {{"weight_ih", "W_i W_f W_g W_o"},
      {"weight_hh", "U_i U_f U_g U_o"},
      {"bias_ih", "b_i b_f b_g b_o"},
      {"bias_hh", "+b_i +b_f +b_g +b_o"}}},
    {"pytorch-lstm-projected",
     Library::pytorch,
     "lstmp",
     "nn.LSTM with proj_size",
     {{"weight_ih", "W_i W_f W_g W_o"},
      {"weight_hh", "U_i U_f U_g U_o"},
      {"bias_ih", "b_i b_f b_g b_o"},
      {"bias_hh", "+b_i +b_f +b_g +b_o"},
      {"weight_hr", "P_h"}}},
    {"pytorch-gru",
     Library::pytorch,
     "gru_reset_after",
     "nn.GRU",
     {{"weight_ih", "W_r W_z W_n"},
      {"weight_hh", "U_r U_z U_n"},
      {"bias_ih", "b_r b_z b_n"},
      {"bias_hh", "+b_r +b_z d_n"}}},
    {"pytorch-rnn-tanh",
     Library::pytorch,
     "rnn_tanh",
     "nn.RNN",
     {{"weight_ih", "W_h"}, {"weight_hh", "U_h"}, {"bias_ih", "b_h"}, {"bias_hh", "+b_h"}}},
    {"pytorch-rnn-relu",
     Library::pytorch,
     "rnn_relu",
     "nn.RNN with nonlinearity='relu'",
     {{"weight_ih", "W_h"}, {"weight_hh", "U_h"}, {"bias_ih", "b_h"}, {"bias_hh", "+b_h"}}},
};

// Equations: keras/src/layers/rnn/lstm.py, gru.py and simple_rnn.py (Keras 3). Its update gate
// keeps the old state in both GRUs: that of gru_reset_before has the other sense, and
// sigmoid(-a) = 1 - sigmoid(a).
const std::vector<Layout> keras = {
    {"keras-lstm",
     Library::keras,
     "lstm",
     "LSTM",
     {{"kernel", "W_i W_f W_g W_o", columns},
      {"recurrent_kernel", "U_i U_f U_g U_o", columns},
      {"bias", "b_i b_f b_g b_o"}}},
    {"keras-gru-reset-after",
     Library::keras,
     "gru_reset_after",
     "GRU",
     {{"kernel", "W_z W_r W_n", columns},
      {"recurrent_kernel", "U_z U_r U_n", columns},
      {"bias", "b_z b_r b_n +b_z +b_r d_n", two_rows}}},
    {"keras-gru-reset-before",
     Library::keras,
     "gru_reset_before",
     "GRU with reset_after=False",
     {{"kernel", "-W_z W_r W_c", columns},
      {"recurrent_kernel", "-U_z U_r U_c", columns},
      {"bias", "-b_z b_r b_c"}}},
    {"keras-simple-rnn",
     Library::keras,
     "rnn_tanh",
     "SimpleRNN",
     {{"kernel", "W_h", columns}, {"recurrent_kernel", "U_h", columns}, {"bias", "b_h"}}},
    {"keras-simple-rnn-relu",
     Library::keras,
     "rnn_relu",
     "SimpleRNN with activation='relu'",
     {{"kernel", "W_h", columns}, {"recurrent_kernel", "U_h", columns}, {"bias", "b_h"}}},
};

// Equations: the operators LSTM, GRU and RNN of ONNX, opset 14. B holds the biases of W, then those
// of R. With input_forget the gate f is 1 - i, and its blocks are not read.
const std::vector<Layout> onnx = {
    {"onnx-lstm",
     Library::onnx,
     "lstm",
     "LSTM",
     {{"W", "W_i W_o W_f W_g"},
      {"R", "U_i U_o U_f U_g"},
      {"B", "b_i b_o b_f b_g +b_i +b_o +b_f +b_g"}}},
    {"onnx-lstm-peephole",
     Library::onnx,
     "lstm_peephole",
     "LSTM with P",
     {{"W", "W_i W_o W_f W_g"},
      {"R", "U_i U_o U_f U_g"},
      {"B", "b_i b_o b_f b_g +b_i +b_o +b_f +b_g"},
      {"P", "p_i p_o p_f"}}},
    {"onnx-lstm-input-forget",
     Library::onnx,
     "cifg",
     "LSTM with P and input_forget=1",
     {{"W", "W_i W_o 0 W_g"},
      {"R", "U_i U_o 0 U_g"},
      {"B", "b_i b_o 0 b_g +b_i +b_o 0 +b_g"},
      {"P", "p_i p_o 0"}}},
    {"onnx-gru-reset-after",
     Library::onnx,
     "gru_reset_after",
     "GRU with linear_before_reset=1",
     {{"W", "W_z W_r W_n"}, {"R", "U_z U_r U_n"}, {"B", "b_z b_r b_n +b_z +b_r d_n"}}},
    {"onnx-gru-reset-before",
     Library::onnx,
     "gru_reset_before",
     "GRU",
     {{"W", "-W_z W_r W_c"}, {"R", "-U_z U_r U_c"}, {"B", "-b_z b_r b_c +-b_z +b_r +b_c"}}},
    {"onnx-rnn-tanh",
     Library::onnx,
     "rnn_tanh",
     "RNN",
     {{"W", "W_h"}, {"R", "U_h"}, {"B", "b_h +b_h"}}},
    {"onnx-rnn-relu",
     Library::onnx,
     "rnn_relu",
     "RNN with activations=['Relu']",
     {{"W", "W_h"}, {"R", "U_h"}, {"B", "b_h +b_h"}}},
};

}  // namespace

const std::vector<Layout>& layouts() {
  static const std::vector<Layout> all = [] {
    std::vector<Layout> joined;
    for (const auto& of_library : {pytorch, keras, onnx}) {
      joined.insert(joined.end(), of_library.begin(), of_library.end());
    }
    return joined;
  }();
  return all;
}

const Layout& find_layout(const std::string& kind) {
  const auto found = std::ranges::find(layouts(), kind, &Layout::kind);
  if (found != layouts().end()) return *found;
  std::vector<std::string> known;
  for (const Layout& layout : layouts()) known.push_back(layout.kind);
  fail_input("there is no kind of layout '{}'{}; expected one of {}", kind,
             did_you_mean(kind, known), fmt::join(known, ", "));
}

}  // namespace carousel
