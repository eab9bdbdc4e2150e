// What bench catalogue reckons, with rates that are chosen here, and the suite with tiny sizes.

#include "bench/suite/catalogue_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cells/catalogue.hpp"
#include "program/part_times.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr Index rows = 7, input = 3, hidden = 4;

// Everything takes nothing, but for what a test sets.
MachineRates free_of_charge() {
  MachineRates rates{1e300, 1e300, {}};
#define CAROUSEL_FREE_TILE(name, arity) rates.tiles[Tile::name] = 0.0;
  CAROUSEL_TILE_KERNELS(CAROUSEL_FREE_TILE)
#undef CAROUSEL_FREE_TILE
  return rates;
}

ScanPlan plan_of(const std::string& cell) {
  CellRegistry registry;
  register_catalogue(registry);
  return plan_scan(registry.find(cell).build({input, hidden}));
}

ScanPlan plan_of_lines(const std::string& lines) {
  CellRegistry registry;
  registry.add_text("cell t\n" + lines + "output h\n", "t.cell");
  return plan_scan(registry.find("t").build({input, hidden}));
}

// Forward, and twice as much back: by the values and by the weights.
TEST(ScanBound, CountsTheProductsOfBothDirections) {
  MachineRates rates = free_of_charge();
  rates.flops = 1e-6;  // an operation takes a millisecond
  const ScanBound bound = bound_of(plan_of("lstm"), rows, rates);
  EXPECT_NEAR(bound.products, 3 * 2 * rows * 4 * hidden * (input + hidden), 1e-6);
  EXPECT_EQ(bound.elementwise, 0.0);
  EXPECT_EQ(bound.total(), bound.products);
}

TEST(ScanBound, CountsProductsOfValuesOfAStep) {
  MachineRates rates = free_of_charge();
  rates.flops = 1e-6;
  const ScanBound bound = bound_of(plan_of_lines("state M : [hidden, hidden]\nM = M[t-1] @ M[t-1]\n"
                                                 "h = M @ h[t-1] + 0 * x[0]\n"),
                                   rows, rates);
  // M @ M and M @ h, and back to both sides of each.
  EXPECT_NEAR(bound.products, 2 * rows * 3 * (hidden + 1) * hidden * hidden, 1e-6);
}

// A matrix with a vector is a multiply-add for each element.
TEST(ScanBound, CountsSweepsByTheirKernels) {
  MachineRates rates = free_of_charge();
  rates.tiles[Tile::mul_add] = 1e6;
  const ScanPlan plan = plan_of_lines(
      "state M : [hidden, hidden]\nM = M[t-1] + outer(h[t-1], h[t-1])\nh = M @ h[t-1] + 0 * "
      "x[0]\n");
  ASSERT_TRUE(plan.by_sequences);
  // M and M @ h; M again; back: dM, from it to both sides of the outer product, and through M to h.
  EXPECT_NEAR(bound_of(plan, rows, rates).elementwise, rows * 7 * hidden * hidden, 1e-6);
}

// A matrix of parameters alone is made once, whatever the number of rows; so is its gradient.
TEST(ScanBound, CountsWhatIsDoneOnce) {
  MachineRates rates = free_of_charge();
  rates.flops = 1e-6;
  const ScanPlan plan =
      plan_of_lines("param A, B : [hidden, hidden]\nM = A @ B\nh = M @ h[t-1] + 0 * x[0]\n");
  const double step = 3 * 2 * hidden * hidden, once = 3 * 2 * hidden * hidden * hidden;
  EXPECT_NEAR(bound_of(plan, rows, rates).products, rows * step + once, 1e-6);
  EXPECT_NEAR(bound_of(plan, 2 * rows, rates).products, 2 * rows * step + once, 1e-6);
}

TEST(ScanBound, CountsElementsByTheirKernels) {
  MachineRates rates = free_of_charge();
  rates.tiles[Tile::exp] = 3e6;  // nanoseconds an element
  rates.tiles[Tile::sin] = 1e6;
  rates.tiles[Tile::cos] = 1e6;
  const ScanBound bound = bound_of(plan_of_lines("h = exp(sin(h[t-1])) + 0 * x[0]\n"), rows, rates);
  EXPECT_NEAR(bound.elementwise, rows * hidden * (3.0 + 1.0 + 1.0), 1e-6);  // cos on the way back
}

TEST(ScanBound, CountsWhatMustComeAndGo) {
  MachineRates rates = free_of_charge();
  rates.copy = 1e-6;  // a byte takes a millisecond
  const ScanBound bound = bound_of(plan_of("rnn_tanh"), rows, rates);
  const double parameters = hidden * input + hidden * hidden + hidden;
  EXPECT_NEAR(bound.memory, 4 * (2 * rows * (input + hidden) + 2 * parameters), 1e-6);
  EXPECT_EQ(bound.total(), bound.memory);
}

