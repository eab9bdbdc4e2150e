#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// f = sigmoid(W_f x + U_f h[t-1] + b_f)
// c = tanh(W_c x + U_c (f h[t-1]) + b_c),  h = (1 - f) h[t-1] + f c
Cell mgu() {
  return {"mgu", "Minimal gated unit", "Zhou et al. 2016, arXiv:1603.09420",
          "one gate is both reset and update: it multiplies h before U_c, and f = 1 takes the "
          "candidate; one bias a gate; W Glorot uniform, U orthogonal, biases zero",
          [](const CellSizes& sizes) {
            StepBuilder b("mgu");
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", sizes.hidden);
            const Var f = b.let("f", sigmoid(gate_input(b, sizes, "f", x, h)));
            const Var c = b.let("c", tanh(gate_input(b, sizes, "c", x, f * h)));
            b.set_state("h", (1.0 - f) * h + f * c);
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
