// A scan over a batch in shards, against the same on one tape and against differences.

#include "train/batch_scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cells/catalogue.hpp"
#include "tape/parameters.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

constexpr Index steps = 4, input = 3, hidden = 5;

Scan scan_of(const std::string& name) {
  CellRegistry registry;
  register_catalogue(registry);
  return Scan(registry.find(name).build({input, hidden}));
}

// Numbers that follow from a name.
Tensor<double> numbers(const std::string& name, const Shape& shape) {
  return initialise<double>(Initialiser::normal(0.5), shape, Random(1, name));
}

struct Case {
  explicit Case(const std::string& cell, Index batch) : scan(scan_of(cell)) {
    const StepProgram& program = scan.program();
    for (const auto& p : program.parameters) {
      arguments.parameters.push_back(numbers(p.name, p.shape));
    }
    arguments.inputs = {numbers("x", {steps, batch, input})};
    cotangents.outputs = numbers("dy", {steps, batch, hidden});
    for (const auto& s : program.states) {
      arguments.states.push_back(numbers(s.name, with_batch(s.shape, batch)));
      cotangents.states.push_back(numbers("d" + s.name, with_batch(s.shape, batch)));
    }
    for (Index b = 0; b < batch; ++b) arguments.options.lengths.push_back(1 + b % steps);
  }

  BatchGradients<double> gradients() const {
    BatchScan<double> run(scan, arguments, BatchScan<double>::Keep::way_back);
    return run.gradients(cotangents);
  }

  Scan scan;
  BatchArguments<double> arguments;
  BatchCotangents<double> cotangents;
};

void expect_near(const Tensor<double>& got, const Tensor<double>& expected, double tolerance) {
  ASSERT_EQ(got.shape(), expected.shape());
  for (Index i = 0; i < got.numel(); ++i) {
    EXPECT_NEAR(got.data()[i], expected.data()[i], tolerance) << i;
  }
}

TEST(BatchScan, OfShardsIsThatOfTheWholeBatchOnOneTape) {
  for (const char* cell : {"lstm", "delta_net"}) {
    const Case c(cell, 37);
    Tape<double> tape;
    const auto parameters = leaves(tape, c.arguments.parameters);
    const auto states = leaves(tape, c.arguments.states);
    const Var x = tape.leaf(c.arguments.inputs[0]);
    const ScanResult whole = c.scan.run(tape, parameters, {&x, 1}, states, c.arguments.options);
    Var loss = sum(whole.outputs * tape.constant(c.cotangents.outputs));
    for (std::size_t k = 0; k < states.size(); ++k) {
      loss = loss + sum(whole.final_states[k] * tape.constant(c.cotangents.states[k]));
    }
    std::vector<Var> targets = parameters;
    targets.push_back(x);
    targets.insert(targets.end(), states.begin(), states.end());
    const auto expected = tape.gradients(loss, targets);

    BatchScan<double> run(c.scan, c.arguments, BatchScan<double>::Keep::way_back);
    expect_near(run.outputs(), tape.value(whole.outputs), 1e-14);
    for (std::size_t k = 0; k < states.size(); ++k) {
      expect_near(run.final_states()[k], tape.value(whole.final_states[k]), 1e-14);
    }
    for (int times = 0; times < 2; ++times) {  // the way back can be gone again
      const BatchGradients<double> got = run.gradients(c.cotangents);
      for (std::size_t k = 0; k < parameters.size(); ++k) {
        expect_near(got.parameters[k], expected[k], 1e-12);
      }
      expect_near(got.inputs[0], expected[parameters.size()], 1e-12);
      for (std::size_t k = 0; k < states.size(); ++k) {
        expect_near(got.states[k], expected[parameters.size() + 1 + k], 1e-12);
      }
    }
  }
}

// Moves along `directions` by `step`.
Case moved(const Case& from, const BatchGradients<double>& directions,
           const BatchCotangents<double>& of_cotangents, double step) {
  Case to = from;
  const auto move = [step](Tensor<double>& value, const Tensor<double>& along) {
    value = value.clone();
    for (Index i = 0; i < value.numel(); ++i) value.data()[i] += step * along.data()[i];
  };
  for (std::size_t k = 0; k < directions.parameters.size(); ++k) {
    move(to.arguments.parameters[k], directions.parameters[k]);
  }
  move(to.arguments.inputs[0], directions.inputs[0]);
  for (std::size_t k = 0; k < directions.states.size(); ++k) {
    move(to.arguments.states[k], directions.states[k]);
    move(to.cotangents.states[k], of_cotangents.states[k]);
  }
  move(to.cotangents.outputs, of_cotangents.outputs);
  return to;
}

