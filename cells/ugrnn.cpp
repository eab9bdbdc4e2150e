#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// g = sigmoid(W_g x + U_g h[t-1] + b_g),  c = tanh(W_c x + U_c h[t-1] + b_c)
// h = g h[t-1] + (1 - g) c
Cell ugrnn() {
  return {"ugrnn", "Update gate recurrent network", "Collins et al. 2017, arXiv:1611.09913",
          "g = 1 keeps the old state; one bias a gate, that of g starts at 1; W Glorot uniform, "
          "U orthogonal, b_c zero",
          [](const CellSizes& sizes) {
            StepBuilder b("ugrnn");
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", sizes.hidden);
            const Var g = b.let("g", sigmoid(gate_input(b, sizes, "g", x, h, 1.0)));
            const Var c = b.let("c", tanh(gate_input(b, sizes, "c", x, h)));
            b.set_state("h", g * h + (1.0 - g) * c);
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
