// A program that uses the installed library, and the op of the plug-in that it is given.

#include <array>
#include <carousel/cell/plugin.hpp>
#include <carousel/io/version.hpp>
#include <carousel/program/step_program.hpp>
#include <carousel/tape/tape.hpp>
#include <cstdio>

using namespace carousel;

int main(int, char** argv) {
  CellRegistry registry;
  load_plugin(argv[1], registry, {.check_gradients = true});
  const StepProgram program = registry.find("li_gru_squareplus").build({5, 7});

  Tape<double> tape;
  const Var x = tape.leaf(Tensor<double>::full({}, 1.5));
  const Var y = carousel::apply(find_op("squareplus"), std::array{x});
  const Var slope = tape.recorded_gradients(y, std::array{x})[0];
  const auto second = tape.gradients(slope, std::array{x})[0];
  std::printf("version %s: %td parameters, squareplus(1.5) = %.6f, %.6f, %.6f\n", version(),
              program.parameter_count(), tape.value(y).item(), tape.value(slope).item(),
              second.item());
}
