// The cell files of the catalogue: they build, their gradients are right, their sizes are those of
// the papers, and the page about them is up to date.

#include "catalogue.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <set>
#include <sstream>

#include "cell/catalogue_page.hpp"
#include "cell/language/words.hpp"
#include "cell/nearest_sizes.hpp"
#include "program/differentiate.hpp"
#include "program/steps.hpp"
#include "tape/gradient_check.hpp"
#include "tape/parameters.hpp"

namespace carousel {
namespace {

Index count(const std::string& name, const CellSizes& sizes) {
  return catalogue().find(name).build(sizes).parameter_count();
}

// Counts of the recurrent layer of Chung et al. 2014, table 1, speech row (input 20).
TEST(Catalogue, ParameterCountsEqualThePaper) {
  EXPECT_EQ(count("lstm_peephole", {20, 195}), 169065);
  EXPECT_EQ(count("gru_reset_before", {20, 227}), 168888);
  EXPECT_EQ(count("rnn_tanh", {20, 400}), 168400);
}

// Greff et al. 2015 with M inputs and N blocks: each variant against the vanilla LSTM.
TEST(Catalogue, ParameterCountsOfTheStudyOfVariants) {
  constexpr Index m = 5, n = 7;
  constexpr Index gate = n * (m + n + 1);
  for (const char* name : {"lstm_peephole", "niaf", "noaf"}) {
    EXPECT_EQ(count(name, {m, n}), 4 * gate + 3 * n) << name;
  }
  for (const char* name : {"nig", "nfg", "nog", "cifg"}) {
    EXPECT_EQ(count(name, {m, n}), 3 * gate + 2 * n) << name;
  }
  EXPECT_EQ(count("np", {m, n}), 4 * gate);
  EXPECT_EQ(count("fgr", {m, n}), 4 * gate + 3 * n + 9 * n * n);
}

// By hand from the equations, input 5 and hidden 7.
TEST(Catalogue, ParameterCountsEqualTheEquations) {
  constexpr Index w = 35, u = 49, v = 7;  // elements of a W, of a U, of a vector
  const std::vector<std::pair<const char*, Index>> expected = {
      {"lstm", 4 * (w + u + v)},
      {"lstm_no_f", 3 * (w + u + v)},
      {"lstm_1997", 3 * (w + u + v)},
      {"gru_reset_after", 3 * (w + u + v) + v},
      {"gru1", w + 3 * u + 3 * v},
      {"gru2", w + 3 * u + v},
      {"gru3", w + u + 3 * v},
      {"mgu", 2 * (w + u + v)},
      {"mgu1", w + 2 * u + 2 * v},
      {"mgu2", w + 2 * u + v},
      {"mgu3", w + u + 2 * v},
      {"mut1", 3 * w + 2 * u + 3 * v},
      {"mut2", 3 * (w + u + v)},
      {"mut3", 3 * (w + u + v)},
      {"ugrnn", 2 * (w + u + v)},
      {"ran", 3 * w + 2 * u + 2 * v},
      {"janet", 2 * (w + u + v)},
      {"cfn", 3 * w + 2 * u + 2 * v},
      {"minimal_rnn", w + 2 * u + 2 * v},
      {"star", 2 * w + u + 2 * v},
      {"rhn", 2 * w + 2 * 3 * (u + v)},
      {"indrnn", w + 2 * v},
      {"sru", 4 * w + 4 * v},
      {"qrnn", 3 * (2 * w + v)},
      {"t_rnn", 2 * (w + v)},
      {"t_lstm", 3 * (2 * w + v)},
      {"min_gru", 2 * (w + v)},
      {"min_lstm", 3 * (w + v)},
      {"cornn", w + 2 * u + v},
      {"antisymmetric_rnn", w + u + v},
      {"fastgrnn", w + u + 2 * v + 2},
      {"brc", 3 * w + 5 * v},
      {"nbrc", 3 * w + 2 * u + 3 * v},
      {"lem", 4 * (w + u + v)},
      {"residual_lstm", 4 * (w + u + v) + 3 * v + u + w},
      {"fast_slow_lstm", 4 * (w + u + v) + 2 * 4 * (u + u + v)},
      {"second_order_rnn", 5 * u},
      {"atr", w + u + v},
      {"lrn", 3 * w},
      {"cgrnn", 6 * (w + u + v) + v},
      {"indy_lstm", 4 * (w + 2 * v)},
      {"s4", w + 3 * v + 8 * 8 * v},
      {"mega_ema", w + v + 4 * 16 * v},
      {"hgrn2", 3 * w},
      {"longhorn", 2 * w + 2 * 4 * v + 2 * v + 2 * 16 * v},
      {"gsa", 3 * w + 8 * 5},
      {"delta_product", w + 2 * (2 * w + 5)},
      {"ttt_linear", 3 * w + 5 + 1 + u + 3 * v},
      {"titans", 3 * (w + 5 + 1) + 2 * 8 * v},
      {"mesa", 3 * w + 2 * (5 + 1) + v},
      {"fast_weights", w + u + v},
      {"rwkv5", 4 * (w + 5) + 2 * v + u},
      {"rwkv7", 3 * w + 6 * 5 + 3 * 8 * (5 + v) + 5 * v + u},
      {"urnn", 2 * w + 10 * v},
      {"householder_rnn", w + 3 * v},
      {"gru_ode", 3 * (w + u + v)},
      {"ode_lstm", 4 * (w + u + v) + 2 * (u + v)},
      {"dilated_gru", 3 * (w + u + v)},
      {"mist_rnn", 2 * (w + u + v) + 4 * (5 + v + 1)},
      {"hornn", w + 3 * u + v},
      {"stack_rnn", w + u + 8 * v + 16 * v},
      {"lstmn", 5 * w + 6 * u + 5 * v},
      {"act_rnn", w + u + 3 * v + 1},
  };
  for (const auto& [name, number] : expected) EXPECT_EQ(count(name, {5, 7}), number) << name;
  EXPECT_EQ(count("sru", {7, 7}), 3 * u + 4 * v);  // x needs no matrix
  EXPECT_EQ(count("mut1_original", {7, 7}), 2 * u + 2 * u + 3 * v);
  EXPECT_EQ(count("mut2_original", {7, 7}), 2 * u + 3 * u + 3 * v);
}

// The number of products in a row, as catalogued from the papers.
TEST(Catalogue, WavesOfTheLoop) {
  const std::vector<std::pair<const char*, int>> expected = {{"indrnn", 0},
                                                             {"sru", 0},
                                                             {"qrnn", 0},
                                                             {"elstm", 0},
                                                             {"lstm", 1},
                                                             {"fgr", 1},
                                                             {"gru_reset_after", 1},
                                                             {"ugrnn", 1},
                                                             {"gru_reset_before", 2},
                                                             {"mgu", 2},
                                                             {"lstmp", 2},
                                                             {"lem", 2},
                                                             {"rhn", 3},
                                                             {"mogrifier_lstm", 6},
                                                             {"fast_slow_lstm", 3}};
  for (const auto& [name, number] : expected) {
    const Cell& cell = catalogue().find(name);
    EXPECT_EQ(waves(cell.build(nearest_sizes(cell, {6, 6}))), number) << name;
  }
}

// A cell of one name in each file, with a text that says what it is.
TEST(Catalogue, EachFileIsACell) {
  std::set<std::string> groups;
  for (const CellText& text : catalogue_texts()) {
    const Cell& cell = catalogue().find(std::string(text.file.substr(0, text.file.find('.'))));
    EXPECT_FALSE(cell.title.empty()) << text.file;
    EXPECT_FALSE(cell.reference.empty()) << text.file;
    EXPECT_NE(cell.conventions.find("bias"), std::string::npos) << text.file;
    groups.insert(cell.group);
  }
  EXPECT_EQ(groups, std::set<std::string>(group_names().begin(), group_names().end()));
  EXPECT_GE(catalogue_texts().size(), 100u);
}

class CatalogueCell : public testing::TestWithParam<Cell> {};

TEST_P(CatalogueCell, BuildsAtTwoSizes) {
  for (const CellSizes& wanted : {CellSizes{5, 6}, CellSizes{88, 36}}) {
    const CellSizes sizes = nearest_sizes(GetParam(), wanted);
    const auto start = std::chrono::steady_clock::now();
    const StepProgram program = GetParam().build(sizes);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    RecordProperty(fmt::format("ms_at_{}_{}", sizes.input, sizes.hidden),
                   std::to_string(time.count()));
    EXPECT_EQ(program.name, GetParam().name);
    EXPECT_FALSE(program.parameters.empty());
    EXPECT_FALSE(program.states.empty());
    const BackwardStep back = differentiate(program);
    EXPECT_GT(back.program.nodes.size(), program.nodes.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, CatalogueCell, testing::ValuesIn(catalogue().cells()),
                         [](const testing::TestParamInfo<Cell>& test) { return test.param.name; });

TEST(Catalogue, ThePageIsUpToDate) {
  std::ifstream file(CAROUSEL_SOURCE_DIR "/cells/README.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == catalogue_page(catalogue()))
      << "write it anew: build/release/carousel cells --markdown > cells/README.md";
}

}  // namespace
}  // namespace carousel
