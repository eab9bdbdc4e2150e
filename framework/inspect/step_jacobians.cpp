#include "inspect/step_jacobians.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <xtensor-blas/xlinalg.hpp>

#include "op/functions.hpp"
#include "program/rewrite.hpp"
#include "program/steps.hpp"
#include "tensor/interrupt.hpp"
#include "tensor/xtensor.hpp"

namespace carousel {
namespace {

std::vector<Var> constants(Tape<double>& tape, const std::vector<Tensor<double>>& values) {
  std::vector<Var> vars;
  for (const Tensor<double>& value : values) vars.push_back(tape.constant(value));
  return vars;
}

std::vector<Tensor<double>> values_of(const Tape<double>& tape, const std::vector<Var>& vars) {
  std::vector<Tensor<double>> values;
  for (const Var var : vars) values.push_back(tape.value(var).clone());
  return values;
}

// As many copies below each other.
Tensor<double> repeated(const Tensor<double>& row, Index times) {
  Shape shape = row.shape();
  shape[0] = times;
  Tensor<double> rows = Tensor<double>::uninitialised(shape);
  for (Index i = 0; i < times; ++i) {
    std::ranges::copy(row.values(), rows.data() + i * row.numel());
  }
  return rows;
}

std::vector<Tensor<double>> repeated(const std::vector<Tensor<double>>& rows, Index times) {
  std::vector<Tensor<double>> all;
  for (const Tensor<double>& row : rows) all.push_back(repeated(row, times));
  return all;
}

xt::xtensor<double, 2> matrix_of(const Tensor<double>& tensor) {
  if (tensor.shape().rank() != 2) {
    fail_input("got a tensor {}, expected a matrix", tensor.shape().to_string());
  }
  return as_xt(tensor);
}

}  // namespace

Index state_size(const StepProgram& program) {
  Index size = 0;
  for (const ProgramState& state : program.states) size += row_size(state.shape);
  return size;
}

std::vector<Trajectory> trajectories(const HeardModel& model, ExampleId id, Index most_steps) {
  std::vector<Trajectory> all;
  Listener listener;
  model.run({&id, 1}, listener, [&](const HeardPass& pass) {
    for (const HeardScan& scan : listener.scans) {
      Trajectory way{scan.place, scan.program, values_of(pass.tape, scan.parameters), {}, {}};
      const Index length = scan.lengths.empty() ? scan.inputs[0].shape()[0] : scan.lengths[0];
      std::vector<Tensor<double>> states = values_of(pass.tape, scan.states);
      for (Index k = 0; k < std::min(length, most_steps); ++k) {
        const Index t = scan.reverse ? length - 1 - k : k;
        std::vector<Tensor<double>> now;
        for (const Var input : scan.inputs) {
          const Var row = reshape(slice(input, 0, t, 1), {1, input.shape()[2]});
          now.push_back(pass.tape.value(row).clone());
        }
        Tape<double> step;
        const std::vector<Var> parameters = constants(step, way.parameters);
        const StepResult result =
            run_step(*scan.program, parameters, constants(step, now), constants(step, states));
        way.inputs.push_back(std::move(now));
        way.states.push_back(std::move(states));
        states = values_of(step, result.states);
      }
      all.push_back(std::move(way));
    }
  });
  return all;
}

Tensor<double> step_jacobian(const StepProgram& program,
                             const std::vector<Tensor<double>>& parameters,
                             const std::vector<Tensor<double>>& inputs,
                             const std::vector<Tensor<double>>& states) {
  // As many copies of the sequence as there are state elements: copy i asks for the gradient of
  // element i alone, so one way back gives all rows.
  const Index size = state_size(program);
  Tape<double> tape;
  const std::vector<Var> given = leaves(tape, repeated(states, size));
  const StepResult result = run_step(program, constants(tape, parameters),
                                     constants(tape, repeated(inputs, size)), given);
  Var asked = constant(tape, 0.0);
  Index first = 0;
  for (std::size_t s = 0; s < states.size(); ++s) {
    Tensor<double> own = Tensor<double>::zeros(given[s].shape());
    const Index width = row_size(program.states[s].shape);
    for (Index i = 0; i < width; ++i) own.data()[(first + i) * width + i] = 1.0;
    asked = asked + sum(result.states[s] * tape.constant(std::move(own)));
    first += width;
  }
  const std::vector<Tensor<double>> gradients = tape.gradients(asked, given);
  Tensor<double> jacobian = Tensor<double>::uninitialised({size, size});
  first = 0;
  for (const Tensor<double>& gradient : gradients) {
    const Index width = gradient.numel() / size;
    for (Index i = 0; i < size; ++i) {
      std::copy_n(gradient.data() + i * width, width, jacobian.data() + i * size + first);
    }
    first += width;
  }
  return jacobian;
}

StepProgram without_matrix_paths(const StepProgram& program) {
  StepProgram held = program;
  const std::size_t nodes = held.nodes.size();
  for (std::size_t i = 0; i < nodes; ++i) {
    if (!is_op(held, static_cast<int>(i), "matmul")) continue;
    for (std::size_t k = 0; k < held.nodes[i].inputs.size(); ++k) {
      const int input = append_op(held, "stop_gradient", {held.nodes[i].inputs[k]});
      held.nodes[i].inputs[k] = input;
    }
  }
  return simplified(held);
}

std::vector<double> absolute_eigenvalues(const Tensor<double>& matrix) {
  const auto values = xt::linalg::eigvals(matrix_of(matrix));
  std::vector<double> absolute;
  for (const std::complex<double> value : values) absolute.push_back(std::abs(value));
  std::ranges::sort(absolute, std::greater<>());
  return absolute;
}

std::vector<double> singular_values(const Tensor<double>& matrix) {
  const auto values = std::get<1>(xt::linalg::svd(matrix_of(matrix), false, false));
  return {values.begin(), values.end()};
}

std::vector<double> lyapunov_exponents(const std::vector<Tensor<double>>& jacobians) {
  xt::xtensor<double, 2> q = xt::eye<double>(static_cast<std::size_t>(jacobians[0].shape()[0]));
  std::vector<double> sums(q.shape()[0]);
  for (const Tensor<double>& jacobian : jacobians) {
    poll_stop();
    const xt::xtensor<double, 2> product = xt::linalg::dot(matrix_of(jacobian), q);
    const auto [next, r] = xt::linalg::qr(product);
    q = next;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += std::log(std::abs(r(i, i)));
  }
  for (double& sum : sums) sum /= static_cast<double>(jacobians.size());
  std::ranges::sort(sums, std::greater<>());
  return sums;
}

}  // namespace carousel
