#include "cell/attention.hpp"

#include <algorithm>
#include <array>

#include "program/rewrite.hpp"

namespace carousel {
namespace {

std::size_t at(int id) { return static_cast<std::size_t>(id); }

// The state that holds the output of the step before; a new one where the cell has none.
Var output_before(StepBuilder& builder, const StepProgram& cell) {
  for (const ProgramState& state : cell.states) {
    if (state.next == cell.output && state.shape.rank() == 2) return builder.at(state.previous);
  }
  const Var before = builder.state("attention.asked", cell.output_shape().back());
  builder.set_next("attention.asked", builder.at(cell.output));
  return before;
}

struct Memory {
  Var rows, keys, mask, length;
};

Memory given_memory(StepBuilder& builder, const AttentionForm& form) {
  Memory memory;
  memory.rows = builder.given("attention.memory", {form.rows, form.memory});
  memory.keys = builder.given("attention.keys", {form.rows, form.keys});
  memory.mask = builder.given("attention.mask", {form.rows});
  if (form.window > 0) memory.length = builder.given("attention.length", {1});
  return memory;
}

Var scores(StepBuilder& builder, const AttentionForm& form, const Memory& memory, Var query) {
  const Shape flat{batch_dim, form.rows};
  if (form.score == AttentionScore::product) {
    const Var column = reshape(query, {batch_dim, form.keys, 1});
    return reshape(matmul(memory.keys, column), flat);
  }
  const Index asked = query.shape().back();
  const Var w = builder.parameter("attention.W_query", {form.keys, asked}, Initialiser::glorot());
  const Var v = builder.parameter("attention.v_query", {form.keys, 1}, Initialiser::glorot());
  const Var row = reshape(linear(query, w), {batch_dim, 1, form.keys});
  return reshape(matmul(tanh(memory.keys + row), v), flat);
}

constexpr double far_below = 1e9;  // what it is taken from gets the weight 0

// The place that a query tells, and how far the rows are from it.
Var distance_from_place(StepBuilder& builder, const AttentionForm& form, const Memory& memory,
                        Var query) {
  const Var w = builder.parameter("attention.W_place", {form.keys, query.shape().back()},
                                  Initialiser::glorot());
  const Var v = builder.parameter("attention.v_place", {1, form.keys}, Initialiser::glorot());
  const Var share = sigmoid(linear(tanh(linear(query, w)), v));
  return arange(builder, form.rows) - builder.let("attention.place", memory.length * share);
}

// What the memory holds for a query.
Var context_of(StepBuilder& builder, const AttentionForm& form, const Memory& memory, Var query) {
  Var score = scores(builder, form, memory, query) + memory.mask, near;
  if (form.window > 0) {
    const auto half = static_cast<double>(form.window);
    const Var distance = distance_from_place(builder, form, memory, query);
    score = score - less(constant(builder, half), abs(distance)) * far_below;
    near = exp(distance * distance * (-2.0 / (half * half)));  // its deviation is half the window
  }
  const Var weights = softmax(score);
  const Var attention = builder.let("attention.weights", near.defined() ? weights * near : weights);
  const Var row = reshape(attention, {batch_dim, 1, form.rows});
  return builder.let("attention.context",
                     reshape(matmul(row, memory.rows), {batch_dim, form.memory}));
}

void expect_fitting(const StepProgram& cell, const AttentionForm& form, Index input) {
  const Index output = cell.output_shape().back();
  if (cell.output_shape().rank() != 2) {
    fail_input("cell {}: its output is {}, and attention takes vectors alone", cell.name,
               cell.output_shape().to_string());
  }
  if (form.score == AttentionScore::product && form.keys != output) {
    fail_input("cell {}: attention by product with keys of {} elements and an output of {}",
               cell.name, form.keys, output);
  }
  const Index has = cell.nodes[at(cell.inputs[0])].shape.back();
  const Index expected = attentive_input(form, input, output);
  if (has != expected) {
    fail_bug("an attentive cell for x of {} elements was built for {}, expected {}", input, has,
             expected);
  }
}

}  // namespace

Index attentive_input(const AttentionForm& form, Index input, Index output) {
  return input + (form.place == AttentionPlace::before ? form.memory : output);
}

StepProgram with_attention(const StepProgram& old, const AttentionForm& form, Index input) {
  expect_fitting(old, form, input);
  const int old_x = old.inputs[0];
  const Index output_size = old.output_shape().back();
  StepBuilder builder(old);
  const Var x = builder.input("attention.x", input);
  const Var output = builder.at(old.output);
  Var behind, result;  // what comes behind x, and the new output
  if (form.place == AttentionPlace::before) {
    const Var query = output_before(builder, old);
    behind = context_of(builder, form, given_memory(builder, form), query);
    result = concat(std::array{output, behind}, -1);
  } else {
    behind = builder.state("attention.fed", output_size);
    const Var context = context_of(builder, form, given_memory(builder, form), output);
    const Var w = builder.parameter("attention.W_fed", {output_size, form.memory + output_size},
                                    Initialiser::glorot());
    result = tanh(linear(concat(std::array{context, output}, -1), w));
    builder.set_next("attention.fed", result);
  }
  builder.let("attention.output", result);
  builder.set_output("attention.output");
  const Var whole = concat(std::array{x, behind}, -1);
  StepProgram made = builder.take();
  // The new input takes the place and the name of the old one, and the concatenation its readers.
  made.inputs.pop_back();
  made.inputs[0] = x.id;
  std::swap(made.nodes[at(x.id)].name, made.nodes[at(old_x)].name);
  redirect(made, old_x, whole.id);
  return simplified(made);
}

}  // namespace carousel
