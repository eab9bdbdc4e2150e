#include "task/count_models.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "data/music.hpp"

namespace carousel {
namespace {

SequenceSet tiny_set() {
  SequenceSet set;
  set.name = "tiny";
  for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) split->width = 2;
  set.train.add({1, 0, 1, 1, 0, 1});
  set.train.add({1, 0, 1, 0});
  set.valid.add({0, 0, 1, 0});
  set.test.add({1, 0, 0, 1, 0, 0});
  set.test.add({0, 1, 1, 1});
  return set;
}

TEST(CountModels, AreThoseComputedByHand) {
  const std::vector<Baseline> models = count_models(tiny_set());
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].name, "independent keys");
  EXPECT_EQ(models[1].name, "Markov chain per key");
  // Key 0 is on in 4 of 5 frames, key 1 in 2: rates 4.5 / 6 and 2.5 / 6. Scored without the first.
  const double first = -std::log(0.25 * (2.5 / 6.0)) - std::log(0.25 * (3.5 / 6.0));
  const double second = -std::log(0.75 * (2.5 / 6.0));
  EXPECT_NEAR(models[0].figures.at("nll")[Split::test], (first + second) / 3.0, 1e-12);
  EXPECT_NEAR(models[0].figures.at("nll_by_sequence")[Split::test], (first / 2.0 + second) / 2.0,
              1e-12);
  EXPECT_NEAR(models[0].figures.at("nll")[Split::valid], -std::log(0.75 * (3.5 / 6.0)), 1e-12);
  // Key 0 is on after on in 2 of 3, and is never off before; key 1 in 1 of 1, after off in 1 of 2.
  const double chain_first = -std::log(0.375 * 0.5) - std::log(0.5 * 0.25);
  const double chain_second = -std::log(0.5 * 0.75);
  EXPECT_NEAR(models[1].figures.at("nll")[Split::test], (chain_first + chain_second) / 3.0, 1e-12);
  EXPECT_NEAR(models[1].figures.at("nll_by_sequence")[Split::test],
              (chain_first / 2.0 + chain_second) / 2.0, 1e-12);
  EXPECT_NEAR(models[1].figures.at("nll")[Split::train],
              -(std::log(0.625 * 0.5) + std::log(0.375 * 0.75) + std::log(0.625 * 0.5)) / 3.0,
              1e-12);
}

TEST(CountModels, RealValuesHaveNone) {
  SequenceSet set = tiny_set();
  set.outputs = OutputKind::gaussian_mixture;
  EXPECT_TRUE(count_models(set).empty());
}

struct MusicFigures {
  const char* set;
  double keys_all_steps;  // test NLL of independent keys over all steps
  double chain;           // test NLL of the chain, by step and by sequence
  double chain_by_sequence;
  double keys;  // independent keys over the steps that networks are scored on
};

// The first three from the notes on the data sets, which do not say how they smooth (the first is
// the note 1-gram of Boulanger-Lewandowski et al. 2012, with two decimals there); the last from a
// program of a few lines of NumPy.
constexpr MusicFigures figures[] = {{"nottingham", 10.252, 5.153, 5.196, 10.26081414},
                                    {"jsb_chorales", 11.060, 10.490, 10.489, 11.09124826},
                                    {"musedata", 11.511, 8.560, 8.194, 11.5144294},
                                    {"piano_midi", 11.046, 8.266, 8.589, 11.05172301}};

TEST(CountModels, GiveTheKnownFiguresOfTheMusicSets) {
  const char* data = std::getenv("CAROUSEL_DATA");
  const std::filesystem::path folder = std::filesystem::path(data ? data : "data") / "music";
  int found = 0;
  for (const MusicFigures& known : figures) {
    const std::filesystem::path file = folder / (std::string(known.set) + ".h5");
    if (!std::filesystem::exists(file)) continue;
    ++found;
    SequenceSet set = read_music(file);
    const std::vector<Baseline> models = count_models(set);
    EXPECT_NEAR(models[0].figures.at("nll")[Split::test], known.keys, 1e-7) << known.set;
    EXPECT_NEAR(models[1].figures.at("nll")[Split::test], known.chain, 0.002) << known.set;
    EXPECT_NEAR(models[1].figures.at("nll_by_sequence")[Split::test], known.chain_by_sequence,
                0.002)
        << known.set;
    for (SequenceSplit* split : {&set.train, &set.valid, &set.test}) split->context = 0;
    EXPECT_NEAR(count_models(set)[0].figures.at("nll")[Split::test], known.keys_all_steps, 0.002)
        << known.set;
  }
  if (found == 0) GTEST_SKIP() << "no set in " << folder;
}

}  // namespace
}  // namespace carousel
