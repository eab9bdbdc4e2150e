// The ops in step programs whose values are matrices for each sequence: shape and derivative rules
// where the leading size is not known. The derivatives are compared with differences.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "program/differentiate.hpp"
#include "program/steps.hpp"

namespace carousel {
namespace {

constexpr Index batch = 3;

/// A value that an expression reads: one for each sequence, or one parameter.
struct Operand {
  Shape shape;  // of one sequence
  bool batched = true;
};

struct Case {
  std::string name;
  std::vector<Operand> operands;
  std::function<Var(std::span<const Var>)> expression;
  double low = -2.0, high = 2.0;
  std::vector<std::vector<double>> fixed = {};  // one sequence's values for the operands from the
                                                // last on; these have no gradient
};

Shape behind_batch(const Shape& shape, Index leading = batch_dim) {
  Shape out{leading};
  for (const Index dim : shape) out.push_back(dim);
  return out;
}

StepProgram program_of(const Case& c) {
  StepBuilder b(c.name);
  std::vector<Var> operands;
  for (std::size_t k = 0; k < c.operands.size(); ++k) {
    const Operand& operand = c.operands[k];
    const std::string name = fmt::format("v{}", k);
    if (!operand.batched) {
      operands.push_back(b.parameter(name, operand.shape, Initialiser::zeros()));
    } else {
      const Var flat = b.input(name, operand.shape.numel());
      operands.push_back(reshape(flat, behind_batch(operand.shape)));
    }
  }
  b.input("x", 1);  // a program has an input
  const Var value = c.expression(operands);
  Index size = 1;
  for (int i = 1; i < value.shape().rank(); ++i) size *= value.shape()[i];
  EXPECT_EQ(value.shape()[0], batch_dim) << c.name;
  b.let("y", reshape(value, {batch_dim, size}));
  b.set_output("y");
  return b.finish();
}

std::vector<Tensor<double>> draw(const Case& c) {
  std::vector<Tensor<double>> all;
  Random random(9, c.name);
  for (std::size_t k = 0; k < c.operands.size(); ++k) {
    const Operand& operand = c.operands[k];
    const std::size_t first_fixed = c.operands.size() - c.fixed.size();
    auto value = Tensor<double>::uninitialised(operand.batched ? Shape{batch, operand.shape.numel()}
                                                               : operand.shape);
    for (Index i = 0; i < value.numel(); ++i) {
      double v = c.low + (c.high - c.low) * random.uniform();
      if (std::abs(v) < 0.05) v += 0.1;
      const bool fixed = k >= first_fixed && !c.fixed[k - first_fixed].empty();
      if (fixed) v = c.fixed[k - first_fixed][static_cast<std::size_t>(i % operand.shape.numel())];
      value.data()[i] = v;
    }
    all.push_back(value);
  }
  return all;
}

/// The values of all nodes of a program, or of its backward step, for the operands of a case.
std::vector<Var> run(Tape<double>& tape, const Case& c, const StepProgram& program,
                     const std::vector<Tensor<double>>& values, const Tensor<double>* gradient) {
  std::vector<Var> inputs, parameters;
  for (std::size_t k = 0; k < values.size(); ++k) {
    (c.operands[k].batched ? inputs : parameters).push_back(tape.constant(values[k]));
  }
  inputs.push_back(tape.constant(Tensor<double>::zeros({batch, 1})));
  if (gradient) inputs.push_back(tape.constant(*gradient));
  return run_nodes(program, parameters, inputs, {});
}

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name << " of";
  for (const Operand& operand : c.operands) {
    *out << " " << operand.shape.to_string() << (operand.batched ? " of each sequence" : "");
  }
}

class BatchedOp : public testing::TestWithParam<Case> {};

TEST_P(BatchedOp, BackwardStepMatchesDifferences) {
  const Case& c = GetParam();
  const StepProgram program = program_of(c);
  const BackwardStep backward = differentiate(program);
  const std::vector<Tensor<double>> values = draw(c);
  const auto weight = initialise<double>(
      Initialiser::normal(1.0), {batch, program.output_shape().back()}, Random(6, "weight"));
  const auto loss = [&](const std::vector<Tensor<double>>& at) {
    Tape<double> tape;
    const Var y = run(tape, c, program, at, nullptr)[static_cast<std::size_t>(program.output)];
    return tape.value(sum(y * tape.constant(weight))).item();
  };
  Tape<double> tape;
  const auto nodes = run(tape, c, backward.program, values, &weight);
  std::size_t next_input = 0, next_parameter = 0;
  for (std::size_t k = 0; k + c.fixed.size() < values.size(); ++k) {
    const int id = c.operands[k].batched ? backward.input_cotangents[next_input++]
                                         : backward.parameter_cotangents[next_parameter++];
    const auto gradient = id < 0 ? Tensor<double>::zeros(values[k].shape())
                                 : tape.value(nodes[static_cast<std::size_t>(id)]);
    ASSERT_EQ(gradient.shape(), values[k].shape());
    for (Index i = 0; i < values[k].numel(); ++i) {
      const auto shifted = [&](double by) {
        std::vector<Tensor<double>> at = values;
        at[k] = values[k].clone();
        at[k].data()[i] += by;
        return loss(at);
      };
      const double h = 1e-3;
      const double difference =
          (8 * (shifted(h) - shifted(-h)) - (shifted(2 * h) - shifted(-2 * h))) / (12 * h);
      EXPECT_NEAR(gradient.data()[i], difference, 1e-6 * std::max(1.0, std::abs(difference)))
          << "operand " << k << ", element " << i;
    }
  }
}

// Each example of an op, with a batch in front of every operand.
Case case_of(const Op& op, std::size_t example) {
  const Example& e = op.examples[example];
  int rank = 0;
  for (const Shape& shape : e.shapes) rank = std::max(rank, shape.rank());
  Case c;
  c.name = fmt::format("{}_{}", op.name, example);
  c.low = op.low;
  c.high = op.high;
  c.fixed = e.fixed;
  for (const Shape& shape : e.shapes) {
    Shape padded;  // shapes are aligned at the last axis, so the batch needs ones behind it
    for (int i = shape.rank(); op.tile && i < rank; ++i) padded.push_back(1);
    for (const Index dim : shape) padded.push_back(dim);
    c.operands.push_back({padded});
  }
  Attributes attributes = e.attributes;
  const std::string_view name = op.name;
  if (name == "reshape") attributes.shape = behind_batch(attributes.shape);
  if (name == "broadcast_to" || name == "sum_to") {
    Shape target;
    const Shape& from = e.shapes[0];
    const int missing = std::max(0, from.rank() - attributes.shape.rank());
    for (int i = 0; i < missing; ++i) target.push_back(1);
    for (const Index dim : attributes.shape) target.push_back(dim);
    Shape padded;
    for (int i = from.rank(); i < target.rank(); ++i) padded.push_back(1);
    for (const Index dim : from) padded.push_back(dim);
    c.operands[0].shape = padded;
    attributes.shape = behind_batch(target);
  }
  if (attributes.axis >= 0) attributes.axis -= rank;
  c.expression = [&op, attributes](std::span<const Var> in) { return apply(op, in, attributes); };
  return c;
}

std::vector<Case> table_cases() {
  // matmul is below; these take tables and matrices of parameters only, or matrices
  // that are far from singular; no derivative.
  const std::vector<std::string_view> left_out = {"matmul", "gather_rows",  "scatter_rows",
                                                  "expm",   "expm_frechet", "inverse",
                                                  "solve",  "stop_gradient"};
  std::vector<Case> cases;
  for (const Op& op : op_table()) {
    if (std::find(left_out.begin(), left_out.end(), op.name) != left_out.end()) continue;
    for (std::size_t e = 0; e < op.examples.size(); ++e) cases.push_back(case_of(op, e));
  }
  return cases;
}

Case product(const std::string& name, Operand a, Operand b, bool ta = false, bool tb = false) {
  return {name, {a, b}, [ta, tb](std::span<const Var> in) { return matmul(in[0], in[1], ta, tb); }};
}

std::vector<Case> product_cases() {
  std::vector<Case> cases;
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      const Shape left = ta ? Shape{4, 2} : Shape{2, 4};
      const Shape right = tb ? Shape{3, 4} : Shape{4, 3};
      const Shape left_4 = behind_batch(left, 2), right_4 = behind_batch(right, 2);
      const std::string kind = fmt::format("{}{}", ta ? "t" : "n", tb ? "t" : "n");
      cases.push_back(product("both_" + kind, {left}, {right}, ta, tb));
      cases.push_back(product("right_" + kind, {left}, {right, false}, ta, tb));
      cases.push_back(product("left_" + kind, {left, false}, {right}, ta, tb));
      cases.push_back(product("both_4_" + kind, {left_4}, {right_4}, ta, tb));
      cases.push_back(product("right_4_" + kind, {left_4}, {right, false}, ta, tb));
      cases.push_back(product("left_4_" + kind, {left, false}, {right_4}, ta, tb));
    }
  }
  return cases;
}