TEST(ScanBound, MovingElementsIsFree) {
  MachineRates rates = free_of_charge();
  for (auto& [tile, rate] : rates.tiles) rate = tile == Tile::copy ? 0.0 : 1.0;
  const auto elementwise = [&](const std::string& lines) {
    return bound_of(plan_of_lines(lines), rows, rates).elementwise;
  };
  EXPECT_EQ(elementwise("h = reshape(transpose(reshape(h[t-1], [2, 2])), [4]) * tanh(x[0])\n"),
            elementwise("h = h[t-1] * tanh(x[0])\n"));
}

TEST(MachineRates, AreMeasured) {
  const MachineRates rates = measure_rates();
  EXPECT_GT(rates.flops, 0.0);
  EXPECT_GT(rates.copy, 0.0);
  for (const auto& [tile, rate] : rates.tiles) EXPECT_GT(rate, 0.0) << tile_name(tile);
  EXPECT_GT(rates.tiles.at(Tile::pow), rates.tiles.at(Tile::add));
}

class CatalogueSuite : public testing::Test {
 protected:
  CatalogueSuite() {
    register_catalogue(registry_);
    listener_.note = [this](const std::string& text) { notes_ += text + "\n"; };
    options_.sizes = {{4, 3, 5, 6}};
    options_.cells = {"lstm", "gated_delta_net", "mgu"};
    options_.rounds = 1;
  }
  std::vector<CatalogueRow> run() {
    return run_catalogue_suite(options_, registry_, stop_, listener_);
  }

  CellRegistry registry_;
  CatalogueSuiteOptions options_;
  std::atomic<bool> stop_{false};
  CatalogueListener listener_;
  std::string notes_;
};

TEST_F(CatalogueSuite, SortsCellsByTheShareOfTheirBound) {
  const auto measured = run();
  ASSERT_EQ(measured.size(), 3u);
  for (const CatalogueRow& row : measured) {
    EXPECT_GT(row.milliseconds, 0.0) << row.cell;
    EXPECT_GT(row.share(), 0.0) << row.cell;
    EXPECT_LT(row.share(), 1.0) << row.cell;
    EXPECT_GT(row.part_share, 1.0 / double(PartTimes::names.size())) << row.cell;
    EXPECT_NE(row.part, "");
  }
  EXPECT_LE(measured[0].share(), measured[1].share());
  EXPECT_LE(measured[1].share(), measured[2].share());
}

TEST_F(CatalogueSuite, LeavesOutWhatCantBeMeasured) {
  registry_.add_text("cell odd\nparam W : [hidden / 4, input]\nh = W @ x\noutput h\n", "odd.cell");
  registry_.add_text(
      "cell large\nstate M : [1024, 1024]\nM = M[t-1] * tanh(M[t-1]) + x[0]\n"
      "h = sum(M)\noutput h\n",
      "large.cell");
  options_.cells = {"odd", "mgu", "large"};
  options_.sizes = {{400, 3, 5, 6}};
  EXPECT_EQ(run().size(), 1u);
  EXPECT_THAT(notes_, AllOf(HasSubstr("odd is left out at 400,3,5,6: odd.cell:2:"),
                            HasSubstr("large is left out at 400,3,5,6: it keeps ")));
}

TEST_F(CatalogueSuite, StopsWhenAsked) {
  stop_ = true;
  EXPECT_TRUE(run().empty());
}

TEST_F(CatalogueSuite, RefusesWhatIsNot) {
  options_.rounds = 0;
  EXPECT_THAT(error_of<InputError>([&] { run(); }), HasSubstr("got 0 rounds"));
  options_.rounds = 1;
  options_.cells = {"lstn"};
  EXPECT_THAT(error_of<InputError>([&] { run(); }), HasSubstr("did you mean 'lstm'"));
}

TEST(CatalogueTable, FitsInto80Columns) {
  const CatalogueRow row{{1000, 64, 256, 256},  "a_cell_with_a_very_long_name", 12345.678,
                         {6000.0, 172.8, 20.0}, "copies and row sums",          0.999};
  const std::string table = catalogue_table({row, row});
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("─")) continue;
    EXPECT_LE(line.size(), 80u) << line;
  }
  EXPECT_THAT(table, AllOf(HasSubstr("12345.678"), HasSubstr("6172.800"), HasSubstr("50%")));
  EXPECT_EQ(catalogue_csv({row}),
            "cell,T,B,I,H,threads,precision,ms,bound_ms,share,part\n"
            "a_cell_with_a_very_long_name,1000,64,256,256,1,float,12345.6780,6172.8000,0.5000,"
            "copies and row sums\n");
}

}  // namespace
}  // namespace carousel
