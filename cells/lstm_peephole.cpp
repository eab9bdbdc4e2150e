#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// i = sigmoid(W_i x + U_i h[t-1] + p_i c[t-1] + b_i), f alike, o with the new c
// g = tanh(W_g x + U_g h[t-1] + b_g),  c = f c[t-1] + i g,  h = o tanh(c)
Cell lstm_peephole() {
  return {"lstm_peephole", "Long short-term memory with diagonal peepholes",
          "Gers et al. 2002, Graves 2013; the LSTM of Chung et al. 2014, arXiv:1412.3555",
          "peepholes are vectors: i and f look at the old c, o at the new c; one bias a gate, "
          "forget bias 1; W Glorot uniform, U orthogonal, peepholes and other biases zero",
          [](const CellSizes& sizes) {
            StepBuilder b("lstm_peephole");
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", sizes.hidden);
            const Var c = b.state("c", sizes.hidden);
            // A statement each: the order of parameters must not depend on the compiler.
            const auto gate = [&](const std::string& name, Var state, double bias) {
              const Var in = gate_input(b, sizes, name, x, h, bias);
              const Var p = b.parameter("p_" + name, {sizes.hidden}, Initialiser::zeros());
              return b.let(name, sigmoid(in + p * state));
            };
            const Var i = gate("i", c, 0.0);
            const Var f = gate("f", c, 1.0);
            const Var g = b.let("g", tanh(gate_input(b, sizes, "g", x, h)));
            const Var c_new = b.set_state("c", f * c + i * g);
            const Var o = gate("o", c_new, 0.0);
            b.set_state("h", o * tanh(c_new));
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
