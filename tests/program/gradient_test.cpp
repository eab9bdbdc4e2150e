// What of a step program no gradient reaches.

#include <gtest/gtest.h>

#include "program/differentiate.hpp"

namespace carousel {
namespace {

TEST(ParametersWithoutGradient, AreThoseBehindComparisonsAlone) {
  StepBuilder b("t");
  const Var x = b.input("x", 2), h = b.state("h", 2);
  const auto parameter = [&](const char* name, bool trained = true) {
    return b.parameter(name, {2}, Initialiser::ones(), trained);
  };
  const Var fixed = parameter("fixed", false), compared = parameter("compared");
  const Var asked = parameter("asked"), stopped = parameter("stopped"), used = parameter("used");
  const Var later = parameter("later"), start = parameter("start");
  const Var m = b.state("m", 2);
  b.set_initial("m", start);
  b.set_state("m", m + later * x);
  const Var y = where(less(asked, x), step(compared * x), stop_gradient(stopped) * fixed);
  b.set_state("h", y + used * h + m);
  b.set_output("h");
  EXPECT_EQ(parameters_without_gradient(b.finish()),
            (std::vector<std::string>{"compared", "asked", "stopped"}));
}

}  // namespace
}  // namespace carousel
