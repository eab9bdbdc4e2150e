// Slices, joins, padding and the like: where their elements come from, and that no plan copies more
// than it must.

#include "program/moves.hpp"

#include <gtest/gtest.h>

#include "line_programs.hpp"
#include "program/plan.hpp"

namespace carousel {
namespace {

using Places = std::vector<std::pair<int, Index>>;  // node and element

Places places_of(const Moves& moves, int node) {
  Places places;
  for (const Origin& origin : moves.origins(node)) places.emplace_back(origin.node, origin.element);
  return places;
}

// A program of x [6], a [2, 3] made of it, and what `f` makes of that.
template <class F>
std::pair<StepProgram, int> program_with(F f) {
  StepBuilder b("t");
  const Var x = b.input("x", 6), h = b.state("h", 6);
  const Var matrix = reshape(tanh(x), {batch_dim, 2, 3});
  const Var made = f(matrix);
  const Var size = reshape(sum_to(made * made, {batch_dim, 1, 1}), {batch_dim, 1});
  b.set_state("h", tanh(h) * size);
  b.set_output("h");
  return {b.finish(), made.id};
}

std::size_t tiles_with_runs(const PlanPass& pass) {
  std::size_t count = 0;
  for (const auto* stages : {&pass.before, &pass.loop, &pass.behind}) {
    for (const PlanStage& stage : *stages) {
      count += std::size_t(std::ranges::count_if(
          stage.tiles, [](const PlanTile& tile) { return !tile.runs.empty(); }));
    }
  }
  return count;
}

std::size_t calls(const ScanPlan& plan) {
  std::size_t count = 0;
  for (const PlanPass* pass : {&plan.forward_pass, &plan.backward_pass}) {
    count += pass->summed_calls.size();
    for (const auto* stages : {&pass->before, &pass->loop, &pass->behind}) {
      for (const PlanStage& stage : *stages) count += stage.calls.size();
    }
  }
  return count;
}

StepProgram lines(const std::string& text) { return program_of_lines(text, {6, 6}); }

TEST(Moves, KnowWhereElementsComeFrom) {
  const auto origins = [](auto f) {
    const auto [program, node] = program_with(f);
    const int source = 2;  // tanh(x)
    const Moves moves(program, 0, {});
    Places places = places_of(moves, node);
    for (auto& [from, element] : places) from = from == source ? 0 : from;
    return places;
  };
  EXPECT_EQ(origins([](Var m) { return transpose(m); }),
            (Places{{0, 0}, {0, 3}, {0, 1}, {0, 4}, {0, 2}, {0, 5}}));
  EXPECT_EQ(origins([](Var m) { return slice(m, -1, 1, 2); }),
            (Places{{0, 1}, {0, 2}, {0, 4}, {0, 5}}));
  EXPECT_EQ(origins([](Var m) { return pad(slice(m, -2, 1, 1), -2, 0, 2); }),
            (Places{{0, 3}, {0, 4}, {0, 5}, {-1, 0}, {-1, 0}, {-1, 0}}));
  EXPECT_EQ(origins([](Var m) {
              return concat(std::vector{slice(m, -1, 2, 1), slice(m, -1, 0, 2)}, -1);
            }),
            (Places{{0, 2}, {0, 0}, {0, 1}, {0, 5}, {0, 3}, {0, 4}}));
  EXPECT_EQ(origins([](Var m) {
              return broadcast_to(slice(m, -2, 1, 1), {batch_dim, 2, 3});
            }),
            (Places{{0, 3}, {0, 4}, {0, 5}, {0, 3}, {0, 4}, {0, 5}}));
  EXPECT_EQ(origins([](Var m) {
              return pad(slice(m, -1, 0, 1), -1, 2, 3) + pad(slice(m, -1, 1, 2), -1, 0, 3);
            }),
            (Places{{0, 1}, {0, 2}, {0, 0}, {0, 4}, {0, 5}, {0, 3}}));
  // What overlaps is added.
  EXPECT_EQ(origins([](Var m) {
              return pad(slice(m, -1, 0, 2), -1, 1, 3) + pad(slice(m, -1, 1, 2), -1, 0, 3);
            }),
            Places{});
}

TEST(Moves, GatesThatArePartsOfOneVectorAreReadWhereTheyLie) {
  const StepProgram program = lines(
      "param W : [4 * hidden, input]\nparam U : [4 * hidden, hidden]\nstate c : [hidden]\n"
      "z = W @ x + U @ h[t-1]\nn = hidden\n"
      "c = sigmoid(z[n:2*n]) * c[t-1] + sigmoid(z[0:n]) * tanh(z[2*n:3*n])\n"
      "h = sigmoid(z[3*n:4*n]) * tanh(c)\n");
  const ScanPlan plan = plan_scan(program);
  EXPECT_EQ(calls(plan), 0u);
  EXPECT_EQ(tiles_with_runs(plan.forward_pass), 0u);
  EXPECT_EQ(tiles_with_runs(plan.backward_pass), 1u);  // the gradient of z, joined
  EXPECT_EQ(plan.backward_pass.contractions.size(), 2u);
  expect_tape(program, with_lengths());
}

TEST(Moves, ChainsAreOneMove) {
  const StepProgram program = lines(
      "param U_h : [hidden, hidden]\n"
      "v = reshape(transpose(reshape(roll(h[t-1], 1), [2, hidden / 2])), [hidden])\n"
      "h = tanh(U_h @ roll(v, 2) + x)\n");
  const ScanPlan plan = plan_scan(program);
  EXPECT_EQ(calls(plan), 0u);
  EXPECT_EQ(tiles_with_runs(plan.forward_pass), 1u);
  EXPECT_EQ(tiles_with_runs(plan.backward_pass), 1u);
  expect_tape(program, with_lengths());
}

TEST(Moves, WhatIsMovedMayBeAState) {
  for (const char* text : {
           "state s : [hidden]\ns = roll(h[t-1], 1)\nh = tanh(s[t-1] + x) * 0.5\n",
           "state s : [2, hidden / 2]\ns = reshape(h[t-1], [2, hidden / 2])\n"
           "h = tanh(reshape(s[t-1], [hidden]) + x)\n",
           "state s : [3]\ns = h[t-1][2:5]\nh = tanh(concat(s[t-1], s) + x)\n",
           "h = concat(tanh(x[0:2] + h[t-1][4:6]), h[t-1][0:4])\n",
       }) {
    SCOPED_TRACE(text);
    expect_tape(lines(text), with_lengths());
  }
}

TEST(Moves, PartsOfMatricesAreMultipliedRowByRow) {
  for (const char* text : {
           "param W : [3, 2]\nm = reshape(h[t-1], [3, 2])\n"
           "h = tanh(reshape(m[:, 0:1] @ W[0:1, :], [hidden]) + reshape(m[1:3, :], [4])[0:1] + "
           "x)\n",
           "param W : [2, 2]\nm = reshape(tanh(x + h[t-1]), [3, 2])\n"
           "h = concat(reshape(m[0:2, :] @ W, [4]), reshape(m[2, :], [2]))\n",
       }) {
    SCOPED_TRACE(text);
    expect_tape(lines(text), with_lengths());
  }
}

TEST(Moves, ManyMatricesTimesAVectorAreOneProduct) {
  const StepProgram program =
      lines("param P : [3, 2, hidden]\nh = tanh(reshape(P @ h[t-1], [hidden]) + x)\n");
  const ScanPlan plan = plan_scan(program);
  EXPECT_EQ(calls(plan), 0u);
  EXPECT_EQ(plan.backward_pass.contractions.size(), 1u);
  expect_tape(program, with_lengths());
}

}  // namespace
}  // namespace carousel