// 3 on the diagonal more: [.., 3, 3].
Var far_from_singular(Var matrix) {
  const Var row = reshape(arange(*matrix.graph, 3), {3, 1});
  const Var column = reshape(arange(*matrix.graph, 3), {1, 3});
  return matrix + 3.0 * (1.0 - (less(row, column) + less(column, row)));
}

std::vector<Case> mixed_cases() {
  return {
      {"matrix_of_a_step_times_its_vector",
       {{{4, 2}}, {{2}}},
       [](std::span<const Var> in) {
         return reshape(matmul(in[0], reshape(in[1], {batch_dim, 2, 1})), {batch_dim, 4});
       }},
      {"outer_product",
       {{{4}}, {{2}}},
       [](std::span<const Var> in) {
         return reshape(in[0], {batch_dim, 4, 1}) * reshape(in[1], {batch_dim, 1, 2});
       }},
      {"parameters_that_broadcast",
       {{{4, 2}}, {{4, 1}, false}, {{2}, false}},
       [](std::span<const Var> in) { return in[0] * in[1] + in[2]; }},
      {"softmax_of_rows", {{{2, 3}}}, [](std::span<const Var> in) { return softmax(in[0]); }},
      {"a_parameter_for_each_sequence",
       {{{2}}, {{3}, false}},
       [](std::span<const Var> in) {
         const Var row = broadcast_to(in[1], {batch_dim, 3});
         return concat(std::array{in[0], row}, -1);
       }},
      {"matrix_functions_of_parameters",
       {{{2}}, {{2, 2}, false}},
       [](std::span<const Var> in) {
         return matmul(linear(in[0], expm(in[1])), inverse(expm(in[1] * 0.5)));
       }},
      {"inverse_of_a_matrix_of_a_step",
       {{{3, 3}}},
       [](std::span<const Var> in) { return inverse(far_from_singular(in[0])); },
       -0.5,
       0.5},
      {"solution_for_matrices_of_a_step",
       {{{2, 3, 3}}, {{2, 3, 2}}},
       [](std::span<const Var> in) { return solve(far_from_singular(in[0]), in[1]); },
       -0.5,
       0.5},
      {"solution_for_a_matrix_turned",
       {{{3, 3}}, {{3, 1}}},
       [](std::span<const Var> in) { return solve(far_from_singular(in[0]), in[1], true); },
       -0.5,
       0.5},
      {"rows_of_a_table",
       {{{3, 2}, false}, {{2}}},
       [](std::span<const Var> in) { return gather_rows(in[0], in[1]); },
       -2.0,
       2.0,
       {{2, 0}}},
  };
}

std::string case_name(const testing::TestParamInfo<Case>& test) { return test.param.name; }

INSTANTIATE_TEST_SUITE_P(Table, BatchedOp, testing::ValuesIn(table_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Products, BatchedOp, testing::ValuesIn(product_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Mixed, BatchedOp, testing::ValuesIn(mixed_cases()), case_name);

TEST(BatchedMatmul, SequencesAreNotMixed) {
  StepBuilder b("mixed");
  const Var v = b.input("v", 4), w = b.input("w", 4);
  const Var matrix = reshape(w, {batch_dim, 4, 1});
  for (const auto& mix : {std::function<Var()>([&] { return matmul(v, matrix); }),
                          std::function<Var()>([&] { return matmul(matrix, v, true, true); }),
                          std::function<Var()>([&] { return matmul(v, w, false, true); })}) {
    EXPECT_THAT([&] { mix(); },
                testing::ThrowsMessage<InputError>(
                    testing::AllOf(testing::HasSubstr("[B, 4]"), testing::HasSubstr("sequences"))));
  }
}

}  // namespace
}  // namespace carousel
