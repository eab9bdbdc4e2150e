#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// z = sigmoid(W_z x + b_z),  r = sigmoid(W_r x + U_r h[t-1] + b_r)
// c = tanh(U_c (r h[t-1]) + tanh(W_c x) + b_c),  h = (1 - z) h[t-1] + z c
Cell mut1() {
  return {"mut1", "Mutated architecture 1 (MUT1)",
          "Jozefowicz et al. 2015, An Empirical Exploration of Recurrent Network Architectures",
          "tanh(W_c x) where the paper has tanh(x), which needs an input as wide as the state; "
          "z reads the input only, z = 1 takes the candidate; reset multiplies h before U_c; one "
          "bias a gate; W Glorot uniform, U orthogonal, biases zero",
          [](const CellSizes& sizes) {
            StepBuilder b("mut1");
            const auto n = sizes.hidden;
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", n);
            const Var z = b.let("z", sigmoid(input_map(b, sizes, "z", x)));
            const Var r = b.let("r", sigmoid(gate_input(b, sizes, "r", x, h)));
            const Var w = b.parameter("W_c", {n, sizes.input}, Initialiser::glorot());
            const Var u = b.parameter("U_c", {n, n}, Initialiser::orthogonal());
            const Var bias = b.parameter("b_c", {n}, Initialiser::zeros());
            const Var c = b.let("c", tanh(linear(r * h, u) + tanh(linear(x, w)) + bias));
            b.set_state("h", (1.0 - z) * h + z * c);
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
