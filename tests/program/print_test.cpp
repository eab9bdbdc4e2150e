#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "op/composites.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

// y = what `make` gives of x [3] and h[t-1] [3].
StepProgram program_with(const std::function<Var(StepBuilder&, Var, Var)>& make) {
  StepBuilder b("test");
  const Var x = b.input("x", 3), h = b.state("h", 3);
  b.let("y", make(b, x, h));
  b.set_state("h", tanh(x));
  b.set_output("y");
  return b.finish();
}

std::string text_of(const std::function<Var(StepBuilder&, Var, Var)>& make) {
  const std::string text = to_text(program_with(make));
  const std::size_t begin = text.find("y = ") + 4;
  return text.substr(begin, text.find('\n', begin) - begin);
}

TEST(ToText, PrintsDeclarations) {
  StepBuilder b("U.net 2");
  const Var x = b.input("x", 3), dt = b.input("dt", 1, 0.5);
  const Var h = b.state("h", 3, -0.1), older = b.state("h[t-1]", 3), old_x = b.state("x", 3);
  const Var m = b.state("M", Shape{3, 2});
  b.set_initial("M", tanh(b.parameter("start", {3, 2}, Initialiser::ones())) * 2.0);
  const Var u = b.parameter("U.1", {3, 3}, Initialiser::orthogonal(), false);
  const Var other = b.parameter("U_1", {3}, Initialiser::uniform(0.3));
  b.set_next("h[t-1]", h);
  b.set_next("x", x);
  b.set_state("M", m);
  b.set_state("h", linear(h, u) + other * older + dt * old_x);
  b.set_output("h");
  EXPECT_EQ(to_text(b.finish()),
            "cell U_net_2\n"
            "input dt : [1] default 0.5\n"
            "param start : [3, 2] init constant(1)\n"
            "param U_1_2 : [3, 3] init orthogonal(1) fixed\n"
            "param U_1 : [3] init uniform(0.3)\n"
            "state h : [3]\n"
            "state M : [3, 2]\n"
            "initial h = -0.1\n"
            "initial M = tanh(start) * 2\n"
            "M = M[t-1]\n"
            "h = U_1_2 @ h[t-1] + U_1 * h[t-2] + dt * x[t-1]\n"
            "output h\n");
}

TEST(ToText, PrintsAsFewBracketsAsItCan) {
  EXPECT_EQ(text_of([](auto&, Var x, Var h) { return (x + h) * h - x * (h * h); }),
            "(x + h[t-1]) * h[t-1] - x * (h[t-1] * h[t-1])");
  EXPECT_EQ(text_of([](auto&, Var x, Var h) { return x + (-h); }), "x + (-h[t-1])");
  EXPECT_EQ(text_of([](auto&, Var x, Var h) { return -(x * h) - 2.0; }), "-(x * h[t-1]) - 2");
  EXPECT_EQ(text_of([](auto&, Var x, Var h) { return less(x, h) * (x * -3.0); }),
            "(x < h[t-1]) * (x * (-3))");
}

TEST(ToText, NumbersReadBackToTheSameBits) {
  for (const double n : {0.1, 1.0 / 3.0, 1e-300, 123456789.123456789, 2.0}) {
    const std::string text = text_of([&](auto&, Var x, Var) { return x * n; });
    EXPECT_EQ(std::stod(text.substr(4)), n) << text;
  }
}

TEST(ToText, NamesWhatIsReadTwiceAndRepeatsWhatIsShort) {
  const std::string text = to_text(program_with([](auto&, Var x, Var h) {
    const Var s = tanh(x * h + 1.0), one_minus = 1.0 - x;
    return s * s + one_minus * h * one_minus;
  }));
  EXPECT_THAT(text, HasSubstr("v1 = tanh(x * h[t-1] + 1)\n"
                              "y = v1 * v1 + (1 - x) * h[t-1] * (1 - x)\n"));
}

