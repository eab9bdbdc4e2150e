// The suite with tiny sizes, and with peers whose answers are known.

#include "bench/suite/scan_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "bench/suite/peak.hpp"
#include "bench/suite/peer_process.hpp"
#include "bench/suite/scan_table.hpp"
#include "bench/suite/training_step.hpp"
#include "cells/catalogue.hpp"
#include "fake_peer.hpp"
#include "program/steps.hpp"
#include "report/format.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const peers::Sizes small{4, 3, 5, 6};

// A parameter of rank 1 is a column; other tensors are rows of their last axis.
peers::Block block(const std::string& name, Tensor<float> tensor, bool parameter) {
  const Index columns = parameter && tensor.shape().rank() == 1 ? 1 : tensor.shape().back();
  return {name, tensor.numel() / columns, columns, tensor.data(), columns};
}

// A training step op by op, with its loss written down.
peers::Fingerprint reference(const Cell& cell) {
  const StepProgram program = cell.build({small.input, small.hidden});
  const std::size_t count = program.parameters.size();
  Tape<float> tape;
  std::vector<Var> vars;
  std::vector<std::string> names;
  const auto add = [&](const std::string& name, const Shape& shape) {
    const auto tensor = Tensor<float>::uninitialised(shape);
    peers::fill(block(name, tensor, names.size() < count), small.hidden);
    names.push_back(name);
    vars.push_back(tape.leaf(tensor));
  };
  for (const auto& p : program.parameters) add(p.name, p.shape);
  add("x", {small.steps, small.batch, small.input});
  for (const auto& s : program.states) {
    // As rows of all that belongs to a sequence.
    add(s.name, {small.batch, row_size(s.shape)});
    vars.back() = tape.leaf(tape.value(vars.back()).reshaped(with_batch(s.shape, small.batch)));
  }
  add("cotangent", {small.steps, small.batch, program.output_shape().back()});
  const Var cotangent = vars.back();
  vars.pop_back();
  const std::span<const Var> all = vars;
  const auto result =
      scan_on_tape(program, tape, all.first(count), all.subspan(count, 1), all.subspan(count + 1));
  const auto gradients = tape.gradients(sum(result.outputs * cotangent), vars);
  peers::Fingerprint print;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Tensor<float>& of = gradients[i];
    const bool is_state = i > count;
    print.add(block(names[i], is_state ? of.reshaped({small.batch, of.numel() / small.batch}) : of,
                    i < count));
  }
  return print;
}

class ScanSuite : public testing::Test {
 protected:
  void SetUp() override {
    register_catalogue(registry_);
    options_.sizes = {small};
    options_.cells = {"lstm"};
    options_.rounds = 2;
  }
  std::vector<ScanRow> run() { return run_scan_suite(options_, registry_, stop_, listener_); }

  // A peer that takes 1000 ms for a step of the LSTM, with the gradients of `print`.
  void add_peer(const peers::Fingerprint& print) {
    peers::Reply reply{print, std::vector<double>(3, 1000.0)};
    write_fake_peer(folder_ / "peer_onednn",
                    "case $word in list) echo implementations fake;; *) echo " +
                        peers::to_line(reply) + ";; esac");
    options_.peers = folder_.path();
  }

  peers::Fingerprint ours() {
    TrainingStep step(registry_.find("lstm"), small, 1);
    step.run();
    return step.fingerprint();
  }

  TemporaryFolder folder_;
  CellRegistry registry_;
  ScanSuiteOptions options_;
  std::atomic<bool> stop_{false};
  ScanListener listener_;
};

TEST_F(ScanSuite, MeasuresOursAlone) {
  const auto rows = run();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].implementation, "carousel");
  EXPECT_GT(rows[0].milliseconds, 0.0);
  EXPECT_GT(rows[0].peak_share, 0.0);
  // Forward: 4 * 3 rows times the 24 rows of W and U, of 5 and 6 columns.
  const double operations = 3 * 2.0 * 12 * 24 * (5 + 6);
  EXPECT_NEAR(rows[0].gflops, operations / rows[0].milliseconds * 1e-6, 1e-9);
}

TEST_F(ScanSuite, ComparesWithAPeerThatDoesTheSameWork) {
  add_peer(ours());
  const auto rows = run();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].implementation, "fake");
  EXPECT_EQ(rows[1].milliseconds, 1000.0);
  EXPECT_NEAR(rows[1].ratio * rows[0].milliseconds / 1000.0, 1.0, 0.9);
}

// Peers take part in the precision that their name says.
TEST_F(ScanSuite, InBf16OursInFloatRunsBeside) {
  if (!has_bf16()) GTEST_SKIP() << "no AVX512-BF16";
  add_peer(ours());
  options_.rounding = Rounding::bf16;
  const auto rows = run();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].precision, "bf16");
  EXPECT_EQ(rows[1].implementation, "carousel");
  EXPECT_EQ(rows[1].precision, "float");
  EXPECT_THAT(table_rows(rows), HasSubstr("ours, float"));
  EXPECT_THAT(to_csv(rows), AllOf(HasSubstr("carousel,1,bf16,"), HasSubstr("carousel,1,float,")));
}

TEST_F(ScanSuite, RefusesAPeerThatDoesOtherWork) {
  auto print = ours();
  print.norms[std::size_t(peers::Part::recurrent_weights)] *= 1.01;
  add_peer(print);
  EXPECT_THAT(
      error_of<EnvironmentError>([&] { run(); }),
      AllOf(HasSubstr("4,3,5,6 lstm"), HasSubstr("fake"), HasSubstr("same work"), HasSubstr("dU")));
}

