#include "tape/gradient_check.hpp"

#include <algorithm>
#include <cmath>

#include "tensor/initialiser.hpp"

namespace carousel {
namespace {

std::size_t checked_count(const std::vector<Tensor<double>>& inputs, int checked) {
  return checked < 0 ? inputs.size() : std::min(inputs.size(), static_cast<std::size_t>(checked));
}

double evaluate(const ScalarFunction& function, const std::vector<Tensor<double>>& inputs) {
  Tape<double> tape;
  std::vector<Var> vars;
  for (const auto& input : inputs) vars.push_back(tape.leaf(input));
  return tape.value(function(tape, vars)).item();
}

}  // namespace

std::vector<Tensor<double>> draw_inputs(const Op& op, std::size_t number) {
  const Example& example = op.examples[number];
  Random random(5, Random::hash(op.name, number));
  std::vector<Tensor<double>> inputs;
  for (const Shape& shape : example.shapes) {
    auto input = Tensor<double>::uninitialised(shape);
    for (double& v : input.values()) {
      v = op.low + (op.high - op.low) * random.uniform();
      if (std::abs(v) < 0.05) v += 0.1;
    }
    inputs.push_back(input);
  }
  for (std::size_t k = 0; k < example.fixed.size(); ++k) {
    const std::size_t at = inputs.size() - example.fixed.size() + k;
    if (!example.fixed[k].empty()) {
      inputs[at] = Tensor<double>::from(example.shapes[at], example.fixed[k]);
    }
  }
  return inputs;
}

GradientError check_gradients(const ScalarFunction& function,
                              const std::vector<Tensor<double>>& inputs, int checked, Index most) {
  const std::size_t count = checked_count(inputs, checked);
  Index elements = 0, seen = 0;
  for (std::size_t k = 0; k < count; ++k) elements += inputs[k].numel();
  const Index step = most < 0 ? 1 : std::max<Index>(1, (elements + most - 1) / most);
  Tape<double> tape;
  std::vector<Var> vars;
  for (const auto& input : inputs) vars.push_back(tape.leaf(input));
  const Var loss = function(tape, vars);
  const auto gradients = tape.gradients(loss, std::span(vars).first(count));

  std::vector<Tensor<double>> moved;
  for (const auto& input : inputs) moved.push_back(input.clone());
  GradientError error;
  for (std::size_t k = 0; k < count; ++k) {
    for (Index i = 0; i < inputs[k].numel(); ++i) {
      if (seen++ % step != 0) continue;
      const double x = inputs[k].data()[i];
      const auto at = [&](double shift) {
        moved[k].data()[i] = x + shift;
        return evaluate(function, moved);
      };
      const double exact = gradients[k].data()[i];
      double relative = 0.0, numeric = 0.0;
      for (const double h : {1e-3, 1e-4, 1e-5}) {  // a kink is rarely nearer than the last
        numeric = (8.0 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12.0 * h);
        const double scale = std::max({std::abs(exact), std::abs(numeric), 1e-3});
        relative = std::abs(exact - numeric) / scale;
        if (relative <= 1e-7) break;
      }
      moved[k].data()[i] = x;
      if (!(relative <= error.worst) && !std::isnan(error.worst)) {
        error = {relative,
                 fmt::format("input {}, element {}: tape {}, differences {}", k, i, exact, numeric),
                 k};
      }
    }
  }
  return error;
}

ScalarFunction weighted_gradients(ScalarFunction function, int checked) {
  return
      [function = std::move(function), checked](Tape<double>& tape, const std::vector<Var>& vars) {
        const std::size_t count =
            checked < 0 ? vars.size() : std::min(vars.size(), static_cast<std::size_t>(checked));
        const Var loss = function(tape, vars);
        const auto gradients = tape.recorded_gradients(loss, std::span(vars).first(count));
        Var total = constant(tape, 0.0);
        for (std::size_t k = 0; k < count; ++k) {
          const auto weight = initialise<double>(Initialiser::normal(1.0), vars[k].shape(),
                                                 Random(17, Random::hash("weight", k)));
          total = total + sum(gradients[k] * tape.constant(weight));
        }
        return total;
      };
}

GradientError check_op(const Op& op, std::size_t example, int order) {
  // A scalar of all outputs, curved so that second derivatives do not vanish.
  const ScalarFunction loss = [&op, example](Tape<double>& tape, const std::vector<Var>& in) {
    const Var out = apply(op, in, op.examples[example].attributes);
    const auto weight =
        initialise<double>(Initialiser::normal(1.0), out.shape(), Random(6, "weight"));
    return sum(out * tape.constant(weight) + 0.3 * out * out);
  };
  const auto inputs = draw_inputs(op, example);
  const int checked = std::min(static_cast<int>(inputs.size()), op.differentiable_inputs);
  return check_gradients(order == 1 ? loss : weighted_gradients(loss, checked), inputs, checked);
}

}  // namespace carousel
