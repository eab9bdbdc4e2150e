// Verdicts on claims: effects of trials whose figures are given, and the rules of a verdict.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "claim.hpp"
#include "gradients.hpp"
#include "io/files.hpp"
#include "measures.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"
#include "trials.hpp"

namespace carousel::claims {
namespace {

using testing::HasSubstr;

// Epochs of ten updates, of `seconds` each.
Trial trial_of(const std::vector<double>& valid, double seconds = 2.0) {
  Trial trial;
  for (const double loss : valid) {
    const auto epochs = static_cast<double>(trial.curve.size() + 1);
    trial.curve.push_back({10.0 * epochs, seconds * epochs, loss});
  }
  return trial;
}

Seeds with_losses(const std::vector<double>& train, const std::vector<double>& test) {
  Seeds seeds;
  for (std::size_t k = 0; k < test.size(); ++k) {
    seeds[k + 1].train = train.at(k);
    seeds[k + 1].test = test[k];
  }
  return seeds;
}

TEST(Claims, EffortIsThatUntilALossIsReached) {
  const Trial trial = trial_of({4.0, 3.0, 1.0, 2.0});
  EXPECT_DOUBLE_EQ(effort_until(trial, 5.0, Effort::updates), 10.0) << "the first epoch's end";
  EXPECT_DOUBLE_EQ(effort_until(trial, 3.0, Effort::updates), 20.0);
  EXPECT_DOUBLE_EQ(effort_until(trial, 1.5, Effort::updates), 27.5) << "on the line between";
  EXPECT_DOUBLE_EQ(effort_until(trial, 1.5, Effort::seconds), 5.5);
  EXPECT_TRUE(std::isnan(effort_until(trial, 0.5, Effort::updates)));
}

// The weaker of the two is best at 2, which the other one passes after 25 updates and 5 seconds.
TEST(Claims, TheFasterOneReachesTheLossOfTheSlowerOneEarlier) {
  const Seeds fast = {{1, trial_of({4.0, 3.0, 1.0})}};
  const Seeds slow = {{1, trial_of({5.0, 4.0, 3.0, 2.0}, 3.0)}};
  EXPECT_DOUBLE_EQ(speed_up(fast, slow, Effort::updates).value, std::log(40.0 / 25.0));
  EXPECT_DOUBLE_EQ(speed_up(fast, slow, Effort::seconds).value, std::log(12.0 / 5.0));
  EXPECT_DOUBLE_EQ(speed_up(slow, fast, Effort::updates).value, -std::log(40.0 / 25.0));
}

// Differences 0.1 and 0.3 of the logarithms: mean 0.2, deviation 0.1414, t(1) = 12.706. Seed 3 has
// no partner.
TEST(Claims, EffectsAreMeansOverPairedSeeds) {
  Seeds first = with_losses({1.0, 1.0}, {1.0, 2.0});
  Seeds second = with_losses({1.0, 1.0}, {std::exp(0.1), 2.0 * std::exp(0.3)});
  second[3].test = 100.0;
  const Estimate effect = lower_loss(first, second);
  EXPECT_NEAR(effect.value, 0.2, 1e-12);
  EXPECT_NEAR(effect.high, 0.2 + 12.706204736 * 0.1, 1e-8);
  EXPECT_NEAR(effect.low, 0.2 - 12.706204736 * 0.1, 1e-8);

  first[1].best_epoch = first[2].best_epoch = 10.0;
  second[1].best_epoch = second[2].best_epoch = 15.0;
  EXPECT_NEAR(fewer_epochs(first, second).value, std::log(1.5), 1e-12);
  first[1].memory = 300.0;
  second[1].memory = 400.0;
  const Estimate memory = less_memory(first, second);
  EXPECT_DOUBLE_EQ(memory.value, std::log(4.0 / 3.0));
  EXPECT_EQ(memory.low, memory.high) << "it does not vary";
}

TEST(Claims, TheGapIsThatOfTestAndTraining) {
  const Seeds first = with_losses({1.0, 2.0}, {2.0, 4.0});
  const Seeds second = with_losses({2.0, 2.0}, {3.0, 3.0});
  EXPECT_NEAR(larger_gap(first, second).value, std::log(2.0) - std::log(1.5), 1e-12);
}

// Logarithms 0, 1, 2 and 0, 2, 4: deviations 1 and 2. trigamma(1) = pi^2 / 6 for n = 3.
TEST(Claims, TheSpreadIsThatOfLogLosses) {
  const Seeds narrow = with_losses({1, 1, 1}, {1.0, std::exp(1.0), std::exp(2.0)});
  const Seeds wide = with_losses({1, 1, 1}, {1.0, std::exp(2.0), std::exp(4.0)});
  const Estimate effect = larger_spread(wide, narrow);
  EXPECT_NEAR(effect.value, std::log(2.0), 1e-12);
  const double pi = std::acos(-1.0);
  EXPECT_NEAR(effect.high - effect.value, 1.959963984540054 / 2.0 * std::sqrt(pi * pi / 3.0),
              1e-12);
  EXPECT_TRUE(std::isnan(larger_spread(with_losses({1}, {1}), narrow).value));
}

TEST(Claims, TheMeanOfEffectsIsThatOfIndependentOnes) {
  const Estimate mean = mean_effect({{1.0, 0.7, 1.3}, {3.0, 2.6, 3.4}});
  EXPECT_NEAR(mean.value, 2.0, 1e-12);
  EXPECT_NEAR(mean.high, 2.25, 1e-12);
  EXPECT_NEAR(mean.low, 1.75, 1e-12);
}

Claim claim_of(const std::vector<Estimate>& effects, double threshold = 1.0) {
  Claim claim{"A is faster than B", "B over A", threshold};
  for (const Estimate& effect : effects) claim.contrasts.push_back({"task", "a.yaml", 10, effect});
  return claim;
}

TEST(Claims, AVerdictNeedsThreeTasksAndNoCounterexample) {
  const Estimate for_it{0.2, 0.1, 0.3}, against{-0.2, -0.3, -0.1}, open{0.1, -0.1, 0.3};
  EXPECT_EQ(verdict_of(claim_of({for_it, for_it, open})), Verdict::holds);
  EXPECT_EQ(verdict_of(claim_of({for_it, for_it})), Verdict::undecided) << "too few tasks";
  EXPECT_EQ(verdict_of(claim_of({for_it, open, open})), Verdict::undecided);
  EXPECT_EQ(verdict_of(claim_of({for_it, for_it, for_it, against})), Verdict::does_not);
  EXPECT_EQ(verdict_of(claim_of({Estimate{}, Estimate{}, Estimate{}})), Verdict::undecided);
  // Above 1.5 is none of them, and above 0.5 all.
  EXPECT_EQ(verdict_of(claim_of({for_it, for_it, for_it}, 1.5)), Verdict::does_not);
  EXPECT_EQ(verdict_of(claim_of({against, open, for_it}, 0.5)), Verdict::holds);
}

TEST(Claims, ATableAndAPageSayTheSame) {
  const std::vector<Claim> claims = {claim_of({{std::log(2.0), std::log(1.5), std::log(3.0)},
                                               {std::log(2.0), std::log(1.5), std::log(3.0)},
                                               {std::log(2.0), std::log(0.5), std::log(8.0)}})};
  EXPECT_THAT(verdicts_markdown(claims),
              HasSubstr("| A is faster than B | holds | 2 [1.23, 3.27]: B over A | "
                        "2 for, 0 against, 1 open | a.yaml |\n"));
  const std::string page = verdicts_page(claims);
  EXPECT_THAT(page, HasSubstr("<td>2 [1.23, 3.27]: B over A</td>"));
  EXPECT_THAT(page, testing::Not(HasSubstr("<script")));
  EXPECT_THAT(contrasts_csv(claims), HasSubstr("A is faster than B,holds,task,a.yaml,10,2"));
  EXPECT_THAT(contrasts_csv(claims), HasSubstr(",1,open\n"));
}

// The table of the study's README is the one that its results give.
TEST(Claims, TheReadmeHasTheVerdictsOfTheResults) {
  const std::filesystem::path folder = CAROUSEL_SOURCE_DIR "/experiments/claims";
  const std::vector<Claim> claims = claims_from(folder / "results");
  EXPECT_GE(claims.size(), 10u);
  EXPECT_THAT(read_text(folder / "README.md"), HasSubstr(verdicts_markdown(claims)));
}

class ClaimFiles : public testing::Test {
 protected:
  void write(const std::string& results, const std::string& curves) {
    write_text(folder_ / "results.csv",
               "cell,variant,dataset,hidden,setting,seed,draw,selected,status,"
               "best_epoch,memory,train_nll,valid_nll,test_nll,test_error\n" +
                   results);
    write_text(folder_ / "curves.csv",
               "cell,variant,dataset,hidden,setting,seed,draw,updates,seconds,"
               "train_error,train_nll,valid_nll\n" +
                   curves);
  }
  TemporaryFolder folder_;
};

TEST_F(ClaimFiles, TrialsAreReadWithTheirCurves) {
  write(
      "gru,,tunes,8,parameters=80 train.batch=4,1,2,1,done,1,640,1.5,2.5,3.5,\n"
      "gru,,tunes,8,parameters=80 train.batch=4,1,1,0,done,1,640,9,9,9,\n"
      "gru,,tunes,8,parameters=800 train.batch=4,1,2,1,done,1,640,9,9,9,\n"
      "gru,,tunes,8,parameters=80 train.batch=4,2,2,1,diverged,1,640,,,,\n"
      "gru,CIFG,tunes,8,parameters=80 train.batch=4,1,2,1,done,1,640,9,9,4.5,\n",
      "gru,,tunes,8,parameters=80 train.batch=4,1,2,10,0.5,,3,2.5\n"
      "gru,,tunes,8,parameters=800 train.batch=4,1,2,10,0.5,,3,2.5\n"
      "gru,CIFG,tunes,8,parameters=80 train.batch=4,1,2,10,0.5,,3,2.5\n");
  const Trials trials(folder_.path());
  const Seeds seeds = trials.of("tunes", {"gru", {"parameters=80"}});
  ASSERT_EQ(seeds.size(), 1u) << "neither what was not chosen nor what diverged";
  const Trial& trial = seeds.at(1);
  EXPECT_EQ(trial.train, 1.5);
  EXPECT_EQ(trial.valid, 2.5);
  EXPECT_EQ(trial.test, 3.5);
  EXPECT_EQ(trial.memory, 640.0);
  ASSERT_EQ(trial.curve.size(), 1u);
  EXPECT_EQ(trial.curve[0].updates, 10.0);
  EXPECT_EQ(trial.curve[0].seconds, 0.5);
  EXPECT_EQ(trials.of("tunes", {"gru+CIFG", {}}).at(1).test, 4.5);

  EXPECT_THAT(error_of<InputError>([&] {
                trials.of("tunes", {"gru", {}});
              }),
              HasSubstr("gru has two trials of seed 1 on tunes"));
  EXPECT_THAT(error_of<InputError>([&] {
                trials.of("tunes", {"lstm", {"parameters=80"}});
              }),
              HasSubstr("lstm with parameters=80 has no trial on tunes that ended"));
}

TEST_F(ClaimFiles, ABrokenFileIsNamedWithItsRow) {
  write("gru,,tunes,8,,1,0,1,done,one,640,1.5,2.5,3.5,\n", "gru,,tunes,8,,1,0,10,0.5,,3,2.5\n");
  EXPECT_EQ(error_of<InputError>([&] { Trials(folder_.path()); }),
            (folder_ / "results.csv").string() + ": row 2: best_epoch is 'one', expected a number");
  write("gru,,tunes,8,,1,0,1,done,1,640,1.5,2.5,3.5,\n", "");
  EXPECT_THAT(error_of<InputError>([&] { Trials(folder_.path()); }),
              HasSubstr("results.csv: row 2: the trial has no curve in curves.csv"));
}

// The last epoch counts, and of several states all together.
TEST_F(ClaimFiles, AGradientFallsFromTheLastStepBack) {
  write_text(folder_ / "gradients.csv",
             "dataset,cell,trial,epoch,state,lag,norm\n"
             "sums,lstm,a,0,all,1,9\nsums,lstm,a,0,all,5,9\n"
             "sums,lstm,a,7,c,1,7\nsums,lstm,a,7,c,5,7\n"
             "sums,lstm,a,7,all,1,4\nsums,lstm,a,7,all,5,2\n"
             "sums,lstm,b,3,all,1,8\nsums,lstm,b,3,all,5,1\n"
             "sums,rnn,a,7,h,1,6\nsums,rnn,a,7,h,5,2\n");
  const std::filesystem::path file = folder_ / "gradients.csv";
  EXPECT_NEAR(gradient_fall(file, "sums", "lstm", 5).value, (std::log(2.0) + std::log(8.0)) / 2.0,
              1e-12);
  EXPECT_NEAR(gradient_fall(file, "sums", "rnn", 5).value, std::log(3.0), 1e-12);
  EXPECT_THAT(error_of<InputError>([&] { gradient_fall(file, "sums", "rnn", 6); }),
              HasSubstr("a has no norm at lag 6"));
  EXPECT_THAT(error_of<InputError>([&] { gradient_fall(file, "tunes", "rnn", 5); }),
              HasSubstr("there is no rnn on tunes"));
}

}  // namespace
}  // namespace carousel::claims
