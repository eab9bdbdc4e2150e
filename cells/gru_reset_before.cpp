#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// z = sigmoid(W_z x + U_z h[t-1] + b_z), r alike
// c = tanh(W_c x + U_c (r h[t-1]) + b_c),  h = (1 - z) h[t-1] + z c
Cell gru_reset_before() {
  return {"gru_reset_before", "Gated recurrent unit, reset before the matrix",
          "Cho et al. 2014, arXiv:1406.1078; gate direction of Chung et al. 2014, "
          "arXiv:1412.3555",
          "reset multiplies h before U_c; z = 1 takes the candidate; one bias a gate; "
          "W Glorot uniform, U orthogonal, biases zero",
          [](const CellSizes& sizes) {
            StepBuilder b("gru_reset_before");
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", sizes.hidden);
            const Var z = b.let("z", sigmoid(gate_input(b, sizes, "z", x, h)));
            const Var r = b.let("r", sigmoid(gate_input(b, sizes, "r", x, h)));
            const Var c = b.let("c", tanh(gate_input(b, sizes, "c", x, r * h)));
            b.set_state("h", (1.0 - z) * h + z * c);
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
