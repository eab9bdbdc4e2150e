#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// i = sigmoid(W_i x + U_i h[t-1] + b_i), f and o alike, g = tanh(W_g x + U_g h[t-1] + b_g)
// c = f c[t-1] + i g,  h = o tanh(c)
Cell lstm() {
  return {"lstm", "Long short-term memory, no peepholes",
          "Hochreiter and Schmidhuber 1997; forget gate of Gers et al. 2000",
          "one bias a gate, forget bias 1; W Glorot uniform, U orthogonal, other biases zero",
          [](const CellSizes& sizes) {
            StepBuilder b("lstm");
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", sizes.hidden);
            const Var c = b.state("c", sizes.hidden);
            const Var i = b.let("i", sigmoid(gate_input(b, sizes, "i", x, h)));
            const Var f = b.let("f", sigmoid(gate_input(b, sizes, "f", x, h, 1.0)));
            const Var g = b.let("g", tanh(gate_input(b, sizes, "g", x, h)));
            const Var o = b.let("o", sigmoid(gate_input(b, sizes, "o", x, h)));
            const Var c_new = b.set_state("c", f * c + i * g);
            b.set_state("h", o * tanh(c_new));
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
