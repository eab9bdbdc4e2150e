#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// i = sigmoid(W_i x + U_i h[t-1] + p_i c[t-1] + b_i), f alike, o with the new c
// g = tanh(W_g x + U_g h[t-1] + b_g),  c = f c[t-1] + i g,  h = o tanh(c)
Cell lstm_peephole() {
  return {
      "lstm_peephole", "Long short-term memory with diagonal peepholes",
      "Gers et al. 2002, Graves 2013; the LSTM of Chung et al. 2014, arXiv:1412.3555",
      "peepholes are vectors: i and f look at the old c, o at the new c; one bias a gate, "
      "forget bias 1; W Glorot uniform, U orthogonal, peepholes and other biases zero",
      [](const CellSizes& sizes) {
        StepBuilder b("lstm_peephole");
        const Var x = b.input("x", sizes.input);
        const Var h = b.state("h", sizes.hidden);
        const Var c = b.state("c", sizes.hidden);
        const auto peephole = [&](const std::string& name, Var state) {
          return b.parameter("p_" + name, {sizes.hidden}, Initialiser::zeros()) * state;
        };
        const Var i = b.let("i", sigmoid(gate_input(b, sizes, "i", x, h) + peephole("i", c)));
        const Var f = b.let("f", sigmoid(gate_input(b, sizes, "f", x, h, 1.0) + peephole("f", c)));
        const Var g = b.let("g", tanh(gate_input(b, sizes, "g", x, h)));
        const Var c_new = b.set_state("c", f * c + i * g);
        const Var o = b.let("o", sigmoid(gate_input(b, sizes, "o", x, h) + peephole("o", c_new)));
        b.set_state("h", o * tanh(c_new));
        b.set_output("h");
        return b.finish();
      }};
}

}  // namespace carousel
