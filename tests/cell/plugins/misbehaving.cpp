// A plug-in that is good, or goes wrong in the way that CAROUSEL_MISBEHAVE names.

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "cell/plugin.hpp"

using namespace carousel;

namespace {

template <class T>
void square(const KernelCall<T>& call) {
  for (Index i = 0; i < call.out.numel(); ++i) {
    call.out.data()[i] = call.in[0]->data()[i] * call.in[0]->data()[i];
  }
}

Op square_op(std::string_view name) {
  return {name,
          "x^2",
          1,
          [](const ShapeCall& call) { return *call.in[0]; },
          square<float>,
          square<double>,
          [](const DerivativeCall& d) { return d.grad * (d.in[0] + d.in[0]); },
          {{{Shape{4}}}}};
}

// h = f(W x + h[t-1])
Cell cell(const std::string& name, Var (*f)(Var)) {
  return {name, "A cell of a test", "", "", [=](const CellSizes& sizes) {
            StepBuilder b(name);
            const Var x = b.input("x", sizes.input), h = b.state("h", sizes.hidden);
            const Var w = b.parameter("W", {sizes.hidden, sizes.input}, Initialiser::glorot());
            b.set_state("h", f(linear(x, w) + h));
            b.set_output("h");
            return b.finish();
          }};
}

}  // namespace

CAROUSEL_PLUGIN(registry) {
  const char* set = std::getenv("CAROUSEL_MISBEHAVE");
  const std::string way = set ? set : "";
  Op op = square_op(way == "taken_op" ? "tanh" : "square");
  if (way == "throws") throw std::runtime_error("the licence has run out");
  if (way == "throws_a_number") throw 7;
  if (way == "no_kernel") op.kernel_float = nullptr;
  if (way == "no_example") op.examples.clear();
  if (way == "first_derivative") {
    op.derivative = [](const DerivativeCall& d) { return d.grad * d.in[0]; };
  }
  if (way == "second_derivative") {
    op.derivative = [](const DerivativeCall& d) { return d.grad * (2.0 * stop_gradient(d.in[0])); };
  }
  registry.add(op);
  if (way == "taken_cell") registry.add(cell("lstm", tanh));
  if (way == "no_name") registry.add(cell("", tanh));
  if (way == "build_throws") registry.add(cell("thrower", [](Var x) { return linear(x, x); }));
  if (way == "not_finite") registry.add(cell("unbounded", [](Var x) { return log(x - x - 1.0); }));
  if (way == "own_tanh") {
    registry.add(cell("stranger", [](Var x) {
      static const Op tanh_of_its_own = square_op("tanh");
      return carousel::apply(tanh_of_its_own, std::array{x});
    }));
  }
  registry.add(
      cell("good", [](Var x) { return carousel::apply(find_op("square"), std::array{tanh(x)}); }));
}
