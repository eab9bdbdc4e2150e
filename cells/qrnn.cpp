#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// z = tanh(W_z x + V_z x[t-1] + b_z), f = sigmoid(W_f x + V_f x[t-1] + b_f), o alike
// c = f c[t-1] + (1 - f) z,  h = o c
// The state "x" is x[t-1], zero in front of the first step.
Cell qrnn() {
  return {"qrnn", "Quasi-recurrent network, window 2, fo-pooling",
          "Bradbury et al. 2017, arXiv:1611.01576",
          "f = 1 keeps the old state, as in the paper (the authors' code has the other direction); "
          "h is an output, no state; one bias a gate, as in the authors' code (the paper writes "
          "none); W and V Glorot uniform, biases zero",
          [](const CellSizes& sizes) {
            StepBuilder b("qrnn");
            const auto n = sizes.hidden;
            const Var x = b.input("x", sizes.input);
            const Var last = b.state("x", sizes.input);
            const Var c = b.state("c", n);
            const auto convolution = [&](const std::string& name) {
              const Var in = input_map(b, sizes, name, x);
              const Var v = b.parameter("V_" + name, {n, sizes.input}, Initialiser::glorot());
              return in + linear(last, v);
            };
            const Var z = b.let("z", tanh(convolution("z")));
            const Var f = b.let("f", sigmoid(convolution("f")));
            const Var o = b.let("o", sigmoid(convolution("o")));
            const Var c_new = b.set_state("c", f * c + (1.0 - f) * z);
            b.set_next("x", x);
            b.let("h", o * c_new);
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
