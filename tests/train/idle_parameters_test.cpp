// Parameters that nothing teaches are named in the record of a trial.

#include <gtest/gtest.h>

#include <atomic>

#include "catalogue.hpp"
#include "model_under_test.hpp"
#include "task/next_frame_model.hpp"
#include "train/trainer.hpp"

namespace carousel {
namespace {

SequenceSplit one_sequence(std::uint64_t seed) {
  Random random(seed, 0);
  std::vector<float> frames(std::size_t(10) * 8);
  for (float& key : frames) key = random.uniform() < 0.3 ? 1.0f : 0.0f;
  SequenceSplit split;
  split.width = 8;
  split.add(frames);
  return split;
}

SequenceSplit with_silence(SequenceSplit split) {
  split.add(std::vector<float>(std::size_t(10) * 8));
  return split;
}

// What a record says after so many epochs; then saved, loaded and run to the end.
struct Idle {
  std::string then, at_the_end;
};

Idle idle_after(int epochs, const Cell& cell, const SequenceSplit& train = one_sequence(1)) {
  const ModelUnderTest made(
      cell, next_frame_problem({"short", "made", train, one_sequence(2), one_sequence(3)}), 6);
  TrainOptions options;
  options.epochs = 4;
  options.batch = 1;
  TrialRecord record;
  record.cell = cell.name;
  record.seed = 1;
  record.learning_rate = 0.01;
  const auto make = [&] {
    return make_trainer(*made.model, made.recurrence, *made.problem, options, record);
  };
  const std::atomic<bool> stop{false}, at_once{true};
  const auto first = make(), second = make();
  first->run(
      epochs == 0 ? at_once : stop, [](const Progress&) {}, epochs);
  second->load(first->save());
  EXPECT_EQ(second->run(stop, [](const Progress&) {}), Outcome::finished);
  return {first->record().idle, second->record().idle};
}

constexpr const char* idle = "layers/0/forward/c layers/0/forward/d";

// c and d are multiplied by nothing, f is not trained, and q is multiplied by p, which begins with
// zero and then learns.
Cell cell_with_idle_ones() {
  CellRegistry registry;
  return registry.find(registry.add_text(
      "cell idle\nparam W : [hidden, input]\nparam c, d : [hidden]\nparam f : [hidden] fixed\n"
      "param p : [hidden] init zeros\nparam q : [hidden] init ones\n"
      "h = tanh(W @ x + 0 * (c + d + f) + p * q + 0.5 * h[t-1])\noutput h\n",
      "idle.cell"));
}

TEST(IdleParameters, AreThoseThatHadNoGradientInAnyUpdate) {
  const Cell cell = cell_with_idle_ones();
  EXPECT_EQ(idle_after(0, cell).then, "");
  EXPECT_EQ(idle_after(1, cell).then, std::string(idle) + " layers/0/forward/q");
  EXPECT_EQ(idle_after(2, cell).then, idle);
  for (const int epochs : {0, 1, 2, 4}) EXPECT_EQ(idle_after(epochs, cell).at_the_end, idle);
  EXPECT_EQ(idle_after(1, catalogue().find("lstm")).then, "");
}

// Of a batch that is silent, the matrix that reads the input has no gradient.
TEST(IdleParameters, OnesThatHadAGradientBeforeAreNotNamedAgain) {
  const SequenceSplit train = with_silence(one_sequence(1));
  for (const int epochs : {1, 2, 3, 4}) {
    EXPECT_EQ(idle_after(epochs, cell_with_idle_ones(), train).then, idle) << epochs;
  }
}

}  // namespace
}  // namespace carousel
