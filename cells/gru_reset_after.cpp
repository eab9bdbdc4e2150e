#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// z = sigmoid(W_z x + U_z h[t-1] + b_z), r alike
// n = tanh(W_n x + b_n + r (U_n h[t-1] + d_n)),  h = (1 - z) n + z h[t-1]
Cell gru_reset_after() {
  return {"gru_reset_after", "Gated recurrent unit, reset after the matrix",
          "Cho et al. 2014, arXiv:1406.1078 version 1; the form of cuDNN and PyTorch's nn.GRU",
          "reset multiplies U_n h + d_n; z = 1 keeps the old state; one bias a gate and a second "
          "one (d_n) inside the reset; W Glorot uniform, U orthogonal, biases zero",
          [](const CellSizes& sizes) {
            StepBuilder b("gru_reset_after");
            const auto n = sizes.hidden;
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", n);
            const Var z = b.let("z", sigmoid(gate_input(b, sizes, "z", x, h)));
            const Var r = b.let("r", sigmoid(gate_input(b, sizes, "r", x, h)));
            const Var w = b.parameter("W_n", {n, sizes.input}, Initialiser::glorot());
            const Var u = b.parameter("U_n", {n, n}, Initialiser::orthogonal());
            const Var bias = b.parameter("b_n", {n}, Initialiser::zeros());
            const Var inner = b.parameter("d_n", {n}, Initialiser::zeros());
            const Var candidate =
                b.let("n", tanh(linear(x, w) + bias + r * (linear(h, u) + inner)));
            b.set_state("h", (1.0 - z) * candidate + z * h);
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
