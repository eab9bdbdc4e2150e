// Parameters that a trial keeps of epochs on its way (train.keep_every).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive_difference.hpp"
#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "task/generated_problem.hpp"
#include "temporary_folder.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

class KeptEpochs : public testing::Test {
 protected:
  KeptEpochs() {
    options_.batch = 8;
    options_.keep_every = 2;
    record_.cell = "lstm";
    record_.dataset = net_.problem->name();
    record_.hidden = 3;
    record_.learning_rate = 0.01;
  }
  std::unique_ptr<Trainer> make(int epochs) {
    options_.epochs = epochs;
    return make_trainer(*net_.model, net_.recurrence, *net_.problem, options_, record_);
  }
  static void run(Trainer& trainer, int updates = -1) {
    std::atomic<bool> stop{false};
    trainer.run(stop, [&](const Progress&) {
      if (--updates == 0) stop = true;
    });
  }
  Archive trained(int epochs) {
    const auto trainer = make(epochs);
    run(*trainer);
    return trainer->save();
  }
  // What a model answers to one example, with the parameters of an epoch; 0: of the best one.
  double answer(const Archive& archive, int epoch) {
    const auto x = Tensor<float>::from({3, 1, 2}, {0.5F, -1, 0.3F, 1, -0.2F, -1});
    return trained_model(*net_.model, archive, epoch).predict(x).data()[0];
  }

  ModelUnderTest net_{
      catalogue().find("lstm"),
      generated_problem("adding",
                        {{"lag", "12"}, {"examples", "40"}, {"valid", "10"}, {"test", "10"}}),
      3};
  TrainOptions options_;
  TrialRecord record_;
};

TEST_F(KeptEpochs, AreThoseOfTheirNumberAndHoldItsParameters) {
  const Archive five = trained(5);
  EXPECT_THAT(kept_epochs(five), testing::ElementsAre(2, 4));
  // A trial that ends there has them as its last ones.
  for (const int epoch : {2, 4}) {
    const Archive shorter = trained(epoch);
    for (const auto& [name, value] : shorter.floats) {
      if (!name.starts_with("last/")) continue;
      const auto& kept = five.tensor<float>(fmt::format("kept/{}/{}", epoch, name.substr(5)));
      EXPECT_TRUE(std::ranges::equal(kept.values(), value.values())) << name;
    }
  }
  EXPECT_NE(answer(five, 2), answer(five, 4));
  EXPECT_THAT(error_of<InputError>([&] { answer(five, 3); }), testing::HasSubstr("kept/3"));
}

TEST_F(KeptEpochs, AreNoneUnlessAskedFor) {
  options_.keep_every = 0;
  EXPECT_TRUE(kept_epochs(trained(5)).empty());
}

TEST_F(KeptEpochs, AreTheSameAfterAStop) {
  const Archive whole = trained(5);
  for (const int updates : {7, 12, 16, 23}) {
    const auto first = make(5);
    run(*first, updates);
    const auto second = make(5);
    second->load(first->save());
    run(*second);
    EXPECT_EQ(first_difference(second->save(), whole), "") << updates;
  }
  // And where a trial that is done is read back.
  const auto done = make(5);
  done->load(whole);
  EXPECT_EQ(kept_epochs(done->save()), kept_epochs(whole));
}

TEST_F(KeptEpochs, OfDoublePrecision) {
  options_.precision = "double";
  EXPECT_THAT(kept_epochs(trained(3)), testing::ElementsAre(2));
}

}  // namespace
}  // namespace carousel
