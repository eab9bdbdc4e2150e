#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// h = tanh(W x + U h[t-1] + b)
Cell rnn_tanh() {
  return {"rnn_tanh", "Simple recurrent network with tanh",
          "Elman 1990; the tanh unit of Chung et al. 2014, arXiv:1412.3555",
          "one bias; W Glorot uniform, U orthogonal, b zero", [](const CellSizes& sizes) {
            StepBuilder b("rnn_tanh");
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", sizes.hidden);
            b.set_state("h", tanh(gate_input(b, sizes, "h", x, h)));
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
