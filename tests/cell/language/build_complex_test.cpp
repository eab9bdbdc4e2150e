// Values of complex parameters, states and functions, against std::complex.

#include <gmock/gmock.h>

#include <complex>

#include "build_fixtures.hpp"

namespace carousel {
namespace {

using Complex = std::complex<double>;

const std::vector<Complex> z = {{0.5, -1}, {-2, 0.25}}, w = {{1.5, 2}, {0.75, -0.5}};

// re and im of an expression of z, w and x = (0.5, -2).
void expect_complex(const std::string& expression, const std::vector<Complex>& expected) {
  SCOPED_TRACE(expression);
  Numbers parts;
  for (const Complex& c : expected) parts.push_back(c.real());
  for (const Complex& c : expected) parts.push_back(c.imag());
  const Numbers got = y_of("param z, w : [2] complex\nparam A : [2, 2] complex\nv = " + expression +
                               "\ny = concat(re(v), im(v)) + 0 * x[0]",
                           {{"z.re", {0.5, -2}},
                            {"z.im", {-1, 0.25}},
                            {"w.re", {1.5, 0.75}},
                            {"w.im", {2, -0.5}},
                            {"A.re", {1, 0, 2, -1}},
                            {"A.im", {0, 1, 1, 0.5}}});
  expect_near(got, parts, 1e-9);
}

std::vector<Complex> each(Complex (*f)(Complex, Complex)) { return {f(z[0], w[0]), f(z[1], w[1])}; }

TEST(ComplexValues, Operators) {
  expect_complex("z + w", each([](Complex a, Complex b) { return a + b; }));
  expect_complex("z - w", each([](Complex a, Complex b) { return a - b; }));
  expect_complex("z * w", each([](Complex a, Complex b) { return a * b; }));
  expect_complex("z / w", each([](Complex a, Complex b) { return a / b; }));
  expect_complex("-z", each([](Complex a, Complex) { return -a; }));
  expect_complex("2 - z", each([](Complex a, Complex) { return 2.0 - a; }));
  expect_complex("2 / z", each([](Complex a, Complex) { return 2.0 / a; }));
  expect_complex("z / 2 + 1", each([](Complex a, Complex) { return a / 2.0 + 1.0; }));
  expect_complex("z ^ 3", each([](Complex a, Complex) { return a * a * a; }));
  expect_complex("z ^ -2", each([](Complex a, Complex) { return 1.0 / (a * a); }));
  expect_complex("z * x", {z[0] * 0.5, z[1] * -2.0});
}

TEST(ComplexValues, Functions) {
  expect_complex("exp(z)", each([](Complex a, Complex) { return std::exp(a); }));
  expect_complex("conj(z)", each([](Complex a, Complex) { return std::conj(a); }));
  expect_complex("abs(z) + 0 * z", each([](Complex a, Complex) { return Complex(std::abs(a)); }));
  expect_complex("complex(im(z), re(w))",
                 each([](Complex a, Complex b) { return Complex(a.imag(), b.real()); }));
  expect_complex("complex(x, 3)", {{0.5, 3}, {-2, 3}});
  expect_complex("sum(z) * w", {(z[0] + z[1]) * w[0], (z[0] + z[1]) * w[1]});
  expect_complex("concat(z, x)[1:3]", {z[1], 0.5});
  expect_complex("where(x > 0, z, w)", {z[0], w[1]});
  expect_complex("roll(z, 1)", {z[1], z[0]});
  expect_complex("stop_gradient(z)", z);
}

TEST(ComplexValues, Products) {
  const Complex a00(1, 0), a01(0, 1), a10(2, 1), a11(-1, 0.5);
  expect_complex("A @ z", {a00 * z[0] + a01 * z[1], a10 * z[0] + a11 * z[1]});
  expect_complex("z @ A", {a00 * z[0] + a10 * z[1], a01 * z[0] + a11 * z[1]});
  expect_complex("transpose(A) @ x", {a00 * 0.5 - a10 * 2.0, a01 * 0.5 - a11 * 2.0});
  expect_complex("A[1]", {a10, a11});
}

TEST(ComplexValues, Collected) {
  const Numbers got = y_of(
      "param z : [2] complex\nrepeat k in 1..2 {\n collect all = z * k + x\n}\n"
      "y = concat(re(all[1]), im(all[1]))",
      {{"z.re", {0.5, -2}}, {"z.im", {-1, 0.25}}});
  expect_near(got, {1.5, -6, -2, 0.5});
}

TEST(ComplexValues, AState) {
  const StepProgram program =
      program_of(cell_text("state h : [2] complex\ninitial h = complex(0.5, 1)\n"
                           "h = h[t-1] * complex(0.6, 0.8) + x\ny = re(h)"));
  ASSERT_EQ(program.states.size(), 2u);
  EXPECT_EQ(program.states[1].name, "h.im");
  EXPECT_THAT(to_text(program), testing::HasSubstr("initial h_im = 1\n"));
  OneStep step(program, {{"x", {0.5, -2}}, {"h.re[t-1]", {1, 2}}, {"h.im[t-1]", {-1, 0.5}}});
  expect_near(step.next("h.re"), {0.6 + 0.8 + 0.5, 1.2 - 0.4 - 2});
  expect_near(step.next("h.im"), {0.8 - 0.6, 1.6 + 0.3});
}

TEST(ComplexValues, Messages) {
  const auto of = [](const std::string& lines) { return says("param z : [2] complex\n" + lines); };
  EXPECT_EQ(of("y = tanh(z) + x"),
            "z is complex [2], expected a real value: re(..), im(..) or abs(..) of it");
  EXPECT_EQ(of("y = z > x"), "complex values have no order: compare re(..), im(..) or abs(..)");
  EXPECT_EQ(of("y = z * x"), "the output y is complex [2]: output re(y), or concat(re(y), im(y))");
  EXPECT_EQ(of("state h : [2]\nh = h[t-1] * z\ny = x"),
            "h is complex [2], h[t-1] is real: add state h : [input] complex");
  EXPECT_EQ(of("loss l = sum(z)\ny = x"),
            "sum(z) is complex [1], expected a real value: re(..), im(..) or abs(..) of it");
  EXPECT_EQ(of("y = z + arange(3)"), "z is complex [2], arange(3) is [3]");
  EXPECT_EQ(of("y = re(where(x, z, arange(3)))"), "x is [2], z is complex [2], arange(3) is [3]");
  EXPECT_EQ(of("y = where(z, x, x)"),
            "z is complex [2], expected a real value: re(..), im(..) or abs(..) of it");
}

}  // namespace
}  // namespace carousel
