#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// z = sigmoid(W_z x + b_z),  c = W_c x + b_c,  h = (1 - z) h[t-1] + z c
Cell min_gru() {
  return {"min_gru", "Minimal gated recurrent unit (minGRU)", "Feng et al. 2024, arXiv:2410.01201",
          "the plain form: the candidate is linear and h may be negative, as it may not in the "
          "log-space form; z = 1 takes the candidate; one bias a gate; W Glorot uniform, biases "
          "zero",
          [](const CellSizes& sizes) {
            StepBuilder b("min_gru");
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", sizes.hidden);
            const Var z = b.let("z", sigmoid(input_map(b, sizes, "z", x)));
            const Var c = b.let("c", input_map(b, sizes, "c", x));
            b.set_state("h", (1.0 - z) * h + z * c);
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