TEST_F(ScanSuite, SaysWhichPackageAMissingPeerNeeds) {
  std::string notes;
  listener_.note = [&](const std::string& text) { notes += text; };
  options_.peers = folder_.path();
  EXPECT_EQ(run().size(), 1u);
  EXPECT_THAT(notes, AllOf(HasSubstr("libdnnl-dev"), HasSubstr("libtorch-dev"),
                           HasSubstr("scripts/setup --peers")));
}

TEST_F(ScanSuite, StopsWhenAsked) {
  stop_ = true;
  EXPECT_TRUE(run().empty());
}

TEST_F(ScanSuite, AStepHasTheGradientsOfTheReference) {
  for (const char* name :
       {"rnn_tanh", "lstm", "lstm_peephole", "gru_reset_before", "gru_reset_after", "mgu", "mut1",
        "sru", "qrnn", "ln_lstm", "gated_delta_net"}) {
    const Cell& cell = registry_.find(name);
    TrainingStep step(cell, small, 1);
    step.run();
    const auto print = step.fingerprint();
    EXPECT_EQ(difference(reference(cell), print, 1e-4), "") << cell.name;
    EXPECT_GT(print.norms[std::size_t(peers::Part::input)], 0.0) << cell.name;
  }
}

// With the peers that this build has. 70 steps are more than a chunk of those that work by chunks.
TEST_F(ScanSuite, ThePeersComputeOurGradients) {
  const peers::Sizes longer{70, 3, 5, 6};
  int compared = 0;
  for (const char* name : {"peer_onednn", "peer_torch", "peer_torch_python"}) {
    const auto program = std::filesystem::path(CAROUSEL_BINARY).parent_path() / name;
    if (!std::filesystem::exists(program)) continue;
    PeerProcess peer(program);
    for (const char* cell : {"lstm", "gru_reset_before", "gru_reset_after", "delta_net", "gla",
                             "mlstm", "mamba", "ln_lstm", "indrnn", "min_gru"}) {
      for (const auto& implementation : peer.implementations(cell)) {
        const bool in_bf16 = implementation.ends_with("_bf16");
        if (in_bf16 && !has_bf16()) continue;
        for (const peers::Sizes& sizes : {small, longer}) {
          TrainingStep step(registry_.find(cell), sizes, 1,
                            in_bf16 ? Rounding::bf16 : Rounding::none);
          step.run();
          const auto reply = peer.run({implementation, cell, sizes, 1, 1});
          EXPECT_EQ(difference(step.fingerprint(), reply.fingerprint, in_bf16 ? 2e-2 : 1e-4), "")
              << implementation << " " << cell << " " << to_text(sizes);
          ++compared;
        }
      }
    }
  }
  if (compared == 0) GTEST_SKIP() << "no peer is built";
}

TEST(ScanSizes, AreNumbersOfTheDefaultsOrFourSizes) {
  const auto text = [](const std::string& sizes) {
    std::vector<std::string> all;
    for (const auto& s : parse_sizes(sizes)) all.push_back(to_text(s));
    return all;
  };
  EXPECT_THAT(text("1"), ElementsAre("100,10,88,36"));
  EXPECT_THAT(text("2,6"), ElementsAre("50,32,128,128", "100,32,512,512"));
  EXPECT_THAT(text("2,3,4,5"), ElementsAre("2,3,4,5"));
  EXPECT_THAT(text("2,3,4,5;1"), ElementsAre("2,3,4,5", "100,10,88,36"));
  for (const char* wrong :
       {"", "0", "7", "1,x", "1,2,3,4,99", "-1", "1,,2", "2,3,4,0", "99999999999999999999"}) {
    EXPECT_THAT(error_of<InputError>([&] { parse_sizes(wrong); }), HasSubstr("T,B,I,H")) << wrong;
  }
}

TEST(ScanTable, FitsInto80Columns) {
  const std::vector<ScanRow> rows{{{1000, 64, 256, 256},
                                   "a_cell_with_a_very_long_name",
                                   "carousel",
                                   1,
                                   "float",
                                   12345.6,
                                   2345.6,
                                   1.0,
                                   1.0},
                                  {{1000, 64, 256, 256},
                                   "a_cell_with_a_very_long_name",
                                   "an_implementation_of_it",
                                   1,
                                   "float",
                                   98765.4,
                                   0.1,
                                   0.001,
                                   123.45}};
  std::istringstream text(table_head() + table_rows(rows) + table_foot(rows));
  for (std::string line; std::getline(text, line);) EXPECT_LE(display_width(line), 80) << line;
}

TEST(ScanTable, GivesGeometricMeansOfThePeers) {
  const std::vector<ScanRow> rows{{small, "lstm", "carousel", 1, "float", 1.0, 1.0, 0.1, 1.0},
                                  {small, "lstm", "onednn", 1, "float", 2.0, 0.5, 0.1, 2.0},
                                  {small, "gru", "carousel", 1, "float", 1.0, 1.0, 0.1, 1.0},
                                  {small, "gru", "onednn", 1, "float", 0.5, 2.0, 0.1, 0.5}};
  EXPECT_THAT(table_foot(rows), HasSubstr("onednn        1.00 (geometric mean of 2 ratios)"));
}

TEST(ScanTable, WritesCsv) {
  const std::vector<ScanRow> rows{{small, "lstm", "onednn", 1, "float", 1.25, 100.5, 0.425, 2.0}};
  EXPECT_EQ(to_csv(rows),
            "suite,T,B,I,H,cell,implementation,threads,precision,ms,gflops,peak_share\n"
            "scan,4,3,5,6,lstm,onednn,1,float,1.2500,100.50,0.4250\n");
}

TEST(Peak, IsARateOfThisCentury) {
  EXPECT_GT(measure_peak(), 0.1);
  EXPECT_LT(measure_peak(), 10000.0);
}

}  // namespace
}  // namespace carousel
