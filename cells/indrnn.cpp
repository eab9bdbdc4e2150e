#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// h = relu(W_h x + u_h h[t-1] + b_h), u_h a vector
Cell indrnn() {
  return {"indrnn", "Independently recurrent network", "Li et al. 2018, arXiv:1803.04831",
          "relu; one bias; u is not clipped while training; W Glorot uniform, u uniform in -1 to 1 "
          "(in the authors' code 0 to 1), b zero",
          [](const CellSizes& sizes) {
            StepBuilder b("indrnn");
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", sizes.hidden);
            const Var in = input_map(b, sizes, "h", x);
            const Var u = b.parameter("u_h", {sizes.hidden}, Initialiser::uniform(1.0));
            b.set_state("h", relu(in + u * h));
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
