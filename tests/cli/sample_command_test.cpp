#include <gmock/gmock.h>

#include "command_fixture.hpp"
#include "io/archive.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST_F(Command, SamplesTheBestModelOfARun) {
  ASSERT_EQ(compare("run").code, 0);
  const Finished done = run({"sample", "run", "--steps", "30"});
  EXPECT_EQ(done.code, 0) << done.err;
  double best = 1e9;
  std::string cell;
  for (const auto& [key, trial] : trials("run")) {
    if (trial.number("valid_nll") >= best) continue;
    best = trial.number("valid_nll");
    cell = trial.text("cell");
  }
  const std::string file = "run/jsb_chorales-" + cell + "-1.mid";
  EXPECT_THAT(done.out, AllOf(HasSubstr(cell + ", hidden size "),
                              HasSubstr(fmt::format("valid {:.3f} at", best)),
                              HasSubstr("30 steps after silence"), HasSubstr("written: " + file)));
  const std::string music = file_text(folder_ / file);
  EXPECT_EQ(music.substr(0, 4), "MThd");
  run({"sample", "run", "--steps", "30", "--out", "again.mid"});
  EXPECT_EQ(file_text(folder_ / "again.mid"), music);
  run({"sample", "run", "--steps", "30", "--out", "other.mid", "--seed", "2"});
  EXPECT_NE(file_text(folder_ / "other.mid"), music);
  const Finished primed = run({"sample", "run", "--prime", "2", "--cell", "rnn_tanh", "--dataset",
                               "jsb_chorales", "--out", "primed.mid"});
  EXPECT_EQ(primed.code, 0) << primed.err;
  EXPECT_THAT(primed.out,
              AllOf(HasSubstr("rnn_tanh, hidden"), HasSubstr("the first 2 of a test sequence")));
}

TEST_F(Command, SamplesFromEveryKindOfTrial) {
  std::ofstream(folder_ / "leaky.cell")
      << "cell leaky \"Leaky\"\nparam W : [hidden, input]\n"
         "hyper leak = 0.1\n"
         "h = (1 - leak) * h[t-1] + leak * tanh(W @ x)\noutput h\n";
  ASSERT_EQ(compare("run", {"train.precision=double", "dataset.width=96", "search.draws=3",
                            "cells=[{name: lstm_peephole, hidden: 3, variant: NIG}, "
                            "{name: leaky.cell, hidden: 4, hyper: {leak: 0.5}}]"})
                .code,
            0);
  for (const std::string cell : {"lstm_peephole+NIG", "leaky"}) {
    const Finished done = run({"sample", "run", "--cell", cell, "--prime", "3"});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_THAT(done.out, HasSubstr(cell));
  }
  // Of the set's twelve sequences the first begins with keys 30 and 45: pitches 51 and 66.
  EXPECT_THAT(file_text(folder_ / "run/jsb_chorales-leaky-1.mid"),
              HasSubstr(std::string("\x90\x33\x50\x00\x90\x42\x50", 7)));
}

TEST_F(Command, SampleSaysWhatTheRunHasNot) {
  ASSERT_EQ(compare("run").code, 0);
  const auto fails = [&](const std::vector<std::string>& arguments, const std::string& part) {
    const Finished done = run(arguments);
    EXPECT_EQ(done.code, 2) << part;
    EXPECT_THAT(done.err, HasSubstr(part));
  };
  fails({"sample", "run", "--cell", "lstm"},
        "no trained model of 'lstm' on any data set; finished: "
        "gru_reset_after on jsb_chorales, rnn_tanh");
  fails({"sample", "run", "--dataset", "chords"}, "no trained model of any cell on 'chords'");
  fails({"sample", "run", "--prime", "9999"}, "got 9999 frames to start from, expected 0 to ");
  fails({"sample", "nothing-here"}, "this is no run folder");
  EXPECT_EQ(run({"sample", "run", "--out", "nowhere/x.mid"}).code, 3);
  ASSERT_EQ(compare("two", {"dataset=[{name: jsb_chorales}, {name: chords}]", "train.epochs=1",
                            "seeds=1", "cells=[{name: rnn_tanh, hidden: 2}]"})
                .code,
            0);
  fails({"sample", "two"},
        "models of several data sets (chords, jsb_chorales); choose one with "
        "--dataset");
  EXPECT_EQ(run({"sample", "two", "--dataset", "chords"}).code, 0);
  ASSERT_EQ(compare("audio", {"dataset=waves", "train.epochs=1", "seeds=1",
                              "cells=[{name: rnn_tanh, hidden: 2}]"})
                .code,
            0);
  fails({"sample", "audio"},
        "the data set 'waves' has frames of real numbers; only sets with frames "
        "of zeros and ones");
}

}  // namespace
}  // namespace carousel