TEST(ToText, KnowsCompositesByTheirParts) {
  for (const Composite& composite : composites()) {
    const std::string name(composite.name);
    EXPECT_EQ(text_of([&](auto&, Var x, Var h) { return composite.function(x + h); }),
              name + "(x + h[t-1])");
    const std::string named_part =
        text_of([&](auto& b, Var x, Var h) { return composite.function(b.let("s", x * h)) * h; });
    EXPECT_EQ(named_part, name + "(s) * h[t-1]");
  }
  // A part that has a name of its own is shown by it.
  EXPECT_EQ(text_of([](auto& b, Var x, Var) {
              const Var line = b.let("line", x / 6.0 + 0.5);
              return maximum(minimum(line, constant(b, 1.0)), constant(b, 0.0));
            }),
            "max(min(line, 1), 0)");
  EXPECT_EQ(text_of([](auto& b, Var x, Var) {
              return maximum(minimum(x / 5.0 + 0.5, constant(b, 1.0)), constant(b, 0.0));
            }),
            "max(min(x / 5 + 0.5, 1), 0)");
  EXPECT_EQ(text_of([](auto&, Var x, Var) {
              return x - sum_to(x, {batch_dim, 1}) / 3.0;
            }),
            "x - mean(x)");
  EXPECT_EQ(text_of([](auto&, Var x, Var h) {
              const Var column = reshape(x, {batch_dim, 3, 1}), row = reshape(h, {batch_dim, 1, 3});
              return sum_to(column * row, {batch_dim, 3, 1});
            }),
            "reshape(sum(outer(x, h[t-1])), [3, 1])");
}

// Every op of the table prints; those that the language lacks appear under their own name.
TEST(ToText, PrintsEveryOp) {
  for (const Op& op : op_table()) {
    for (const Example& example : op.examples) {
      StepBuilder b("test");
      b.input("x", 3);
      std::vector<Var> in;
      for (const Shape& shape : example.shapes) {
        in.push_back(b.parameter("p" + std::to_string(in.size()), shape, Initialiser::zeros()));
      }
      b.let("y", b.apply(op, in, example.attributes));
      b.set_output("y");
      const std::string text = to_text(b.finish()), latex = to_latex(b.finish());
      for (std::size_t k = 0; k < in.size(); ++k) {
        const std::string name = "p" + std::to_string(k);
        EXPECT_NE(text.find(name, text.find("y = ")), std::string::npos) << op.name << "\n" << text;
        EXPECT_NE(latex.find("p_{" + std::to_string(k)), std::string::npos) << latex;
      }
    }
  }
}

TEST(ToLatex, PrintsTheGru) {
  EXPECT_EQ(to_latex(catalogue().find("gru_reset_before").build({4, 3})),
            "\\begin{aligned}\n"
            "z_{t} &= \\sigma\\left(W_{z} x_{t} + U_{z} h_{t-1} + b_{z}\\right) \\\\\n"
            "r_{t} &= \\sigma\\left(W_{r} x_{t} + U_{r} h_{t-1} + b_{r}\\right) \\\\\n"
            "c_{t} &= \\tanh\\left(W_{c} x_{t} + U_{c} \\left(r_{t} \\odot h_{t-1}\\right) + "
            "b_{c}\\right) \\\\\n"
            "h_{t} &= \\left(1 - z_{t}\\right) \\odot h_{t-1} + z_{t} \\odot c_{t} \\\\\n"
            "\\end{aligned}\n");
}

TEST(ToLatex, PrintsGreekLettersFractionsAndPowers) {
  StepBuilder b("test");
  const Var x = b.input("x", 2), h = b.state("h", 2, 0.5);
  const Var alpha = b.parameter("alpha_f", {2}, Initialiser::ones());
  const Var u = b.parameter("U", {2, 2}, Initialiser::glorot());
  const Var a = b.let("A", u - transpose(u));
  const Var c = b.let("c_tilde", exp(linear(h, a) - logsumexp(linear(h, a))));
  b.set_state("h", alpha / (1.0 + abs(x)) * c + sqrt(x) * 1e-5);
  b.set_output("h");
  EXPECT_EQ(to_latex(b.finish()),
            "\\begin{aligned}\n"
            "h_{0} &= 0.5 \\\\\n"
            "A &= U - U^\\top \\\\\n"
            "\\tilde{c}_{t} &= \\exp\\left(A h_{t-1} - "
            "\\mathrm{logsumexp}\\left(A h_{t-1}\\right)\\right) \\\\\n"
            "h_{t} &= \\frac{\\alpha_{f}}{1 + \\left|x_{t}\\right|} \\odot \\tilde{c}_{t} + "
            "\\sqrt{x_{t}} \\, 10^{-5} \\\\\n"
            "\\end{aligned}\n");
}

}  // namespace
}  // namespace carousel
