#include "squareplus.hpp"

using namespace carousel;

// z = sigmoid(W_z x + U_z h[t-1] + b_z)
// c = squareplus(W_c x + U_c h[t-1] + b_c)
// h = z h[t-1] + (1 - z) c
Cell li_gru_squareplus() {
  return {"li_gru_squareplus", "Light GRU with squareplus for relu",
          "after Ravanelli et al. 2018, arXiv:1803.10225",
          "no reset gate; z = 1 keeps the old state; one bias a gate; no batch normalisation; "
          "W Glorot uniform, U orthogonal, biases zero",
          [](const CellSizes& sizes) {
            StepBuilder b("li_gru_squareplus");
            const Index n = sizes.hidden;
            const Var x = b.input("x", sizes.input);
            const Var h = b.state("h", n);
            // A statement each: the order of parameters must not depend on the compiler.
            const auto map = [&](const std::string& gate) {
              const Var w = b.parameter("W_" + gate, {n, sizes.input}, Initialiser::glorot());
              const Var u = b.parameter("U_" + gate, {n, n}, Initialiser::orthogonal());
              const Var bias = b.parameter("b_" + gate, {n}, Initialiser::zeros());
              return linear(x, w) + linear(h, u) + bias;
            };
            const Var z = b.let("z", sigmoid(map("z")));
            const Var c = b.let("c", squareplus(map("c")));
            b.set_state("h", z * h + (1.0 - z) * c);
            b.set_output("h");
            return b.finish();
          }};
}