double product(const std::vector<Tensor<double>>& a, const std::vector<Tensor<double>>& b) {
  double total = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    for (Index i = 0; i < a[k].numel(); ++i) total += a[k].data()[i] * b[k].data()[i];
  }
  return total;
}

double product(const BatchGradients<double>& a, const BatchGradients<double>& b) {
  return product(a.parameters, b.parameters) + product(a.inputs, b.inputs) +
         product(a.states, b.states);
}

TEST(BatchScan, SecondGradientsAreTheSlopesOfFirstOnes) {
  for (const char* cell : {"lstm", "gla"}) {
    const Case c(cell, 9);
    const auto like = [](const std::string& name, const std::vector<Tensor<double>>& of) {
      std::vector<Tensor<double>> all;
      for (std::size_t k = 0; k < of.size(); ++k) {
        all.push_back(numbers(name + std::to_string(k), of[k].shape()));
      }
      return all;
    };
    const auto directions = [&](const std::string& name) {
      return BatchGradients<double>{like(name + "p", c.arguments.parameters),
                                    like(name + "x", c.arguments.inputs),
                                    like(name + "s", c.arguments.states)};
    };
    const BatchGradients<double> judged = directions("judged"), along = directions("along");
    const BatchCotangents<double> move{numbers("moved dy", c.cotangents.outputs.shape()),
                                       like("moved ds", c.cotangents.states)};
    const BatchSecond<double> second = second_gradients(c.scan, c.arguments, c.cotangents, judged);
    const double got = product(second.gradients, along) +
                       product({second.cotangents.outputs}, {move.outputs}) +
                       product(second.cotangents.states, move.states);
    const double step = 1e-5;
    const double expected = (product(moved(c, along, move, step).gradients(), judged) -
                             product(moved(c, along, move, -step).gradients(), judged)) /
                            (2 * step);
    EXPECT_NEAR(got, expected, 1e-6 * std::abs(expected)) << cell;
  }
}

TEST(BatchScan, GivesDefaultsAndTheCellsOwnFirstStates) {
  Case c("lstm", 2);
  c.arguments.states.clear();
  c.cotangents.states.clear();
  BatchScan<double> run(c.scan, c.arguments, BatchScan<double>::Keep::way_back);
  Case zero("lstm", 2);
  for (auto& state : zero.arguments.states) state = Tensor<double>::zeros(state.shape());
  BatchScan<double> same(zero.scan, zero.arguments, BatchScan<double>::Keep::values);
  expect_near(run.outputs(), same.outputs(), 0.0);
  EXPECT_TRUE(run.gradients(c.cotangents).states.empty());
}

TEST(BatchScan, SaysWhatDoesNotFit) {
  using Keep = BatchScan<double>::Keep;
  const auto with = [](const auto& change) {
    Case c("lstm", 9);
    change(c);
    return error_of<InputError>([&] {
      BatchScan<double> run(c.scan, c.arguments, Keep::way_back);
      run.gradients(c.cotangents);
    });
  };
  EXPECT_THAT(with([](Case& c) { c.arguments.parameters.pop_back(); }),
              HasSubstr("got 11 parameters, expected 12"));
  EXPECT_THAT(with([](Case& c) {
                c.arguments.parameters[0] = numbers("w", {2, 2});
              }),
              HasSubstr("has shape [2, 2]"));
  EXPECT_THAT(with([](Case& c) {
                c.arguments.inputs[0] = numbers("x", {steps, 9, 2});
              }),
              HasSubstr("expected [4, 9, 3]"));
  EXPECT_THAT(with([](Case& c) { c.arguments.inputs.clear(); }), HasSubstr("x has shape none"));
  EXPECT_THAT(with([](Case& c) {
                c.arguments.states[0] = numbers("h", {8, hidden});
              }),
              HasSubstr("state h has shape [8, 5], expected [9, 5]"));
  EXPECT_THAT(with([](Case& c) { c.arguments.options.lengths.pop_back(); }),
              HasSubstr("got 8 lengths, expected 9"));
  EXPECT_THAT(with([](Case& c) {
                c.cotangents.outputs = numbers("dy", {steps, 9, 4});
              }),
              HasSubstr("the gradient of the outputs has shape"));
  EXPECT_THAT(with([](Case& c) {
                c.arguments.inputs[0] = numbers("x", {steps, 0, input});
              }),
              HasSubstr("x has shape [4, 0, 3], expected at least one step of one sequence"));
  Case c("lstm", 2);
  EXPECT_THAT(error_of<InputError>([&] {
                BatchScan<double> run(c.scan, c.arguments, Keep::values);
                run.gradients(c.cotangents);
              }),
              HasSubstr("not kept"));
}

}  // namespace
}  // namespace carousel
