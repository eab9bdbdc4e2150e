#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// i = sigmoid(W_i x + U_i h[t-1] + b_i), f alike
// c = i (W_c x) + f c[t-1],  h = tanh(c)
Cell ran() {
  return {"ran", "Recurrent additive network", "Lee et al. 2017, arXiv:1705.07393",
          "the tanh form (the paper also has h = c); the content W_c x has no bias, the gates have "
          "one each; W Glorot uniform, U orthogonal, biases zero",
          [](const CellSizes& sizes) {
            StepBuilder b("ran");
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", sizes.hidden);
            const Var c = b.state("c", sizes.hidden);
            const Var i = b.let("i", sigmoid(gate_input(b, sizes, "i", x, h)));
            const Var f = b.let("f", sigmoid(gate_input(b, sizes, "f", x, h)));
            const Var w = b.parameter("W_c", {sizes.hidden, sizes.input}, Initialiser::glorot());
            const Var c_new = b.set_state("c", i * linear(x, w) + f * c);
            b.set_state("h", tanh(c_new));
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
