// Each construct of the cell language in a small cell: its gradients are those of differences, and
// the compiled scan agrees with the tape.

#include <gtest/gtest.h>

#include "catalogue.hpp"
#include "train/cell_check.hpp"

namespace carousel {
namespace {

const std::string with_a_complex_state = R"(
param z : [hidden] complex init normal(1)
state s : [hidden] complex
s = exp(complex(-0.1, 1) * v) * s[t-1] * conj(z) / (2 + z * z) + b
y = re(s) + abs(s) - im(s) ^ 2)";

const std::string with_calls = R"(
use lstm as f
a = f(concat(x, v), h = h[t-1], c = v)
y = f(concat(x, b), h = a, c = f.c) + f.c)";

const std::string with_first_values = R"(
param a : [hidden] init log(-0.5 * log(u))
param P : [hidden, hidden] init permutation fixed
y = P @ v * a)";

// Lines that set y from x [3], h[t-1] [4], W, U, b, and v, which is no 0.
const std::vector<std::string> lines = {
    "y = h[t-1] @ U + (v @ W)[0] * b",
    "S = stack(U, outer(v, h[t-1]))\ny = sum(S @ stack(b, h[t-1]), axis = 0)",
    "S = stack(U, outer(v, h[t-1]))\ny = sum(stack(b, v) @ S + v @ S, axis = 0)",
    "S = stack(U, outer(v, h[t-1])) @ stack(outer(h[t-1], v), U)\ny = sum(S, axis = 0) @ b",
    "state S : [2, 2, hidden, hidden]\nS = 0.5 * S[t-1] + outer(v, v) * x[0]\ny = S[0, 1] @ h[t-1]",
    "y = softmax(outer(v, h[t-1]), axis = 0) @ b + max(outer(v, b), axis = 0)",
    "y = mean(outer(v, h[t-1]), axis = 0) * prod(v) + cumprod(v) + min(v)",
    "y = unit(v) * norm(h[t-1], 0.1) + layer_norm(outer(v, b), axis = 0)[1]",
    "y = sort(v) * topk(h[t-1], 2)[1] + take(v, argsort(h[t-1])) + put(v, argsort(v), hidden)",
    "y = hardmax(v) * one_hot(argmax(h[t-1]), hidden) * v",
    "y = pow(exp(v), b) + pow(h[t-1], 3) + atanh(0.5 * tanh(v)) + asinh(h[t-1])",
    "y = safe_div(v, exp(b)) + safe_mul(v, h[t-1]) + where(v > 0, sqrt(v), 0)",
    "y = where(v > 0, log(v), 0) + where(v > 0, b / v, 0)",
    "y = solve(4 * eye(hidden) + outer(v, v), h[t-1]) + solve(4 * eye(hidden) + U, v)",
    "A = 4 * eye(hidden) + outer(v, b)\ny = inverse(A) @ v + solve(A, outer(b, h[t-1])) @ b",
    "E = 4 * eye(hidden)\nA = stack(E + outer(v, b), E)\ny = solve(A, stack(v, b))[0]",
    "y = v * t / (1 + t) + x[0] * pi",
    "y = v * t / length + where(t == length, b, 0)",
    "hyper phi = tanh\nhyper s = orthogonal\nparam V : [hidden, hidden] init s\ny = phi(V @ v)",
    "noise n : [hidden] normal\nnoise u : [hidden] uniform\ny = v + n * exp(b) - log(-log(u)) * b",
    "noise m : [hidden] bernoulli(0.5) each sequence\nnoise d : [1] dropout(0.3)\ny = m * v * d",
    "loss kl weight 0.1 = sum(v ^ 2)\nloss l = h[t-1][0]\ny = v + where(training, 1, 2)",
    "y = grad(sum(tanh(v) * b), v)",
    "M = outer(v, h[t-1])\nl = sum((M @ b - v) ^ 2)\ng = grad(l, M)\ny = (M - 0.1 * g) @ b",
    "s = softmax(v)\ny = grad(logsumexp(s * b) + prod(s) + norm(sort(s)), s)",
    "s = cumsum(v) * b\nl = sum(take(s, argsort(s)) ^ 2)\ny = grad(l + dot(s, U @ s), s)",
    "A = 4 * eye(hidden) + outer(v, v)\nl = dot(v, solve(A, v))\ny = grad(l, v)",
    "s = v\nrepeat k in 1..3 {\n s = tanh(U @ s + k)\n collect a = s\n}\ny = sum(a, axis = 0)",
    with_a_complex_state,
    "param Z : [hidden, hidden] complex\ny = re(Z @ complex(v, h[t-1])) + im(complex(b, v) @ Z)",
    with_calls,
    "use lstm as f\na = f(x)\ny = f(x, h = a, c = f.c)",
    with_first_values,
};

class Construct : public testing::TestWithParam<std::string> {};

TEST_P(Construct, HasItsGradientAndItsScan) {
  CellRegistry registry;
  register_catalogue(registry);
  registry.add_text(
      "cell construct\nparam W : [hidden, input] init normal(1)\n"
      "param U : [hidden, hidden] init normal(0.5)\nparam b : [hidden] init normal(1)\n"
      "v = W @ x + 0.3 * b\n" +
          GetParam() + "\nh = tanh(y + U @ h[t-1])\noutput h\n",
      "construct.cell");
  int passed = 0;
  CheckListener listener;
  listener.done = [&](const CheckStep& step) {
    if (step.name == "learns") return;
    EXPECT_TRUE(step.passed) << step.name << ": " << step.detail;
    ++passed;
  };
  check_cell(registry.find("construct"), {.seconds = 0.001}, listener);
  EXPECT_EQ(passed, 3);
}

INSTANTIATE_TEST_SUITE_P(Language, Construct, testing::ValuesIn(lines));

}  // namespace
}  // namespace carousel
