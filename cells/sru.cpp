#include "cells/catalogue.hpp"
#include "cells/gate.hpp"

namespace carousel {

// f = sigmoid(W_f x + v_f c[t-1] + b_f), r alike, v_f and v_r vectors
// c = f c[t-1] + (1 - f) (W_c x),  h = r c + (1 - r) x
// Where x is not as wide as c, h has W_x x in place of x.
Cell sru() {
  return {"sru", "Simple recurrent unit", "Lei et al. 2018, arXiv:1709.02755 version 5",
          "both gates look at the old c; f = 1 keeps it, r = 1 takes it; h is an output, no state; "
          "no activation on c, no scale on x; x has a matrix W_x where the input is not as wide as "
          "the state; one bias a gate, none on W_c x; W Glorot uniform, v and biases zero",
          [](const CellSizes& sizes) {
            StepBuilder b("sru");
            const auto n = sizes.hidden;
            const Var x = b.input("x", sizes.input);
            const Var c = b.state("c", n);
            // A statement each: the order of parameters must not depend on the compiler.
            const auto gate = [&](const std::string& name) {
              const Var in = input_map(b, sizes, name, x);
              const Var v = b.parameter("v_" + name, {n}, Initialiser::zeros());
              return b.let(name, sigmoid(in + v * c));
            };
            const Var f = gate("f");
            const Var r = gate("r");
            const Var w = b.parameter("W_c", {n, sizes.input}, Initialiser::glorot());
            const Var c_new = b.set_state("c", f * c + (1.0 - f) * linear(x, w));
            Var highway = x;
            if (sizes.input != n) {
              highway = linear(x, b.parameter("W_x", {n, sizes.input}, Initialiser::glorot()));
            }
            b.let("h", r * c_new + (1.0 - r) * highway);
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace carousel
